/** A sample that passed the gate. Nothing else makes one, and nothing else goes to a developer's job: the type has a private
 *  member, so that no object can be written in its place, and whoever takes one asks `isCertified` again when it runs.
 *  @module */
import { createCertificate, type CertificateFacts } from "@sluice/desensitize";
import type { Certificate, ColumnBatch } from "@sluice/protocol";
import { numberSubjects } from "./subject-numbers.ts";

/** What a job may be given, with the proof of what was measured on it. */
export class CertifiedSample {
  readonly #passed = true;
  readonly table: ColumnBatch;
  /** Number of whom each row is about, below the number of rows. */
  readonly subjects: Uint32Array;
  readonly certificate: Certificate;

  private constructor(table: ColumnBatch, subjects: Uint32Array, certificate: Certificate) {
    this.table = table;
    this.subjects = subjects;
    this.certificate = certificate;
  }

  /** The sample, when the report on it says that it passed.
   *  @throws ERR_SAMPLE_K, ERR_SAMPLE_GATE otherwise */
  static async certify(
    inspected: { readonly batch: ColumnBatch; readonly subjects: ArrayLike<number> },
    facts: CertificateFacts,
  ): Promise<CertifiedSample> {
    const certificate = await createCertificate(facts);
    // Numbered anew: which numbers suppression left out would tell how many persons it took.
    return new CertifiedSample(inspected.batch, numberSubjects(Array.from(inspected.subjects)), certificate);
  }

  /** Whether `value` was made by `certify`. */
  static isCertified(value: object): value is CertifiedSample {
    return #passed in value && value.#passed;
  }
}
