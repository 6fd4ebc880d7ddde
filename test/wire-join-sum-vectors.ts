/** Vectors of join-and-sum. SEAL's coins cannot be injected, so the domain's side is made by the rules of the page, with seeded coins, and
 *  the caller's by our code, whose randomness is a stream under a label. Long frames are there by their hashes.
 *  @module */
import { JoinSumCaller } from "@sluice/mpc/he/join-sum/caller";
import { JOIN_SUM_BLOCK_ITEMS, sha256Hex, toHex, type Bytes, type JoinSumTerms } from "@sluice/protocol";
import { drain } from "../packages/mpc/test/psi-ot-sessions.ts";
import { drawTernary } from "./wire-coin-rules.ts";
import { hashEntry, multiply, multiplyBase, scalarOf, tagOf, uniformElement } from "./wire-form-rules.ts";
import {
  decryptConstant,
  digitsOf,
  encryptValues,
  joinSumContext,
  PLAIN_MODULUS,
  sumFrame,
} from "./wire-join-sum-rules.ts";
import { residue } from "./wire-ring-rules.ts";
import { seeded } from "./wire-seeded.ts";

const LABELS = {
  caller: "join-sum caller",
  domain: "join-sum domain",
  key: "join-sum key",
  values: "join-sum values",
};
const SESSION = "000102030405060708090a0b0c0d0e0f";
const SNAPSHOT = "cd".repeat(32);
const IDENTITY = {
  domain: "health",
  product: "fees",
  version: 1,
  grant: "ab".repeat(32),
  purpose: "medical-aid",
  epoch: 1,
};
const SHIFT = 4;
/** Dummies that match, of eight. */
const DUMMIES = 5;
/** Values beyond 2^30: two parts. */
const ROWS: readonly (readonly [string, number])[] = [
  ["person-1", 1_500],
  ["person-2", -7_000_000_000],
  ["person-3", 2 ** 40],
  ["person-4", 12],
  ["person-5", -1],
];
const LIST = ["person-2", "不在名单-é", "person-5", "person-3"];
const NOISE = -123_456_789_012n;
const TERMS: JoinSumTerms = {
  paddedItems: 16,
  bound: 2 ** 40,
  minimum: 2,
  noise: { epsilon: "2", budget: "8", shift: SHIFT },
};
/** A frame up to so many bytes stands whole. */
const SHOWN_BYTES = 2_000;
const START_BYTES = 48;

/** All frames of a session, and what it gives. */
export async function runJoinSum() {
  const session = Buffer.from(SESSION, "hex");
  const caller = JoinSumCaller.create({
    session,
    snapshot: SNAPSHOT,
    identity: IDENTITY,
    terms: TERMS,
    list: LIST,
    random: seeded(LABELS.caller),
  });
  const opening = (await drain(caller)).frames;
  const secret = drawTernary(seeded(LABELS.key), JOIN_SUM_BLOCK_ITEMS);
  const said = sayLists(session, Buffer.from(opening[0] ?? []), Buffer.from(opening[1] ?? []), secret);
  const masked: Bytes[] = [];
  for (const frame of said) masked.push(...(await drain(caller, frame)).frames);
  const noise = digitsOf(NOISE);
  const sums = masked.map((frame, limb) =>
    residue(decryptConstant(frame.subarray(24), secret) + (noise[limb] ?? 0n), PLAIN_MODULUS),
  );
  const answer = sumFrame(8, session, [2, 1], [sums[0] ?? 0n, 8], [sums[1] ?? 0n, 8]);
  const { done } = await drain(caller, answer);
  const frames: { from: "caller" | "domain"; frame: Bytes }[] = [
    ...opening.map((frame) => ({ from: "caller" as const, frame })),
    ...said.map((frame) => ({ from: "domain" as const, frame })),
    ...masked.map((frame) => ({ from: "caller" as const, frame })),
    { from: "domain", frame: answer },
  ];
  return { frames, done };
}

/** A whole session. */
export async function makeJoinSumVectors() {
  const { frames, done } = await runJoinSum();
  return {
    session: SESSION,
    snapshot: SNAPSHOT,
    identity: IDENTITY,
    terms: TERMS,
    rows: ROWS,
    list: LIST,
    randomness: LABELS,
    dummyMatches: DUMMIES,
    noise: String(NOISE),
    plainModulus: String(PLAIN_MODULUS),
    frames: await Promise.all(
      frames.map(async ({ from, frame }) => ({
        from,
        bytes: frame.length,
        hash: await sha256Hex(frame),
        ...(frame.length <= SHOWN_BYTES ? { hex: toHex(frame) } : { start: toHex(frame.subarray(0, START_BYTES)) }),
      })),
    ),
    result: plain(done),
    refused: REFUSED,
  };
}

