/** Metering, cost accounting, price ceilings, statements and revenue shares: exact, explained, without I/O.
 *  @module */
export * from "./apportion.ts";
export * from "./exact.ts";
export * from "./figure.ts";
export * from "./input.ts";
export * from "./ledger/journal.ts";
export * from "./ledger/ledger.ts";
export * from "./make-figure.ts";
export * from "./metering/normalised-use.ts";
export * from "./metering/product.ts";
export * from "./metering/quantity.ts";
export * from "./metering/use-factors.ts";
export * from "./money.ts";
export * from "./rules/futian.ts";
export * from "./rules/jurisdictions.ts";
export * from "./rules/resolve.ts";
export * from "./rules/rule-set.ts";
