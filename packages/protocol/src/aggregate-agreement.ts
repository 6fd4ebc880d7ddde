/** What departments agree to before their domains add something up together: the plan of the messages, whose hash covers the
 *  terms, and the terms, each department's grant among them. Signed by every department; each domain checks all signatures, and
 *  takes part on its own department's word alone.
 *  @module */
import { z } from "zod";
import { AggregatePlan, parseAggregatePlan } from "./aggregate-plan.ts";
import { concatBytes, fromHex, utf8, type Bytes } from "./bytes.ts";
import { SluiceError } from "./errors.ts";
import { GrantParty } from "./grant.ts";
import { documentHash } from "./hashing.ts";
import { Amount, Instant, KeyId, Name, Sha256Hex } from "./identifiers.ts";
import { EvidencedEvent } from "./event.ts";
import { SealKeyId } from "./seal.ts";
import { MAX_SIGNATURES, signedSchema } from "./signed.ts";

/** Most rows of one person that count. */
export const MAX_ROWS_OF_PERSON = 1_000;
/** Fewest persons that a domain takes part with, and fewest in a cell of counts without noise. A policy may ask for more: its k. */
export const MIN_AGGREGATE_PERSONS = 10;
/** Longest time for one round, in seconds. */
export const MAX_ROUND_SECONDS = 3_600;

/** What beside the plan is agreed. */
export const AggregateTerms = z.strictObject({
  /** In the order of the plan's parties: whose signature counts for each, and the grant under which its domain takes part. */
  members: z
    .array(z.strictObject({ department: KeyId, grant: Sha256Hex }))
    .min(3)
    .max(MAX_SIGNATURES),
  /** Fewest rows that a domain takes part with, after those without a value were left out; it needs persons beside them. */
  rowsAtLeast: z
    .int()
    .min(1)
    .max(2 ** 31),
  /** Most rows of one person, by the key column of the grant; further ones are left out. */
  rowsOfPerson: z.int().min(1).max(MAX_ROWS_OF_PERSON),
  /** Cells of counts with fewer persons of a domain are emptied there before they are added. Every histogram and every count of
   *  categories without noise has it; no other statistic, since with noise it would make one row count for several. */
  cellAtLeast: z.int().min(MIN_AGGREGATE_PERSONS).max(1_000).optional(),
  /** The caller that is given the result beside the departments, by a key that every grant names. */
  recipient: GrantParty.optional(),
  /** No message is made from then on. */
  deadline: Instant,
  /** Time that the relay waits for the messages of one round. */
  roundSeconds: z.int().min(1).max(MAX_ROUND_SECONDS),
});
export type AggregateTerms = z.infer<typeof AggregateTerms>;

/** Body of an agreement. `plan.terms` is the hash of `terms`; `plan.parties` names domains. */
export const AggregateAgreement = z.strictObject({
  type: z.literal("aggregate"),
  plan: AggregatePlan,
  terms: AggregateTerms,
});
export type AggregateAgreement = z.infer<typeof AggregateAgreement>;
export const SignedAggregate = signedSchema(AggregateAgreement);
export type SignedAggregate = z.infer<typeof SignedAggregate>;

/** Passes when plan and terms fit. @throws ERR_AGGREGATE_PLAN */
export async function checkAggregateAgreement({ plan, terms }: AggregateAgreement): Promise<void> {
  parseAggregatePlan(plan);
  if (plan.terms !== (await documentHash(terms))) throw refused("plan.terms", "the hash of the terms");
  for (const { party } of plan.parties) {
    if (!Name.safeParse(party).success) throw refused("plan.parties", "names of domains");
  }
  if (terms.members.length !== plan.parties.length) throw refused("terms.members", "one for each party of the plan");
  for (const member of ["department", "grant"] as const) {
    if (new Set(terms.members.map((one) => one[member])).size !== terms.members.length) {
      throw refused("terms.members", `each ${member} once`);
    }
  }
  const counts = plan.statistic.kind === "histogram" || plan.statistic.kind === "categories";
  const emptied = counts && plan.noise === undefined;
  if (emptied === (terms.cellAtLeast !== undefined)) return;
  throw refused(
    "terms.cellAtLeast",
    emptied ? `persons, ${MIN_AGGREGATE_PERSONS} or more` : "counts of groups, without noise",
  );
}

/** What a domain signs when it has opened the sum. */
export const AggregateResult = z.strictObject({
  type: z.literal("aggregate-result"),
  domain: Name,
  /** Hash of the agreement's body. */
  agreement: Sha256Hex,
  /** Grant of this domain. */
  grant: Sha256Hex,
  /** Domains whose vectors it is of. */
  survivors: z.array(Name).min(3).max(MAX_SIGNATURES),
  /** Domains that gave wrong shares in the end; the sum was opened without theirs. */
  wrongShares: z.array(Name).max(MAX_SIGNATURES),
  /** Elements of the sum, noise included. */
  sum: z.array(z.string().regex(/^(0|-?[1-9][0-9]{0,39})$/)).min(1),
  /** Micro-rho that this domain's table paid. */
  privacyCost: Amount.optional(),
  /** Makes its hash, which stands in the log, tell nothing. */
  salt: Sha256Hex,
  at: Instant,
});
export type AggregateResult = z.infer<typeof AggregateResult>;
export const SignedAggregateResult = signedSchema(AggregateResult);
export type SignedAggregateResult = z.infer<typeof SignedAggregateResult>;

/** A result with the event that is the hash of its body, and that event's place in the domain's log. */
export const EvidencedAggregateResult = z.strictObject({ result: SignedAggregateResult, evidence: EvidencedEvent });
export type EvidencedAggregateResult = z.infer<typeof EvidencedAggregateResult>;

/** Who asks a domain for its result: the recipient, or the domain's department. The result is sealed to `sealKey`, which
 *  is used once: whoever repeats the message gets what only its signer opens. */
export const AggregateAsk = z.strictObject({
  type: z.literal("aggregate-ask"),
  domain: Name,
  agreement: Sha256Hex,
  sealKey: SealKeyId,
});
export type AggregateAsk = z.infer<typeof AggregateAsk>;
export const SignedAggregateAsk = signedSchema(AggregateAsk);
export type SignedAggregateAsk = z.infer<typeof SignedAggregateAsk>;

/** What the sealed result is bound to: the ask, and that it is one. */
export async function aggregateSealContext(ask: AggregateAsk): Promise<Bytes> {
  return concatBytes(utf8("sluice/aggregate-result/v1"), fromHex(await documentHash(ask)));
}

function refused(field: string, expected: string): SluiceError {
  return new SluiceError("ERR_AGGREGATE_PLAN", { field, expected });
}
