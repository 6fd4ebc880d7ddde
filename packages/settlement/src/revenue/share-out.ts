/** The parts of one line, and what is due by the month: what each party of an agreement gets, to the fen.
 *  @module */
import { apportion } from "../apportion.ts";
import { exact, exactText, fraction, sumOf, type Exact } from "../exact.ts";
import type { Figure, RuleReference } from "../figure.ts";
import { apportionedFigure, givenFigure } from "../make-figure.ts";
import { wholeFen, yuanOf, type Fen } from "../money.ts";
import type { ShareAgreement, ShareLine } from "./agreement.ts";
import type { Dispute, RevenueLine } from "./revenue-line.ts";

/** What one party gets for one line of the statement, or for the month. */
export interface SettledShare {
  /** The line of the agreement; `operator` for what percentages leave. */
  readonly share: string;
  readonly party: string;
  readonly role: ShareLine["role"];
  readonly contribution: ShareLine["contribution"];
  readonly kind: ShareLine["term"]["kind"] | "remainder";
  readonly product: string;
  /** The line of the statement; absent for what is due by the month. */
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

/** Shares of one line by percentages, with the operator's remainder; of a free line recognition alone. */
export function sharesOf(line: RevenueLine, agreement: ShareAgreement): SettledShare[] {
  const { product } = line;
  if (line.free) {
    return agreement.shares.map((share) => {
      const recognition = share.term.kind === "recognition" ? share.term.statement : "无偿使用 free use";
      return { ...whoOf(share), kind: "recognition" as const, product, line: line.id, amount: 0n, recognition };
    });
  }
  const percents = agreement.shares.flatMap((share) =>
    share.term.kind === "percent" ? [{ share, percent: exact(share.term.percent) }] : [],
  );
  const left = exact("100").minus(sumOf(percents.map(({ percent }) => percent)));
  const weights = new Map<string, Exact>(percents.map(({ share, percent }) => [share.id, percent]));
  // No line of an agreement has this name, since names begin with a letter or digit.
  const parts = apportion(line.amount, weights.set(REMAINDER, left), `lines/${line.id}`);
  const price = givenFigure(
    { id: line.id, label: { zh: "成交金额", en: "transaction price" }, unit: "yuan" },
    yuanOf(line.amount),
    `lines/${line.id}`,
  );
  const figureOf = (id: string, percent: Exact, amount: Fen): Figure =>
    apportionedFigure(
      {
        id,
        label: { zh: `分成 ${exactText(percent)}%`, en: `share of ${exactText(percent)} %` },
        unit: "yuan",
        rule: { ...SHARE_RULE, set: `${agreement.id} v${agreement.version}` },
        formula: "成交金额 × 分成比例",
        inputs: [price],
      },
      amount,
      exactText(yuanOf(line.amount).times(fraction(percent))),
    );
  const operator: SettledShare = {
    share: "operator",
    party: agreement.operator,
    role: "operator",
    contribution: "operation",
    kind: "remainder",
    product,
    line: line.id,
    amount: parts.get(REMAINDER) ?? 0n,
    figure: figureOf("operator", left, parts.get(REMAINDER) ?? 0n),
  };
  return [
    ...percents.map(({ share, percent }): SettledShare => {
      const amount = parts.get(share.id) ?? 0n;
      return {
        ...whoOf(share),
        kind: "percent",
        product,
        line: line.id,
        amount,
        figure: figureOf(share.id, percent, amount),
      };
    }),
    operator,
  ];
}

const REMAINDER = "~operator";

function whoOf({
  id,
  party,
  role,
  contribution,
}: ShareLine): Pick<SettledShare, "share" | "party" | "role" | "contribution"> {
  return { share: id, party, role, contribution };
}

/** What is due for the month whatever came in: fixed sums, services in place of cash, recognition. */
export function dueByMonth({ product, shares }: ShareAgreement, isLaunch: boolean): SettledShare[] {
  return shares.flatMap((share): SettledShare[] => {
    const { term } = share;
    if (term.kind === "percent") return [];
    if (term.kind === "recognition") {
      return [{ ...whoOf(share), kind: "recognition", product, amount: 0n, recognition: term.statement }];
    }
    if (term.every === "launch" && !isLaunch) return [];
    if (term.kind === "fixed") {
      return [{ ...whoOf(share), kind: "fixed", product, amount: wholeFen(exact(term.amount), `shares/${share.id}`) }];
    }
    const value = wholeFen(exact(term.value), `shares/${share.id}`);
    const nonCash = { service: term.service, value, evidence: term.evidence };
    return [{ ...whoOf(share), kind: "non-cash", product, amount: 0n, nonCash }];
  });
}
