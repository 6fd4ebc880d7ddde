/** The decoder: a single-use child, behind the same wrappers as a job's, that turns the bytes user code wrote into the
 *  canonical form. It holds no rows and no engine; whoever starts it does not read what goes through.
 *  @module */
import { MAX_JOB_OUTPUT_BYTES, utf8 } from "@sluice/protocol";
import type { Bytes, DecodeOutcome, ErrorCode, JobManifest } from "@sluice/protocol";
import { launchCommand, type LaunchCommand, type Wrappers } from "./launch.ts";
import { supervise } from "./supervise.ts";

/** Longest work on one output: the largest takes a fraction of it. */
const DECODE_WALL_TIME_LIMIT_MS = 20_000;
const DECODE_CPU_SECONDS = 20;
/** Memory beside the output itself: the JSON of an output, as values. */
const DECODE_MEMORY_BYTES = 256 * 2 ** 20;
/** Address space of Node before anything is read. */
const BASE_ADDRESS_SPACE_BYTES = 2.2 * 2 ** 30;

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

/** The command that starts a decoder for an output of `outputBytes`. */
export function decoderCommand(wrappers: Wrappers, addonFile: string, outputBytes: number): LaunchCommand {
  return launchCommand(wrappers, {
    script: "decoder",
    addonFile,
    addressSpaceBytes: Math.ceil(BASE_ADDRESS_SPACE_BYTES + 2 * (outputBytes + DECODE_MEMORY_BYTES)),
    cpuSeconds: DECODE_CPU_SECONDS,
  });
}

/** Decodes one output in the child that `command` starts. Never rejects for what the child does. */
export async function decodeInChild(command: LaunchCommand, request: DecodeRequest): Promise<DecodeOutcome> {
  const { output, manifest, signal, layers, wallTimeLimitMs = DECODE_WALL_TIME_LIMIT_MS } = request;
  if (output.length > MAX_JOB_OUTPUT_BYTES) return refusal("output-size", "return less", layers);
  const outcome = await supervise({
    command,
    input: encodeDecodeInput(output, manifest),
    environment: "production",
    limits: { wallTimeLimitMs, memoryLimitBytes: DECODE_MEMORY_BYTES },
    layers: ["process", ...layers],
    signal,
  });
  if (outcome.ok) return { ok: true, form: outcome.output, layers: outcome.layers, wallMs: outcome.wallMs };
  if (PASSED_ON.includes(outcome.code)) {
    return { ok: false, code: outcome.code, details: {}, layers: outcome.layers };
  }
  return refusal("decoder-failed", "return what the job API returns, and less of it", outcome.layers);
}

/** Ends that are not the output's doing. */
const PASSED_ON: readonly ErrorCode[] = ["ERR_SANDBOX_START", "ERR_CANCELLED"];

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
