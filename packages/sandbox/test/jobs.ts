/** Bundles written by hand, for tests of what a job can do to its sandbox.
 *  @module */
import { utf8, type JobEntry, type SealedJob } from "@sluice/protocol";

/** Limits that let an honest job of these tests pass on a slow machine. */
export const LIMITS = { wallTimeLimitMs: 20_000, memoryLimitBytes: 64 * 2 ** 20 } as const;

/** A bundle whose `develop` is `body`; it returns `{ fit: { n: 1 } }` when `body` falls through. */
export function bundleOf(body: string): Uint8Array {
  return utf8(`var sluiceJob = { default: {
    name: "hostile", purpose: "test", input: {},
    outputs: { fit: { kind: "metrics", keys: ["n"] }, band: { kind: "labels", vocabulary: ["A", "B"] } },
    async develop(rows, { progress, log }) { ${body}\n return { fit: { n: 1 } }; },
    async produce(rows, model, { progress, log }) { ${body}\n return { band: new Uint8Array(rows.rowCount) }; },
  } };`);
}

/** A development run of `code` without columns. */
export function sealed(code: Uint8Array, change: Partial<SealedJob> & { entry?: JobEntry } = {}): SealedJob {
  return { bundle: code, entry: "develop", environment: "development", seed: 1, limits: LIMITS, ...change };
}
