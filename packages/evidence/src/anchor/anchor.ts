/** Anchors: places outside the system that keep a log's checkpoint, so that whoever holds the log's key cannot shorten or
 *  rewrite it afterwards without being noticed. An anchor learns origin, size and root of a log, which are public.
 *  @module */
import { SluiceError, type Bytes, type Checkpoint } from "@sluice/protocol";

/** What may be wrong with an anchor's answer, or with its record later, in words for a person. */
export const ANCHOR_FAULTS = {
  unreachable: "no connection, or it broke",
  timeout: "no answer in time",
  refused: "the answer's status is not 2xx",
  redirected: "the answer points elsewhere, which is not followed",
  "too-large": "the answer is longer than allowed",
  token: "its access token cannot be read",
  malformed: "the answer does not have the form of the standard",
  rejected: "the time stamp was not granted",
  "another-imprint": "the time stamp is of another checkpoint",
  "another-nonce": "the time stamp answers another query",
  "another-policy": "the time stamp was made under another policy",
  certificate: "the signer's certificate is not one for time stamps alone, or not the one that was signed in",
  untrusted: "the signer's certificate does not lead to a pinned one, or was not valid then",
  signature: "the signature is not valid",
  time: "the time stamp is not of now by this machine's clock",
  ahead: "a longer log, or another of this size, was anchored before: this one has lost entries",
  cancelled: "it was cut off",
} as const;
export type AnchorFault = keyof typeof ANCHOR_FAULTS;

/** What became of one publication. */
export type AnchorOutcome =
  /** The anchor has it. `answer` is what it sent, verbatim, at most `MAX_ANCHOR_ANSWER_BYTES`. */
  | { readonly kind: "anchored"; readonly answer: Bytes; readonly nonce?: Bytes }
  /** It has not, or nobody knows. `status` is of an HTTP answer that refuses. */
  | { readonly kind: "failed"; readonly fault: AnchorFault; readonly status?: number };

/** Longest answer that is kept. */
export const MAX_ANCHOR_ANSWER_BYTES = 16_384;

/** Kinds of anchor: RFC 3161 time stamps prove themselves; what a webhook answers has to be compared over there. */
export const ANCHOR_KINDS = ["timestamp", "webhook"] as const;
export type AnchorKind = (typeof ANCHOR_KINDS)[number];

/** One place that keeps checkpoints. */
export interface Anchor {
  readonly kind: AnchorKind;
  /** Gives it `checkpoint`; the same one again is no second entry. Never rejects. */
  publish(checkpoint: Checkpoint, options: { readonly signal: AbortSignal }): Promise<AnchorOutcome>;
}

/** The error about `what`, an anchor or a file of its records. */
export function anchorError(what: string, reason: string, cause?: unknown): SluiceError {
  return new SluiceError("ERR_ANCHOR", { what, reason }, { cause });
}
