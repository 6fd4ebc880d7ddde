/** What the guard answers to one request: the canonical form is parsed strictly, then held against the domain's rows. Total:
 *  whatever the form is, there is an answer, and none of it is a row.
 *  @module */
import { checkOutput, featureLevels } from "@sluice/desensitize";
import { isSluiceError, SluiceError, utf8 } from "@sluice/protocol";
import type { Bytes, CheckedOutput, DomainFacts } from "@sluice/protocol";
import { readJobManifest, readJobOutput } from "@sluice/sandbox/output";
import type { GuardAnswer, GuardRequest } from "./guard-protocol.ts";
import { tableFromParts } from "./table-parts.ts";

const UNREADABLE = { output: "all", rule: "output-format", change: "return what the job API returns" };

/** The answer to `request`, with its parts. */
export function judge(request: GuardRequest, parts: readonly Bytes[]): { answer: GuardAnswer; parts?: Bytes[] } {
  const { id } = request;
  const form = parts[0] ?? new Uint8Array(0);
  try {
    if (request.kind === "manifest") return { answer: { kind: "manifest", id, manifest: readJobManifest(form) } };
    const verdict = checkOutput(readJobOutput(form, request.manifest), request.manifest, factsOf(request.facts, parts));
    const { findings } = verdict;
    const evidence = verdict.evidence === undefined ? {} : { evidence: verdict.evidence };
    if (!verdict.ok) return { answer: { kind: "refused", id, findings, ...evidence } };
    const { shown } = verdict;
    const kept = shown === undefined ? {} : { shown: true as const };
    const keptParts = shown === undefined ? [] : [bytesOf(shown)];
    if (verdict.output.class === "released") {
      const { values } = verdict.output;
      return { answer: { kind: "released", id, findings, ...kept, ...evidence, values }, parts: keptParts };
    }
    const served = Object.entries(verdict.output.values);
    const outputs = served.map(([name, { kind }]) => ({ name, kind }));
    return {
      answer: { kind: "served", id, findings, ...kept, outputs },
      parts: [...served.map(([, value]) => partOf(value)), ...keptParts],
    };
  } catch (error) {
    if (!isSluiceError(error)) return { answer: { kind: "error", id, code: "ERR_GUARD_OUTPUT", details: UNREADABLE } };
    return { answer: { kind: "error", id, code: error.code, details: { ...error.details } } };
  }
}

/** @throws ERR_BODY_INVALID when there is not one subject for each row; ERR_FRAME_MALFORMED */
function factsOf(
  {
    rowCount,
    environment,
    table: head,
    sensitive,
    held,
    heldOut,
    bitsBefore,
  }: Extract<GuardRequest, { kind: "check" }>["facts"],
  parts: readonly Bytes[],
): DomainFacts {
  const [, numbers = new Uint8Array(0), tags = new Uint8Array(0), shown = new Uint8Array(0)] = parts;
  const table = tableFromParts(head, parts);
  const subjects = numbers.length === 0 ? undefined : readSubjects(numbers, rowCount);
  return {
    rowCount,
    environment,
    table,
    sensitive,
    // Names of levels may stand in a released model; a served output names none.
    ...(environment === "development" ? { levels: featureLevels(table, subjects) } : {}),
    ...(subjects === undefined ? {} : { subjects }),
    ...(tags.length === 0 ? {} : { tags: wordsOf(tags) }),
    ...(heldOut === undefined ? {} : { heldOut: tableFromParts(heldOut, parts) }),
    ...(bitsBefore === undefined ? {} : { bitsBefore }),
    ...(held === true ? { shown: wordsOf(shown) } : {}),
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
    case "square-network":
    case "table":
      return utf8(JSON.stringify(value));
  }
}
