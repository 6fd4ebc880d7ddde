/** What a domain of join-and-sum gains that does not follow it, with nothing spoilt: the caller tells it a count, over whatever set it
 *  brings (docs/join-sum.md). @module */
import {
  concatBytes,
  decodeJoinSumItems,
  decodeJoinSumMasked,
  encodeJoinSumBlock,
  encodeJoinSumItems,
  encodeJoinSumZero,
  ELEMENT_BYTES,
  JOIN_SUM_BLOCK_ITEMS,
  PSI_TAG_BYTES,
  type Bytes,
} from "@sluice/protocol";
import { expect, test } from "vitest";
import { JoinSumCaller } from "../src/he/join-sum/caller.ts";
import { joinSumGroupContext } from "../src/he/join-sum/context.ts";
import { openSumKey } from "../src/he/join-sum/domain-key.ts";
import { freshScalar, hashEach, multiplyEach, sortItems, tagEach } from "../src/psi/bulk.ts";
import { psiEntry } from "../src/psi/entry.ts";
import { systemRandom } from "../src/random.ts";
import { IDENTITY, optionsOf, SESSION } from "./join-sum-sessions.ts";
import { drain } from "./psi-ot-sessions.ts";

/** 48 places of dummies hold a padded list of 16 three times more. */
const SHIFT = 24;
const PADDED = 16;

/** What an honest caller tells a domain that sends its list back under `keys` keys, with as many tags of each target as `times` says. */
async function told(list: readonly string[], keys: number, times: ReadonlyMap<string, number>): Promise<number> {
  const options = await optionsOf({ rows: [["x", 1]], list });
  const terms = { ...options.caller.terms, paddedItems: PADDED, noise: { epsilon: "1", budget: "8", shift: SHIFT } };
  const caller = JoinSumCaller.create({ ...options.caller, terms });
  const context = joinSumGroupContext(IDENTITY);
  const [, sent = new Uint8Array()] = (await drain(caller)).frames;
  const { items } = decodeJoinSumItems("elements", sent);
  const scalars = await Promise.all(Array.from({ length: keys }, async () => await freshScalar(systemRandom)));
  const total = PADDED + 2 * SHIFT;
  const listed = await Promise.all(scalars.map(async (scalar) => await multiplyEach(scalar, items, undefined)));
  const rest = total - (keys * items.length) / ELEMENT_BYTES;
  const dummies = await hashEach(
    Array.from({ length: rest }, (_, i) => psiEntry(`dummy ${i}`)),
    context,
    undefined,
  );
  const tags: Bytes[] = [];
  for (const [target, count] of times) {
    const element = await hashEach([psiEntry(target)], context, undefined);
    for (const scalar of scalars.slice(0, count)) {
      tags.push(await tagEach(await multiplyEach(scalar, element, undefined), context, undefined));
    }
  }
  tags.push(systemRandom.bytes(PSI_TAG_BYTES * (total - tags.length)));
  const key = await openSumKey();
  const first = { session: SESSION, first: 0 };
  const back: Bytes[] = [];
  for (const frame of [
    encodeJoinSumItems("tags", { ...first, items: sortItems(concatBytes(...tags), PSI_TAG_BYTES) }),
    encodeJoinSumItems("listed", { ...first, items: sortItems(concatBytes(...listed, dummies), ELEMENT_BYTES) }),
    encodeJoinSumZero({ session: SESSION, zero: key.encrypt(new Float64Array(0)) }),
    encodeJoinSumBlock({
      session: SESSION,
      block: 0,
      limb: 0,
      values: key.encrypt(new Float64Array(JOIN_SUM_BLOCK_ITEMS)),
    }),
  ]) {
    back.push(...(await drain(caller, frame)).frames);
  }
  key.close();
  caller.close();
  return decodeJoinSumMasked(back[0] ?? new Uint8Array()).matches;
}

test("a set of one entry tells a domain whether it is on the list, in any session", async () => {
  for (const list of [["alice", "bob"], ["bob"], []]) {
    expect(await told(list, 1, new Map([["alice", 1]]))).toBe(list.includes("alice") ? 1 : 0);
  }
});

test("places of dummies for three lists more tell it three memberships at once", async () => {
  const targets = ["alice", "bob", "carol"];
  const times = new Map(targets.map((target, i) => [target, 2 ** i]));
  for (const list of [["alice", "dave", "carol"], ["bob"], ["dave"], targets]) {
    const matches = await told(list, 4, times);
    expect(targets.filter((_, i) => ((matches >> i) & 1) === 1)).toEqual(targets.filter((one) => list.includes(one)));
  }
});
