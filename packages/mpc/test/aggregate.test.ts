/** Aggregation among parties that keep to it: sums are exact, parties may drop out in each round, and too few are an end. @module */
import { aggregateRowBounds, aggregateThreshold, type AggregateStatistic } from "@sluice/protocol";
import fc from "fast-check";
import { expect, test } from "vitest";
import { AggregateParty, memoryAggregateRegister } from "../src/aggregate/party.ts";
import {
  identityOf,
  joinParties,
  planOf,
  runAggregation,
  speakUpTo,
  verifyEd25519,
  type Joining,
  type Losses,
} from "./aggregate-parties.ts";

const histogram = (cells: number): AggregateStatistic => ({
  kind: "histogram",
  column: "age",
  edges: Array.from({ length: cells - 1 }, (_, i) => i),
});
const sums = (columns: number, bound: number): AggregateStatistic => ({
  kind: "sum",
  columns: Array.from({ length: columns }, (_, i) => ({ name: `c${i}`, low: -bound, high: bound, scale: 1 })),
});

function plainSum(vectors: readonly (readonly bigint[])[], of: readonly number[]): bigint[] {
  return (vectors[0] ?? []).map((_, i) => of.reduce((sum, party) => sum + (vectors[party]?.[i] ?? 0n), 0n));
}

test("sums are those of plain integers, negative and at the bounds, in both fields", async () => {
  const value = fc.bigInt({ min: -1_000_000n, max: 1_000_000n });
  await fc.assert(
    fc.asyncProperty(
      fc
        .integer({ min: 3, max: 5 })
        .chain((parties) =>
          fc.array(fc.array(value, { minLength: 4, maxLength: 4 }), { minLength: parties, maxLength: parties }),
        ),
      fc.constantFrom("2^61-1" as const, "2^127-1" as const),
      async (vectors, field) => {
        const plan = planOf(vectors.length, sums(4, 1_000), { field });
        const results = await runAggregation(plan, await joinParties(plan, vectors));
        const everyone = [...vectors.keys()];
        expect(results.size).toBe(vectors.length);
        for (const { sum, survivors } of results.values()) {
          expect(sum).toEqual(plainSum(vectors, everyone));
          expect(survivors).toEqual(everyone.map((i) => `domain-${i}`));
        }
      },
    ),
    { numRuns: 4, examples: [[[...Array(3)].map(() => [1_000_000n, -1_000_000n, 0n, 1n]), "2^61-1"]] },
  );
});

test.each([
  ["before its advert", { advert: [1] }, [0, 2, 3, 4]],
  ["before its shares", { shares: [4] }, [0, 1, 2, 3]],
  ["before its vector", { masked: [0] }, [1, 2, 3, 4]],
  ["after its vector", { survivors: [2] }, [0, 1, 2, 3, 4]],
  ["after it has signed the survivors", { unmask: [3] }, [0, 1, 2, 3, 4]],
  ["one in one round, one in a later one", { masked: [1], unmask: [4] }, [0, 2, 3, 4], 3],
] satisfies [string, Losses, number[], number?][])(
  "a party that is lost %s leaves the sum of the others exact",
  async (_, losses, inSum, threshold = 4) => {
    const vectors = Array.from({ length: 5 }, (_party, i) => [BigInt(i + 1), -BigInt(10 ** i), 0n]);
    const plan = planOf(5, sums(3, 1_000), { threshold });
    const results = await runAggregation(plan, await joinParties(plan, vectors), losses);
    const lost = new Set<number>(Object.values(losses).flat());
    expect([...results.keys()]).toEqual([0, 1, 2, 3, 4].filter((i) => !lost.has(i)));
    for (const { sum, survivors } of results.values()) {
      expect(sum).toEqual(plainSum(vectors, inSum));
      expect(survivors).toEqual(inSum.map((i) => `domain-${i}`));
    }
  },
);

