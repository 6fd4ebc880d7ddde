/** Bodies and codes between domain and worker: round trips, malformed messages, and the list of what may leave. @module */
import { isSluiceError, utf8 } from "@sluice/protocol";
import { readdirSync, readFileSync } from "node:fs";
import { inspect } from "node:util";
import { expect, test } from "vitest";
import {
  isSameCode,
  readRequestHeaders,
  requestHeaders,
  WorkerSecret,
  type RequestFacts,
} from "../src/remote/message-auth.ts";
import { encodeRemoteTask, REMOTE_TASKS } from "../src/remote/remote-tasks.ts";
import {
  decodeTaskAnswer,
  decodeTaskRequest,
  encodeTaskAnswer,
  encodeTaskRequest,
  MAX_PARTS,
  MAX_TASK_BYTES,
} from "../src/remote/task-frame.ts";

const secret = () => new WorkerSecret(new Uint8Array(32).fill(7));
const facts: RequestFacts = {
  method: "POST",
  path: "/v1/tasks",
  session: "01".repeat(16),
  nonce: "02".repeat(16),
  deadlineMs: 10_000,
  length: 12,
  digest: "03".repeat(32),
};

test("a task and an answer come back as they were", () => {
  const request = { task: "pir.partition", header: Uint8Array.of(1, 2), parts: [Uint8Array.of(), Uint8Array.of(3)] };
  expect(decodeTaskRequest(encodeTaskRequest(request))).toEqual(request);
  expect(decodeTaskAnswer(encodeTaskAnswer(request.parts))).toEqual(request.parts);
});

test("every cut of a frame, a byte more, another version and too many parts are refused", () => {
  const whole = encodeTaskRequest({ task: "pir.partition", header: utf8("h"), parts: [utf8("abc"), utf8("d")] });
  for (let length = 0; length < whole.length; length++) {
    expect(() => decodeTaskRequest(whole.subarray(0, length))).toThrow(/ERR_|malformed/);
  }
  expect(() => decodeTaskRequest(Uint8Array.of(...whole, 0))).toThrow("malformed");
  expect(() => decodeTaskRequest(Uint8Array.of(0, 2, ...whole.subarray(2)))).toThrow("malformed");
  const parts = Array.from({ length: MAX_PARTS + 1 }, () => new Uint8Array(0));
  expect(() => encodeTaskAnswer(parts)).toThrow("malformed");
  expect(() => decodeTaskAnswer(Uint8Array.of(0, 1, MAX_PARTS + 1))).toThrow("malformed");
});

test("a part that claims gigabytes is refused without memory for it, and an oversize frame before it is read", () => {
  expect(() => decodeTaskAnswer(Uint8Array.of(0, 1, 1, 0xff, 0xff, 0xff, 0xff))).toThrow("malformed");
  const large = new Uint8Array(MAX_TASK_BYTES + 1);
  expect(() => decodeTaskRequest(large)).toThrow(expect.objectContaining({ code: "ERR_FRAME_TOO_LARGE" }) as Error);
});

test("a task name is two words", () => {
  for (const task of ["", "constructor", "pir.Partition", "pir.partition\n", "pír.partition", "a.b.c"]) {
    const frame = encodeTaskRequest({ task, header: new Uint8Array(0), parts: [] });
    expect(() => decodeTaskRequest(frame)).toThrow("malformed");
  }
});

test("the list of what may leave has one task, which takes no key", () => {
  expect(Object.keys(REMOTE_TASKS)).toEqual(["pir.partition"]);
  const sent = encodeRemoteTask("pir.partition", {
    partition: "ab".repeat(32),
    query: Uint32Array.of(1, 2),
    seed: new Uint8Array(32).fill(9),
    info: utf8("credit-band/1"),
  });
  expect(sent).toEqual({
    task: "pir.partition",
    header: new Uint8Array(32).fill(0xab),
    parts: [Uint8Array.of(1, 0, 0, 0, 2, 0, 0, 0)],
  });
});

