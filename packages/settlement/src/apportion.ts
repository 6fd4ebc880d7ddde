/** Apportionment (分摊): a whole amount by weights, nothing lost or created. Every share is its floor, and what is left goes, a fen
 *  each, to the largest remainders (Hamilton); equal remainders by key, so that the order of inputs does not matter.
 *  @module */
import { SluiceError } from "@sluice/protocol";
import type { Exact } from "./exact.ts";
import type { Fen } from "./money.ts";

/** Shares of `total` by key; the sum is `total`, and a weight of zero has zero.
 *  @throws ERR_SETTLEMENT_WEIGHTS when a weight is negative, or none is above zero; `where` names the line. */
export function apportion(total: Fen, weights: ReadonlyMap<string, Exact>, where: string): Map<string, Fen> {
  const places = Math.max(0, ...[...weights.values()].map((weight) => weight.decimalPlaces() ?? 0));
  const whole = [...weights].map(([key, weight]) => ({ key, weight: BigInt(weight.shiftedBy(places).toFixed(0)) }));
  const all = whole.reduce((sum, { weight }) => sum + weight, 0n);
  if (all <= 0n || whole.some(({ weight }) => weight < 0n)) {
    throw new SluiceError("ERR_SETTLEMENT_WEIGHTS", { line: where });
  }
  const sign = total < 0n ? -1n : 1n;
  const amount = total * sign;
  const parts = whole.map(({ key, weight }) => ({
    key,
    share: (amount * weight) / all,
    remainder: (amount * weight) % all,
  }));
  let left = amount - parts.reduce((sum, { share }) => sum + share, 0n);
  const byRemainder = parts.toSorted((a, b) => {
    if (a.remainder !== b.remainder) return a.remainder > b.remainder ? -1 : 1;
    return a.key < b.key ? -1 : 1;
  });
  const shares = new Map(parts.map(({ key, share }) => [key, share * sign]));
  for (const { key, share } of byRemainder) {
    if (left === 0n) break;
    shares.set(key, (share + 1n) * sign);
    left -= 1n;
  }
  return shares;
}
