/** `sluice domain sample DIR RESOURCE --policy FILE` and `sluice domain report DIR RUN`
 *  @module */
import { FieldName, Random128 } from "@sluice/protocol";
import type { SampleDesk } from "@sluice/domain";
import { JSON_OPTION, usage, type Arguments, type Command, type CommandIo } from "../command.ts";
import { readJsonFile } from "../files.ts";
import { ACCESS_OPTIONS } from "../key-access.ts";
import { stoppedDomainOptions } from "../stopped-domain.ts";
import { printReport, REPORT_OPTIONS, writeReport } from "../risk-page/write-report.ts";

const NOTES =
  "The domain must not be running. Exit code 1 means that the sample does not pass, and no job would be given it.\n" +
  "须先停止该数据域。退出码 1 表示样本不通过，任何作业都得不到它。报告含全表的统计数字，仅供数源部门使用。";

/** Draws the sample of a policy. */
export const domainSample: Command = {
  path: ["domain", "sample"],
  summary: "draw the sample that a policy gives on a resource, and show what it risks and is worth",
  positionals: ["DIR", "RESOURCE"],
  options: {
    policy: { value: "FILE", description: "the policy, JSON" },
    key: { value: "COLUMN", description: "column that tells persons apart (default: that of the grants)" },
    consent: { value: "COLUMN", description: "boolean column: other rows are left out (default: every row)" },
    fields: { value: "LIST", description: "columns, comma-separated (default: all that the policy shows)" },
    ...REPORT_OPTIONS,
    out: { value: "FILE", description: "write the rows there, CSV, into a new file; only a sample that passes" },
    ...ACCESS_OPTIONS,
    ...JSON_OPTION,
  },
  notes: `${NOTES}\nRows that are written out leave the domain's protection: the event is logged. 写出行数据会记入日志。`,
  async run(args, io) {
    const { parsePolicy } = await import("@sluice/desensitize");
    const policy = parsePolicy(await readJsonFile(args.required("policy"), "policy file"));
    if (policy.resource !== args.positional(1)) throw usage(`the policy is for resource ${policy.resource}`);
    const out = args.text("out");
    const sample = {
      policy,
      key: columnOption(args, "key"),
      consent: columnOption(args, "consent"),
      fields: columnsOption(args),
      signal: io.signal,
    };
    await using desk = await openDesk(args, io);
    const report = await desk.inspect(sample);
    await writeReport(report, args);
    const passed = report.verdict === "passed";
    const certificate = passed && out !== undefined ? await desk.write(sample, out) : undefined;
    printReport(report, certificate === undefined ? {} : { certificate }, { args, io });
    if (certificate !== undefined) io.stderr.write(`${certificate.sampleRows} 行已写入 / rows written: ${out}\n`);
    return passed ? 0 : 1;
  },
};

/** Shows the report behind a run's certificate. */
export const domainReport: Command = {
  path: ["domain", "report"],
  summary: "show the report on the sample of a development run, drawn anew, and whether its certificate names it",
  positionals: ["DIR", "RUN"],
  options: { ...REPORT_OPTIONS, ...ACCESS_OPTIONS, ...JSON_OPTION },
  notes: `${NOTES}\nAfter another import of the table, or with another version, the report is another one: it is said. 重新导入或换版本后报告会不同。`,
  async run(args, io) {
    const run = Random128.safeParse(args.positional(1));
    if (!run.success) throw usage("RUN expected 32 hexadecimal digits");
    await using desk = await openDesk(args, io);
    const { report, certificate, same } = await desk.ofRun(run.data, io.signal);
    await writeReport(report, args);
    printReport(report, { certificate, same }, { args, io });
    if (!same) io.stderr.write("与该次运行证书所指的报告不同 / not the report that the run's certificate names\n");
    return same && report.verdict === "passed" ? 0 : 1;
  },
};

async function openDesk(args: Arguments, io: CommandIo): Promise<SampleDesk> {
  const { openSampleDesk } = await import("@sluice/domain");
  return openSampleDesk(args.positional(0), await stoppedDomainOptions(args, io));
}

function columnOption(args: Arguments, option: string): FieldName | undefined {
  const text = args.text(option);
  if (text === undefined || FieldName.safeParse(text).success) return text;
  throw usage(`"--${option}" expected the name of a column`);
}

function columnsOption(args: Arguments): FieldName[] | undefined {
  const text = args.text("fields");
  if (text === undefined) return undefined;
  const fields = FieldName.array().min(1).safeParse(text.split(","));
  if (fields.success) return fields.data;
  throw usage('"--fields" expected names of columns with commas between them');
}
