/** `sluice domain sample DIR RESOURCE --policy FILE` and `sluice domain report DIR RUN|REPORT`
 *  @module */
import { FieldName, Random128, Sha256Hex } from "@sluice/protocol";
import type { SampleDesk } from "@sluice/domain";
import { JSON_OPTION, usage, type Arguments, type Command, type CommandIo } from "../command.ts";
import { readJsonFile } from "../files.ts";
import { ACCESS_OPTIONS } from "../key-access.ts";
import { formatTable } from "../table.ts";
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

/** Shows the report behind a certificate. */
export const domainReport: Command = {
  path: ["domain", "report"],
  summary: "show the report on a sample: of a development run, drawn anew, or as a certificate names it",
  positionals: ["DIR", "RUN|REPORT|kept"],
  options: { ...REPORT_OPTIONS, ...ACCESS_OPTIONS, ...JSON_OPTION },
  notes:
    `${NOTES}\nRUN, 32 digits: its sample is drawn anew. After another import, or with another version, the report is another one: it is said.\n` +
    "REPORT, 64 digits: the hash that a certificate names as `report`; the report as it was then, kept sealed. `kept` lists them.\n" +
    "RUN 为运行编号，重新抽样，重新导入或换版本后报告会不同；REPORT 为证书所载 report 哈希，取出当时封存的报告；kept 列出全部。",
  async run(args, io) {
    const name = args.positional(1);
    const run = Random128.safeParse(name);
    const hash = Sha256Hex.safeParse(name);
    if (!run.success && !hash.success && name !== "kept") {
      throw usage("RUN expected 32 hexadecimal digits, REPORT 64, or kept");
    }
    await using desk = await openDesk(args, io);
    if (name === "kept") return printKept(desk.kept(), args, io);
    if (hash.success) {
      const kept = await desk.ofCertificate(hash.data, io.signal);
      await writeReport(kept, args);
      printReport(kept, { hash: hash.data }, { args, io });
      return kept.verdict === "passed" ? 0 : 1;
    }
    if (!run.success) return 1;
    const { report, certificate, same } = await desk.ofRun(run.data, io.signal);
    await writeReport(report, args);
    printReport(report, { certificate, same }, { args, io });
    if (!same) {
      const then = certificate.report === undefined ? "" : `: sluice domain report DIR ${certificate.report}`;
      io.stderr.write(`与该次运行证书所指的报告不同 / not the report that the run's certificate names${then}\n`);
    }
    return same && report.verdict === "passed" ? 0 : 1;
  },
};

function printKept(reports: ReturnType<SampleDesk["kept"]>, args: Arguments, io: CommandIo): number {
  const rows = reports.map(({ hash, resource, at, policy }) => [hash, resource, at, policy]);
  const heads = ["REPORT 报告", "RESOURCE 资源", "SHOWN 首次出示", "POLICY 策略"];
  io.stdout.write(
    args.flag("json")
      ? `${JSON.stringify({ reports })}\n`
      : `${formatTable([heads, ...rows])}
`,
  );
  return 0;
}

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
