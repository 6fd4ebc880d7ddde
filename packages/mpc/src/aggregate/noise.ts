/** Noise inside the shares: each party adds its own to its vector before it masks it, so that nobody sees a sum without.
 *  The variances of as many honest parties as a plan counts on add up to the plan's.
 *  @see Kairouz, Liu, Steinke, The Distributed Discrete Gaussian Mechanism for Federated Learning (2021): a sum of discrete
 *  Gaussians is not one, but as good as one when each has a variance of some units
 *  @module */
import { aggregateNoiseBound, aggregateNoiseShare, type AggregatePlan } from "@sluice/protocol";

/** A sampler of the discrete Gaussian of variance `numerator` / `denominator`, exact. */
export type AggregateNoise = (variance: { readonly numerator: bigint; readonly denominator: bigint }) => () => bigint;

/** `vector` with this party's noise, which a party that joined has if the plan wants it. */
export function withNoise(plan: AggregatePlan, vector: readonly bigint[], noise: AggregateNoise | undefined): bigint[] {
  const share = aggregateNoiseShare(plan);
  if (share === null || noise === undefined) return [...vector];
  const draw = noise(share);
  const bound = aggregateNoiseBound(plan);
  return vector.map((value) => {
    for (;;) {
      const drawn = draw();
      if (drawn <= bound && -drawn <= bound) return value + drawn;
    }
  });
}