test.each(["advert", "shares", "masked", "survivors", "unmask"] as const)(
  "three parties are an end when one is lost in round %s, and so are fewer than the threshold of more",
  async (round) => {
    const three = planOf(3, { kind: "count" });
    await expect(runAggregation(three, await joinParties(three, [[1n], [2n], [3n]]), { [round]: [1] })).rejects.toThrow(
      expect.objectContaining({ code: "ERR_AGGREGATE_TOO_FEW" }),
    );
    const five = planOf(5, { kind: "count" }, { threshold: 4 });
    const parties = await joinParties(five, [[1n], [2n], [3n], [4n], [5n]]);
    await expect(runAggregation(five, parties, { [round]: [1, 2] })).rejects.toThrow(
      expect.objectContaining({ code: "ERR_AGGREGATE_TOO_FEW" }),
    );
  },
);

test("a thousand cells of ten domains add up", async () => {
  const vectors = Array.from({ length: 10 }, (_, p) => Array.from({ length: 1_000 }, (_c, i) => BigInt((i * p) % 7)));
  const plan = planOf(10, histogram(1_000), { colluding: 3 });
  const results = await runAggregation(plan, await joinParties(plan, vectors), { masked: [9] });
  expect(results.get(0)?.sum).toEqual(plainSum(vectors, [0, 1, 2, 3, 4, 5, 6, 7, 8]));
});

test("a vector beyond the plan's bounds or of another length, or of a key that the plan does not name, takes no part", async () => {
  const plan = planOf(3, { kind: "count" }, { rowsAtMost: 5 });
  const join = async (vector: bigint[], party = 0) =>
    await AggregateParty.join({
      plan,
      vector,
      identity: identityOf(party),
      verify: verifyEd25519,
      register: memoryAggregateRegister(),
    });
  await expect(join([5n])).resolves.toBeInstanceOf(AggregateParty);
  for (const vector of [[6n], [-6n], [], [1n, 1n]]) {
    await expect(join(vector)).rejects.toThrow(expect.objectContaining({ code: "ERR_AGGREGATE_VALUE" }));
  }
  await expect(join([1n], 7)).rejects.toThrow(expect.objectContaining({ code: "ERR_AGGREGATE_REFUSED" }));
});

test("a plan is used once, and a statistic is had over one party set and one survivor set only", async () => {
  const registers = Array.from({ length: 6 }, () => memoryAggregateRegister());
  const joining: Joining = { registers, noise: () => () => 0n };
  const ages = histogram(3);
  const four = planOf(4, ages, { threshold: 3 });
  const vectors = [...Array(6)].map(() => [1n, 1n, 1n]);
  const refused = expect.objectContaining({ code: "ERR_AGGREGATE_REFUSED" });
  await runAggregation(four, await joinParties(four, vectors.slice(0, 4), joining), { masked: [3] });
  await expect(joinParties(four, vectors.slice(0, 4), joining)).rejects.toThrow(refused);
  // Over parties more, with other edges, other noise or another threshold.
  const other: AggregateStatistic = { kind: "histogram", column: "age", edges: [5, 6] };
  const noise = { kind: "discrete-gaussian", variance: "400" } as const;
  for (const plan of [
    planOf(5, ages, { seed: 1 }),
    planOf(6, other, { seed: 2 }),
    planOf(5, ages, { seed: 3, noise }),
  ]) {
    await expect(joinParties(plan, vectors.slice(0, plan.parties.length), joining)).rejects.toThrow(refused);
  }
  // Over the same parties, now with the one that was lost: its part would be the difference.
  const again = planOf(4, ages, { threshold: 3, seed: 4 });
  await expect(runAggregation(again, await joinParties(again, vectors.slice(0, 4), joining))).rejects.toThrow(refused);
  const same = planOf(4, ages, { threshold: 3, seed: 5 });
  const results = await runAggregation(same, await joinParties(same, vectors.slice(0, 4), joining), { masked: [3] });
  expect(results.get(0)?.sum).toEqual([3n, 3n, 3n]);
  // Those that stayed may be all parties of a later plan, and have to stay.
  const three = planOf(3, ages, { seed: 6 });
  const left = await runAggregation(three, await joinParties(three, vectors.slice(0, 3), joining));
  expect(left.get(0)?.sum).toEqual([3n, 3n, 3n]);
  // Another population is another matter.
  const later = planOf(5, ages, { seed: 7, population: "all rows of 2026-02-28" });
  await expect(joinParties(later, vectors.slice(0, 5), joining)).resolves.toHaveLength(5);
});