test("nothing that a worker runs is linked to the OPRF, to sets, to scores or to builds", () => {
  const root = new URL("../src/", import.meta.url);
  const seen = new Set<string>();
  const visit = (path: string): void => {
    if (seen.has(path)) return;
    seen.add(path);
    for (const [, specifier] of readFileSync(new URL(path, root), "utf8").matchAll(/from "(\.[^"]+)"/g)) {
      visit(new URL(specifier ?? "", new URL(path, root)).pathname.slice(root.pathname.length));
    }
  };
  for (const entry of ["remote/server.ts", "remote/client.ts", "lookup/partition-worker.ts"]) visit(entry);
  expect(readdirSync(root)).toContain("oprf");
  expect([...seen].filter((path) => /^(?:oprf|psi|score)\/|build|lookup-worker|derive/.test(path))).toEqual([]);
  expect(seen).toContain("lookup/database.ts");
});

test("a code is HMAC-SHA-256 over every fact of the request", async () => {
  const hex = (text: string) => Uint8Array.from(Buffer.from(text, "hex"));
  const covered = Buffer.concat([
    utf8("sluice/worker/request/v1\0"),
    Uint8Array.of(4),
    utf8("POST"),
    Uint8Array.of(9),
    utf8("/v1/tasks"),
    hex(facts.session),
    hex(facts.nonce),
    hex("00002710"),
    hex("0000000c"),
    hex(facts.digest),
  ]);
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  const key = await crypto.subtle.importKey("raw", new Uint8Array(32).fill(7), algorithm, false, ["sign"]);
  const expected = Buffer.from(await crypto.subtle.sign("HMAC", key, covered)).toString("hex");
  expect(secret().requestCode(facts)).toBe(expected);
  const changes: Partial<RequestFacts>[] = [
    { method: "PUT" },
    { path: "/v1/task" },
    { session: "11".repeat(16) },
    { nonce: "12".repeat(16) },
    { deadlineMs: 10_001 },
    { length: 13 },
    { digest: "13".repeat(32) },
  ];
  const codes = new Set([expected, ...changes.map((change) => secret().requestCode({ ...facts, ...change }))]);
  expect(codes.size).toBe(1 + changes.length);
});

test("an answer's code fits one request, one status and one body", () => {
  const answer = { requestCode: secret().requestCode(facts), status: 200, digest: "04".repeat(32) };
  const codes = [
    secret().answerCode(answer),
    secret().answerCode({ ...answer, status: 503 }),
    secret().answerCode({ ...answer, digest: "05".repeat(32) }),
    secret().answerCode({ ...answer, requestCode: "06".repeat(32) }),
    answer.requestCode,
  ];
  expect(new Set(codes).size).toBe(codes.length);
  expect(isSameCode(codes[0] ?? "", codes[0] ?? "")).toBe(true);
  expect(isSameCode(codes[0] ?? "", codes[1] ?? "")).toBe(false);
  expect(isSameCode("", codes[1] ?? "")).toBe(false);
});

test("headers come back as they were; each that is missing, doubled or malformed is refused", () => {
  const code = secret().requestCode(facts);
  const headers = requestHeaders(facts, code);
  expect(readRequestHeaders(facts, headers)).toEqual({ facts, code });
  const bad = ["", "x", "-1", "1e3", "01", "4294967296", "AB".repeat(16), "AB".repeat(32), undefined, ["a", "b"]];
  for (const name of Object.keys(headers)) {
    for (const value of bad) {
      try {
        readRequestHeaders(facts, { ...headers, [name]: value });
        expect.unreachable(`${name}: ${String(value)}`);
      } catch (error) {
        expect(isSluiceError(error, "ERR_WORKER_AUTH")).toBe(true);
      }
    }
  }
});

test("a secret has 32 bytes and does not print", () => {
  expect(() => new WorkerSecret(new Uint8Array(31))).toThrow("32 bytes");
  const shown = inspect(secret(), { depth: 9, showHidden: true }) + JSON.stringify(secret());
  expect(shown).not.toMatch(/7, 7|0707|"0":/);
});
