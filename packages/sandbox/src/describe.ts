/** Reads a bundle's manifest by running it, with no columns, in the sandbox.
 *  @module */
import {
  refuseLargeBundle,
  SluiceError,
  sha256Hex,
  type Bytes,
  type DescribedBundle,
  type SandboxRunner,
} from "@sluice/protocol";
import { readJobManifest } from "./manifest-form.ts";
import { DESCRIBE_LIMITS } from "./runner.ts";

/** The manifest that `code` declares, with the hash of exactly these bytes.
 *  @throws ERR_JOB_MANIFEST, also when it is larger than it asks for, and the code of a run that failed. */
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
  const decoded = await runner.decode(outcome.output, null, options);
  if (!decoded.ok) throw new SluiceError(decoded.code, decoded.details, { refusedBy: "sandbox" });
  const manifest = readJobManifest(decoded.form);
  refuseLargeBundle(code.length, manifest);
  return { bundle: await sha256Hex(code), manifest };
}
