/** What each party of an agreement gets, to the fen: parts of an amount, and what is due by the month.
 *  @module */
import { apportion } from "../apportion.ts";
import { exact, exactText, fraction, sumOf, type Exact } from "../exact.ts";
import type { Figure, RuleReference } from "../figure.ts";
import { apportionedFigure } from "../make-figure.ts";
import { wholeFen, type Fen } from "../money.ts";
import type { ShareAgreement, ShareLine } from "./agreement.ts";
import type { Dispute } from "./revenue-line.ts";

/** What one party gets of a product in a month. */
export interface SettledShare {
  /** The line of the agreement; `operator` for what percentages leave. */
  readonly share: string;
  readonly party: string;
  readonly role: ShareLine["role"];
  readonly contribution: ShareLine["contribution"];
  readonly kind: ShareLine["term"]["kind"] | "remainder";
  readonly product: string;
  /** The disputed line, or the free one, that it is of; absent for what is of all other lines of the product, or due by the month. */
  readonly line?: string;
  /** Fen in cash: zero for services and recognition. */
  readonly amount: Fen;
  /** A service in place of cash, with the value that the agreement gives it, and its evidence (H4). */
  readonly nonCash?: { readonly service: string; readonly value: Fen; readonly evidence: string };
  /** Recognition in place of cash (H5). */
  readonly recognition?: string;
  /** Present while the line is disputed: nothing of it is paid. */
  readonly frozen?: Dispute;
  /** How the amount was found; absent where there is none. */
  readonly figure?: Figure;
}

const SHARE_RULE: RuleReference = { id: "H2", set: "agreement", source: "003 七(四)" };
/** No line of an agreement has this name, since names begin with a letter or digit. */
const REMAINDER = "~operator";

/** Parts of an amount by percentages, with the operator's remainder. Their sum is the amount. */
export function partsOf(price: Figure, agreement: ShareAgreement): SettledShare[] {
  const { product, operator } = agreement;
  const amount = wholeFen(price.value, price.id);
  const percents = agreement.shares.flatMap((share) =>
    share.term.kind === "percent" ? [{ share, percent: exact(share.term.percent) }] : [],
  );
  const left = exact("100").minus(sumOf(percents.map(({ percent }) => percent)));
  const weights = new Map<string, Exact>(percents.map(({ share, percent }) => [share.id, percent]));
  const parts = apportion(amount, weights.set(REMAINDER, left), price.id);
  const partOf = (key: string, percent: Exact): { readonly amount: Fen; readonly figure: Figure } => {
    const part = parts.get(key) ?? 0n;
    const making = {
      id: key === REMAINDER ? "operator" : key,
      label: { zh: `分成 ${exactText(percent)}%`, en: `share of ${exactText(percent)} %` },
      unit: "yuan" as const,
      rule: { ...SHARE_RULE, set: `${agreement.id} v${agreement.version}` },
      formula: "成交金额 × 分成比例",
      inputs: [price],
    };
    return { amount: part, figure: apportionedFigure(making, part, exactText(price.value.times(fraction(percent)))) };
  };
  return [
    ...percents.map(({ share, percent }) => ({
      ...whoOf(share, product),
      kind: "percent" as const,
      ...partOf(share.id, percent),
    })),
    {
      share: "operator",
      party: operator,
      role: "operator",
      contribution: "operation",
      kind: "remainder",
      product,
      ...partOf(REMAINDER, left),
    },
  ];
}

/** What a free line is to each party: recognition, and no cash. */
export function recognitionsOf(line: string, { shares, product }: ShareAgreement): SettledShare[] {
  return shares.map((share) => {
    const recognition = share.term.kind === "recognition" ? share.term.statement : "无偿使用 free use";
    return { ...whoOf(share, product), kind: "recognition", line, amount: 0n, recognition };
  });
}

/** What is due for the month whatever came in: fixed sums, services in place of cash, recognition. */
export function dueByMonth({ product, shares }: ShareAgreement, isLaunch: boolean): SettledShare[] {
  return shares.flatMap((share): SettledShare[] => {
    const { term } = share;
    const who = whoOf(share, product);
    if (term.kind === "percent") return [];
    if (term.kind === "recognition") return [{ ...who, kind: "recognition", amount: 0n, recognition: term.statement }];
    if (term.every === "launch" && !isLaunch) return [];
    if (term.kind === "fixed") {
      return [{ ...who, kind: "fixed", amount: wholeFen(exact(term.amount), `shares/${share.id}`) }];
    }
    const value = wholeFen(exact(term.value), `shares/${share.id}`);
    const nonCash = { service: term.service, value, evidence: term.evidence };
    return [{ ...who, kind: "non-cash", amount: 0n, nonCash }];
  });
}

type Who = Pick<SettledShare, "share" | "party" | "role" | "contribution" | "product">;

function whoOf({ id, party, role, contribution }: ShareLine, product: string): Who {
  return { share: id, party, role, contribution, product };
}
