/** Usage records: one for each attempt of a call, as it was seen.
 *  @module */
import { Instant, Name, Sha256Hex } from "@sluice/protocol";
import { z } from "zod";
import { CountText, LineId } from "../input.ts";

/** Most records that are metered at once; more are aggregated where they are stored. */
export const MAX_RECORDS = 1_000_000;

/** One attempt of a call. */
export const UsageRecord = z.strictObject({
  /** Id of the call; a retry has the id of what it repeats. */
  id: LineId,
  caller: LineId,
  /** Domain that answered, and the hash of what was asked: callers choose ids, so that these tell calls of one id apart. */
  domain: Name.optional(),
  request: Sha256Hex.optional(),
  product: LineId,
  at: Instant,
  /** Only what was answered is use. */
  outcome: z.enum(["answered", "failed"]),
  /** The factors of the product's form, or `{ quantity }` where they were multiplied already. */
  use: z.partialRecord(
    z.enum(["calls", "months", "objects", "rows", "fields", "days", "dimensions", "labels", "reports", "quantity"]),
    CountText,
  ),
});
export type UsageRecord = z.infer<typeof UsageRecord>;
