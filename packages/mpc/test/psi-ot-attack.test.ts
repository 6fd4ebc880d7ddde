/** The attack that the consistency check is there for: a caller that knows some members of the set adds bits to the rows of
 *  their entries, reads the domain's secret off their tags, and then tests any entry, as often as it likes, without the domain.
 *  It succeeds against the variant without the check, and ends with a coded error, and without a tag, against what is served.
 *  @module */
import {
  decodePsiTransferChoices,
  decodePsiTransferTags,
  encodePsiTransferAnswers,
  encodePsiTransferCheck,
  encodePsiTransferOpen,
  fromHex,
  isSluiceError,
  padPsiItems,
  PSI_TAG_BYTES,
  PSI_TRANSFER_COLUMNS,
  toHex,
  type Bytes,
} from "@sluice/protocol";
import { expect, test } from "vitest";
import { hashMany, rowsOfColumns } from "../src/psi/okvs/bulk.ts";
import { openRows } from "../src/psi/ot/bin-rows.ts";
import { decodeOkvs } from "../src/psi/okvs/decode.ts";
import { encodeOkvs } from "../src/psi/okvs/encode.ts";
import { agree, type Agreement } from "../src/psi/ot/agreement.ts";
import { answerPairs, bitAt } from "../src/psi/ot/base-ot.ts";
import { commitmentTo, heard, sessionBinding } from "../src/psi/ot/binding.ts";
import { LAST_BYTE_MASK } from "../src/psi/ot/code.ts";
import { wordsOfCode } from "../src/psi/ot/engine.ts";
import { coefficientsOf, openCheck } from "../src/psi/ot/consistency.ts";
import { extendCaller } from "../src/psi/ot/extension.ts";
import { keysOf, messagesOf, sessionHashes, TAG_SHAPE } from "../src/psi/ot/items.ts";
import { openStreams } from "../src/psi/ot/key-streams.ts";
import { rowFrames, storeSeed } from "../src/psi/ot/transfer-bin.ts";
import type { TransferSender } from "../src/psi/ot/transfer-sender.ts";
import { transferSet } from "../src/psi/ot/transfer-set.ts";
import { UNCHECKED } from "../src/psi/ot/unchecked.ts";
import { CONTEXT, drain, rolesOf } from "./psi-ot-sessions.ts";
import { seededRandom } from "./seeded-random.ts";
import { guessBits } from "./tag-guesses.ts";

const SLOW = process.env["SLOW"] === "1";

/** How many bits each known member gives away: 32 members at 2^20 guesses each are enough, 78 at 2^8. */
const SIZES = SLOW ? [8, 20] : [8];
/** Identity numbers of one place and year that an attacker would try: none of them does it know to be a member. */
const CANDIDATES = Array.from({ length: 4_000 }, (_, i) => {
  const day = String((i % 28) + 1).padStart(2, "0");
  const month = String((i % 12) + 1).padStart(2, "0");
  return identityNumber(`3301061985${month}${day}${String(i % 1_000).padStart(3, "0")}`);
});
const HIDDEN = CANDIDATES.filter((_, i) => i % 67 === 5);
const NUMBERS = Array.from({ length: 78 }, (_, i) => identityNumber(`33010219900101${String(i).padStart(3, "0")}`));
/** It declares a longer list, so that each entry has a row of its own. */
const DECLARED = 2_048;

/** With the check character of GB 11643. */
function identityNumber(digits: string): string {
  const sum = digits.split("").reduce((total, digit, i) => total + Number(digit) * (2 ** (17 - i) % 11), 0);
  return digits + ("10X98765432"[sum % 11] ?? "");
}

/** Members that an attacker knows, who give away `bits` each, and the domain's set. */
function membersOf(bits: number) {
  const known = NUMBERS.slice(0, Math.ceil(PSI_TRANSFER_COLUMNS / bits));
  return { known, set: [...known, ...HIDDEN], bits };
}
type Members = ReturnType<typeof membersOf>;

