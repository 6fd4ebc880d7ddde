/** How often a store cannot be encoded: an upper bound, in closed form, independent of the code under test.
 *  @module */

/** Log2 of the expected number of non-empty subsets of `items` keys whose sparse positions cancel, each key having three
 *  distinct ones of `sparse`, every triple as likely as `1 + bias` of equal shares at most.
 *
 *  k keys cancel with probability 2^-m Σ_j C(m, j) κ_j^k for m positions, where κ_j is the mean of (-1)^(positions of a key
 *  among the first j): the characters of GF(2)^m. It is 0 for odd k, as every key has three positions; all terms of even k
 *  are positive, so that the sum over k, ((1 + κ)^n + (1 - κ)^n) / 2 - 1, loses nothing to cancellation. */
export function cancellingSubsetsLog2(items: number, sparse: number): number {
  const bias = (1 + sparse / 2 ** 32) ** 3;
  let total = 0;
  for (let j = 0, weight = -sparse * Math.LN2; j <= sparse; j++) {
    total += Math.exp(weight + logEvenSum(items, Math.abs(character(sparse, j)) * bias));
    weight += Math.log((sparse - j) / (j + 1));
  }
  return Math.log2(total);
}

/** The mean of (-1)^h, h of three distinct positions of m lying among the first j. */
function character(m: number, j: number): number {
  const [inside, outside] = [j, m - j];
  const signed = choose(outside, 3) - inside * choose(outside, 2) + choose(inside, 2) * outside - choose(inside, 3);
  return signed / choose(m, 3);
}

function choose(n: number, k: number): number {
  let product = 1;
  for (let i = 0; i < k; i++) product *= (n - i) / (i + 1);
  return product;
}

/** log Σ over even k ≥ 2 of C(n, k) κ^k. */
function logEvenSum(n: number, kappa: number): number {
  if (n * kappa > 1e-2) {
    const up = n * Math.log1p(kappa);
    const down = kappa < 1 ? n * Math.log1p(-kappa) : -Infinity;
    return up + Math.log((1 + Math.exp(down - up)) / 2 - Math.exp(-up));
  }
  let sum = 0;
  for (let k = 2, term = 1; k <= Math.min(n, 12); k += 2) {
    term *= ((n - k + 2) * (n - k + 1) * kappa * kappa) / (k * (k - 1));
    sum += term;
  }
  return Math.log(sum);
}
