/** Join-and-sum: the sum against a plain join, whole sessions, minimum and noise, and what frames show. What the noise of a
 *  ciphertext shows stands in `join-sum-flood.test.ts`, what is malformed in `join-sum-refusals.test.ts`.
 *  @module */
import fc from "fast-check";
import { sumPartBounds } from "@sluice/protocol";
import { expect, test } from "vitest";
import { JoinSumCaller } from "../src/he/join-sum/caller.ts";
import { prepareSumSet } from "../src/he/join-sum/domain.ts";
import { psiEntry } from "../src/psi/entry.ts";
import { connectSession } from "../src/session/connect.ts";
import { SessionHost } from "../src/session/session-host.ts";
import { IDENTITY, joinSum, optionsOf, rolesOf, SHIFT, type Row, type SumCase } from "./join-sum-sessions.ts";
import { drain } from "./psi-ot-sessions.ts";
import { seededRandom } from "./seeded-random.ts";
import { ID, memoryTo } from "./session-ways.ts";

/** Sum and count by a plain join. */
function plainJoin({ rows, list }: Pick<SumCase, "rows" | "list">): { sum: bigint; count: number } {
  const values = new Map<string, bigint>();
  for (const [entry, value] of rows) values.set(entry, (values.get(entry) ?? 0n) + BigInt(value));
  const matches = [...new Set(list)].filter((entry) => values.has(entry));
  return { sum: matches.reduce((sum, entry) => sum + (values.get(entry) ?? 0n), 0n), count: matches.length };
}

const people = (from: number, to: number): string[] =>
  Array.from({ length: to - from }, (_, i) => `person-${from + i}`);
const rowsOf = (entries: readonly string[], bound: number): Row[] =>
  entries.map((entry, i) => [entry, i % 3 === 0 ? -bound : bound - i]);

test("sum and count are those of a plain join: negative values, repeats on both sides, any bound", async () => {
  const entry = fc.string({ unit: "binary", minLength: 1, maxLength: 2 });
  const bounds = fc.constantFrom(1, 1_000, 2 ** 30, 2 ** 30 + 1, Number.MAX_SAFE_INTEGER);
  const cases = bounds.chain((bound) => {
    // Of a repeated entry the total is within the bound too.
    const value = fc.integer({ min: -Math.floor(bound / 8), max: Math.floor(bound / 8) });
    return fc.record({
      bound: fc.constant(bound),
      rows: fc.array(fc.tuple(entry, value), { minLength: 1, maxLength: 8 }),
      others: fc.array(entry, { maxLength: 8 }),
      picks: fc.array(fc.nat(), { minLength: 1, maxLength: 5 }),
    });
  });
  await fc.assert(
    fc.asyncProperty(cases, async ({ bound, rows, others, picks }) => {
      const list = [...picks.flatMap((pick) => rows[pick % rows.length]?.[0] ?? []), ...others, ...others];
      const { result } = await joinSum(await rolesOf({ rows, list, bound }));
      const { sum, count } = plainJoin({ rows, list });
      expect(result).toMatchObject({ kind: "sum", sum, count: { count } });
    }),
    { numRuns: 5 },
  );
});

test.each<[string, string[], string[]]>([
  ["equal", people(0, 20), people(0, 20)],
  ["one of one", people(0, 1), people(0, 1)],
  ["one in many", people(0, 40), people(7, 8)],
])("lists and sets: %s", async (_, entries, list) => {
  const bound = 2 ** 53 - 1;
  const rows = rowsOf(entries, bound);
  const { result } = await joinSum(await rolesOf({ rows, list, bound }));
  expect(result).toMatchObject({ kind: "sum", sum: plainJoin({ rows, list }).sum });
});

