/** A sample that passed the gate. Nothing else makes one, and nothing else goes to a developer's job: the type has a private
 *  member, so that no object can be written in its place, and whoever takes one asks `isCertified` again when it runs.
 *  @module */
import { createCertificate, type CertificateFacts } from "@sluice/desensitize";
import type { Certificate, ColumnBatch, RiskReport } from "@sluice/protocol";
import { numberSubjects } from "./subject-numbers.ts";

/** The first word of a tag has the bits of it below this one, the second the 32 above. */
const LOW_TAG = 2 ** 20;

/** What a job may be given, with the proof of what was measured on it. */
export class CertifiedSample {
  readonly #passed = true;
  readonly table: ColumnBatch;
  /** Number of whom each row is about, below the number of rows. */
  readonly subjects: Uint32Array;
  /** Two words for each person, by number: the same in every sample of the domain. They go to the guard, and to no job. */
  readonly tags: Uint32Array;
  readonly certificate: Certificate;
  /** What the certificate names by its hash. */
  readonly report: RiskReport;

  private constructor(
    { table, subjects, tags }: Pick<CertifiedSample, "table" | "subjects" | "tags">,
    certificate: Certificate,
    report: RiskReport,
  ) {
    this.table = table;
    this.subjects = subjects;
    this.tags = tags;
    this.certificate = certificate;
    this.report = report;
  }

  /** The sample, when the report on it says that it passed.
   *  @throws ERR_SAMPLE_K, ERR_SAMPLE_GATE otherwise */
  static async certify(
    inspected: { readonly batch: ColumnBatch; readonly subjects: ArrayLike<number>; readonly tags: Float64Array },
    facts: CertificateFacts,
  ): Promise<CertifiedSample> {
    const certificate = await createCertificate(facts);
    // Numbered anew: which numbers suppression left out would tell how many persons it took.
    const subjects = numberSubjects(Array.from(inspected.subjects));
    const tags = new Uint32Array(2 * inspected.batch.rowCount);
    for (const [row, person] of subjects.entries()) {
      const tag = inspected.tags[inspected.subjects[row] ?? 0] ?? 0;
      tags.set([tag % LOW_TAG, Math.floor(tag / LOW_TAG)], 2 * person);
    }
    return new CertifiedSample({ table: inspected.batch, subjects, tags }, certificate, facts.report);
  }

  /** Whether `value` was made by `certify`. */
  static isCertified(value: object): value is CertifiedSample {
    return #passed in value && value.#passed;
  }
}
