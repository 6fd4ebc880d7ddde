/** Reviews of scenes and of development runs.
 *  @module */
import { Review, SluiceError, type Party, type ReviewRecord } from "@sluice/protocol";
import type { Kysely, Selectable, Transaction } from "kysely";
import type { ReviewTable, Tables } from "./tables.ts";

/** What is reviewed: a scene by its name, a run by its call id. */
export interface ReviewSubject {
  readonly kind: ReviewTable["subject_kind"];
  readonly name: string;
}

/** A review with the role in which its party gave it. */
export type RoleReview = ReviewRecord & { readonly role: string };

/** Reviews of a subject, in order. */
export async function readReviews(db: Kysely<Tables>, { kind, name }: ReviewSubject): Promise<RoleReview[]> {
  const rows = await db
    .selectFrom("review")
    .selectAll()
    .where("subject_kind", "=", kind)
    .where("subject", "=", name)
    .orderBy("position")
    .execute();
  return rows.map(parse);
}

/** Adds a review after `before`, inside the transaction that acts on it. */
export async function addReview(
  transaction: Transaction<Tables>,
  subject: ReviewSubject,
  before: readonly RoleReview[],
  { review, party, at }: { review: Review; party: Party; at: Date },
): Promise<RoleReview[]> {
  const record: RoleReview = { ...review, party: party.party, role: party.role, at: at.toISOString() };
  const { scores, ...columns } = record;
  const row = {
    subject_kind: subject.kind,
    subject: subject.name,
    position: before.length,
    ...columns,
    scores: scores === undefined ? null : JSON.stringify(scores),
  };
  await transaction.insertInto("review").values(row).execute();
  return [...before, record];
}

/** Refuses a person who reviewed this subject before, in whichever party. @throws ERR_REVIEW_SAME_PERSON */
export function refuseSamePerson(kind: ReviewSubject["kind"], before: readonly RoleReview[], person: string): void {
  if (before.some((review) => sameName(review.person) === sameName(person))) {
    throw new SluiceError("ERR_REVIEW_SAME_PERSON", { person, kind });
  }
}

/** The review as it crosses HTTP. */
export function reviewRecord({ role: _role, ...record }: RoleReview): ReviewRecord {
  return record;
}

function parse({ party, role, person, verdict, note, scores, at }: Selectable<ReviewTable>): RoleReview {
  const review = { person, verdict, note, ...(scores === null ? {} : { scores: JSON.parse(scores) as unknown }) };
  return { ...Review.parse(review), party, role, at };
}

/** Spelling, case and spaces do not make another person. */
function sameName(person: string): string {
  return person.normalize("NFKC").trim().replaceAll(/\s+/g, " ").toLowerCase();
}
