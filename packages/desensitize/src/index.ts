export * from "./classify/classify-columns.ts";
export { type ColumnKind } from "./classify/column-rules.ts";
export { type ColumnCategory } from "./classify/grade-column.ts";
export * from "./classify/reasons.ts";
export * from "./detect/address.ts";
export * from "./detect/bank-card.ts";
export * from "./detect/coordinates.ts";
export * from "./detect/date-text.ts";
export * from "./detect/document-number.ts";
export * from "./detect/free-text.ts";
export { identifierKinds, type IdentifierKind } from "./detect/identifier-kinds.ts";
export * from "./detect/landline.ts";
export { anonymize, type AnonymizedBatch } from "./anonymity/anonymize.ts";
export type { ColumnHierarchy } from "./anonymity/dimension.ts";
export { recodeTuples, type Recoding } from "./anonymity/recoding.ts";
export type { AnonymityRequest, SensitiveColumn } from "./anonymity/request.ts";
export { chooseLevels, levelExpression, type TableLevels } from "./anonymity/table-levels.ts";
export * from "./detect/mobile-number.ts";
export * from "./detect/network-address.ts";
export * from "./detect/person-name.ts";
export * from "./detect/plate.ts";
export * from "./detect/resident-id.ts";
export * from "./detect/residual.ts";
export * from "./detect/social-credit-code.ts";
export { channelBits, type OutputChannel } from "./guard/channel.ts";
export { checkOutput } from "./guard/check-output.ts";
export { GUARD_RULES, type GuardRule } from "./guard/finding.ts";
export { noisyTable } from "./guard/noisy-table.ts";
export { SET_WORDS } from "./guard/shown-sets.ts";
export { MIN_CELL_SUBJECTS } from "./guard/subjects.ts";
export { MEAN_DIGITS, TABLE_BASE } from "./guard/table.ts";
export { featureLevels } from "./guard/levels.ts";
export { generalizeValue } from "./hierarchy/generalize.ts";
export { hierarchySql, hierarchyType, outsideSql } from "./hierarchy/hierarchy-sql.ts";
export { MAX_BUCKETS, MAX_DIRECT_CHARACTERS_SHOWN, checkPolicy } from "./policy/check.ts";
export { joinCuts, type CutRequest, type TableCuts } from "./policy/cuts.ts";
export { isPseudonym, quasiIdentifiers, shownColumn, viewColumns } from "./policy/columns.ts";
export { madeKinds } from "./policy/made-kinds.ts";
export { columnHierarchies, sensitiveColumns } from "./policy/model-columns.ts";
export { parsePolicy } from "./policy/parse.ts";
export * from "./privacy/bernoulli-exp.ts";
export * from "./privacy/bound-contributions.ts";
export * from "./privacy/discrete-gaussian.ts";
export * from "./privacy/discrete-laplace.ts";
export * from "./privacy/ledger.ts";
export * from "./privacy/noise.ts";
export * from "./privacy/permute-and-flip.ts";
export * from "./privacy/quantile.ts";
export * from "./privacy/random-words.ts";
export * from "./privacy/rational.ts";
export * from "./privacy/zcdp.ts";
export type { ProfileSource, RunSql } from "./profile/person-rows.ts";
export { profileTable, type ProfileOptions } from "./profile/profile-table.ts";
export * from "./risk/annex-d.ts";
export { assessRisk, type RiskFacts } from "./risk/assess.ts";
export { classesOf, personsOf } from "./risk/classes.ts";
export * from "./risk/distribution.ts";
export { largestK } from "./risk/largest-k.ts";
export { MAX_INVALID_SHARE } from "./risk/gate.ts";
export * from "./risk/numbers.ts";
export { MAX_POPULATION_TUPLES, populationSql, TUPLE_PERSONS, type Population } from "./risk/population.ts";
export type { TableUtility } from "./risk/utility.ts";
export * from "./sample/certificate.ts";
export * from "./sample/sample-sql.ts";
export * from "./sample/suppress.ts";
export { synthesize, type SyntheticSize, type SyntheticSource } from "./synthetic/synthesize.ts";
export { applyTransform } from "./transform/apply.ts";
export type { RowColumns, ShownValue, StoredType, StoredValue, ValueContext } from "./transform/column.ts";
export { MAX_TOKEN_KEY_BYTES, MIN_TOKEN_KEY_BYTES } from "./transform/keyed-hash.ts";
export { VECTOR_FUNCTIONS } from "./transform/functions.ts";
export type { VectorColumn, VectorFunction, VectorType } from "./vector-function.ts";
export {
  columnExpression,
  failureExpression,
  keyParameters,
  viewSql,
  type ViewSource,
  type ViewSql,
} from "./view-sql.ts";
