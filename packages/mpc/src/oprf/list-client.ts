/** Client of mode VOPRF for long lists: in a kernel of our own, with libsodium where an engine has no SIMD, and with noble, at a tenth of
 *  that speed, where a page's policy forbids WebAssembly. It is loaded when it is first used. No `node:` import: runs in Node and in browsers.
 *  @module */
import type { Bytes, Random } from "@sluice/protocol";
import type { PsiPassOptions } from "../psi/pass.ts";
import type { SecretBytes } from "../secret.ts";

/** Bytes of an output. */
export const OPRF_OUTPUT_BYTES = 64;

/** A blinded list: the elements go to the server, the blinds stay. */
export interface BlindedList {
  /** One for each input, and padding that nobody knows a preimage of, one after another. */
  readonly elements: Bytes;
  /** The scalar of each input, one after another. */
  readonly blinds: SecretBytes;
}

/** The server's answer to a blinded list. */
export interface AnsweredList {
  readonly inputs: readonly Bytes[];
  readonly list: BlindedList;
  /** As many as were sent. */
  readonly evaluated: Bytes;
  /** One for each MAX_OPRF_ELEMENTS elements, and for what is left. */
  readonly proofs: Bytes;
  /** The pinned public key of the server. */
  readonly publicKey: Bytes;
}

/** Blinding and unblinding: what one engine blinded it unblinds. */
export interface ListClient {
  /** Blinds `inputs`, and pads them to `total` elements.
   *  @throws ERR_OPRF_INPUT when an input is not 1 to 65535 bytes; ERR_CANCELLED */
  blindList(inputs: readonly Bytes[], total: number, random: Random, pass?: PsiPassOptions): Promise<BlindedList>;
  /** Verifies every proof and gives the output of each input, OPRF_OUTPUT_BYTES each, one after another.
   *  @throws ERR_OPRF_ELEMENT with the index of the first element that is not canonical or is the identity; ERR_OPRF_PROOF when a
   *  proof, the key or a number of elements is wrong; ERR_CANCELLED */
  finalizeList(answer: AnsweredList, pass?: PsiPassOptions): Promise<Bytes>;
}

let loading: Promise<ListClient> | undefined;

/** The fastest that this place allows. */
export function listClient(): Promise<ListClient> {
  loading ??= fastClient().catch(() => nobleClient());
  return loading;
}

async function fastClient(): Promise<ListClient> {
  const { openKernelClient } = await import("./kernel-list.ts");
  const opened = await openKernelClient();
  if (opened !== null) return opened;
  const { openBulkClient } = await import("./bulk-client.ts");
  return await openBulkClient();
}

async function nobleClient(): Promise<ListClient> {
  const { nobleListClient } = await import("./noble-list.ts");
  return nobleListClient;
}
