/** `sluice domain quality DIR RESOURCE`
 *  @module */
import { JSON_OPTION, usage, type Arguments, type Command, type CommandIo } from "../command.ts";
import { readJsonFile } from "../files.ts";
import { ACCESS_OPTIONS } from "../key-access.ts";
import { stoppedDomainOptions } from "../stopped-domain.ts";
import { qualityText } from "../quality-text.ts";

/** Measures a table against its rules, and takes an officer's rules. */
export const domainQuality: Command = {
  path: ["domain", "quality"],
  summary: "measure the quality of a resource; set the rules that products need passed",
  positionals: ["DIR", "RESOURCE"],
  options: {
    rules: { value: "FILE", description: "JSON document of rules that count from now on, in place of those before" },
    "no-rules": { description: "take the rules back: launches are not held to a quality any more" },
    officer: { value: "NAME", description: "who decides: needed with --rules and --no-rules" },
    reason: { value: "TEXT", description: "why, in the officer's words" },
    ...ACCESS_OPTIONS,
    ...JSON_OPTION,
  },
  notes:
    "The domain must not be running. Each import measures again. Below its rules, or not measured since its table changed,\n" +
    "a resource launches no product. The exit code is 1 when the rules are not passed. docs/quality.md lists the rules.\n" +
    "数据质量：完整性、一致性、准确性、有效性、及时性五类规则；不达标或未对现有数据测量的，一律不得上线产品；设规留痕。",
  async run(args, io) {
    const [directory, resource] = [args.positional(0), args.positional(1)];
    const file = args.text("rules");
    const drop = args.flag("no-rules");
    if (file !== undefined && drop) throw usage("expected one of --rules and --no-rules");
    const { measureResource, setQualityRules } = await import("@sluice/domain");
    if (file === undefined && !drop) {
      return show(await measureResource(directory, resource, await stoppedDomainOptions(args, io)), args, io);
    }
    const change = {
      officer: args.required("officer"),
      reason: args.text("reason"),
      rules: file === undefined ? null : await readJsonFile(file, "rules file"),
    };
    const measured = await setQualityRules(directory, resource, change, await stoppedDomainOptions(args, io));
    if (measured !== null) return show(measured, args, io);
    io.stdout.write(args.flag("json") ? "{}\n" : `${resource}: no rules 已取消质量规则\n`);
    return 0;
  },
};

type Measured = Parameters<typeof qualityText>[0];

function show(measured: Measured, args: Arguments, io: CommandIo): number {
  io.stdout.write(args.flag("json") ? `${JSON.stringify(measured)}\n` : qualityText(measured));
  return measured.verdict.passed ? 0 : 1;
}