test("values of several ciphertexts, over connections: rows of every one of them", async () => {
  const rows = rowsOf(people(0, 9_000), 100_000);
  const list = people(0, 9_000).filter((_, i) => i % 450 === 3);
  const { caller, domain } = await rolesOf({ rows, list, bound: 100_000 });
  const host = new SessionHost({ maxSessions: 1, maxPerGroup: 1 });
  const served = host.run({ id: ID, role: domain, group: "one" });
  const result = await connectSession(caller, { id: ID, connect: memoryTo(host, () => ({})), reconnectMs: 0 });
  const { sum, count } = plainJoin({ rows, list });
  expect(result).toMatchObject({ kind: "sum", sum, count: { count } });
  expect(await served).toEqual({ items: 20, count: 20, refused: false });
  host.close();
});

test("a caller that is made again from its seed and what came in says the same: a call can go on in another process", async () => {
  const sumCase = { rows: rowsOf(people(0, 10), 1_000), list: people(3, 8), bound: 2 ** 40 };
  const { result, frames } = await joinSum(await rolesOf({ ...sumCase, random: seededRandom(9) }));
  const { caller } = await rolesOf({ ...sumCase, random: seededRandom(9) });
  const again = (await drain(caller)).frames;
  let done: unknown;
  for (const frame of frames.domain) {
    const given = await drain(caller, frame);
    again.push(...given.frames);
    done ??= given.done;
  }
  expect(again).toEqual(frames.caller);
  expect(done).toEqual(result);
});

test("below the minimum there is no sum, and frames are as long: disjoint, empty list, empty set, too few", async () => {
  const rows = rowsOf(people(0, 10), 1_000);
  const lengths = new Set<string>();
  for (const [own, list] of [
    [rows, people(0, 5)],
    [rows, people(0, 4)],
    [rows, people(50, 55)],
    [rows, []],
    [[], people(0, 5)],
  ] as const) {
    const { result, served, frames } = await joinSum(await rolesOf({ rows: own, list, minimum: 5 }));
    const { count } = plainJoin({ rows: own, list });
    const refused = count < 5;
    expect(result).toMatchObject({ kind: refused ? "refused" : "sum", count: { count } });
    expect(served).toEqual({ items: 16, count, refused });
    lengths.add([...frames.caller, ...frames.domain].map((frame) => frame.length).join());
  }
  expect(lengths.size).toBe(1);
});

test("the minimum is held against the count with its noise, of which the caller's result is made too", async () => {
  const sumCase = { rows: rowsOf(people(0, 10), 1_000), list: people(0, 6), minimum: 5 };
  const more = await joinSum(await rolesOf({ ...sumCase, dummies: 0 }));
  expect(more.result).toMatchObject({ kind: "refused", count: { count: 6 - SHIFT, maxError: SHIFT } });
  const less = await joinSum(await rolesOf({ ...sumCase, list: people(0, 3), dummies: 2 * SHIFT }));
  expect(less.result).toMatchObject({ kind: "sum", sum: plainJoin({ ...sumCase, list: people(0, 3) }).sum });
});

test.each([1_000, 2 ** 53 - 1])("a sum of values up to %d is off by exactly the noise", async (bound) => {
  const sumCase = { rows: rowsOf(people(0, 10), bound), list: people(0, 6), bound };
  const { sum } = plainJoin(sumCase);
  const parts = sumPartBounds(bound).length;
  const zeros = Array<bigint>(parts - 1).fill(0n);
  for (const noise of [1n, -1n, 2n ** 30n, -(2n ** 30n) - 1n, 2n ** 49n, -(2n ** 49n)]) {
    expect((await joinSum(await rolesOf({ ...sumCase, noise: [noise, ...zeros] }))).result).toMatchObject({
      sum: sum + noise,
    });
    if (parts === 1) continue;
    const high = (await joinSum(await rolesOf({ ...sumCase, noise: [...zeros, noise] }))).result;
    expect(high).toMatchObject({ sum: sum + noise * 2n ** 31n });
  }
  for (const noise of [[2n ** 49n + 1n, ...zeros], [...zeros, -(2n ** 49n) - 1n], [], [0n, 0n, 0n]]) {
    await expect(rolesOf({ ...sumCase, noise })).rejects.toThrow(RangeError);
  }
});

