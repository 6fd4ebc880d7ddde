/** The scene of the walk: 普惠信贷, inclusive credit. The policy under which jobs see the table, and the grant
 *  that the department signs.
 *  @module */
import { signDocument } from "@sluice/evidence";
import { documentHash, type Grant, type Policy, type SignedGrant } from "@sluice/protocol";
import type { PartyKeys, PartyName } from "./parties.ts";

/** Product that the walk builds and serves. */
export const PRODUCT = "inclusive-credit";
/** Its version. */
export const VERSION = 1;
/** Column by which the bank asks. */
export const KEY_FIELD = "resident_id";

const DAY_MS = 86_400_000;
const TERM_DAYS = 365;

/** A scene: what is asked of which table, why, and how jobs see it. */
export interface SceneSpec {
  readonly domain: string;
  /** The source department, whose key the domain pins. */
  readonly department: PartyName;
  readonly title: string;
  readonly purpose: string;
  readonly value: string;
  /** Column by which callers ask. */
  readonly key: string;
  readonly fields: Grant["fields"];
  readonly policy: Policy;
  /** For the cases of refusal: a granted column that jobs see as `f64`, and a column that exists outside of the grant. */
  readonly probe: { readonly granted: string; readonly outside: string };
}

/** Fields a job may read, each with its need. */
const FIELDS = [
  { name: "name", need: "as a token: to report repeated entries without a name" },
  { name: "phone", need: "masked to its first two digits: the series tells data-only numbers" },
  { name: "region", need: "city of the insured, as a risk factor" },
  { name: "age", need: "in bands: a risk factor of every credit model" },
  { name: "months_insured", need: "length of contribution: the main signal of steady work" },
  { name: "monthly_base", need: "contribution base, in steps of 500 yuan: income level" },
  { name: "arrears_months", need: "months in arrears: payment discipline" },
  { name: "fund_months", need: "months of housing fund: steady work" },
  { name: "defaulted", need: "outcome that the model learns" },
] as const;

/** How jobs see the social-insurance table. Identified by its hash in the grant. */
function creditPolicy(sampleRows: number): Policy {
  return {
    version: 1,
    resource: "social-insurance",
    columns: {
      resident_id: { role: "direct", transform: { kind: "drop" } },
      name: { role: "direct", transform: { kind: "token" } },
      phone: { role: "direct", transform: { kind: "mask", keepFirst: 2, keepLast: 0 } },
      region: { role: "quasi", transform: { kind: "generalize", length: 4 } },
      age: { role: "quasi", transform: { kind: "bucket", width: 20, min: 20, max: 60 } },
      months_insured: { role: "other", transform: { kind: "bucket", width: 12, min: 0, max: 480 } },
      monthly_base: { role: "sensitive", transform: { kind: "bucket", width: 500, min: 0, max: 40_000 } },
      arrears_months: { role: "sensitive", transform: { kind: "bucket", width: 1, min: 0, max: 24 } },
      fund_months: { role: "other", transform: { kind: "bucket", width: 12, min: 0, max: 480 } },
      defaulted: { role: "sensitive", transform: { kind: "keep" } },
    },
    sample: { rows: sampleRows, strata: ["region"] },
    k: 5,
    suppressionLimit: 0.15,
  };
}

/** The scene of the walk, with a sample of `sampleRows`. */
export function inclusiveCredit(sampleRows: number): SceneSpec {
  return {
    domain: "hrss",
    department: "hrss-department",
    title: "普惠信贷 Inclusive credit",
    purpose: "inclusive-credit",
    value: "Small borrowers without collateral get a fair answer from their record of steady work.",
    key: KEY_FIELD,
    fields: FIELDS.map((field) => ({ ...field })),
    policy: creditPolicy(sampleRows),
    probe: { granted: "age", outside: "housing_fund_monthly" },
  };
}

/** What may differ between the grants of the walk. */
export interface GrantTerms {
  readonly scene: string;
  readonly callers: Grant["callers"];
  readonly evaluations: string;
  readonly queries: string;
  readonly notBefore: Date;
  readonly notAfter: Date;
}

/** Usual terms: one year from now, for the walk's banks. */
export function usualTerms(keys: PartyKeys, scene: string, now: Date): GrantTerms {
  return {
    scene,
    callers: [
      { party: "river-bank", keyId: keys["river-bank"].keyId },
      { party: "closed-bank", keyId: keys["closed-bank"].keyId },
    ],
    evaluations: "1000000",
    queries: "1000000",
    notBefore: new Date(now.getTime() - 60_000),
    notAfter: new Date(now.getTime() + TERM_DAYS * DAY_MS),
  };
}

/** The grant's body as it is proposed, reviewed and signed. */
export async function grantBody(keys: PartyKeys, spec: SceneSpec, terms: GrantTerms): Promise<Grant> {
  return {
    type: "grant",
    domain: spec.domain,
    resource: spec.policy.resource,
    scene: { scene: terms.scene, title: spec.title, purpose: spec.purpose, value: spec.value },
    key: spec.key,
    fields: spec.fields,
    policy: await documentHash(spec.policy),
    operations: ["develop", "build", "lookup.evaluate", "lookup.query"],
    operator: { party: "city-data-group", keyId: keys["city-data-group"].keyId },
    developer: { party: "credit-lab", keyId: keys["credit-lab"].keyId },
    callers: terms.callers,
    notBefore: terms.notBefore.toISOString(),
    notAfter: terms.notAfter.toISOString(),
    quotas: [
      { operation: "develop", amount: "100" },
      { operation: "build", amount: "20" },
      { operation: "lookup.evaluate", amount: terms.evaluations },
      { operation: "lookup.query", amount: terms.queries },
    ],
    consent: { kind: "legal-basis", basis: "Personal Information Protection Law, article 13: duty of a public body" },
    price: { kind: "free", reason: "demonstration" },
  };
}

/** The grant signed by `department` and the agency. */
export function signGrant(keys: PartyKeys, department: PartyName, body: Grant): Promise<SignedGrant> {
  return signDocument(body, keys[department], keys["data-bureau"]);
}
