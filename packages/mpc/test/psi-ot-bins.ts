/** Bins of a set intersection without base transfers: keys are drawn here, both sides computed at once.
 *  @module */
import {
  padPsiItems,
  padPsiTransferList,
  PSI_TAG_BYTES,
  PSI_TRANSFER_COLUMNS,
  toHex,
  type Bytes,
} from "@sluice/protocol";
import { agree, hashesOf } from "../src/psi/ot/agreement.ts";
import { bitAt } from "../src/psi/ot/base-ot.ts";
import { openStreams } from "../src/psi/ot/key-streams.ts";
import { callerBin, domainBin } from "../src/psi/ot/transfer-bin.ts";
import { transferSet } from "../src/psi/ot/transfer-set.ts";
import { decodePsiTransferCheck, decodePsiTransferRows, concatBytes } from "@sluice/protocol";
import { seededRandom } from "./seeded-random.ts";

/** Keys of the base transfers as both sides hold them. */
export function drawKeys(seed: number) {
  const random = seededRandom(seed);
  const [zero, one] = [random.bytes(16 * PSI_TRANSFER_COLUMNS), random.bytes(16 * PSI_TRANSFER_COLUMNS)];
  const choices = random.bytes(PSI_TRANSFER_COLUMNS / 8);
  const chosen = new Uint8Array(zero.length);
  for (let i = 0; i < PSI_TRANSFER_COLUMNS; i++) {
    chosen.set((bitAt(choices, i) === 1 ? one : zero).subarray(16 * i, 16 * i + 16), 16 * i);
  }
  return { zero, one, choices, chosen, binding: random.bytes(32), opening: random.bytes(32), secret: random.bytes(32) };
}

/** Indices of the list's entries that are in the set, as the roles find them. */
export async function intersectBins(list: readonly string[], set: readonly string[], seed = 1): Promise<number[]> {
  const found = await runBins(list, set, seed);
  return [...found.keys()].toSorted((a, b) => a - b);
}

/** Where in the domain's message the tags of the entries stand, for a caller that lists the whole set, of one bin. */
export async function placesOfTags(set: readonly string[]): Promise<number[]> {
  const found = await runBins(set, set, 1);
  return set.map((_, entry) => found.get(entry) ?? -1);
}

/** Entries of the list that are in the set, with the places of their tags in the bins' messages. */
async function runBins(list: readonly string[], set: readonly string[], seed: number): Promise<Map<number, number>> {
  const keys = drawKeys(seed);
  const sizes = { caller: padPsiTransferList(list.length), domain: padPsiItems(set.length) };
  const caller = agree(keys.binding, keys.opening, sizes, "caller", transferSet(list));
  const domain = agree(keys.binding, keys.opening, sizes, "domain", transferSet(set));
  const { geometry } = caller;
  const open = (bytes: Bytes) => openStreams(bytes, geometry.columnBytes);
  const own = [await open(keys.zero), await open(keys.one)] as const;
  const streams = await open(keys.chosen);
  const found = new Map<number, number>();
  for (let bin = 0; bin < geometry.bins; bin++) {
    const common = { secret: keys.secret, bin };
    const sent = await callerBin(
      { ...caller, ...common, hashes: hashesOf(caller, bin), transcript: new Uint8Array(32) },
      own,
    );
    const columns = concatBytes(...sent.frames.slice(0, -1).map((frame) => decodePsiTransferRows(frame).columns));
    const check = decodePsiTransferCheck(sent.frames.at(-1) ?? new Uint8Array(0));
    const hashes = hashesOf(domain, bin);
    const input = { ...domain, ...common, hashes, transcript: sent.transcript };
    const tags = await domainBin(input, { streams, choices: keys.choices }, columns, check);
    const shown = new Map(Array.from({ length: tags.length / PSI_TAG_BYTES }, (_, i) => [tagAt(tags, i), i]));
    const [first = 0, end = 0] = caller.binned.starts.subarray(bin);
    for (const [entry, i] of caller.binned.places.entries()) {
      const place = i < first || i >= end ? undefined : shown.get(tagAt(sent.tags, i - first));
      if (place !== undefined) found.set(entry, place);
    }
  }
  return found;
}

function tagAt(tags: Bytes, index: number): string {
  return toHex(tags.subarray(index * PSI_TAG_BYTES, (index + 1) * PSI_TAG_BYTES));
}
