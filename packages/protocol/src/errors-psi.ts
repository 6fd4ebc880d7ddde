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
