/** What is true of a job's bundle beside its bytes: how large it may be, and the lockfile that it was built with.
 *  @module */
import { z } from "zod";
import { SluiceError } from "./errors.ts";
import { Sha256Hex } from "./identifiers.ts";
import { MAX_BUNDLE_BYTES } from "./limits.ts";

/** Largest bundle of a job that asks for nothing: what a person can still review. Most are below 100 KB. */
export const USUAL_BUNDLE_BYTES = 1_048_576;

/** Names of lockfiles, in the order in which they are looked for in one directory: npm itself prefers its shrinkwrap. */
export const LOCKFILE_NAMES = [
  "pnpm-lock.yaml",
  "npm-shrinkwrap.json",
  "package-lock.json",
  "yarn.lock",
  "bun.lock",
] as const;

/** The lockfile by which the packages in a bundle were installed, as the bundle says. Whoever builds the bundle again from
 *  source and this lockfile gets the same bytes. */
export const Lockfile = z.strictObject({ name: z.enum(LOCKFILE_NAMES), hash: Sha256Hex });
export type Lockfile = z.infer<typeof Lockfile>;

/** `limits.bundleLimitBytes` of a manifest. */
export const BundleLimit = z.int().min(1).max(MAX_BUNDLE_BYTES);

/** Holds a bundle's size against what its manifest asks for. @throws ERR_JOB_MANIFEST */
export function refuseLargeBundle(
  sizeBytes: number,
  { limits }: { readonly limits?: { readonly bundleLimitBytes?: number | undefined } | undefined },
): void {
  const maxBytes = limits?.bundleLimitBytes ?? USUAL_BUNDLE_BYTES;
  if (sizeBytes <= maxBytes) return;
  throw new SluiceError("ERR_JOB_MANIFEST", {
    pointer: "/limits/bundleLimitBytes",
    expected: `at least ${sizeBytes}, which is the bundle's size; without it ${USUAL_BUNDLE_BYTES}, and ${MAX_BUNDLE_BYTES} at most`,
  });
}
