/** Set intersection by transfers: against the plain intersection, whole sessions, restarts, and peers that do not keep to it. @module */
import {
  concatBytes,
  decodePsiTransferTags,
  encodePsiTransferTags,
  isSluiceError,
  padPsiItems,
  PSI_TAG_BYTES,
  type Bytes,
  type ErrorCode,
} from "@sluice/protocol";
import fc from "fast-check";
import { readFileSync } from "node:fs";
import { beforeAll, expect, test } from "vitest";
import { TransferReceiver } from "../src/psi/ot/transfer-receiver.ts";
import { TransferSender } from "../src/psi/ot/transfer-sender.ts";
import { openEngine } from "../src/psi/ot/engine.ts";
import { transferSet } from "../src/psi/ot/transfer-set.ts";
import { intersectBins, placesOfTags } from "./psi-ot-bins.ts";
import { carry, CONTEXT, drain, rolesOf } from "./psi-ot-sessions.ts";
import { seededRandom } from "./seeded-random.ts";

const SLOW = process.env["SLOW"] === "1";
const coded = (...codes: ErrorCode[]) => expect.toSatisfy((error) => isSluiceError(error, ...codes));
const names = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => `person ${from + i}`);
/** Opening, choices, answers, rows, check, tags. */
const FRAMES_OF_ONE_BIN = 6;
const plain = (list: readonly string[], set: readonly string[]) =>
  [...list.keys()].filter((index) => set.includes(list[index] ?? ""));
const OTHER = ["身份证", "ｆｕｌｌ", "full", "é", "e\u0301", "\ufeffx", "x", "𠮷", "a\u0000b", " "];

/** One whole session that others look at. */
let frames: Bytes[] = [];
let found: unknown;
const LIST = [...names(0, 20), ...OTHER];
const SET = [...names(10, 40), ...OTHER.slice(0, 5)];

beforeAll(async () => {
  const { receiver, sender } = rolesOf(LIST, SET);
  ({ found, frames } = await carry(receiver, sender));
});

test("a session finds the plain intersection", () => {
  expect(found).toEqual(plain(LIST, SET));
});

test("bins find the plain intersection: nothing, one, equal, disjoint, all, any", async () => {
  const cases: [string[], string[]][] = [
    [[], []],
    [[], names(0, 9)],
    [names(0, 9), []],
    [["x"], ["x"]],
    [["x"], ["y"]],
    [names(0, 50), names(0, 50)],
    [names(0, 50), names(50, 100)],
    [names(10, 20), names(0, 90)],
    [OTHER, OTHER.toReversed()],
  ];
  for (const [list, set] of cases) expect(await intersectBins(list, set)).toEqual(plain(list, set));
  // A set of more than one bin's size, which a short list has in one.
  expect(await intersectBins(["x", ...names(69_990, 70_010)], names(0, 70_000))).toEqual(
    Array.from({ length: 10 }, (_, i) => 1 + i),
  );
  const lists = fc.uniqueArray(fc.string({ unit: "grapheme", minLength: 1, maxLength: 6 }), { maxLength: 40 });
  const pairs = fc
    .tuple(lists, lists, lists)
    .map(([a, b, c]) => [[...new Set([...a, ...c])], [...new Set([...b, ...c])]]);
  await fc.assert(
    fc.asyncProperty(pairs, fc.nat(), async ([list = [], set = []], seed) => {
      expect(await intersectBins(list, set, seed)).toEqual(plain(list, set));
    }),
    { numRuns: SLOW ? 40 : 5 },
  );
});

test("tags come in no order: those of the set's first entries are not the first ones", async () => {
  const places = await placesOfTags(names(0, 64));
  expect(places).toHaveLength(64);
  expect(places.toSorted((a, b) => a - b)).not.toEqual(places);
  expect(Math.min(...places.slice(32))).toBeLessThan(32);
});

test("entries that occur twice, are empty or are no text are refused", () => {
  for (const list of [["a", "a"], [""], ["\ud800"], ["x".repeat(1_025)]]) {
    expect(() => transferSet(list)).toThrow(coded("ERR_OPRF_INPUT"));
  }
});

test("entries are not left in the kernel's memory once they are hashed, nor when one of them is refused", () => {
  const ids = Array.from({ length: 4_000 }, (_, i) => `11010119900101${String(i).padStart(4, "0")}`);
  const left = () => ids.filter((id) => Buffer.from(openEngine(1).bytes.buffer).includes(id)).length;
  transferSet(ids);
  expect(left()).toBe(0);
  expect(() => transferSet([...ids, ...ids, ""])).toThrow(coded("ERR_OPRF_INPUT"));
  expect(left()).toBe(0);
});

