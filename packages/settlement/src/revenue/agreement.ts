/** Agreements on the distribution of revenue (分配约定): who takes part, with which contribution, and what for it. A settlement names the
 *  version it used, so that a later one changes nothing that was settled (H7).
 *  @module */
import { z } from "zod";
import { exact, sumOf } from "../exact.ts";
import { LineId, Month, Text, YuanText } from "../input.ts";

/** Most lines of one agreement. */
const MAX_SHARES = 64;

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

/** One version of the agreement on one product. What percentages leave stays with the operator. It holds for whole months, so that no
 *  month is split by what was agreed in its middle. */
export const ShareAgreement = z
  .strictObject({
    id: LineId,
    product: LineId,
    version: z.int().min(1),
    /** First and last month; without end while `until` is absent. */
    from: Month,
    until: Month.optional(),
    operator: LineId,
    shares: z.array(ShareLine).max(MAX_SHARES),
  })
  .superRefine(({ shares, operator, from, until }, context) => {
    const issue = (path: (string | number)[], message: string): void =>
      context.addIssue({ code: "custom", path, message });
    const seen = new Set<string>();
    for (const [i, { id, party, role }] of shares.entries()) {
      if (seen.has(id)) issue(["shares", i], "an id that no other line has");
      if (role === "operator" && party !== operator)
        issue(["shares", i, "role"], "another role: the operator is named above");
      seen.add(id);
    }
    const percents = shares.flatMap(({ term }) =>
      term.kind === "percent" && SharePercent.safeParse(term.percent).success ? [exact(term.percent)] : [],
    );
    if (sumOf(percents).isGreaterThan(100)) issue(["shares"], "shares of at most 100 % together");
    if (until !== undefined && until < from) issue(["until"], "a month that is not before the first");
  });
export type ShareAgreement = z.infer<typeof ShareAgreement>;

/** The version that holds for a month; null when none does. */
export function agreementOf(versions: readonly ShareAgreement[], month: string): ShareAgreement | null {
  const agreement = versions.findLast(({ from }) => from <= month);
  return agreement === undefined || (agreement.until !== undefined && agreement.until < month) ? null : agreement;
}
