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

/** Bits that one known member gives away: 2^8 guesses each. With 20 bits, 32 members do, at 2^20 guesses each. */
const BITS = 8;
const KNOWN = Array.from({ length: PSI_TRANSFER_COLUMNS / BITS }, (_, i) => `known ${i}`);
/** It declares a longer list, so that each entry has a row of its own. */
const DECLARED = 2_048;
const SET = [...KNOWN, ...Array.from({ length: 60 }, (_, i) => `hidden ${i}`)];

/** A caller that lists what it knows, and adds ones in columns 8i … 8i + 7 to a row that entry i reads. */
async function attack(sender: TransferSender) {
  const random = seededRandom(77);
  const pause = async () => {};
  const sizes = { caller: DECLARED, domain: padPsiItems(SET.length) };
  const opening = random.bytes(32);
  const snapshot = fromHex(CONTEXT.snapshot);
  const open = encodePsiTransferOpen({ snapshot, commitment: commitmentTo(opening), items: sizes.caller });
  const [reply = open] = (await drain(sender, open)).frames;
  const choices = decodePsiTransferChoices(reply);
  const binding = sessionBinding(CONTEXT, open, choices.nonce, choices.items);
  const { answers, keys } = await answerPairs(choices.pairs, PSI_TRANSFER_COLUMNS, { session: binding, random, pause });
  const answer = encodePsiTransferAnswers({ session: choices.session, opening, answers });
  await drain(sender, answer);

  const agreed = agree(binding, opening, sizes, "caller", transferSet(KNOWN));
  const { geometry, hashes, seed, name } = agreed;
  const { shape, columnBytes } = geometry;
  const store = { shape, seed: storeSeed(seed), keys: keysOf(hashes) };
  const encoded = encodeOkvs({ ...store, values: messagesOf(hashes), valueBytes: 17, random });
  const messages = new Uint8Array(encoded.length + 17 * 128);
  messages.set(encoded);
  const streams = [await openStreams(keys[0], columnBytes), await openStreams(keys[1], columnBytes)] as const;
  const { own: ownColumns, columns } = await extendCaller(streams, 0, messages, geometry);
  const own = rowsOfColumns(ownColumns, geometry.rows);
  const rows = ownRows(agreed);
  for (let column = 0; column < PSI_TRANSFER_COLUMNS; column++) {
    const row = rows[Math.floor(column / BITS)] ?? 0;
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
function ownRows({ geometry: { shape }, seed, hashes }: Agreement): number[] {
  const rowBytes = Math.ceil(shape.sparse / 8);
  const rows = new Uint8Array(shape.rows * rowBytes);
  for (let row = 0; row < shape.sparse; row++) rows[row * rowBytes + (row >> 3)] = 1 << (row & 7);
  const read = decodeOkvs({ shape, seed: storeSeed(seed), rows, rowBytes, keys: keysOf(hashes) });
  const readers = new Map<number, number[]>();
  for (let key = 0; key < KNOWN.length; key++) {
    for (let row = 0; row < shape.sparse; row++) {
      if (bitAt(read, 8 * key * rowBytes + row) === 1) readers.set(row, [...(readers.get(row) ?? []), key]);
    }
  }
  return KNOWN.map((_, key) => [...readers].find(([, keys]) => keys.length === 1 && keys[0] === key)?.[0] ?? -1);
}

test("without the check, a caller that knows members reads the whole secret, and then tests any entry by itself", async () => {
  const { sender } = rolesOf([], SET, { unchecked: UNCHECKED });
  const secret = sender.save();
  const { agreed, tags, values, encoded } = await attack(sender);
  const { hashes, geometry, seed } = agreed;
  const own = values(hashes);
  const s = new Uint8Array(PSI_TRANSFER_COLUMNS / 8);
  for (let i = 0; i < KNOWN.length; i++) {
    const hash = hashes.slice(32 * i, 32 * i + 32);
    // The tag under each guess at 8 bits: where a bit of the secret is 1, the added one is in the domain's row.
    const guesses = new Uint8Array(256 * 80);
    const repeated = new Uint8Array(256 * 32);
    for (let guess = 0; guess < 256; guess++) {
      guesses.set(own.subarray(80 * i, 80 * i + 80), 80 * guess);
      guesses[80 * guess + i] = (guesses[80 * guess + i] ?? 0) ^ guess;
      repeated.set(hash, 32 * guess);
    }
    const found = tagList(tagsOf(repeated, guesses)).flatMap((tag, guess) => (tags.has(tag) ? [guess] : []));
    expect(found).toHaveLength(1);
    s[i] = found[0] ?? 0;
  }
  // It is the domain's secret: 78 bytes of what the domain had saved.
  expect(toHex(secret)).toContain(toHex(s));

  // Any entry: the domain's value for it is the caller's, and the word by which its message is off, where the secret has ones.
  const tests = ["hidden 3", "nobody", "hidden 59", "no one"];
  const of = sessionHashes(transferSet(tests).digests, seed);
  const store = { shape: geometry.shape, seed: storeSeed(seed), keys: keysOf(of) };
  const off = decodeOkvs({ ...store, rows: encoded, rowBytes: 17 });
  const messages = messagesOf(of).map((byte, i) => byte ^ (off[i] ?? 0));
  const words = wordsOfCode(messages);
  const readAt = values(of).map((byte, i) => byte ^ ((words[i] ?? 0) & (s[i % 80] ?? 0)));
  const spoiled = spoiledBits(agreed, of).map((byte, i) => byte & (s[i % 80] ?? 0));
  const tested = tagList(
    tagsOf(
      of,
      readAt.map((byte, i) => byte ^ (spoiled[i] ?? 0)),
    ),
  ).map((tag) => tags.has(tag));
  expect(tested).toEqual([true, false, true, false]);
});

/** Bits that were added to rows that other entries read too. */
function spoiledBits(agreed: Agreement, hashes: Bytes): Bytes {
  const { shape } = agreed.geometry;
  const rows = new Uint8Array(shape.rows * 80);
  for (const [i, row] of ownRows(agreed).entries()) rows[80 * row + i] = 0xff;
  return decodeOkvs({ shape, seed: storeSeed(agreed.seed), rows, rowBytes: 80, keys: keysOf(hashes) });
}

test("with the check the same caller gets a coded error and no tag, and the domain has wiped its secret", async () => {
  const { sender } = rolesOf([], SET);
  const [before] = [sender.save()];
  await expect(attack(sender)).rejects.toSatisfy((error) => isSluiceError(error, "ERR_PSI_CHECK"));
  await expect(sender.step()).rejects.toSatisfy((error) => isSluiceError(error, "ERR_PSI_SESSION"));
  expect(toHex(sender.save())).not.toBe(toHex(before));
});