test.runIf(SLOW)(
  "frames have the same sizes whatever the entries, the matches and the counts below the padded ones",
  async () => {
    const { receiver, sender } = rolesOf(names(900, 929), names(0, 33), { seed: 5 });
    const other = await carry(receiver, sender);
    expect(other.found).toEqual([]);
    expect(other.frames.map(({ length }) => length)).toEqual(frames.map(({ length }) => length));
  },
);

test.runIf(SLOW)("a session of several bins names the entries by their places in the list", async () => {
  const { receiver, sender } = rolesOf(names(0, 70_000), names(69_000, 139_000));
  const { found: several } = await carry(receiver, sender);
  expect(several).toEqual(Array.from({ length: 1_000 }, (_, i) => 69_000 + i));
  const short = rolesOf(names(0, 40), names(20, 70_000));
  const { found: few, frames: sent } = await carry(short.receiver, short.sender);
  expect(few).toEqual(Array.from({ length: 20 }, (_, i) => 20 + i));
  // One bin, and its tags in two frames.
  expect(sent).toHaveLength(FRAMES_OF_ONE_BIN + 1);
});

test("a caller that is made again from the same randomness, and given the same frames, says the same", async () => {
  const { receiver } = rolesOf(LIST, SET);
  const said = [...(await drain(receiver)).frames, ...(await drain(receiver, frame(CHOICES))).frames];
  expect(said).toEqual([OPEN, ANSWERS, ROWS, CHECK].map(frame));
  expect((await drain(receiver, frame(TAGS))).done).toEqual(found);
});

/** The domain of the recorded session, before the message at `index`. */
async function domainBefore(index: number): Promise<TransferSender> {
  const { sender } = rolesOf(LIST, SET);
  for (const before of [OPEN, ANSWERS, ROWS].filter((one) => one < index)) await drain(sender, frame(before));
  return sender;
}

/** The caller of the recorded session, when it has said all. */
async function callerBeforeTags(): Promise<TransferReceiver> {
  const { receiver } = rolesOf(LIST, SET);
  await drain(receiver);
  await drain(receiver, frame(CHOICES));
  return receiver;
}

const [OPEN, CHOICES, ANSWERS, ROWS, CHECK, TAGS] = [0, 1, 2, 3, 4, 5];
const frame = (index = 0) => frames[index] ?? new Uint8Array(0);

test("a recorded session is refused by a domain that draws new secrets, and the role has ended", async () => {
  const { sender } = rolesOf(LIST, SET, { seed: 9 });
  await drain(sender, frame(OPEN));
  await expect(drain(sender, frame(ANSWERS))).rejects.toThrow(coded("ERR_PSI_SESSION"));
  await expect(drain(sender, frame(ANSWERS))).rejects.toThrow(coded("ERR_PSI_SESSION"));
  await expect(sender.step()).rejects.toThrow(coded("ERR_PSI_SESSION"));
});

test("a domain of another snapshot, and one that serves shorter lists, refuse the first message", async () => {
  const other = TransferSender.create({ ...CONTEXT, snapshot: "cd".repeat(32), list: transferSet(SET) });
  await expect(other.step(frame(OPEN))).rejects.toThrow(coded("ERR_SNAPSHOT"));
  const shorter = TransferSender.create({ ...CONTEXT, list: transferSet(SET), maxListItems: 24 });
  await expect(shorter.step(frame(OPEN))).rejects.toThrow(coded("ERR_PSI_SET_TOO_LARGE"));
});

test("purpose, session id and the other side's size are bound: a role with another one refuses the other's message", async () => {
  for (const other of [{ purpose: "other" }, { session: new Uint8Array(16) }]) {
    const { caller, sender } = rolesOf(LIST, SET);
    const receiver = TransferReceiver.create({ ...caller, ...other, random: seededRandom(2) });
    const [choices = new Uint8Array(0)] = (await drain(sender, (await receiver.step()).send[0])).frames;
    await expect(receiver.step(choices)).rejects.toThrow(coded("ERR_PSI_SESSION"));
  }
  const { caller, sender } = rolesOf(LIST, SET);
  const receiver = TransferReceiver.create({ ...caller, setItems: padPsiItems(500), random: seededRandom(2) });
  const [choices = new Uint8Array(0)] = (await drain(sender, (await receiver.step()).send[0])).frames;
  await expect(receiver.step(choices)).rejects.toThrow(coded("ERR_PSI_SESSION"));
});

