/** Anchor by webhook: one POST of a small JSON document to whatever puts it into a chain, or into any register that others
 *  keep. What it answers is kept and proves nothing by itself: somebody must find the hash over there.
 *
 *  The document: `{"type":"sluice/anchor/v1","origin","size","rootHash","checkpointSha256","checkpoint"}`, hashes in
 *  lower-case hexadecimal, `checkpointSha256` over the UTF-8 text of `checkpoint`, which the log's key signed.
 *  @module */
import { sha256 } from "@noble/hashes/sha2.js";
import { toHex, utf8, type Checkpoint } from "@sluice/protocol";
import type { Anchor, AnchorOutcome } from "./anchor.ts";
import { postToAnchor, type AnchorNetwork } from "./anchor-post.ts";

/** Where to, and as whom. */
export type WebhookOptions = {
  readonly url: string;
  /** Gives the bearer token, read anew for each publication; absent: none is sent. */
  readonly readToken?: (() => Promise<string>) | undefined;
};

/** What is posted for `checkpoint`. */
export function webhookDocument({ origin, size, rootHash, text }: Checkpoint): {
  readonly type: "sluice/anchor/v1";
  readonly origin: string;
  readonly size: number;
  readonly rootHash: string;
  readonly checkpointSha256: string;
  readonly checkpoint: string;
} {
  const checkpointSha256 = toHex(sha256(utf8(text)));
  return { type: "sluice/anchor/v1", origin, size, rootHash: toHex(rootHash), checkpointSha256, checkpoint: text };
}

/** An anchor behind a webhook. `Idempotency-Key` is the SHA-256 of the checkpoint's text. */
export function webhookAnchor({ url, readToken }: WebhookOptions, network: AnchorNetwork): Anchor {
  return {
    kind: "webhook",
    async publish(checkpoint, { signal }): Promise<AnchorOutcome> {
      const document = webhookDocument(checkpoint);
      const headers: Record<string, string> = {
        "content-type": "application/json",
        "idempotency-key": document.checkpointSha256,
      };
      if (readToken !== undefined) {
        try {
          headers["authorization"] = `Bearer ${await readToken()}`;
        } catch {
          return { kind: "failed", fault: "token" };
        }
      }
      const posted = await postToAnchor(url, { headers, body: JSON.stringify(document) }, network, signal);
      return posted.kind === "answer" ? { kind: "anchored", answer: posted.body } : posted;
    },
  };
}
