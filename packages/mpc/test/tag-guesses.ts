/** What an attacker computes without the domain: the tags of one entry under every guess at some bits of the domain's secret.
 *  @module */
import { PSI_TAG_BYTES, toHex, type Bytes } from "@sluice/protocol";
import { openPsiKernel } from "../src/kernel/psi-kernel.ts";
import { frameBytes } from "../src/kernel/sha-frame.ts";
import { hashMessages } from "../src/kernel/sha-messages.ts";
import { layOut } from "../src/psi/okvs/regions.ts";
import { TAG_SHAPE } from "../src/psi/ot/items.ts";

const CHUNK = 4_096;
const STRIDE = 80;
const { at, sizeBytes } = layOut({
  frame: frameBytes(TAG_SHAPE),
  heads: CHUNK * TAG_SHAPE.headBytes,
  tails: CHUNK * STRIDE,
  out: CHUNK * PSI_TAG_BYTES + 32,
});

/** The guesses at `count` bits from bit `first` on, of which the entry's tag is among `tags`. The bits are a part of three bytes.
 *  @param entry its hash, and its value in the attacker's rows. */
export function guessBits(
  entry: { readonly hash: Bytes; readonly value: Bytes },
  { first, count }: { readonly first: number; readonly count: number },
  tags: ReadonlySet<string>,
): number[] {
  const kernel = openPsiKernel(sizeBytes);
  const { bytes } = kernel;
  for (let i = 0; i < CHUNK; i++) {
    bytes.set(entry.hash, at.heads + i * TAG_SHAPE.headBytes);
    bytes.set(entry.value, at.tails + i * STRIDE);
  }
  const starts = new Uint8Array(2 ** 16);
  for (const tag of tags) starts[Number.parseInt(tag.slice(0, 4), 16)] = 1;
  const place = first >> 3;
  const [a = 0, b = 0, c = 0] = entry.value.subarray(place, place + 3);
  const found: number[] = [];
  for (let from = 0; from < 2 ** count; from += CHUNK) {
    const some = Math.min(CHUNK, 2 ** count - from);
    for (let i = 0; i < some; i++) {
      const added = (from + i) << (first & 7);
      const to = at.tails + i * STRIDE + place;
      bytes[to] = a ^ (added & 0xff);
      bytes[to + 1] = b ^ ((added >> 8) & 0xff);
      bytes[to + 2] = c ^ (added >> 16);
    }
    hashMessages(kernel, { ...at, shape: TAG_SHAPE, tailStride: STRIDE, digestBytes: PSI_TAG_BYTES, count: some });
    for (let i = 0, tag = at.out; i < some; i++, tag += PSI_TAG_BYTES) {
      if (starts[((bytes[tag] ?? 0) << 8) | (bytes[tag + 1] ?? 0)] === 0) continue;
      if (tags.has(toHex(bytes.subarray(tag, tag + PSI_TAG_BYTES)))) found.push(from + i);
    }
  }
  return found;
}
