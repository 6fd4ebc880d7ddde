/** Noise inside the shares, by the sampler that domains have: the sum's noise has the plan's variance when as many are lost, and leave
 *  theirs out, as a plan allows.
 *  @module */
import { aggregateNoiseShare, type AggregatePlan } from "@sluice/protocol";
import { expect, test } from "vitest";
import { discreteGaussian } from "../packages/desensitize/src/privacy/discrete-gaussian.ts";
import { RandomWords } from "../packages/desensitize/src/privacy/random-words.ts";
import { joinParties, planOf, runAggregation } from "../packages/mpc/test/aggregate-parties.ts";
import { seededRandom } from "../packages/mpc/test/seeded-random.ts";

const CELLS = 2_000;

test("a sum's noise has the variance of the survivors' shares, and the plan's or more of those that are honest", async () => {
  const edges = Array.from({ length: CELLS - 1 }, (_, i) => i);
  const plan: AggregatePlan = planOf(
    4,
    { kind: "histogram", column: "age", edges },
    {
      noise: { kind: "discrete-gaussian", variance: "60" },
      threshold: 4,
      colluding: 1,
    },
  );
  const share = aggregateNoiseShare(plan);
  expect(share).toEqual({ numerator: 60n, denominator: 3n });
  const words = new RandomWords(seededRandom(1));
  const vectors = Array.from({ length: 4 }, () => Array.from({ length: CELLS }, (_, i) => BigInt(i % 5)));
  const parties = await joinParties(plan, vectors, {
    noise: (variance) => {
      const sampler = discreteGaussian(variance);
      return () => sampler(words);
    },
  });
  const sum = (await runAggregation(plan, parties)).get(0)?.sum ?? [];
  const noise = sum.map((value, i) => Number(value) - 4 * (i % 5));
  const mean = noise.reduce((total, value) => total + value, 0) / CELLS;
  const variance = noise.reduce((total, value) => total + (value - mean) ** 2, 0) / (CELLS - 1);
  // Four shares of 20 each. Five standard errors of the mean, and of the variance.
  expect(Math.abs(mean)).toBeLessThan(5 * Math.sqrt(80 / CELLS));
  expect(Math.abs(variance - 80)).toBeLessThan(5 * 80 * Math.sqrt(2 / CELLS));
});
