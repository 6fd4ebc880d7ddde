import { extname } from "node:path";
import { expect, test } from "vitest";
import { utf8, type Bytes, type ColumnBatch, type JobManifest } from "@sluice/protocol";
import { judge } from "../src/work/guard-judge.ts";
import { GuardAnswer, MAX_GUARD_ANSWER_BYTES, type GuardRequest } from "../src/work/guard-protocol.ts";
import { HelperProcess } from "../src/work/helper-process.ts";
import { tableToParts } from "../src/work/table-parts.ts";

// A decoder that user code took over writes what it likes: the guard, which holds these rows, must neither fall nor say one.
const CASES = process.env["SLOW"] === "1" ? 100_000 : 2_000;
/** For all of them, on a busy machine. */
const LONGEST_MS = 300_000;
const ROWS = 40;
const CANARY = "canary-0451";
const CANARY_NUMBER = 918_273.645_1;
const TABLE: ColumnBatch = {
  rowCount: ROWS,
  columns: {
    name: {
      type: "dict",
      values: Uint32Array.from({ length: ROWS }, (_, row) => row),
      dictionary: Array.from({ length: ROWS }, (_, row) => `${CANARY}-${row}`),
    },
    income: { type: "f64", values: Float64Array.from({ length: ROWS }, (_, row) => CANARY_NUMBER + row) },
  },
};
const BASE = { name: "canary", purpose: "canary", input: { name: "dict", income: "f64" } } as const;
/** A manifest, and forms that an honest decoder would write for it. Little-endian: shape, count, output, kind, body. */
const KINDS: readonly { manifest: JobManifest; form: number[] }[] = [
  {
    manifest: {
      ...BASE,
      outputs: { fit: { kind: "metrics", keys: ["auc"] }, model: { kind: "linear-model", maxParameters: 4 } },
    },
    form: [1, 2, 0, 0, 0, 1, ...f64(0.5), 1, 0, 2, ...f64(1), 1, 0, 6, 0, ...utf8("income"), 1, 0, ...f64(0.25)],
  },
  {
    manifest: { ...BASE, outputs: { band: { kind: "labels", vocabulary: ["A", "B"] } } },
    form: [2, 1, 0, 0, 0, 16, ROWS, 0, 0, 0, ...Array.from({ length: ROWS }, (_, row) => row % 2)],
  },
  {
    manifest: { ...BASE, outputs: { members: { kind: "set", match: "psi-ids" } } },
    form: [2, 1, 0, 0, 0, 17, ROWS, 0, 0, 0, ...Array.from({ length: ROWS }, (_, row) => row % 2)],
  },
  {
    manifest: {
      ...BASE,
      outputs: {
        report: { kind: "table", dimensions: [{ name: "half", levels: ["one", "two"] }], measures: ["income"] },
      },
    },
    form: [
      2,
      1,
      0,
      0,
      0,
      18,
      ROWS,
      0,
      0,
      0,
      ...Array.from({ length: ROWS }, (_, row) => row % 2),
      ...Array.from({ length: ROWS }, (_, row) => [...f64(CANARY_NUMBER + row)]).flat(),
    ],
  },
];

function f64(value: number): Uint8Array {
  return new Uint8Array(new Float64Array([value]).buffer);
}

/** Numbers below a limit, by a seed (mulberry32). */
function seeded(seed: number): (limit: number) => number {
  let state = seed;
  return (limit) => {
    state = (state + 0x6d2b79f5) | 0;
    let word = Math.imul(state ^ (state >>> 15), 1 | state);
    word = (word + Math.imul(word ^ (word >>> 7), 61 | word)) ^ word;
    return Math.floor((((word ^ (word >>> 14)) >>> 0) / 2 ** 32) * limit);
  };
}

/** A request on a form that was spoiled, or is none at all. */
function requestOf(i: number, draw: (limit: number) => number): { head: GuardRequest; parts: Bytes[] } {
  const { manifest, form } = KINDS[i % KINDS.length] ?? { manifest: { ...BASE, outputs: {} }, form: [] };
  let bytes = Uint8Array.from([0x53, 0x4c, 0x46, 1, ...form]);
  for (let left = draw(4); left > 0; left--) {
    const at = draw(bytes.length);
    const way = draw(16);
    if (way < 2) bytes = bytes.slice(0, at);
    else if (way < 4) bytes = Uint8Array.from([...bytes, draw(256)]);
    else if (way < 8) bytes[at] = [0, 1, 2, 127, 128, 255][draw(6)] ?? 0;
    else bytes[at] = (bytes[at] ?? 0) ^ (1 << draw(8));
  }
  if (draw(10) === 0) bytes = Uint8Array.from({ length: draw(60) }, () => draw(256));
  const empty = new Uint8Array(0);
  const parts: Bytes[] = [bytes, empty, empty, empty];
  const environment: "development" | "production" = i % 2 === 0 ? "development" : "production";
  const facts = { rowCount: ROWS, environment, table: tableToParts(TABLE, parts), sensitive: ["income"] };
  return { head: { kind: "check", id: i, manifest, facts }, parts };
}

/** No canary, in no answer and in no part of one. A table may show the rounded mean of many: never a row's number. */
function expectNoRow(answer: GuardAnswer, parts: readonly Bytes[]): void {
  const text = [JSON.stringify(answer), ...parts.map((part) => Buffer.from(part).toString("latin1"))].join("\n");
  expect(text).not.toContain(CANARY);
  for (let row = 0; row < ROWS; row++) expect(text).not.toContain(String(CANARY_NUMBER + row));
}

test("whatever a decoder says, the guard has an answer, and no row is in it", { timeout: LONGEST_MS }, () => {
  const draw = seeded(61);
  const kinds = new Map<string, number>();
  for (let i = 0; i < CASES; i++) {
    const { head, parts } = requestOf(i, draw);
    const { answer, parts: served = [] } = judge(head, parts);
    expectNoRow(GuardAnswer.parse(answer), served);
    kinds.set(answer.kind, (kinds.get(answer.kind) ?? 0) + 1);
  }
  // It was no matter of refusing everything: some were judged, some not read.
  expect([...kinds.keys()].toSorted()).toEqual(expect.arrayContaining(["error", "refused"]));
});

test("the guard's process outlives every form, and its answers hold no row", async () => {
  const module = new URL(`../src/work/guard-main${extname(import.meta.url)}`, import.meta.url);
  const nodeFlags = ["--permission", "--allow-fs-read=*"];
  const guard = new HelperProcess({ module, nodeFlags, maxAnswerBytes: MAX_GUARD_ANSWER_BYTES });
  try {
    const draw = seeded(62);
    let pid: number | undefined;
    for (let i = 0; i < 200; i++) {
      const { head, parts } = requestOf(i, draw);
      const answered = await guard.ask({
        head: (id) => ({ ...head, id }),
        parts,
        accept: (message) => ({ answer: GuardAnswer.parse(message.head), parts: message.parts }),
        timeoutMs: 30_000,
      });
      if (answered === null) throw new Error("the guard died");
      expectNoRow(answered.answer, answered.parts);
      pid ??= guard.pid;
      expect(guard.pid).toBe(pid);
    }
  } finally {
    await guard.close();
  }
});
