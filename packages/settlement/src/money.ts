/** Posted amounts: whole fen as bigint. What is not whole was to be rounded by a rule before.
 *  @module */
import { SluiceError } from "@sluice/protocol";
import { exact, exactText, rounded, type Exact, type RoundingRule } from "./exact.ts";

/** Whole fen (分), the hundredth part of a yuan. */
export type Fen = bigint;

/** Amounts in yuan as whole fen.
 *  @throws ERR_SETTLEMENT_FEN when the amount has a part of a fen; `where` names the line. */
export function wholeFen(yuan: Exact, where: string): Fen {
  const fen = yuan.shiftedBy(2);
  if (!fen.isInteger()) throw new SluiceError("ERR_SETTLEMENT_FEN", { line: where });
  return BigInt(fen.toFixed(0));
}

/** Amounts in yuan, rounded to whole fen as the rule says; its places must be two. */
export function postedFen(yuan: Exact, rule: RoundingRule): Fen {
  return wholeFen(rounded(yuan, rule), "a posted amount");
}

/** Fen as yuan. */
export function yuanOf(fen: Fen): Exact {
  return exact(fen).shiftedBy(-2);
}

/** Fen as yuan in words of digits: `1234n` is `12.34`. */
export function yuanText(fen: Fen): string {
  return exactText(yuanOf(fen), 2);
}
