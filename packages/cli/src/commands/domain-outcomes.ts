/** `sluice domain outcomes DIR`
 *  @module */
import { Sha256Hex } from "@sluice/protocol";
import type { OutcomeBudget } from "@sluice/domain";
import { JSON_OPTION, usage, type Arguments, type Command } from "../command.ts";
import { formatTable } from "../table.ts";

const MAX_BITS = 65_536;

/** Shows, or widens, what the ends of runs may tell. */
export const domainOutcomes: Command = {
  path: ["domain", "outcomes"],
  summary: "show how much the runs of each grant may still tell by how they end, or allow more",
  positionals: ["DIR"],
  options: {
    grant: { value: "HASH", description: "with --allow: hash of the grant" },
    operation: { value: "NAME", description: "with --allow: develop (default) or build" },
    allow: { value: "BITS", description: "bits to allow beside those of before; the domain must not be running" },
    ...JSON_OPTION,
  },
  notes:
    "A run on rows of persons answers a question of its code: did it end well, and if not, which rule refused? Each run costs the\n" +
    "bits that its end can tell; a grant without bits starts no more runs. docs/runs.md says how they are counted.\n" +
    "运行结果额度：每次运行的成败和原因都可能透露个人信息，按比特计，用完即不再运行；须先停止该数据域才能增加额度。",
  async run(args, io) {
    const directory = args.positional(0);
    const { allowOutcomes, readOutcomeBudgets } = await import("@sluice/domain");
    const bits = args.integer("allow", 1, MAX_BITS);
    if (bits !== undefined) {
      const { systemClock } = await import("@sluice/client");
      await allowOutcomes(directory, { grant: grantOf(args), operation: operationOf(args), bits, clock: systemClock });
    }
    const budgets = await readOutcomeBudgets(directory);
    io.stdout.write(args.flag("json") ? `${JSON.stringify({ budgets })}\n` : textOf(budgets));
    return 0;
  },
};

function grantOf(args: Arguments): string {
  const parsed = Sha256Hex.safeParse(args.required("grant"));
  if (parsed.success) return parsed.data;
  throw usage('"--grant" expected 64 hexadecimal digits');
}

function operationOf(args: Arguments): "develop" | "build" {
  const text = args.text("operation") ?? "develop";
  if (text === "develop" || text === "build") return text;
  throw usage('"--operation" expected develop or build');
}

const WORDS = { develop: "develop 开发", build: "build 正式运行" } as const;

function textOf(budgets: readonly OutcomeBudget[]): string {
  if (budgets.length === 0) return "no grants\n尚无授权\n";
  const rows = budgets.map(({ grant, resource, operation, allowedBits, spentBits, runs }) => [
    grant,
    resource,
    WORDS[operation],
    String(runs),
    `${spentBits} of ${allowedBits} bits`,
  ]);
  return `${formatTable([["GRANT 授权", "RESOURCE 数据资源", "RUNS OF 运行", "RUNS 次数", "TOLD 已用额度"], ...rows])}\n`;
}
