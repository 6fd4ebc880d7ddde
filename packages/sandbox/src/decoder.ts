/** The decoder: a single-use child, behind the same wrappers as a job's, that turns the bytes user code wrote into the
 *  canonical form. It holds no rows and no engine; whoever starts it does not read what goes through.
 *  @module */
import { MAX_JOB_OUTPUT_BYTES, utf8 } from "@sluice/protocol";
import type { Bytes, DecodeOutcome, ErrorCode, JobManifest } from "@sluice/protocol";
import { childLimits, type ChildLimits } from "./child-limits.ts";
import type { ReadyChild } from "./start-child.ts";
import { superviseClaimed } from "./supervise.ts";

/** Longest work on one output: the largest takes a fraction of it. */
const DECODE_WALL_TIME_LIMIT_MS = 20_000;
/** Memory beside the output itself: the JSON of an output, as values. */
const DECODE_MEMORY_BYTES = 256 * 2 ** 20;

/** What goes into a decoder. */
export interface DecodeRequest {
  readonly output: Bytes;
  /** The manifest that the output must fit; null when it is what a bundle says of itself. */
  readonly manifest: JobManifest | null;
  /** Layers that the decoder's wrappers give. */
  readonly layers: readonly string[];
  readonly signal: AbortSignal;
  readonly wallTimeLimitMs?: number;
}

/** Limits of a decoder for an output of `outputBytes`. */
export function decoderLimits(outputBytes: number): ChildLimits {
  const limits = { wallTimeLimitMs: DECODE_WALL_TIME_LIMIT_MS / 2, memoryLimitBytes: DECODE_MEMORY_BYTES };
  return childLimits(limits, outputBytes);
}

/** Decodes one output in the child that `claim` gives. Never rejects for what the child does. */
export async function decodeInChild(claim: () => Promise<ReadyChild>, request: DecodeRequest): Promise<DecodeOutcome> {
  const { output, manifest, signal, layers, wallTimeLimitMs = DECODE_WALL_TIME_LIMIT_MS } = request;
  if (output.length > MAX_JOB_OUTPUT_BYTES) return refusal("output-size", "return less", layers);
  const outcome = await superviseClaimed(claim, () => ({
    input: encodeDecodeInput(output, manifest),
    environment: "production",
    limits: { wallTimeLimitMs, memoryLimitBytes: DECODE_MEMORY_BYTES },
    layers: ["process", ...layers],
    signal,
  }));
  if (outcome.ok) return { ok: true, form: outcome.output, layers: outcome.layers, wallMs: outcome.wallMs };
  if (PASSED_ON.includes(outcome.code)) {
    return { ok: false, code: outcome.code, details: outcome.details, layers: outcome.layers };
  }
  return refusal("decoder-failed", "return what the job API returns, and less of it", outcome.layers);
}

/** Ends that are not the output's doing. */
const PASSED_ON: readonly ErrorCode[] = ["ERR_SANDBOX_START", "ERR_SANDBOX_LAYER_MISSING", "ERR_CANCELLED"];

function refusal(rule: string, change: string, layers: readonly string[]): DecodeOutcome {
  return { ok: false, code: "ERR_GUARD_OUTPUT", details: { output: "all", rule, change }, layers: [...layers] };
}

// struct { uint32 manifestLength; opaque manifest[manifestLength]; uint32 outputLength; opaque output[outputLength]; } DecodeInput;
function encodeDecodeInput(output: Bytes, manifest: JobManifest | null): Bytes[] {
  const words = manifest === null ? new Uint8Array(0) : utf8(JSON.stringify(manifest));
  return [lengthOf(words), words, lengthOf(output), output];
}

function lengthOf({ length }: Bytes): Bytes {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, length);
  return bytes;
}
