/** Values that callers learn sums of (求交求和), in words: of what, within which limits, and with how much noise.
 *  @module */
import {
  countShift,
  DEFAULT_SUM_PRIVACY,
  likelyCountError,
  likelySumError,
  microEpsilon,
  sumBound,
  unitsText,
  type JoinSumSpec,
} from "@sluice/protocol";

/** In one phrase. */
export function sumWords({ field, digits, limit, minimum, privacy = DEFAULT_SUM_PRIVACY }: JoinSumSpec): string {
  const { count, sum, budget } = privacy;
  const noise = { epsilon: count, budget, shift: countShift(count) };
  const units = likelySumError({ terms: { bound: sumBound({ limit, digits }) }, sumEpsilon: sum });
  const error = unitsText(BigInt(units), digits);
  const answers = Math.floor(microEpsilon(budget) / (microEpsilon(count) + microEpsilon(sum)));
  return (
    `命中者的 ${field} 大约合计多少、大约有多少条：每人合计截断在 ±${limit} 以内、计到 ${digits} 位小数，加噪后条数不足 ${minimum} 的不给合计；` +
    `均加噪（差分隐私 ε = ${sum} 和 ${count}，二十次中有十九次合计误差不超过 ${error}、条数误差不超过 ${likelyCountError(noise)}），` +
    `每个使用方对同一期数据至多 ${answers} 次（合计 ε ≤ ${budget}），同一名单再问也计次；不运行程序，由数据域按申报取数`
  );
}
