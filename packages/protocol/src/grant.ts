/** The grant (授权): one scene, one list, one signed object. The domain refuses what it does not name.
 *  @module */
import { z } from "zod";
import { Amount, Decimal, FieldName, Instant, KeyId, Name, Sha256Hex } from "./identifiers.ts";
import { SelectionTerms } from "./selection-spec.ts";
import { signedSchema } from "./signed.ts";

/** Most columns beside its key by which a grant lets callers join. */
const MAX_JOIN_FIELDS = 8;

/** What a use does. `develop` runs on a sample, `build` on every row, the others answer a caller. */
export const Operation = z.enum([
  "develop",
  "build",
  "lookup.evaluate",
  "lookup.query",
  "psi.ids",
  "psi.cardinality",
  "psi.sum",
  "score",
  "report",
  "dataset",
  "aggregate",
  "selection.register",
  "selection.sum",
]);
export type Operation = z.infer<typeof Operation>;

/** What a quota counts. `psi-element` counts the padded size of a list, `score-row` the rows of a request,
 *  `row-field-day` rows × fields × days of a term, `aggregation` sums over several domains, `selection` registrations of
 *  hidden selections, `selection-sum` the sums asked under them. */
export const Unit = z.enum([
  "run",
  "oprf-element",
  "pir-query",
  "psi-element",
  "score-row",
  "report",
  "row-field-day",
  "aggregation",
  "selection",
  "selection-sum",
]);
export type Unit = z.infer<typeof Unit>;

/** The unit in which each operation spends. */
export const OPERATION_UNITS = {
  develop: "run",
  build: "run",
  "lookup.evaluate": "oprf-element",
  "lookup.query": "pir-query",
  "psi.ids": "psi-element",
  "psi.cardinality": "psi-element",
  "psi.sum": "psi-element",
  score: "score-row",
  report: "report",
  dataset: "row-field-day",
  aggregate: "aggregation",
  "selection.register": "selection",
  "selection.sum": "selection-sum",
} as const satisfies Record<Operation, Unit>;

/** A party with the key it uses under this grant. */
export const GrantParty = z.strictObject({ party: Name, keyId: KeyId });
export type GrantParty = z.infer<typeof GrantParty>;

/** Legal ground on which rows of persons are in the product. */
export const ConsentRule = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("legal-basis"), basis: z.string().min(1).max(300) }),
  z.strictObject({ kind: z.literal("subject-consent"), field: FieldName }),
]);
export type ConsentRule = z.infer<typeof ConsentRule>;

/** What one unit costs. */
export const PriceRule = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("free"), reason: z.string().min(1).max(300) }),
  z.strictObject({ kind: z.literal("per-unit"), unit: Unit, amount: Decimal, currency: z.literal("CNY") }),
]);
export type PriceRule = z.infer<typeof PriceRule>;

/** Body of a grant. Signed by the source department and the agency; the domain pins both keys. */
export const Grant = z.strictObject({
  type: z.literal("grant"),
  domain: Name,
  resource: Name,
  scene: z.strictObject({
    scene: Name,
    title: z.string().min(1).max(120),
    purpose: Name,
    value: z.string().min(1).max(1_000),
  }),
  /** Column by which callers ask; jobs never see it. */
  key: FieldName,
  /** Columns beside the key by which callers may join; jobs never see them either. */
  joinFields: z.array(FieldName).min(1).max(MAX_JOIN_FIELDS).optional(),
  /** Columns a job may read, each with the need for it. */
  fields: z
    .array(z.strictObject({ name: FieldName, need: z.string().min(1).max(300) }))
    .min(1)
    .max(64),
  /** Hash of the policy under which jobs see those columns. */
  policy: Sha256Hex,
  operations: z.array(Operation).min(1),
  operator: GrantParty,
  developer: GrantParty,
  callers: z.array(GrantParty).min(1).max(64),
  notBefore: Instant,
  notAfter: Instant,
  quotas: z.array(z.strictObject({ operation: Operation, amount: Amount })).min(1),
  /** What hidden selections each caller has; without it none. */
  selections: SelectionTerms.optional(),
  consent: ConsentRule,
  price: PriceRule,
  /** What users of answers must keep to. Every signed request names the grant by its hash, and so accepts them. */
  restrictions: z.array(z.string().min(1).max(300)).max(16).optional(),
});
export type Grant = z.infer<typeof Grant>;
export const SignedGrant = signedSchema(Grant);
export type SignedGrant = z.infer<typeof SignedGrant>;

/** Takes a grant back, or stops one product version. Signed by the department, the agency or the recovery key. */
export const Revocation = z.strictObject({
  type: z.literal("revocation"),
  domain: Name,
  grant: Sha256Hex,
  reason: z.string().min(1).max(300),
  at: Instant,
});
export type Revocation = z.infer<typeof Revocation>;
export const SignedRevocation = signedSchema(Revocation);
export type SignedRevocation = z.infer<typeof SignedRevocation>;
