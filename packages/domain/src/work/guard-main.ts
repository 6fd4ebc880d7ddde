/** The guard process: decodes what user code wrote and says what of it may go on. It holds no row, no key and no user
 *  code, gives up its right to files once it is loaded, and is started without the rights to write or to start programs.
 *
 *  Started by `workshop.ts` with requests on descriptor 3 and answers on descriptor 4; it ends when the requests do.
 *  @module */
import { Socket } from "node:net";
import { checkOutput } from "@sluice/desensitize";
import { isSluiceError, JobManifest, SluiceError, type Bytes, type DomainFacts } from "@sluice/protocol";
import { decodeJobOutput, splitOutput } from "@sluice/sandbox/output";
import { GuardRequest, MAX_GUARD_MESSAGE_BYTES, type GuardAnswer } from "./guard-protocol.ts";
import { readMessages, writeMessage } from "./messages.ts";

const UNREADABLE = { output: "all", rule: "output-format", change: "return what the job API returns" };

const requests = new Socket({ fd: 3, readable: true, writable: false });
const answers = new Socket({ fd: 4, readable: false, writable: true });
answers.on("error", () => process.exit(1));
dropFileAccess();

for await (const { head, parts } of readMessages(requests, MAX_GUARD_MESSAGE_BYTES)) {
  const request = GuardRequest.parse(head);
  const { answer, codes } = judge(request, parts[0] ?? new Uint8Array(0));
  await writeMessage(answers, answer, codes);
}
process.exit(0);

function judge(request: GuardRequest, output: Bytes): { answer: GuardAnswer; codes: Bytes[] } {
  const { id } = request;
  try {
    if (request.kind === "manifest")
      return { answer: { kind: "manifest", id, manifest: readManifest(output) }, codes: [] };
    const { rowCount, environment, levels } = request.facts;
    const facts: DomainFacts = { rowCount, environment, ...(levels === undefined ? {} : { levels }) };
    const verdict = checkOutput(decodeJobOutput(output, request.manifest), request.manifest, facts);
    const { findings } = verdict;
    if (!verdict.ok) return { answer: { kind: "refused", id, findings }, codes: [] };
    if (verdict.output.class === "released") {
      return { answer: { kind: "released", id, findings, values: verdict.output.values }, codes: [] };
    }
    const served = Object.entries(verdict.output.values);
    const names = served.map(([name]) => name);
    return { answer: { kind: "served", id, findings, names }, codes: served.map(([, { codes }]) => codes) };
  } catch (error) {
    if (!isSluiceError(error))
      return { answer: { kind: "error", id, code: "ERR_GUARD_OUTPUT", details: UNREADABLE }, codes: [] };
    return { answer: { kind: "error", id, code: error.code, details: { ...error.details } }, codes: [] };
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
