/** What the answers of broker and guard mean to a run.
 *  @module */
import { SET_WORDS } from "@sluice/desensitize";
import { isErrorCode, MAX_LOG_LINE_CHARS, SluiceError } from "@sluice/protocol";
import type { Bytes, ErrorCode, GuardFinding, JobEvent, SealedJob } from "@sluice/protocol";
import { BrokerAnswer } from "./broker-protocol.ts";
import type { GuardAnswer } from "./guard-protocol.ts";
import type { Peer } from "./helper-process.ts";
import type { Message } from "./message-parser.ts";
import type { TableSender } from "./table-sender.ts";
import { refusalOf } from "./verdict.ts";

/** What the broker said of a run. `form` is opaque here. */
export type Brokered =
  | { ok: true; form: Bytes; layers: string[]; wallMs: number }
  | {
      ok: false;
      code: ErrorCode;
      details: Record<string, string | number>;
      refusedBy: "sandbox" | "guard";
      layers: string[];
      wallMs: number;
    };

/** A run that the broker was asked to make. */
interface RunAsked {
  readonly environment: SealedJob["environment"];
  readonly onEvent: ((event: JobEvent) => void) | undefined;
  /** Its table, if it has one. */
  readonly sender: TableSender | undefined;
  readonly peer: Peer;
}

/** What one message of the broker means; undefined while the run goes on. @throws when it is none that a broker sends */
export function brokered(
  { head, parts }: Message,
  { environment, onEvent, sender, peer }: RunAsked,
): Brokered | undefined {
  const answer = BrokerAnswer.parse(head);
  const { kind } = answer;
  if (kind === "want" || kind === "wantBatch") {
    if (sender === undefined)
      throw new SluiceError("ERR_FRAME_MALFORMED", { field: "kind", expected: "a run's table" });
    sender.answer(answer, peer);
    return undefined;
  }
  if (kind === "progress") {
    onEvent?.({ kind, percent: answer.percent });
    return undefined;
  }
  if (kind === "log") {
    // Lines are the job's own words: they leave development runs only, and never as more than one line of text.
    if (environment === "development") onEvent?.({ kind, line: oneLine(parts[0] ?? new Uint8Array(0)) });
    return undefined;
  }
  if (kind === "metric") {
    if (environment === "development") onEvent?.({ kind, name: answer.name, value: answer.value });
    return undefined;
  }
  const { layers, wallMs } = answer;
  if (kind === "result") return { ok: true, form: parts[0] ?? new Uint8Array(0), layers, wallMs };
  const { code, details, by } = answer;
  // A decoder is the guard's first half.
  const refusedBy = by === "decoder" ? "guard" : "sandbox";
  return { ok: false, code: knownCode(code), details, refusedBy, layers, wallMs };
}

/** Words of what a table shows. `bytes` starts its buffer. @throws ERR_GUARD_OUTPUT when they are no whole sets */
export function shownOf(bytes: Bytes): Uint32Array {
  const { output, rule, change } = refusalOf([]);
  const whole = bytes.length > 0 && bytes.length % (4 * SET_WORDS) === 0;
  if (!whole) throw new SluiceError("ERR_GUARD_OUTPUT", { output, rule, change });
  return new Uint32Array(bytes.buffer, 0, bytes.length / 4);
}

function oneLine(bytes: Bytes): string {
  const text = new TextDecoder().decode(bytes.subarray(0, 4 * MAX_LOG_LINE_CHARS));
  return text.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu, " ").slice(0, MAX_LOG_LINE_CHARS);
}

/** The refusal that an answer of the guard amounts to. */
export function guardRefusal(answer: GuardAnswer): {
  code: ErrorCode;
  details: Record<string, string | number>;
  findings?: GuardFinding[];
} {
  switch (answer.kind) {
    case "error":
      return { code: knownCode(answer.code), details: answer.details };
    case "refused":
      return { code: "ERR_GUARD_OUTPUT", details: refusalOf(answer.findings), findings: answer.findings };
    case "manifest":
    case "released":
    case "served":
      return { code: "ERR_GUARD_OUTPUT", details: refusalOf([]) };
  }
}

function knownCode(code: string): ErrorCode {
  return isErrorCode(code) ? code : "ERR_SANDBOX_START";
}
