/** Whose records of anchors count. Time stamps prove themselves under the pinned CA; of a webhook's records, everything but
 *  the answer is verified.
 *  @module */
import { Name } from "@sluice/protocol";
import { z } from "zod";

/** Policy of a time-stamp authority, an object identifier. */
export const PolicyOid = z.string().regex(/^[0-2](?:\.(?:0|[1-9]\d{0,8})){1,20}$/);

const TimestampPin = z.strictObject({
  kind: z.literal("timestamp"),
  /** CA certificates, PEM. */
  caPem: z.string().max(65_536),
  policy: PolicyOid.optional(),
});
const WebhookPin = z.strictObject({ kind: z.literal("webhook") });

/** What verifies the records of one anchor. */
export type AnchorPin = z.infer<typeof TimestampPin> | z.infer<typeof WebhookPin>;

/** `gateway`, or names of domains: logs that must have a record. */
const logs = z.array(Name).min(1).max(1_000);

/** The same in a file of pins. */
export const PinnedAnchor = z.discriminatedUnion("kind", [TimestampPin.extend({ logs }), WebhookPin.extend({ logs })]);
export type PinnedAnchor = z.infer<typeof PinnedAnchor>;
