/** `sluice domain inspect DIR RUN`
 *  @module */
import type { Inspection } from "@sluice/domain";
import { JSON_OPTION, type Command } from "../command.ts";
import { formatFindings } from "../develop/guard-text.ts";
import { lockfileText } from "../lockfile-text.ts";
import { ACCESS_OPTIONS } from "../key-access.ts";
import { stoppedDomainOptions } from "../stopped-domain.ts";

/** Makes a run again for an inspector. */
export const domainInspect: Command = {
  path: ["domain", "inspect"],
  summary: "make a run of the domain in DIR, which does not run, again: does the guard say the same of it?",
  positionals: ["DIR", "RUN"],
  options: {
    page: { value: "FILE", description: "write the full report there, as a page with charts, into a new file" },
    ...ACCESS_OPTIONS,
    ...JSON_OPTION,
  },
  notes:
    "Same bundle, rows, seed and guard; nothing is kept or charged, and no row is printed. Exit code 1 when the report or the hash of\n" +
    "the output is another: the source table changed since, or the code is not the same each time.\n" +
    "The page holds what was measured on the rows of the domain: it is for the department's reviewer and stays in the domain.\n" +
    "模型查验：在数据域本机重跑该次运行，核对守卫报告与输出摘要是否一致；须先停止该数据域。",
  async run(args, io) {
    const [directory, run] = [args.positional(0), args.positional(1)];
    const { inspectRun, writeWhole } = await import("@sluice/domain");
    const inspection = await inspectRun(directory, run, await stoppedDomainOptions(args, io));
    const page = args.text("page");
    if (page !== undefined) {
      const { guardPage } = await import("../guard-page/page.ts");
      await writeWhole(page, [guardPage(inspection)]);
    }
    io.stdout.write(args.flag("json") ? `${JSON.stringify(inspection)}\n` : textOf(inspection));
    return inspection.same ? 0 : 1;
  },
};

function textOf(inspection: Inspection): string {
  const { run, operation, product, version, bundle, again, same, sameSource, recordedHash, againHash, lockfile } =
    inspection;
  const verdict = same ? "一致 / the same report and output" : "不一致 / another report or output";
  const source = { true: "未变 / unchanged", false: "已变 / changed since", null: "未登记 / not registered" }[
    String(sameSource) as "true" | "false" | "null"
  ];
  const channel = inspection.channel.map(
    ({ output, bits, per }) => `  通道上限 / channel bound  ${output}: ${bits} bits per ${per}`,
  );
  return [
    `${run}: ${operation} ${product} ${version}, bundle ${bundle}`,
    `依赖 / lockfile  ${lockfileText(lockfile)}`,
    `结果 / result  ${verdict}`,
    `数源 / source  ${source}`,
    `当时 / then    ${recordedHash}`,
    `重跑 / again   ${againHash}`,
    formatFindings(again.findings),
    ...channel,
    "",
  ].join("\n");
}
