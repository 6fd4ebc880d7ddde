/** The part of the catalogue of errors that aggregation over several domains answers with.
 *  @module */
import type { CatalogueEntry } from "./errors.ts";

/** Codes of plans, rounds and results. */
export const AGGREGATE_ERRORS = {
  ERR_AGGREGATE_PLAN: {
    status: 400,
    message: "the plan of an aggregation does not hold at {field}: expected {expected}",
    remedy: "correct the named member, and have every party agree to the new plan",
  },
  ERR_AGGREGATE_VALUE: {
    status: 400,
    message: "column {column} has a value that the plan has no place for: expected {expected}",
    remedy: "leave such rows out before the aggregation, or agree on another plan",
  },
  ERR_AGGREGATE_REFUSED: {
    status: 403,
    message: "this domain has no part in the aggregation: {reason}",
    remedy:
      "ask over the parties that the population was first asked over, or over the survivors that were had of it, under a new plan",
  },
  ERR_AGGREGATE_TOO_FEW: {
    status: 409,
    message: "{present} parties are left in the aggregation; {needed} are needed",
    remedy: "begin again under a new plan when enough parties are there",
  },
  ERR_AGGREGATE_ROUND: {
    status: 409,
    message: "a message of party {party} does not belong here: {reason}",
    remedy: "begin again under a new plan; if it happens again, compare what each party received",
  },
  ERR_AGGREGATE_SHARE: {
    status: 409,
    message: "party {party} gave shares that are not those it promised, so this domain has no sum",
    remedy:
      "have that party mended; begin again under a new plan of the same parties, or of the survivors if the others had a sum",
  },
  ERR_AGGREGATE_DIFFERS: {
    status: 502,
    message: "domains {one} and {other} have signed different results of one aggregation",
    remedy: "do not use either; report it to the agency with both results",
  },
} as const satisfies Record<string, CatalogueEntry>;