const x = { name: "x", low: 0, high: 100, scale: 1 };
const gradient = (step: number, weight: number): AggregateStatistic => ({
  kind: "logistic-gradient",
  features: [{ name: "x", low: -10, high: 10, centre: 0, spread: 1 }],
  target: "y",
  step,
  weights: [0, weight],
  clip: 10,
  scale: 1_000,
});

test.each([
  ["a column more", { kind: "sum", columns: [x] }, { kind: "sum", columns: [x, { ...x, name: "y" }] }],
  [
    "a column that may be the same in other words",
    { kind: "sum", columns: [x] },
    { kind: "sum", columns: [{ ...x, name: "z" }] },
  ],
  ["a sum, then a mean", { kind: "sum", columns: [x] }, { kind: "mean", columns: [x] }],
  ["a count, then one by groups", { kind: "count" }, { kind: "categories", column: "y", values: ["0"] }],
  ["another step at the same weights", gradient(0, 0), gradient(1, 0)],
  ["another step at weights next to them", gradient(0, 0), gradient(1, 0.001)],
] satisfies [string, AggregateStatistic, AggregateStatistic][])(
  "the part of one party is no difference of two sums: %s is refused without it, and had with it",
  async (_, first, second) => {
    const registers = Array.from({ length: 4 }, () => memoryAggregateRegister());
    const joined = async (count: number, statistic: AggregateStatistic, seed: number) => {
      const plan = planOf(count, statistic, { seed });
      const vector = aggregateRowBounds(statistic).map(() => 1n);
      const vectors = Array.from({ length: count }, () => vector);
      return { plan, parties: await joinParties(plan, vectors, { registers, seed }) };
    };
    const all = await joined(4, first, 1);
    expect((await runAggregation(all.plan, all.parties)).size).toBe(4);
    await expect(joined(3, second, 2)).rejects.toThrow(expect.objectContaining({ code: "ERR_AGGREGATE_REFUSED" }));
    const again = await joined(4, second, 3);
    expect((await runAggregation(again.plan, again.parties)).size).toBe(4);
  },
);

test("noise of the fewest honest survivors adds up to the plan's variance, and what is too large is drawn again", async () => {
  const noise = { kind: "discrete-gaussian", variance: "1000.5" } as const;
  const plan = planOf(5, { kind: "count" }, { noise, colluding: 1 });
  expect(plan.threshold).toBe(aggregateThreshold(5, 1));
  const asked: [bigint, bigint][] = [];
  const drawn = [10n ** 6n, -5n];
  const parties = await joinParties(plan, [[1n], [1n], [1n], [1n], [1n]], {
    noise: ({ numerator, denominator }) => {
      asked.push([numerator, denominator]);
      let next = 0;
      return () => drawn[next++] ?? 0n;
    },
  });
  const results = await runAggregation(plan, parties);
  expect(results.get(0)?.sum).toEqual([5n - 25n]);
  // threshold 4, one of them may leave its noise out: three times a share is the plan's variance
  expect(new Set(asked.map(([n, d]) => Number(3n * n) / Number(d)))).toEqual(new Set([1000.5]));
  const without = planOf(3, { kind: "count" }, { noise });
  await expect(joinParties(without, [[1n], [1n], [1n]])).rejects.toThrow(RangeError);
});

test("a party that is ended by its domain gives nothing more, also in the middle of a step", async () => {
  const plan = planOf(3, { kind: "count" });
  const parties = await joinParties(plan, [[1n], [2n], [3n]]);
  const adverts = await speakUpTo("advert", parties);
  const over = expect.objectContaining({ code: "ERR_AGGREGATE_ROUND" });
  const [one, two] = parties;
  const sharing = one?.shares(adverts);
  one?.end();
  await expect(sharing).rejects.toThrow(over);
  two?.end();
  await expect(two?.shares(adverts)).rejects.toThrow(over);
});
