/** Server role of private lookup: builds an index and answers queries. See `build-index.ts` and `database.ts` for who
 *  learns what.
 *  @module */
export { buildIndex, type BuiltIndex, type IndexSource } from "./build-index.ts";
export type { BuildParts } from "./build-parts.ts";
export { buildTable, type BuildProgress, type TableBuild } from "./build-table.ts";
export { lookupContext, MAX_KEY_BYTES, type LookupIdentity } from "./context.ts";
export { MAX_PAYLOAD_BYTES } from "./derive-rows.ts";
export { LookupDatabase } from "./database.ts";
export { maxDeltaChanges, padDelta } from "./delta.ts";
export { MAX_LOOKUP_ROWS } from "./geometry.ts";
export { hasKernels } from "../kernel/kernels.ts";
export { LookupScans, type ScanCall } from "./scans.ts";
export { SharedDatabaseWriter, type DatabaseShape, type SharedDatabase } from "./shared-database.ts";
export {
  LOOKUP_WORKER,
  packTable,
  type AnswerPart,
  type AnswerTask,
  type BuildResult,
  type EvaluateTask,
  type OprfKeySource,
  type PackedTable,
} from "./tasks.ts";
