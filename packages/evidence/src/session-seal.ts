/** Sealing of the messages of a session, both ways, under keys that only who sealed the call that opened it and who opened that
 *  have: secrets exported from its HPKE context (RFC 9180 §5.3, §9.8), one for each way. A message is bound to its number;
 *  each number of a way seals one message.
 *  @module */
import { SluiceError, utf8, type Bytes } from "@sluice/protocol";

/** What exports secrets of an HPKE context. */
export interface Exporting {
  Export(context: Bytes, length: number): Promise<Bytes>;
}

/** One end of a sealed session. */
export interface SessionSeal {
  /** Seals this side's message of that number. @throws RangeError when one of that number, or of a later one, was sealed before */
  seal(number: number, content: Bytes): Promise<Bytes>;
  /** Opens the peer's message of that number. @throws ERR_SEAL */
  open(number: number, sealed: Bytes): Promise<Bytes>;
}

const KEY_BYTES = 32;
const NONCE_BYTES = 12;
/** Under which its keys are exported. */
export const SESSION_LABELS = {
  caller: utf8("sluice/session/v1/caller"),
  domain: utf8("sluice/session/v1/domain"),
} as const;

/** The end of `side`, which seals no message below `from`. */
export async function sessionSeal(context: Exporting, side: "caller" | "domain", from = 0): Promise<SessionSeal> {
  const keyOf = async (sender: "caller" | "domain", usage: "encrypt" | "decrypt") =>
    await crypto.subtle.importKey(
      "raw",
      new Uint8Array(await context.Export(SESSION_LABELS[sender], KEY_BYTES)),
      "AES-GCM",
      false,
      [usage],
    );
  const own = await keyOf(side, "encrypt");
  const theirs = await keyOf(side === "caller" ? "domain" : "caller", "decrypt");
  let next = from;
  return {
    async seal(number, content) {
      // Two messages under one nonce would give both away.
      if (number < next) throw new RangeError("a number seals one message");
      next = number + 1;
      const parameters = { name: "AES-GCM", iv: nonceOf(number) };
      return new Uint8Array(await crypto.subtle.encrypt(parameters, own, new Uint8Array(content)));
    },
    async open(number, sealed) {
      try {
        const parameters = { name: "AES-GCM", iv: nonceOf(number) };
        return new Uint8Array(await crypto.subtle.decrypt(parameters, theirs, new Uint8Array(sealed)));
      } catch (cause) {
        throw new SluiceError("ERR_SEAL", {}, { cause });
      }
    },
  };
}

function nonceOf(number: number): Uint8Array<ArrayBuffer> {
  const nonce = new Uint8Array(NONCE_BYTES);
  new DataView(nonce.buffer).setUint32(NONCE_BYTES - 4, number);
  return nonce;
}
