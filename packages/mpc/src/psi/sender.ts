/** Sender role of private set intersection: the domain, which holds the large set and learns the padded size of a list.
 *  See `ids-receiver.ts` and `cardinality-receiver.ts` for who learns what.
 *  @module */
export {
  answerCardinality,
  prepareCardinalitySet,
  type CardinalityCall,
  type CountDummies,
} from "./cardinality-sender.ts";
export { psiEntry } from "./entry.ts";
export { psiIdentity, type PsiIdentity } from "./identity.ts";
export { buildPsiFilters, type BuiltFilters, type FiltersBuild, type FilterSet } from "./filter/build-filters.ts";
export { fitFilter, type FittedFilter } from "./filter/fit-filter.ts";
export { FILTER_KEY_BYTES } from "./filter/shape.ts";
export { answerIds, evaluateEntries, type IdsCall } from "./ids-sender.ts";
export { derivePsiKey, type PsiSetSource } from "./sender-key.ts";
export {
  packEntries,
  PSI_WORKER,
  type PackedEntries,
  type PsiAnswerTask,
  type PsiCountTask,
  type PsiPrepareCountTask,
  type PsiPrepared,
} from "./tasks.ts";
export { prepareTransferSet, transferRole, type TransferRoleInput } from "./transfer-role.ts";
