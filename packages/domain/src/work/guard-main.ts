/** The guard process: decodes what user code wrote and says what of it may go on. It sees the rows that user code saw,
 *  which what it decodes may hold anyway, and the number of the person of each. It holds no key and no user code, gives up its right to files once it is loaded, and is started without the rights to write or to start programs.
 *
 *  Started by `workshop.ts` with requests on descriptor 3 and answers on descriptor 4; it ends when the requests do.
 *  @module */
import { Socket } from "node:net";
import { checkOutput } from "@sluice/desensitize";
import { isSluiceError, JobManifest, SluiceError, utf8 } from "@sluice/protocol";
import type { Bytes, CheckedOutput, DomainFacts } from "@sluice/protocol";
import { decodeJobOutput, splitOutput } from "@sluice/sandbox/output";
import { GuardRequest, MAX_GUARD_REQUEST_BYTES, type GuardAnswer } from "./guard-protocol.ts";
import { readMessages, writeMessage } from "./messages.ts";
import { tableFromParts } from "./table-parts.ts";

const UNREADABLE = { output: "all", rule: "output-format", change: "return what the job API returns" };

const requests = new Socket({ fd: 3, readable: true, writable: false });
const answers = new Socket({ fd: 4, readable: false, writable: true });
answers.on("error", () => process.exit(1));
dropFileAccess();

for await (const { head, parts } of readMessages(requests, MAX_GUARD_REQUEST_BYTES)) {
  const request = GuardRequest.parse(head);
  const { answer, parts: served = [] } = judge(request, parts);
  await writeMessage(answers, answer, served);
}
process.exit(0);

function judge(request: GuardRequest, parts: readonly Bytes[]): { answer: GuardAnswer; parts?: Bytes[] } {
  const { id } = request;
  const output = parts[0] ?? new Uint8Array(0);
  try {
    if (request.kind === "manifest") return { answer: { kind: "manifest", id, manifest: readManifest(output) } };
    const verdict = checkOutput(
      decodeJobOutput(output, request.manifest),
      request.manifest,
      factsOf(request.facts, parts),
    );
    const { findings } = verdict;
    if (!verdict.ok) return { answer: { kind: "refused", id, findings } };
    if (verdict.output.class === "released") {
      return { answer: { kind: "released", id, findings, values: verdict.output.values } };
    }
    const served = Object.entries(verdict.output.values);
    const outputs = served.map(([name, { kind }]) => ({ name, kind }));
    const { shown } = verdict;
    return {
      answer: { kind: "served", id, findings, ...(shown === undefined ? {} : { shown: true as const }), outputs },
      parts: [...served.map(([, value]) => partOf(value)), ...(shown === undefined ? [] : [bytesOf(shown)])],
    };
  } catch (error) {
    if (!isSluiceError(error)) return { answer: { kind: "error", id, code: "ERR_GUARD_OUTPUT", details: UNREADABLE } };
    return { answer: { kind: "error", id, code: error.code, details: { ...error.details } } };
  }
}

/** @throws ERR_BODY_INVALID when there is not one subject for each row; ERR_FRAME_MALFORMED */
function factsOf(
  { rowCount, environment, levels, table, sensitive }: Extract<GuardRequest, { kind: "check" }>["facts"],
  parts: readonly Bytes[],
): DomainFacts {
  const [, subjects = new Uint8Array(0), tags = new Uint8Array(0), shown = new Uint8Array(0)] = parts;
  return {
    rowCount,
    environment,
    table: tableFromParts(table, parts),
    sensitive,
    ...(levels === undefined ? {} : { levels }),
    ...(subjects.length === 0 ? {} : { subjects: readSubjects(subjects, rowCount) }),
    ...(tags.length === 0 ? {} : { tags: wordsOf(tags), shown: wordsOf(shown) }),
  };
}

/** `bytes` starts its buffer, and byte order is the machine's, on which both processes run. The rules that count check
 *  each number against the rows. */
function readSubjects(bytes: Bytes, rowCount: number): Uint32Array {
  if (bytes.length === 4 * rowCount) return new Uint32Array(bytes.buffer, 0, rowCount);
  throw new SluiceError("ERR_BODY_INVALID", { pointer: "/subjects", expected: "a number for each row" });
}

/** `bytes` starts its buffer. */
function wordsOf(bytes: Bytes): Uint32Array {
  return new Uint32Array(bytes.buffer, 0, bytes.length >> 2);
}

function bytesOf({ buffer, byteOffset, byteLength }: Uint32Array): Bytes {
  return new Uint8Array(buffer as ArrayBuffer, byteOffset, byteLength);
}

function partOf(value: Extract<CheckedOutput, { class: "served" }>["values"][string]): Bytes {
  switch (value.kind) {
    case "labels":
      return value.codes;
    case "set":
      return value.members;
    case "table":
      return utf8(JSON.stringify(value));
  }
}

/** @throws ERR_JOB_MANIFEST; ERR_GUARD_OUTPUT when the bytes are no output */
function readManifest(output: Bytes): JobManifest {
  const { json, buffers } = splitOutput(output);
  const parsed = JobManifest.safeParse(buffers.length === 0 ? parseJson(json) : undefined);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const pointer = `/${(issue?.path ?? []).map((step) => String(step).slice(0, 64)).join("/")}`.slice(0, 200);
  throw new SluiceError("ERR_JOB_MANIFEST", { pointer, expected: (issue?.message ?? "a manifest").slice(0, 200) });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/** Node's typings lack `drop`. Absent without the permission model, which the workshop always switches on. */
function dropFileAccess(): void {
  const permission = process.permission as { drop?: (scope: string) => void } | undefined;
  permission?.drop?.("fs");
}
