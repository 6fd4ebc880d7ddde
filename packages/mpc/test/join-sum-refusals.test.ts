/** Join-and-sum against peers that do not follow it: malformed, foreign and repeated frames, ciphertexts that do not load; and what a
 *  cheating caller gains, which nothing here prevents.
 *  @module */
import {
  decodeJoinSumAnswer,
  decodeJoinSumBlock,
  decodeJoinSumZero,
  encodeJoinSumMasked,
  ELEMENT_BYTES,
  type Bytes,
} from "@sluice/protocol";
import { expect, test } from "vitest";
import { openSumMask, type SumMask } from "../src/he/join-sum/caller.ts";
import { modulo } from "../src/he/join-sum/limbs.ts";
import { sumRing } from "../src/he/join-sum/ring.ts";
import { systemRandom } from "../src/random.ts";
import { joinSum, rolesOf, SESSION, SHIFT, type Row } from "./join-sum-sessions.ts";
import { drain } from "./psi-ot-sessions.ts";

const ROWS: Row[] = Array.from({ length: 10 }, (_, i) => [`person-${i}`, 100 + i]);
const CASE = { rows: ROWS, list: ["person-1", "person-2", "nobody"] };
const BASE_AT = 19 + 32;
/** Offsets of the first byte of a body. */
const BODY = 19;

const isType = (frame: Bytes, type: number): boolean => frame[2] === type;

/** A session in which `change` is made to the frames of one type. */
async function spoilt(type: number, change: (frame: Bytes) => Bytes): Promise<unknown> {
  return joinSum(await rolesOf(CASE), (frame) => (isType(frame, type) ? change(frame.slice()) : frame));
}

function put(frame: Bytes, at: number, ...bytes: number[]): Bytes {
  frame.set(bytes, at);
  return frame;
}

test.each<[string, number, (frame: Bytes) => Bytes, string]>([
  ["an opening for another snapshot", 1, (frame) => put(frame, BODY, 1), "ERR_SNAPSHOT"],
  ["a base that is the identity", 1, (frame) => frame.fill(0, BASE_AT, BASE_AT + 32), "ERR_FRAME_MALFORMED"],
  ["an element that is none", 2, (frame) => frame.fill(0xff, BODY + 6, BODY + 38), "ERR_OPRF_ELEMENT"],
  [
    "an element twice",
    2,
    (frame) => frame.copyWithin(BODY + 6 + ELEMENT_BYTES, BODY + 6, BODY + 38),
    "ERR_FRAME_MALFORMED",
  ],
  ["elements out of order", 2, (frame) => put(frame, BODY + 3, 1), "ERR_PSI_SESSION"],
  ["tags out of order", 3, (frame) => put(frame, BODY + 6, 0xff), "ERR_FRAME_MALFORMED"],
  ["tags that begin elsewhere", 3, (frame) => put(frame, BODY + 3, 1), "ERR_PSI_SESSION"],
  ["a listed element that is the identity", 4, (frame) => frame.fill(0, BODY + 6, BODY + 38), "ERR_OPRF_ELEMENT"],
  ["a number above its prime in the zero", 5, (frame) => frame.fill(0xff, -8), "ERR_FRAME_MALFORMED"],
  ["a number above its prime in the values", 6, (frame) => frame.fill(0xff, -8), "ERR_FRAME_MALFORMED"],
  ["another block", 6, (frame) => put(frame, BODY + 1, 1), "ERR_PSI_SESSION"],
  ["more matches than elements", 7, (frame) => put(frame, BODY + 2, 1), "ERR_PSI_SESSION"],
  ["another part", 7, (frame) => put(frame, BODY + 4, 1), "ERR_PSI_SESSION"],
  ["a number above its prime in the sum", 7, (frame) => frame.fill(0xff, -8), "ERR_FRAME_MALFORMED"],
  ["a sum that needs no key", 7, (frame) => frame.fill(0, BODY + 5), "ERR_FRAME_MALFORMED"],
  ["a sum where there is none", 8, (frame) => put(frame, BODY, 0).fill(0, BODY), "ERR_FRAME_MALFORMED"],
])("%s", async (_, type, change, code) => {
  await expect(spoilt(type, change)).rejects.toMatchObject({ code });
});