/** A caller that lists what it knows, and adds ones in its share of the columns to a row that entry i reads. */
async function attack(sender: TransferSender, { known, set, bits }: Members) {
  const random = seededRandom(77);
  const pause = async () => {};
  const sizes = { caller: DECLARED, domain: padPsiItems(set.length) };
  const opening = random.bytes(32);
  const snapshot = fromHex(CONTEXT.snapshot);
  const open = encodePsiTransferOpen({ snapshot, commitment: commitmentTo(opening), items: sizes.caller });
  const [reply = open] = (await drain(sender, open)).frames;
  const choices = decodePsiTransferChoices(reply);
  const binding = sessionBinding(CONTEXT, open, choices.nonce, choices.items);
  const { answers, keys } = await answerPairs(choices.pairs, PSI_TRANSFER_COLUMNS, { session: binding, random, pause });
  const answer = encodePsiTransferAnswers({ session: choices.session, opening, answers });
  await drain(sender, answer);

  const agreed = agree(binding, opening, sizes, "caller", transferSet(known));
  const { geometry, hashes, seed, name } = agreed;
  const { shape, columnBytes } = geometry;
  const store = { shape, seed: storeSeed(seed), keys: keysOf(hashes) };
  // Canonical, so that nothing but the added bits is wrong.
  const encoded = encodeOkvs({ ...store, values: messagesOf(hashes), valueBytes: 17, random }).map((byte, i) =>
    i % 17 === 16 ? byte & LAST_BYTE_MASK : byte,
  );
  const messages = new Uint8Array(encoded.length + 17 * 128);
  messages.set(encoded);
  const streams = [await openStreams(keys[0], columnBytes), await openStreams(keys[1], columnBytes)] as const;
  const { own: ownColumns, columns } = await extendCaller(streams, 0, messages, geometry);
  const own = rowsOfColumns(ownColumns, geometry.rows);
  const rows = ownRows(agreed, known.length);
  for (let column = 0; column < PSI_TRANSFER_COLUMNS; column++) {
    const row = rows[Math.floor(column / bits)] ?? 0;
    const at = column * columnBytes + (row >> 3);
    columns[at] = (columns[at] ?? 0) ^ (1 << (row & 7));
  }
  const frames = rowFrames(name, 0, columns, geometry);
  const transcript = await heard(new Uint8Array(32), open, reply, answer, ...frames);
  for (const frame of frames) await drain(sender, frame);
  const coefficients = await coefficientsOf(transcript, shape.rows);
  const sums = openRows(ownColumns, geometry).combinations(coefficients);
  // All of the check that a caller can do honestly.
  const opened = openCheck(sums, messages, shape.rows, coefficients);
  const given = await drain(sender, encodePsiTransferCheck({ session: name, bin: 0, ...opened }));
  const tags = new Set(given.frames.flatMap((frame) => tagList(decodePsiTransferTags(frame).tags)));
  const values = (of: Bytes) =>
    decodeOkvs({ ...store, keys: keysOf(of), rows: own.subarray(0, shape.rows * 80), rowBytes: 80 });
  return { agreed, tags, values, encoded };
}

const tagsOf = (hashes: Bytes, values: Bytes): Bytes => {
  const messages = { shape: TAG_SHAPE, count: hashes.length / 32, heads: hashes, tails: values, tailStride: 80 };
  return hashMany({ ...messages, digestBytes: PSI_TAG_BYTES });
};

const tagList = (tags: Bytes) =>
  Array.from({ length: tags.length / PSI_TAG_BYTES }, (_, i) =>
    toHex(tags.subarray(i * PSI_TAG_BYTES, (i + 1) * PSI_TAG_BYTES)),
  );

/** A row for each entry that it reads, and no other entry of the list: found by reading a store whose row i has bit i alone. */
function ownRows({ geometry: { shape }, seed, hashes }: Agreement, entries: number): number[] {
  const rowBytes = Math.ceil(shape.sparse / 8);
  const rows = new Uint8Array(shape.rows * rowBytes);
  for (let row = 0; row < shape.sparse; row++) rows[row * rowBytes + (row >> 3)] = 1 << (row & 7);
  const read = decodeOkvs({ shape, seed: storeSeed(seed), rows, rowBytes, keys: keysOf(hashes) });
  const readers = new Map<number, number[]>();
  for (let key = 0; key < entries; key++) {
    for (let row = 0; row < shape.sparse; row++) {
      if (bitAt(read, 8 * key * rowBytes + row) === 1) readers.set(row, [...(readers.get(row) ?? []), key]);
    }
  }
  const own = new Map([...readers].flatMap(([row, keys]) => (keys.length === 1 ? [[keys[0] ?? 0, row] as const] : [])));
  return Array.from({ length: entries }, (_, key) => own.get(key) ?? -1);
}