test("a set is made of whole numbers within the bound, those of one entry taken together", async () => {
  const prepare = (...rows: Row[]) =>
    prepareSumSet({
      identity: IDENTITY,
      bound: 10,
      rows: rows.map(([entry, value]) => ({ entry: psiEntry(entry), value })),
    });
  for (const bad of [0.5, Number.NaN, Infinity, -Infinity, Number.MAX_VALUE, -Number.MAX_VALUE, 11, -11, 2 ** 53]) {
    await expect(prepare(["a", 1], ["b", bad])).rejects.toMatchObject({
      code: "ERR_JOIN_SUM_VALUE",
      details: { index: 1, bound: 10 },
    });
  }
  await expect(prepare(["a", 6], ["a", 5], ["b", 1])).rejects.toMatchObject({ details: { index: 1, bound: 10 } });
  // Whatever the order of the rows, it is their total that is bounded.
  for (const rows of [
    [6, 6, -6],
    [6, -6, 6],
    [-6, 6, 6],
  ]) {
    const { values } = await prepare(...rows.map((value): [string, number] => ["a", value]));
    expect([...values].filter((value) => value !== 0)).toEqual([6]);
  }
  const { values, elements } = await prepare(["a", 6], ["b", 1], ["a", -5]);
  expect([values.length, elements.length]).toEqual([16, 16 * 32]);
  expect([...values].filter((value) => value !== 0)).toEqual([1, 1]);
});

test("a role that is closed while a step runs gives nothing of that step, and nothing after it", async () => {
  const { JoinSumDomain } = await import("../src/he/join-sum/domain.ts");
  const options = await optionsOf({ rows: rowsOf(people(0, 10), 9), list: people(0, 6) });
  const caller = (): JoinSumCaller => JoinSumCaller.create({ ...options.caller, random: seededRandom(4) });
  const domain = () => JoinSumDomain.create(options.domain);
  const { frames } = await joinSum({ caller: caller(), domain: domain() });
  const over = { code: "ERR_PSI_SESSION" };
  for (const [create, heard] of [
    [caller, [undefined, ...frames.domain]],
    [domain, frames.caller],
  ] as const) {
    for (const [i, frame] of heard.entries()) {
      const role = create();
      for (const before of heard.slice(0, i)) await drain(role, before);
      const step = role.step(frame);
      role.close();
      await expect(step).rejects.toMatchObject(over);
      await expect(role.step()).rejects.toMatchObject(over);
    }
  }
});

test("progress counts up to its total; a session that is cancelled ends, whatever comes next", async () => {
  const { caller, domain } = await optionsOf({ rows: rowsOf(people(0, 10), 9), list: people(0, 6) });
  const told: number[] = [];
  const totals = new Set<number>();
  const onProgress = ({ done, total }: { done: number; total: number }): void => {
    told.push(done);
    totals.add(total);
  };
  const roles = await rolesOf({ rows: rowsOf(people(0, 10), 9), list: people(0, 6) });
  await joinSum({ ...roles, caller: JoinSumCaller.create({ ...caller, onProgress }) });
  expect(told).toEqual(told.toSorted((a, b) => a - b));
  expect([...totals]).toEqual([told.at(-1)]);
  const { JoinSumDomain } = await import("../src/he/join-sum/domain.ts");
  for (const role of [
    JoinSumCaller.create({ ...caller, signal: AbortSignal.abort() }),
    JoinSumDomain.create({ ...domain, signal: AbortSignal.abort() }),
  ]) {
    await expect(role.step()).rejects.toMatchObject({ code: "ERR_CANCELLED" });
    await expect(role.step()).rejects.toMatchObject({ code: expect.stringMatching(/ERR_CANCELLED|ERR_PSI_SESSION/) });
  }
});
