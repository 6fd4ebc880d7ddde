/** The two halves of decoding, in one process: for tests of what they do, not of where they run.
 *  @module */
import { concatBytes, type JobManifest, type JobOutput } from "@sluice/protocol";
import { childFile } from "../src/launch.ts";
import { readJobOutput } from "../src/output.ts";

interface Decoder {
  decodeOutput(bytes: Uint8Array, manifest: JobManifest): Uint8Array[];
  decodeManifest(bytes: Uint8Array): Uint8Array[];
}

const decoder = (await import(childFile("decode.mjs"))) as Decoder;

/** The form that a decoder makes of an output. */
export function formOf(bytes: Uint8Array, manifest: JobManifest): Uint8Array {
  return concatBytes(...decoder.decodeOutput(bytes, manifest));
}

/** The form that a decoder makes of what a bundle says of itself. */
export function manifestFormOf(bytes: Uint8Array): Uint8Array {
  return concatBytes(...decoder.decodeManifest(bytes));
}

/** What the checker reads of an output. @throws ERR_GUARD_OUTPUT */
export function decodeJobOutput(bytes: Uint8Array, manifest: JobManifest): JobOutput {
  return readJobOutput(formOf(bytes, manifest), manifest);
}
