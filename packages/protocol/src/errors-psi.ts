/** The part of the catalogue of errors that private set intersection answers with.
 *  @module */
import type { CatalogueEntry } from "./errors.ts";

/** Codes of lists, sets and their sessions. */
export const PSI_ERRORS = {
  ERR_PSI_SET_TOO_LARGE: {
    status: 413,
    message: "a set has more than {maxItems} distinct entries",
    remedy: "send a list, or build a set, of at most {maxItems} distinct entries",
  },
  ERR_JOIN_SUM_VALUE: {
    status: 400,
    message:
      "row {index} of a set to be summed has no whole number from -{bound} to {bound}, alone or with other rows of its entry",
    remedy: "cut values to the bound in the job, or declare a larger bound: the noise grows with it",
  },
  ERR_JOIN_KEY: {
    status: 400,
    message: "{where} of the list is no {type}: {fault}; {count} such entries in all",
    remedy: "mend the entries, or have such entries left out",
  },
  ERR_JOIN_COLUMNS: {
    status: 400,
    message: "the rows do not fit the keys of the set, {keys}: {reason}",
    remedy: "name a column of your own for each part of each key that is to be asked",
  },
  ERR_PROVENANCE: {
    status: 403,
    message: "resource {resource} is social data without a declaration of its provenance, and is joined with nothing",
    remedy: "have its provider declare how the data was collected and by what right, and import it again with that",
  },
  ERR_PSI_ENCODING: {
    status: 500,
    message: "the list cannot be encoded in this session",
    remedy: "report it: chance does this once in 2^40 sessions",
  },
  ERR_PSI_CHECK: {
    status: 403,
    message: "the rows of a list do not stand the check: its sender has not followed the protocol",
    remedy: "use the client of this version; what was spent stays spent",
  },
  ERR_PSI_SESSION: {
    status: 409,
    message: "a message does not belong here: {reason}",
    remedy: "ask again with a new session",
  },
} as const satisfies Record<string, CatalogueEntry>;
