/** Agreements on the distribution of revenue (分配约定): who takes part, with which contribution, and what for it. Versions by the day from
 *  which they hold; a settlement names the version it used, so that a later one changes nothing that was settled (H7).
 *  @module */
import { SluiceError } from "@sluice/protocol";
import { z } from "zod";
import { exact, sumOf } from "../exact.ts";
import { Day, LineId, MAX_LINES, readInput, Text, YuanText } from "../input.ts";

/** Who may take part in a distribution (H1): 数源单位、实施机构、运营机构、交易平台、平台合作方、其他. */
export const RevenueRole = z.enum(["source", "agency", "operator", "exchange", "partner", "other"]);
export type RevenueRole = z.infer<typeof RevenueRole>;

/** What is contributed (H1): data, organisation, technical, consulting, infrastructure or data services, intermediation. */
export const ContributionClass = z.enum([
  "data",
  "organisation",
  "operation",
  "technical-service",
  "consulting-service",
  "infrastructure-service",
  "data-service",
  "intermediation",
]);
export type ContributionClass = z.infer<typeof ContributionClass>;

/** Per cent of a transaction price, above 0 and at most 100, with at most four places. */
const SharePercent = z
  .string()
  .regex(/^(?:0|[1-9][0-9]?|100)(?:\.[0-9]{1,4})?$/, "per cent above 0 and at most 100")
  .refine((text) => Number(text) > 0 && Number(text) <= 100, "per cent above 0 and at most 100");

/** What a party gets: a part of each transaction price, a fixed sum, a service in place of cash, or recognition alone. */
export const ShareTerm = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("percent"), percent: SharePercent }),
  z.strictObject({ kind: z.literal("fixed"), amount: YuanText, every: z.enum(["launch", "month"]) }),
  z.strictObject({
    kind: z.literal("non-cash"),
    service: Text,
    value: YuanText,
    evidence: Text,
    every: z.enum(["launch", "month"]),
  }),
  z.strictObject({ kind: z.literal("recognition"), statement: Text }),
]);
export type ShareTerm = z.infer<typeof ShareTerm>;

/** One line of a distribution: a party, its contribution, and its term. */
export const ShareLine = z.strictObject({
  id: LineId,
  party: LineId,
  role: RevenueRole,
  contribution: ContributionClass,
  term: ShareTerm,
});
export type ShareLine = z.infer<typeof ShareLine>;

/** One version of the agreement on one product. What percentages leave stays with the operator. */
export const ShareAgreement = z
  .strictObject({
    id: LineId,
    product: LineId,
    version: z.int().min(1),
    from: Day,
    operator: LineId,
    shares: z.array(ShareLine).max(64),
  })
  .superRefine(({ shares }, context) => {
    const seen = new Set<string>();
    for (const [i, { id }] of shares.entries()) {
      if (seen.has(id))
        context.addIssue({ code: "custom", path: ["shares", i], message: "an id that no other line has" });
      seen.add(id);
    }
    const percents = shares.flatMap(({ term }) =>
      term.kind === "percent" && SharePercent.safeParse(term.percent).success ? [exact(term.percent)] : [],
    );
    if (sumOf(percents).isGreaterThan(100)) {
      context.addIssue({ code: "custom", path: ["shares"], message: "shares of at most 100 % together" });
    }
  });
export type ShareAgreement = z.infer<typeof ShareAgreement>;

/** Versions of agreements by product, the earliest first. */
export type AgreementHistory = ReadonlyMap<string, readonly ShareAgreement[]>;

/** Reads agreements.
 *  @throws ERR_SETTLEMENT_INPUT for one of another shape, shares above 100 % or an id that occurs twice; ERR_SETTLEMENT_REFUSED (H7) when
 *  versions of a product do not count up from 1 with later days. */
export function agreementHistory(agreements: readonly ShareAgreement[]): AgreementHistory {
  const read = readInput(z.array(ShareAgreement).max(MAX_LINES), agreements, "agreements");
  const history = new Map<string, ShareAgreement[]>();
  for (const agreement of read.toSorted((a, b) => a.version - b.version)) {
    const before = history.get(agreement.product) ?? [];
    const last = before.at(-1);
    if (agreement.version !== before.length + 1 || (last !== undefined && agreement.from <= last.from)) {
      throw new SluiceError("ERR_SETTLEMENT_REFUSED", {
        line: `agreements/${agreement.id}`,
        rule: "H7",
        reason: "versions of a product count up from 1, each from a later day",
      });
    }
    history.set(agreement.product, [...before, agreement]);
  }
  return history;
}

/** The version that holds on a day.
 *  @throws ERR_SETTLEMENT_REFUSED (H1) when the product has none then. */
export function agreementOn(history: AgreementHistory, product: string, day: string): ShareAgreement {
  const agreement = history.get(product)?.findLast(({ from }) => from <= day);
  if (agreement === undefined) {
    const reason = `no agreement on shares holds on ${day}`;
    throw new SluiceError("ERR_SETTLEMENT_REFUSED", { line: `products/${product}`, rule: "H1", reason });
  }
  return agreement;
}