test.each(SIZES)(
  "without the check, a caller that knows members reads the whole secret, %i bits from each, and then tests any entry by itself",
  async (bits) => {
    const members = membersOf(bits);
    const { sender, drawn } = rolesOf([], members.set, { unchecked: UNCHECKED });
    const choices = drawn[2]?.slice() ?? new Uint8Array(0);
    const { agreed, tags, values, encoded } = await attack(sender, members);
    const { hashes, geometry, seed } = agreed;
    const own = values(hashes);
    const s = new Uint8Array(PSI_TRANSFER_COLUMNS / 8);
    for (let i = 0; i < members.known.length; i++) {
      // The tag under each guess at its bits: where a bit of the secret is 1, the added one is in the domain's row.
      const entry = { hash: hashes.subarray(32 * i, 32 * i + 32), value: own.subarray(80 * i, 80 * i + 80) };
      const share = { first: bits * i, count: Math.min(bits, PSI_TRANSFER_COLUMNS - bits * i) };
      const found = guessBits(entry, share, tags);
      expect(found).toHaveLength(1);
      for (let bit = 0; bit < share.count; bit++) {
        const at = share.first + bit;
        s[at >> 3] = (s[at >> 3] ?? 0) | ((((found[0] ?? 0) >> bit) & 1) << (at & 7));
      }
    }
    // It is the domain's secret: the 78 bytes of its choices.
    expect(toHex(s)).toBe(toHex(choices));

    // Any entry: the domain's value for it is the caller's, and the word by which its message is off, where the secret has ones.
    const of = sessionHashes(transferSet(CANDIDATES).digests, seed);
    const store = { shape: geometry.shape, seed: storeSeed(seed), keys: keysOf(of) };
    const off = decodeOkvs({ ...store, rows: encoded, rowBytes: 17 });
    const words = wordsOfCode(messagesOf(of).map((byte, i) => byte ^ (off[i] ?? 0)));
    const spoiled = spoiledBits(agreed, of, members);
    const readAt = values(of).map((byte, i) => byte ^ (((words[i] ?? 0) ^ (spoiled[i] ?? 0)) & (s[i % 80] ?? 0)));
    const tested = tagList(tagsOf(of, readAt)).map((tag) => tags.has(tag));
    expect(CANDIDATES.filter((_, i) => tested[i])).toEqual(HIDDEN);
  },
  60_000,
);

/** Bits that were added to rows that other entries read too. */
function spoiledBits(agreed: Agreement, hashes: Bytes, { known, bits }: Members): Bytes {
  const { shape } = agreed.geometry;
  const rows = new Uint8Array(shape.rows * 80);
  const own = ownRows(agreed, known.length);
  for (let column = 0; column < PSI_TRANSFER_COLUMNS; column++) {
    const at = 80 * (own[Math.floor(column / bits)] ?? 0) + (column >> 3);
    rows[at] = (rows[at] ?? 0) | (1 << (column & 7));
  }
  return decodeOkvs({ shape, seed: storeSeed(agreed.seed), rows, rowBytes: 80, keys: keysOf(hashes) });
}

test.each([8, 20])(
  "with the check the same caller of %i bits gets a coded error and no tag, and the domain has wiped its secret",
  async (bits) => {
    const members = membersOf(bits);
    const { sender, drawn } = rolesOf([], members.set);
    await expect(attack(sender, members)).rejects.toSatisfy((error) => isSluiceError(error, "ERR_PSI_CHECK"));
    await expect(sender.step()).rejects.toSatisfy((error) => isSluiceError(error, "ERR_PSI_SESSION"));
    expect(drawn.slice(1, 3)).toEqual([new Uint8Array(32), new Uint8Array(78)]);
  },
);
