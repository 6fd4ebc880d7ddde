/** Sums over several domains in words: what is agreed to, how far it is, and what came out.
 *  @module */
import { aggregateOutcome } from "@sluice/mpc/aggregate/statistics";
import {
  columnsOf,
  MIN_AGGREGATE_PERSONS,
  type AggregateAgreement,
  type AggregateStanding,
  type EvidencedAggregateResult,
} from "@sluice/protocol";

/** What a department signs, line by line. */
export function agreementText({ plan, terms }: AggregateAgreement): string {
  const { statistic } = plan;
  const columns = columnsOf(statistic).join(", ") || "–";
  const lines = [
    `${statistic.kind} of ${columns}  统计量与字段`,
    `population 统计范围  ${plan.population}`,
    `domains 参与域      ${plan.parties.map(({ party }) => party).join(", ")}; at least ${plan.threshold} to the end`,
    `rows 行数           ${terms.rowsAtLeast} to ${plan.rowsAtMost} of a domain, ${terms.rowsOfPerson} of a person at most`,
    `persons 人数        ${MIN_AGGREGATE_PERSONS}, or its policy's k, of a domain at least 每域至少`,
    `small cells 小格    ${terms.cellAtLeast === undefined ? "none 无" : `below ${terms.cellAtLeast} persons emptied 不足人数清零`}`,
    `noise 噪声          ${plan.noise === undefined ? "none 无" : `variance ${plan.noise.variance}`}`,
    `recipient 接收方    ${terms.recipient?.party ?? "the departments alone 仅各部门"}`,
    `deadline 截止       ${terms.deadline}`,
  ];
  return `${lines.join("\n")}\n`;
}

/** How far an aggregation is, with who was lost. */
export function standingText({ aggregate, state, round, lost, reason }: AggregateStanding): string {
  const where = round === undefined ? "" : `, round ${round}`;
  const why = reason === undefined ? "" : `, ${reason}`;
  const losses = lost.map((loss) => `lost 掉线  ${loss.domain} in ${loss.round}: ${loss.reason}\n`);
  return `${aggregate}\n${state}${where}${why}\n${losses.join("")}`;
}

/** What came out, as a document. */
export function outcomeDocument(
  { plan }: AggregateAgreement,
  [first]: readonly EvidencedAggregateResult[],
): Record<string, unknown> {
  if (first === undefined) return {};
  const { survivors, sum, wrongShares } = first.result.body;
  return { survivors, wrongShares, outcome: aggregateOutcome(plan.statistic, sum.map(BigInt)) };
}

/** JSON with whole numbers of any size as numbers that a reader of JSON takes, or as text beyond. */
export function plainJson(value: unknown): string {
  return JSON.stringify(value, (_key, member: unknown) => {
    if (typeof member !== "bigint") return member;
    return Number.isSafeInteger(Number(member)) ? Number(member) : String(member);
  });
}
