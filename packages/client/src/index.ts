/** SDK of callers, developers and officers, for Node and browsers.
 *  @module */
export { createClient, SluiceClient, type BuildSubmission, type JobSubmission } from "./client.ts";
export type { InvalidKey, JoinColumns, JoinRow, KeyOptions } from "./asked-rows.ts";
export type { CallJournal } from "./call-journal.ts";
export type { CountHandle, CountResult, NoisyCount } from "./count.ts";
export type { DatasetHandle, PageResult, TermResult } from "./dataset.ts";
export type { ListCallOptions, ListProgress } from "./list-call.ts";
export { HeldSelection, type KeptSelection, type NoisySum, type SelectionAnswer } from "./held-selection.ts";
export type { LookupHandle, LookupResult } from "./lookup.ts";
export type { JoinOptions, JoinResult, MatchHandle, MatchOptions, MatchResult } from "./match.ts";
export {
  DEFAULT_BACKOFF_MS,
  DEFAULT_MAX_ATTEMPTS,
  DEFAULT_TIMEOUT_MS,
  REQUEST_VALIDITY_MS,
  systemClock,
  systemRandom,
  type CallOptions,
  type ClientOptions,
} from "./options.ts";
export type { ProductHandle } from "./product-handle.ts";
export type { ReportHandle, ReportResult } from "./report.ts";
export type { ScoreHandle, ScoreResult } from "./score.ts";
export type { SelectionHandle, SelectionRegistrationResult } from "./selection.ts";
export { random128, signUse, type UseSubject } from "./signed-use.ts";
export type { SumHandle, SumResult } from "./sum.ts";
