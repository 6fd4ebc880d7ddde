/** Reads a bundle's manifest by running it, with no columns, in the sandbox.
 *  @module */
import {
  JobManifest,
  SluiceError,
  sha256Hex,
  type Bytes,
  type DescribedBundle,
  type SandboxRunner,
} from "@sluice/protocol";
import { splitOutput } from "./output.ts";
import { DESCRIBE_LIMITS } from "./runner.ts";

/** The manifest that `code` declares, with the hash of exactly these bytes.
 *  @throws ERR_JOB_MANIFEST, and the code of a run that failed. */
export async function describeBundle(
  runner: SandboxRunner,
  code: Bytes,
  options: { signal?: AbortSignal } = {},
): Promise<DescribedBundle> {
  const outcome = await runner.run(
    { bundle: code, entry: "describe", environment: "development", seed: 0, limits: DESCRIBE_LIMITS },
    options,
  );
  if (!outcome.ok) throw new SluiceError(outcome.code, outcome.details, { refusedBy: "sandbox" });
  const { json, buffers } = splitOutput(outcome.output);
  const parsed = JobManifest.safeParse(buffers.length === 0 ? parseJson(json) : undefined);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    const pointer = `/${(issue?.path ?? []).map((step) => String(step).slice(0, 64)).join("/")}`;
    throw new SluiceError("ERR_JOB_MANIFEST", { pointer, expected: issue?.message ?? "a manifest" });
  }
  return { bundle: await sha256Hex(code), manifest: parsed.data };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
