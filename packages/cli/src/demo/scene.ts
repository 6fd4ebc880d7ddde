/** Scenes of the walk: what is asked of which table, why, and how jobs see it; and the grants that departments sign for
 *  them.
 *  @module */
import { signDocument } from "@sluice/evidence";
import {
  documentHash,
  FORM_OPERATIONS,
  OPERATION_UNITS,
  type Grant,
  type Policy,
  type PriceRule,
  type ProductForm,
  type SceneApplication,
  type SelectionTerms,
  type SignedGrant,
  type Unit,
} from "@sluice/protocol";
import type { PartyKeys, PartyName } from "./parties.ts";

/** Version of every product of the walk. */
export const VERSION = 1;

const DAY_MS = 86_400_000;
const TERM_DAYS = 365;
const DEVELOPMENT_RUNS = "100";
const BUILDS = "20";
/** Units that a usual grant allows to callers. */
const USUAL_AMOUNTS = {
  run: DEVELOPMENT_RUNS,
  "oprf-element": "1000000",
  "pir-query": "1000000",
  "psi-element": "5000000",
  "score-row": "5000000",
  report: "10000",
  "row-field-day": "100000000",
  aggregation: "100",
  selection: "100",
  "selection-sum": "1000",
} as const satisfies Record<Unit, string>;

/** A scene: what is asked of which table, why, and how jobs see it. */
export interface SceneSpec {
  readonly domain: string;
  /** The source department, whose key the domain pins. */
  readonly department: PartyName;
  readonly title: string;
  readonly purpose: string;
  readonly value: string;
  readonly application: SceneApplication;
  /** Form of the product that the scene is for. */
  readonly form: ProductForm;
  /** Who may ask; the first one asks in the walk. */
  readonly callers: readonly [PartyName, ...PartyName[]];
  /** What callers must keep to. */
  readonly restrictions: readonly string[];
  /** Column by which callers ask. */
  readonly key: string;
  readonly fields: Grant["fields"];
  readonly policy: Policy;
  /** What a unit costs; absent, the use is free. */
  readonly price?: PriceRule;
  /** What a free use is for, and the agreement on it: present where `price` is not. */
  readonly free?: FreeUse;
  /** What each caller of hidden selections has. */
  readonly selections?: SelectionTerms;
  /** For the cases of refusal: a granted column that jobs see as `f64`, and a column that exists outside of the grant. */
  readonly probe: { readonly granted: string; readonly outside: string };
}

/** Why the use of a scene is free. */
export interface FreeUse {
  /** Class of the scene's purpose: free of charge are governance and welfare alone. */
  readonly purpose: "public-governance" | "public-welfare";
  /** What answers are used for, in words of the rule set. */
  readonly uses: readonly [string, ...string[]];
  /** Number of the agreement on use for public welfare. */
  readonly agreement: string;
}

/** What may differ between the grants of one scene. */
export interface GrantTerms {
  readonly scene: string;
  readonly notBefore: Date;
  readonly notAfter: Date;
  /** Units that callers may spend on each operation; absent, the usual ones. */
  readonly amount?: string;
}

/** Usual terms: one year from now. */
export function usualTerms(scene: string, now: Date): GrantTerms {
  return {
    scene,
    notBefore: new Date(now.getTime() - 60_000),
    notAfter: new Date(now.getTime() + TERM_DAYS * DAY_MS),
  };
}

/** The price in a scene's grants. */
export function priceOf({ price }: SceneSpec): PriceRule {
  return price ?? { kind: "free", reason: "a public duty; agreement on use for public welfare" };
}

/** The grant's body as it is proposed, reviewed and signed. */
export async function grantBody(keys: PartyKeys, spec: SceneSpec, terms: GrantTerms): Promise<Grant> {
  const operations = FORM_OPERATIONS[spec.form];
  return {
    type: "grant",
    domain: spec.domain,
    resource: spec.policy.resource,
    scene: { scene: terms.scene, title: spec.title, purpose: spec.purpose, value: spec.value },
    key: spec.key,
    fields: spec.fields,
    policy: await documentHash(spec.policy),
    operations: ["develop", "build", ...operations],
    operator: { party: "city-data-group", keyId: keys["city-data-group"].keyId },
    developer: { party: "credit-lab", keyId: keys["credit-lab"].keyId },
    callers: spec.callers.map((party) => ({ party, keyId: keys[party].keyId })),
    notBefore: terms.notBefore.toISOString(),
    notAfter: terms.notAfter.toISOString(),
    quotas: [
      { operation: "develop", amount: DEVELOPMENT_RUNS },
      { operation: "build", amount: BUILDS },
      ...operations.map((operation) => ({
        operation,
        amount: terms.amount ?? USUAL_AMOUNTS[OPERATION_UNITS[operation]],
      })),
    ],
    consent: { kind: "legal-basis", basis: "Personal Information Protection Law, article 13: duty of a public body" },
    price: priceOf(spec),
    ...(spec.selections === undefined ? {} : { selections: spec.selections }),
    restrictions: [...spec.restrictions],
  };
}

/** The grant signed by `department` and the agency. */
export function signGrant(keys: PartyKeys, department: PartyName, body: Grant): Promise<SignedGrant> {
  return signDocument(body, keys[department], keys["data-bureau"]);
}
