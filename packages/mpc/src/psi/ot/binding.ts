/** What everything in a session is bound to. The caller commits to its part of the seed before the domain draws its nonce, and
 *  reveals it after: neither side can choose under which seed keys fall into bins and stores, so none can bring about a
 *  failure that would depend on the other's entries.
 *  @module */
import { sha256 } from "@noble/hashes/sha2.js";
import {
  concatBytes,
  fromHex,
  PSI_TRANSFER_ID_BYTES,
  SluiceError,
  utf8,
  type Bytes,
  type Sha256Hex,
} from "@sluice/protocol";
import { nodeCrypto } from "./node-crypto.ts";

/** What a session is for: both roles must be given the same. */
export interface TransferContext {
  /** Id of the session, of one call alone. */
  readonly session: Bytes;
  /** Hash of the snapshot that is served. */
  readonly snapshot: Sha256Hex;
  /** Purpose of the grant's scene. */
  readonly purpose: string;
}

/** Bytes of what the caller commits to, and of the domain's nonce. */
export const NONCE_BYTES = 32;

const label = (name: string): Bytes => utf8(`sluice/psi/ot/${name}/v1`);
const LABELS = {
  commit: label("commit"),
  session: label("session"),
  id: label("id"),
  seed: label("seed"),
  next: label("next"),
};

/** What the caller sends before it reveals `opening`. */
export function commitmentTo(opening: Bytes): Bytes {
  return sha256(concatBytes(LABELS.commit, opening));
}

/** 32 bytes of the session, from when the domain has answered the first message. */
export function sessionBinding(
  { session, snapshot, purpose }: TransferContext,
  open: Bytes,
  nonce: Bytes,
  items: number,
): Bytes {
  const size = new Uint8Array(4);
  new DataView(size.buffer).setUint32(0, items);
  const fixed = [sha256(session), fromHex(snapshot), sha256(utf8(purpose)), sha256(open), nonce, size];
  return sha256(concatBytes(LABELS.session, ...fixed));
}

/** Names the session in its frames. */
export function sessionName(binding: Bytes): Bytes {
  return sha256(concatBytes(LABELS.id, binding)).slice(0, PSI_TRANSFER_ID_BYTES);
}

/** 32 bytes under which entries are hashed and fall into bins and stores. */
export function sessionSeed(binding: Bytes, opening: Bytes): Bytes {
  return sha256(concatBytes(LABELS.seed, binding, opening));
}

/** The transcript after `frames`: a chain of hashes. Frames are long, so the platform hashes them. */
export async function heard(transcript: Bytes, ...frames: readonly Bytes[]): Promise<Bytes> {
  let chain = transcript;
  for (const frame of frames) {
    chain = sha256(concatBytes(LABELS.next, chain, await platformHash(frame)));
  }
  return chain;
}

/** In Node at once: what hashes in the background copies the frame. */
async function platformHash(frame: Bytes): Promise<Bytes> {
  const hash = nodeCrypto()?.createHash("sha256");
  return new Uint8Array(hash?.update(frame).digest() ?? (await crypto.subtle.digest("SHA-256", frame)));
}

/** @throws ERR_PSI_SESSION when a frame is of another session. */
export function expectSession(expected: Bytes, named: Bytes): void {
  if (expected.some((byte, i) => byte !== named[i])) throw misplaced("it is of another session");
}

/** A message that does not belong where it came. */
export function misplaced(reason: string): SluiceError {
  return new SluiceError("ERR_PSI_SESSION", { reason });
}
