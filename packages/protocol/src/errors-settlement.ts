/** The part of the catalogue of errors that metering, cost accounting, pricing and settlement answer with. A message names the line of
 *  the input, and never an amount of it.
 *  @module */
import type { CatalogueEntry } from "./errors.ts";

/** Codes of settlement. */
export const SETTLEMENT_ERRORS = {
  ERR_SETTLEMENT_INPUT: {
    status: 400,
    message: "{line} does not fit its schema: {expected}",
    remedy: "correct the named line; nothing was computed",
  },
  ERR_SETTLEMENT_NUMBER: {
    status: 400,
    message: "{line} is not a decimal number",
    remedy: "write digits with at most 12 places after a point, without exponent, blanks or separators",
  },
  ERR_SETTLEMENT_FEN: {
    status: 400,
    message: "{line} is not a whole number of fen",
    remedy: "give amounts of money with two places",
  },
  ERR_SETTLEMENT_DIVISOR: {
    status: 409,
    message: "{line} is divided by an estimated use of zero",
    remedy: "estimate the use of each product above zero, or leave the product out",
  },
  ERR_SETTLEMENT_WEIGHTS: {
    status: 409,
    message: "{line} cannot be apportioned: its weights are negative, or none is above zero",
    remedy: "name at least one product with use for every shared cost",
  },
  ERR_SETTLEMENT_RULES: {
    status: 409,
    message: "no rule set of {jurisdiction} gives {rule} on {on}",
    remedy: "use a date in which a rule set is in force, or add one",
  },
  ERR_SETTLEMENT_TWICE: {
    status: 409,
    message: "{line} is given twice",
    remedy: "give each line, product and call once; nothing was computed",
  },
  ERR_SETTLEMENT_CALL: {
    status: 409,
    message: "{line} is given again, and not as it was",
    remedy: "give each call and event its own id, and repeat one as it was; nothing was computed",
  },
  ERR_SETTLEMENT_ALTERED: {
    status: 409,
    message: "{line} is not what was issued under its digest",
    remedy: "take the statement from its record; a correction is a statement of its own",
  },
  ERR_SETTLEMENT_MISSING: {
    status: 409,
    message: "{line} is not given, and {rule} needs it",
    remedy: "add the named line; nothing was computed",
  },
  ERR_SETTLEMENT_PERIOD: {
    status: 409,
    message: "{line} is not of {period}",
    remedy: "leave out what is of another year or month, or settle it with its own period; nothing was computed",
  },
  ERR_SETTLEMENT_REFUSED: {
    status: 409,
    message: "{line} is refused by rule {rule}: {reason}",
    remedy: "change the named line so that the rule holds; nothing was computed",
  },
} as const satisfies Record<string, CatalogueEntry>;
