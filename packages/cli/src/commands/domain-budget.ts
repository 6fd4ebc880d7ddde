/** `sluice domain budget DIR RESOURCE`
 *  @module */
import type { PrivacyBudget } from "@sluice/domain";
import { costOf, epsilonFor, MAX_TABLE_LOSS, MICRO_RHO } from "@sluice/desensitize";
import { MICRO_EPSILON } from "@sluice/protocol";
import { JSON_OPTION, type Arguments, type Command } from "../command.ts";

/** δ for which ε is shown: below one in the rows of any table. */
const SHOWN_DELTA = 1e-9;

const WARNING =
  "warning: above ρ = 2 all answers together can tell exactly what single persons have; one table may cost at most 2\n" +
  "警告：预算超过 ρ = 2，全部答案合起来可能准确说出个人的值；单张表至多消耗 2\n";

/** Shows or sets what a table may give under differential privacy. */
export const domainBudget: Command = {
  path: ["domain", "budget"],
  summary: "show or set how much privacy all answers about a table may cost together",
  positionals: ["DIR", "RESOURCE"],
  options: {
    set: { value: "RHO", description: "budget in all, spent ones included: ρ of zCDP, as 0.5; 0 allows nothing more" },
    person: {
      value: "COLUMN",
      description: "with the first --set: column that says whose row it is, as grants use it",
    },
    spent: { value: "RHO", description: "with --set: what was spent elsewhere, or before this state was made" },
    ...JSON_OPTION,
  },
  notes:
    "Without a budget no answer under differential privacy is given. A spend is never taken back. To set one, stop the\n" +
    "domain. docs/differential-privacy.md says what ρ means. Counts of matches and sums under\n" +
    "hidden selections are listed beside it: their budget, for each caller and state of the table, is declared by the job or\n" +
    "the grant (docs/psi-count.md, docs/hidden-selection.md).\n" +
    "差分隐私预算：按数源表合计，跨场景、跨主体、跨版本；未设置则一律拒绝；已消耗的不退还。设置前须先停止该数据域。",
  async run(args, io) {
    const [directory, resource] = [args.positional(0), args.positional(1)];
    const [set, spent] = [microRho(args, "set"), microRho(args, "spent")];
    const { readPrivacyBudget, setPrivacyBudget } = await import("@sluice/domain");
    const { systemClock } = await import("@sluice/client");
    const budget =
      set === undefined
        ? await readPrivacyBudget(directory, resource)
        : await setPrivacyBudget(directory, resource, {
            budget: set,
            spent,
            person: args.text("person"),
            clock: systemClock,
          });
    if (set !== undefined && set > BigInt(MAX_TABLE_LOSS) * MICRO_RHO) io.stderr.write(WARNING);
    io.stdout.write(args.flag("json") ? `${JSON.stringify(documentOf(budget))}\n` : textOf(budget));
    return 0;
  },
};

/** @throws ERR_PRIVACY_PARAMETER */
function microRho(args: Arguments, name: string): bigint | undefined {
  const text = args.text(name);
  if (text === undefined) return undefined;
  return text === "0" ? 0n : costOf({ mechanism: "gaussian", rho: text });
}

function documentOf({ resource, budget, person, spent, entries, counts }: PrivacyBudget): Record<string, unknown> {
  const micro = { budgetMicroRho: budget === null ? null : String(budget), spentMicroRho: String(spent) };
  const told = counts.map(({ party, source, spent, counts }) => ({ party, source, spentMicroEpsilon: spent, counts }));
  return { resource, person, ...micro, entries, counts: told };
}

function textOf({ resource, budget, person, spent, entries, counts }: PrivacyBudget): string {
  const lines = [
    resource,
    `budget 预算    ${budget === null ? "none: such questions are refused 未设置，一律拒绝" : amount(budget)}`,
    `person 按何列计人 ${person ?? "–"}`,
    `spent 已消耗   ${amount(spent)}, ${entries} ${entries === 1 ? "entry" : "entries"}`,
  ];
  const told = counts.map(
    ({ party, source, spent, counts }) =>
      `answers 作答    ${party}: ε = ${spent / MICRO_EPSILON}, ${counts} of the table ${source.slice(0, 12)}`,
  );
  return `${[...lines, ...told].join("\n")}\n`;
}

function amount(micro: bigint): string {
  const rho = Number(micro) / Number(MICRO_RHO);
  return `ρ = ${rho}, which is ε = ${epsilonFor(micro, SHOWN_DELTA, 1)} at δ = ${SHOWN_DELTA}`;
}
