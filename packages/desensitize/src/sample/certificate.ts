/** The certificate of a sample: what it was made from, under which policy, and what was measured on it.
 *  @module */
import { concatBytes, documentHash, Instant, sha256Hex, SluiceError, utf8 } from "@sluice/protocol";
import type { Bytes, Certificate, Policy, Sha256Hex } from "@sluice/protocol";
import type { ColumnBatch } from "@sluice/protocol";
import { quasiIdentifiers } from "../policy/columns.ts";
import { smallestClass } from "./suppress.ts";

/** Facts about one sample. */
export interface SampleFacts {
  readonly policy: Policy;
  /** Snapshot of the resource the sample was drawn from. */
  readonly sourceSnapshot: Sha256Hex;
  readonly sourceRows: number;
  /** The sample as it goes to the job, after suppression. */
  readonly batch: ColumnBatch;
  readonly suppressedRows: number;
  /** The person of each row of the batch; without it, each row is about another. */
  readonly subjects?: Int32Array | undefined;
  /** Sampling seed; stays in the domain. */
  readonly seed: Bytes;
  /** 32 random bytes that hide the seed in the commitment; stay in the domain. */
  readonly salt: Bytes;
  readonly at: Date;
}

/** The certificate of a sample. k is counted anew, on the batch that leaves.
 *  @throws ERR_SAMPLE_K when the batch does not keep the policy's k. */
export async function createCertificate(facts: SampleFacts): Promise<Certificate> {
  const { policy, batch } = facts;
  const quasi = quasiIdentifiers(policy, Object.keys(batch.columns));
  const k = smallestClass(batch, quasi, facts.subjects);
  if (k < policy.k) throw new SluiceError("ERR_SAMPLE_K", { k: policy.k, limit: policy.suppressionLimit });
  return {
    policy: await documentHash(policy),
    resource: policy.resource,
    sourceSnapshot: facts.sourceSnapshot,
    sourceRowsRounded: roundRows(facts.sourceRows),
    sampleRows: batch.rowCount,
    suppressedRows: facts.suppressedRows,
    quasiIdentifiers: quasi,
    k,
    seedCommitment: await commitSeed(facts.seed, facts.salt),
    at: Instant.parse(facts.at.toISOString()),
  };
}

/** SHA-256("sluice/sample-seed/v1" ‖ salt ‖ seed): fixes the seed without telling it. */
export function commitSeed(seed: Bytes, salt: Bytes): Promise<Sha256Hex> {
  return sha256Hex(concatBytes(utf8("sluice/sample-seed/v1"), salt, seed));
}

/** `rows` rounded to two significant digits, as counts of a table are published. */
export function roundRows(rows: number): number {
  return Number(rows.toPrecision(2));
}
