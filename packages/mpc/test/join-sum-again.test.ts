/** A caller's role of join-and-sum that is made again from its seed: it says the same after the same frames, and after others what has
 *  nothing in common with it.
 *  @module */
import { decodeJoinSumMasked, equalBytes, type Bytes } from "@sluice/protocol";
import { expect, test } from "vitest";
import { JoinSumCaller, joinSumRandomness, type JoinSumResult } from "../src/he/join-sum/caller.ts";
import { JoinSumDomain } from "../src/he/join-sum/domain.ts";
import { joinSum, optionsOf } from "./join-sum-sessions.ts";
import { drain } from "./psi-ot-sessions.ts";

const ROWS = Array.from({ length: 20 }, (_, i) => [`P${i}`, i] as const);
const LIST = ["P3", "P5", "P7", "nobody"];
const SEED = new Uint8Array(32).fill(7);

async function roles() {
  const { caller, domain } = await optionsOf({ rows: ROWS, list: LIST });
  const made = async () =>
    JoinSumCaller.create({ ...caller, ...(await joinSumRandomness(SEED, LIST.length, caller.terms.bound)) });
  return { made, domain: JoinSumDomain.create({ ...domain, listItems: 16 }) };
}

/** What the role says when it is told `frames`. */
async function said(role: JoinSumCaller, frames: readonly Bytes[]): Promise<Bytes[]> {
  const all = (await drain(role)).frames;
  for (const frame of frames) all.push(...(await drain(role, frame)).frames);
  return all;
}

test("it says the same after the same frames, and has the same result", async () => {
  const { made, domain } = await roles();
  const { frames, result } = await joinSum({ caller: await made(), domain });
  expect((result as Extract<JoinSumResult, { kind: "sum" }>).sum).toBe(15n);
  const again = await made();
  expect(await said(again, frames.domain.slice(0, -1))).toEqual(frames.caller);
  const last = frames.domain.at(-1);
  if (last === undefined) throw new Error("no answer");
  expect((await drain(again, last)).done).toEqual(result);
});

test("after other values for the same places, nothing of what hides them comes again", async () => {
  const { made, domain } = await roles();
  const { frames } = await joinSum({ caller: await made(), domain });
  const block = frames.domain.at(-2);
  if (block === undefined) throw new Error("no block");
  const other = block.slice();
  // The lowest bit of one coefficient of the block's first polynomial.
  other[other.length - 16] = (other.at(-16) ?? 0) ^ 1;
  const masked = async (last: Bytes): Promise<Bytes> => {
    const all = await said(await made(), [...frames.domain.slice(0, -2), last]);
    const { c1 } = decodeJoinSumMasked(all.at(-1) ?? new Uint8Array()).sum;
    return c1;
  };
  const [first, second] = [await masked(block), await masked(other)];
  let alike = 0;
  for (let at = 0; at < first.length; at += 8) {
    if (equalBytes(first.subarray(at, at + 8), second.subarray(at, at + 8))) alike++;
  }
  expect(alike).toBeLessThan(8);
});

test("a list of another size than was paid for is refused", async () => {
  const { caller, domain } = await optionsOf({ rows: ROWS, list: LIST });
  const [frame] = (await drain(JoinSumCaller.create(caller))).frames;
  if (frame === undefined) throw new Error("nothing was said");
  const paid = JoinSumDomain.create({ ...domain, listItems: 20 });
  await expect(paid.step(frame)).rejects.toMatchObject({ code: "ERR_FRAME_MALFORMED", details: { field: "items" } });
});
