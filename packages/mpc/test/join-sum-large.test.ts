/** Sets and lists of several frames: the longest list over a hundred thousand entries, and over the largest set. Both take minutes.
 *  @module */
import { decodeJoinSumItems, MAX_JOIN_SUM_FRAME_ITEMS, MAX_JOIN_SUM_LIST_ITEMS } from "@sluice/protocol";
import { expect, test } from "vitest";
import { JoinSumCaller } from "../src/he/join-sum/caller.ts";
import { joinSum, optionsOf } from "./join-sum-sessions.ts";
import { JoinSumDomain } from "../src/he/join-sum/domain.ts";

const SLOW = process.env["SLOW"] === "1";
const MATCHES = 60_000;
const NOISE = -12_345n;

test.runIf(SLOW).each([100_000, 1_000_000])(
  "the longest list over %i entries has the sum of a plain join, off by the noise",
  async (entries) => {
    // Spread over the set where it is the larger one.
    const stride = Math.floor(entries / MATCHES);
    const rows = Array.from({ length: entries }, (_, i) => [`P${i}`, (i % 2_001) - 1_000] as const);
    const matched = rows.filter((_, i) => i % stride === 0).slice(-MATCHES);
    const others = Array.from({ length: MAX_JOIN_SUM_LIST_ITEMS - matched.length }, (_, i) => `nobody ${i}`);
    const list = [...others, ...matched.map(([person]) => person)];
    const { caller, domain } = await optionsOf({ rows, list, minimum: MATCHES, noise: [NOISE] });
    const roles = { caller: JoinSumCaller.create(caller), domain: JoinSumDomain.create(domain) };
    const { result, frames } = await joinSum(roles);
    const plain = matched.reduce((sum, [, value]) => sum + value, 0);
    expect(matched).toHaveLength(MATCHES);
    expect(result).toMatchObject({ kind: "sum", sum: BigInt(plain) + NOISE, count: { count: MATCHES } });
    // The first frame opens; elements follow in several.
    const firsts = frames.caller.slice(1, 4).map((frame) => decodeJoinSumItems("elements", frame).first);
    expect(firsts.slice(0, 2)).toEqual([0, MAX_JOIN_SUM_FRAME_ITEMS]);
  },
  1_800_000,
);
