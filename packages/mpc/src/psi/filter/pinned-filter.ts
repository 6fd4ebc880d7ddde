/** A filter that a snapshot pins, as callers ask it.
 *  @module */
import { sha256 } from "@noble/hashes/sha2.js";
import {
  concatBytes,
  decodePsiFilter,
  fromHex,
  PSI_SLOT_BYTES,
  sha256Hex,
  SluiceError,
  type Bytes,
  type PsiFilterTable,
} from "@sluice/protocol";
import { fingerprintOf, slotsOf } from "./shape.ts";

/** A filter with the hash and the size that its table has. */
export class PinnedFilter {
  readonly table: PsiFilterTable;
  readonly #slots: Bytes;
  readonly #seed: Bytes;

  private constructor(table: PsiFilterTable, slots: Bytes) {
    this.table = table;
    this.#slots = slots;
    this.#seed = fromHex(table.filterSeed);
  }

  /** @param bytes PsiFilter. @throws ERR_RECEIPT when it is not the one of the table; ERR_FRAME_MALFORMED */
  static async open(table: PsiFilterTable, bytes: Bytes): Promise<PinnedFilter> {
    if ((await sha256Hex(bytes)) !== table.hash) {
      throw new SluiceError("ERR_RECEIPT", { reason: "the filter is not the one the snapshot names" });
    }
    const { slots } = decodePsiFilter(bytes);
    if (slots.length !== table.slots * PSI_SLOT_BYTES) {
      throw new SluiceError("ERR_RECEIPT", { reason: "the filter has another size than the snapshot says" });
    }
    return new PinnedFilter(table, slots);
  }

  /** Whether the key hits: always when the filter was fitted to it, otherwise with probability 2^-32.
   *  @param key the first FILTER_KEY_BYTES of an output */
  has(key: Bytes): boolean {
    const digest = sha256(concatBytes(this.#seed, key));
    const view = new DataView(digest.buffer, digest.byteOffset, digest.byteLength);
    const [a, b, c] = slotsOf(view, this.table).map((slot) => slot * PSI_SLOT_BYTES);
    let difference = 0;
    for (const [i, byte] of fingerprintOf(digest).entries()) {
      const sum = this.#byte(a, i) + this.#byte(b, i) + this.#byte(c, i);
      difference |= (sum & 0xff) ^ byte;
    }
    return difference === 0;
  }

  #byte(slot: number | undefined, i: number): number {
    return this.#slots[(slot ?? 0) + i] ?? 0;
  }
}
