/** The variant without the consistency check, which only withstands callers that follow the protocol: one that does not can
 *  read the domain's secret and test any entry (test/psi-ot-attack.test.ts does so). For that test and for measurements;
 *  no product can name it, since no entry of this package exports it (test/psi-ot.test.ts).
 *  @module */

/** Stands for the variant. */
export type Unchecked = typeof UNCHECKED;

/** The variant. */
export const UNCHECKED: unique symbol = Symbol("no consistency check");