test.each([1, 2, 3, 4, 5, 6, 7, 8])(
  "frame %d of another session, of another type, cut short: the session ends",
  async (type) => {
    await expect(spoilt(type, (frame) => put(frame, 5, 99))).rejects.toMatchObject({ code: "ERR_PSI_SESSION" });
    await expect(spoilt(type, (frame) => put(frame, 2, 77))).rejects.toMatchObject({ code: "ERR_FRAME_MALFORMED" });
    await expect(spoilt(type, (frame) => frame.subarray(0, -1))).rejects.toMatchObject({ code: "ERR_FRAME_MALFORMED" });
  },
);

test("a frame that comes twice, and one after the end, are refused; a role that refused goes on with nothing", async () => {
  const { frames } = await joinSum(await rolesOf(CASE));
  const { domain } = await rolesOf(CASE);
  const [open = SESSION] = frames.caller;
  await drain(domain, open);
  await expect(domain.step(open)).rejects.toMatchObject({ code: "ERR_FRAME_MALFORMED" });
  for (const frame of frames.caller)
    await expect(domain.step(frame)).rejects.toMatchObject({ code: "ERR_PSI_SESSION" });
  const done = await rolesOf(CASE);
  await joinSum(done);
  for (const role of [done.caller, done.domain]) {
    await expect(role.step(open)).rejects.toMatchObject({ code: "ERR_PSI_SESSION" });
    await expect(role.step()).rejects.toMatchObject({ code: "ERR_PSI_SESSION" });
  }
});

test("a masked sum of another session is a sum under another key: what comes of it is no sum", async () => {
  const past = (await joinSum(await rolesOf(CASE))).frames.caller.at(-1) ?? SESSION;
  const { result } = (await spoilt(7, () => past)) as { result: { sum: bigint } };
  expect(result.sum).not.toBe(203n);
});

/** A caller of its own: it asks as the honest one, and masks as it likes. */
async function cheat(use: (mask: SumMask, add: () => void) => void, matches: number, minimum: number): Promise<bigint> {
  const { caller, domain } = await rolesOf({ ...CASE, minimum });
  const sent: Bytes[] = [];
  for (const frame of (await drain(caller)).frames) sent.push(...(await drain(domain, frame)).frames);
  const frameOf = (type: number): Bytes => sent.find((frame) => isType(frame, type)) ?? SESSION;
  const { values } = decodeJoinSumBlock(frameOf(6));
  using mask = await openSumMask(systemRandom);
  use(mask, () => mask.add(0, values));
  const { sum, blind } = mask.finish(0, decodeJoinSumZero(frameOf(5)).zero);
  const masked = encodeJoinSumMasked({ session: SESSION, matches: matches + SHIFT, limb: 0, sum });
  const { sums } = decodeJoinSumAnswer((await drain(domain, masked)).frames[0] ?? SESSION);
  if (sums.length === 0) return -1n;
  return modulo((sums[0] ?? 0n) - blind, (await sumRing()).plainModulus);
}

test("a limit: a cheating caller sums any rows, matched or not, and states any count", async () => {
  const everything = Array.from({ length: 16 + 2 * SHIFT }, (_, i) => i);
  const all = (mask: SumMask, add: () => void): void => {
    mask.choose(everything);
    add();
  };
  const total = ROWS.reduce((sum, [, value]) => sum + BigInt(value), 0n);
  expect(await cheat(all, 10, 10)).toBe(total);
  expect(await cheat(all, 9, 10)).toBe(-1n);
});

test("a limit: it weighs one row as often as the minimum asks, which no count under encryption would show", async () => {
  for (let place = 0; place < 16 + 2 * SHIFT; place++) {
    const sum = await cheat(
      (mask, add) => {
        mask.choose([place]);
        for (let i = 0; i < 7; i++) add();
      },
      7,
      7,
    );
    expect(Number(sum) % 7).toBe(0);
    const value = Number(sum) / 7;
    if (value === 0) continue;
    expect(ROWS.map((row) => row[1])).toContain(value);
    return;
  }
  throw new Error("no row has a value");
});
