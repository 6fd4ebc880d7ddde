/** The part of the catalogue of errors that sums under a hidden selection answer with.
 *  @module */
import type { CatalogueEntry } from "./errors.ts";

/** Codes of parameters, selections and sums. */
export const SELECTION_ERRORS = {
  ERR_SELECTION_PARAMETERS: {
    status: 400,
    message: "the parameters of a hidden selection do not hold at {field}: expected {expected}",
    remedy: "correct the named member",
  },
  ERR_SELECTION_GROUPS: {
    status: 409,
    message: "the sums of groups do not fit the parameters: {reason}",
    remedy: "form larger groups, cut values to the declared bounds, or declare others",
  },
  ERR_SELECTION_TOTAL: {
    status: 400,
    message: "a selection has {minimumGroups} of {groups} groups at least, and leaves as many out, or none",
    remedy: "select more groups, or leave more out",
  },
  ERR_SELECTION_REFUSED: {
    status: 403,
    message: "the selection is not answered: {reason}",
    remedy: "ask for what the grant allows, with the selection that was registered",
  },
  ERR_SELECTION_BUDGET: {
    status: 429,
    message: "the caller's privacy budget over this state of the table does not pay for these sums: ε = {budget}",
    remedy: "ask for fewer measures, or when the table has been renewed; ask the department for a larger budget",
  },
  ERR_SELECTION_PROOF: {
    status: 403,
    message: "the proofs of a selection do not hold",
    remedy: "select groups with the client, for this product and caller, and register that selection",
  },
  ERR_SELECTION_SUM: {
    status: 502,
    message: "an encrypted sum of measure {measure} is not within its declared bound",
    remedy: "do not use the result, and do not tell the domain; report it to the operator",
  },
} as const satisfies Record<string, CatalogueEntry>;