/** Tags, elements, the encryption of zero and the values, by the page. */
function sayLists(session: Buffer, open: Buffer, elements: Buffer, secret: readonly number[]): Buffer[] {
  const random = seeded(LABELS.domain);
  const draw = () => scalarOf(Buffer.from(random.bytes(64)));
  const context = joinSumContext(IDENTITY);
  const padding = Array.from({ length: TERMS.paddedItems - ROWS.length }, () =>
    uniformElement(Buffer.from(random.bytes(64))),
  );
  const key = draw();
  const base = open.subarray(51, 83);
  const sent = Array.from({ length: 16 }, (_, i) => elements.subarray(25 + 32 * i, 57 + 32 * i));
  const pairs = Array.from({ length: 2 * SHIFT }, () => [draw(), draw()] as const);
  const listed = [...sent.map((element) => multiply(element, key)), ...pairs.map(([own]) => multiply(base, own))];
  const set = [...ROWS.map(([entry]) => Buffer.from(hashEntry(entry, context).toBytes())), ...padding];
  const tagged = [
    ...set.map((element, i) => ({ tag: tagOf(multiply(element, key), context), value: ROWS[i]?.[1] ?? 0 })),
    ...pairs.map(([own, other], i) => ({ tag: tagOf(multiplyBase(i < DUMMIES ? own : other), context), value: 0 })),
  ].toSorted((a, b) => (a.tag < b.tag ? -1 : 1));
  const coins = seeded(LABELS.values);
  const digits = tagged.map(({ value }) => digitsOf(BigInt(value)));
  return [
    sumFrame(3, session, [0, 4], [tagged.length, 2], Buffer.from(tagged.map(({ tag }) => tag).join(""), "hex")),
    sumFrame(4, session, [0, 4], [listed.length, 2], Buffer.concat(listed.toSorted((a, b) => Buffer.compare(a, b)))),
    sumFrame(5, session, encryptValues([], secret, coins)),
    ...[0, 1].map((limb) =>
      sumFrame(
        6,
        session,
        [0, 2],
        [limb, 1],
        encryptValues(
          digits.map((each) => each[limb] ?? 0n),
          secret,
          coins,
        ),
      ),
    ),
  ];
}

/** Frames, counted from 0 among all, of which bytes from `at` on are others, or that end there; who is sent them refuses them so. */
const REFUSED = [
  { name: "another version", frame: 0, at: 1, hex: "02", code: "ERR_FRAME_MALFORMED" },
  { name: "an opening for another snapshot", frame: 0, at: 19, hex: "00", code: "ERR_SNAPSHOT" },
  { name: "a base that is the identity", frame: 0, at: 51, hex: "00".repeat(32), code: "ERR_FRAME_MALFORMED" },
  { name: "17 elements, no padded size", frame: 0, at: 83, hex: "00000011", code: "ERR_FRAME_MALFORMED" },
  { name: "more elements than a list has", frame: 0, at: 83, hex: "00014000", code: "ERR_PSI_SET_TOO_LARGE" },
  { name: "elements from another place on", frame: 1, at: 19, hex: "00000001", code: "ERR_PSI_SESSION" },
  { name: "an element that is none", frame: 1, at: 25, hex: "ff".repeat(32), code: "ERR_OPRF_ELEMENT" },
  { name: "elements cut short", frame: 1, at: 500, end: true, code: "ERR_FRAME_MALFORMED" },
  { name: "tags that do not ascend", frame: 2, at: 25, hex: "ff", code: "ERR_FRAME_MALFORMED" },
  { name: "tags of another session", frame: 2, at: 3, hex: "ff", code: "ERR_PSI_SESSION" },
  { name: "a listed element that is the identity", frame: 3, at: 25, hex: "00".repeat(32), code: "ERR_OPRF_ELEMENT" },
  {
    name: "a coefficient of the zero above its prime",
    frame: 4,
    at: 83,
    hex: "ff".repeat(8),
    code: "ERR_FRAME_MALFORMED",
  },
  { name: "the zero cut short", frame: 4, at: 131_154, end: true, code: "ERR_FRAME_MALFORMED" },
  { name: "the second part first", frame: 5, at: 21, hex: "01", code: "ERR_PSI_SESSION" },
  {
    name: "a coefficient of values above its prime",
    frame: 6,
    at: 131_150,
    hex: "ff".repeat(8),
    code: "ERR_FRAME_MALFORMED",
  },
  { name: "one part where there are two", frame: 9, at: 19, hex: `01${"00".repeat(16)}`, code: "ERR_FRAME_MALFORMED" },
  { name: "no part, and numbers all the same", frame: 9, at: 19, hex: "00", code: "ERR_FRAME_MALFORMED" },
] as const;

/** Numbers beyond 2^53 as text. */
function plain(value: unknown): unknown {
  const text = JSON.stringify(value, (_, each: unknown) => (typeof each === "bigint" ? String(each) : each));
  return JSON.parse(text) as unknown;
}