test("messages that are cut, doubled, left out, of another bin or another session get a coded refusal, and end the role", async () => {
  const rows = frame(ROWS);
  const check = frame(CHECK);
  const bad: [number, Bytes, ErrorCode][] = [
    [ANSWERS, rows, "ERR_FRAME_MALFORMED"],
    [ANSWERS, frame(ANSWERS).with(3 + 16, (frame(ANSWERS)[19] ?? 0) ^ 1), "ERR_PSI_SESSION"],
    [ROWS, check, "ERR_FRAME_MALFORMED"],
    [ROWS, rows.subarray(0, rows.length - 1), "ERR_FRAME_MALFORMED"],
    [ROWS, rows.with(3, (rows[3] ?? 0) ^ 1), "ERR_PSI_SESSION"],
    [ROWS, rows.with(3 + 16 + 3, 1), "ERR_PSI_SESSION"],
    [CHECK, rows, "ERR_FRAME_MALFORMED"],
    [CHECK, check.with(3 + 16 + 3, 1), "ERR_PSI_SESSION"],
    [CHECK, check.with(500, (check[500] ?? 0) ^ 1), "ERR_PSI_CHECK"],
    [CHECK, check.with(check.length - 1, (check[check.length - 1] ?? 0) ^ 0x10), "ERR_PSI_CHECK"],
    [CHECK, new Uint8Array(2 ** 20 + 1), "ERR_FRAME_TOO_LARGE"],
  ];
  // Each has a session of its own: every other one is enough from day to day.
  for (const [at, message, code] of bad.filter((_, i) => SLOW || i % 2 === 1)) {
    const sender = await domainBefore(at);
    await expect(sender.step(message)).rejects.toThrow(coded(code));
    await expect(sender.step(frame(at))).rejects.toThrow(coded("ERR_PSI_SESSION"));
  }
});

test("more rows than the declared size gives are refused", async () => {
  const sender = await domainBefore(ROWS);
  const rows = frame(ROWS);
  const longer = concatBytes(rows.subarray(0, 31), rows.subarray(31), new Uint8Array(16 * 624));
  const view = new DataView(longer.buffer);
  expect(view.getUint32(27) * 624).toBe(rows.length - 31);
  view.setUint32(27, view.getUint32(27) + 16);
  await expect(sender.step(longer)).rejects.toThrow(coded("ERR_PSI_SESSION"));
});

test("tags that are left out, repeated or too many are refused by the caller", async () => {
  const tags = frame(TAGS);
  for (const message of [tags.with(3 + 16 + 7, 1), concatBytes(tags, tags)]) {
    const receiver = await callerBeforeTags();
    await expect(receiver.step(message)).rejects.toThrow(coded("ERR_PSI_SESSION", "ERR_FRAME_MALFORMED"));
    await expect(receiver.step(tags)).rejects.toThrow(coded("ERR_PSI_SESSION"));
  }
});

test("tags of a bin come in parts, each from where the one before ended", async () => {
  const { tags, ...place } = decodePsiTransferTags(frame(TAGS));
  const count = tags.length / PSI_TAG_BYTES;
  const part = (first: number, from: number, to: number): Bytes =>
    encodePsiTransferTags({ ...place, first, tags: tags.subarray(from * PSI_TAG_BYTES, to * PSI_TAG_BYTES) });
  const receiver = await callerBeforeTags();
  expect(await receiver.step(part(0, 0, 5))).toEqual({ send: [] });
  expect((await receiver.step(part(5, 5, count))).done).toEqual(found);
  for (const second of [part(0, 5, count), part(6, 6, count)]) {
    const refusing = await callerBeforeTags();
    await refusing.step(part(0, 0, 5));
    await expect(refusing.step(second)).rejects.toThrow(coded("ERR_PSI_SESSION"));
  }
});

test("an ended role keeps no secret, and a cancelled one ends", async () => {
  const { sender, drawn } = rolesOf(LIST, SET);
  await drain(sender, frame(OPEN));
  await expect(sender.step(frame(CHECK))).rejects.toThrow(coded("ERR_FRAME_MALFORMED"));
  const [, secret, choices] = drawn;
  expect([secret, choices]).toEqual([new Uint8Array(32), new Uint8Array(78)]);
  const abort = new AbortController();
  abort.abort();
  const cancelled = TransferSender.create({ ...CONTEXT, list: transferSet(SET), signal: abort.signal });
  await expect(cancelled.step(frame(OPEN))).rejects.toThrow(coded("ERR_CANCELLED"));
});

test("a domain's role cannot be kept, copied or made again from what it had before a check", () => {
  const { sender } = rolesOf(LIST, SET);
  const role = Object.getOwnPropertyNames(TransferSender.prototype);
  expect([role.toSorted(), Object.keys(sender)]).toEqual([["close", "constructor", "step"], []]);
  expect(Object.keys(TransferSender)).toEqual([]);
  expect(Object.getOwnPropertyNames(TransferSender).toSorted()).toEqual(["create", "length", "name", "prototype"]);
});

test("no entry of the package lets a product leave the check out", () => {
  const manifest = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as {
    exports: Record<string, string>;
  };
  for (const entry of Object.values(manifest.exports).filter((path) => path.endsWith(".ts"))) {
    const text = readFileSync(new URL(`../${entry}`, import.meta.url), "utf8");
    expect(text).not.toMatch(/unchecked/i);
  }
});
