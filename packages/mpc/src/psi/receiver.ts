/** Receiver role of private set intersection: the caller, who holds the list and learns. See `ids-receiver.ts` and
 *  `cardinality-receiver.ts` for who learns what. No `node:` import: runs in Node and in browsers.
 *  @module */
export { PsiCardinalityReceiver, type NoisyCount, type PsiCardinalityQuery } from "./cardinality-receiver.ts";
export { PsiIdsReceiver, type PsiIdsQuery, type PsiIdsSource } from "./ids-receiver.ts";
export type { PsiPassOptions, PsiProgress } from "./pass.ts";
export type { PsiQueryOptions } from "./receiver-list.ts";
