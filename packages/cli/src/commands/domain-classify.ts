/** `sluice domain classify FILE` and `sluice domain classify DIR RESOURCE`
 *  @module */
import { ExclusionReason, FieldGrade, FieldRole } from "@sluice/protocol";
import type { FieldChange } from "@sluice/domain";
import { classificationText, type ShownColumn } from "../classification-text.ts";
import { JSON_OPTION, usage, type Arguments, type Command, type CommandIo } from "../command.ts";
import { ACCESS_OPTIONS } from "../key-access.ts";
import { stoppedDomainOptions } from "../stopped-domain.ts";
import { memoryDirectory } from "../memory-directory.ts";

const ROLES = FieldRole.options.join(", ");
const GRADES = FieldGrade.options.join(", ");
const EXCLUSIONS = ExclusionReason.options.join(", ");

/** Shows what columns hold, and takes an officer's decision on one. */
export const domainClassify: Command = {
  path: ["domain", "classify"],
  summary: "show what each column of FILE, or of a resource (DIR RESOURCE), holds and how it is graded; decide on one",
  positionals: ["FILE-OR-DIR…"],
  options: {
    override: {
      value: "FIELD=ROLE,GRADE[,REASON]",
      description: "an officer's decision on a field of the resource",
    },
    exclude: { value: "FIELD=KIND[,REASON]", description: "keep a field out of every grant and of the catalogue" },
    include: { value: "FIELD[=REASON]", description: "take an exclusion back" },
    officer: { value: "NAME", description: "who decides: needed with --override, --exclude and --include" },
    ...ACCESS_OPTIONS,
    ...JSON_OPTION,
  },
  notes:
    `Roles: ${ROLES}. Grades: ${GRADES}.\nKinds of exclusion: ${EXCLUSIONS}.\n` +
    "A decision stays when the table is imported again, and has an event in the domain's log. The domain must not be running.\n" +
    "What is printed is metadata: shares and names of columns, never a value. docs/classification.md tells the rules.\n" +
    "分类分级：逐列给出类型、角色、级别、可信度与理由；负责人员可改判，改判留痕；不输出任何数据值。",
  async run(args, io) {
    const [target = "", resource, ...others] = args.positionals;
    if (others.length > 0) throw usage("expected FILE, or DIR and RESOURCE");
    const change = changeOf(args);
    if (resource === undefined) {
      if (change !== null) throw usage("a decision is on a resource: expected DIR and RESOURCE");
      return await showFile(target, args, io);
    }
    return change === null
      ? await showResource(target, resource, args, io)
      : await decide(target, resource, change, args, io);
  },
};

async function showFile(file: string, args: Arguments, io: CommandIo): Promise<number> {
  const { classifyFile } = await import("@sluice/domain");
  const { fields, findings } = await classifyFile({
    file,
    memoryDirectory: memoryDirectory(io.env),
    signal: io.signal,
  });
  const columns = findings.flatMap((finding, i) => {
    const field = fields[i];
    return field === undefined ? [] : [{ finding, field, decision: null }];
  });
  return show(columns, args, io);
}

async function showResource(directory: string, resource: string, args: Arguments, io: CommandIo): Promise<number> {
  const { classifyResource } = await import("@sluice/domain");
  return show(await classifyResource(directory, resource, await stoppedDomainOptions(args, io)), args, io);
}

async function decide(
  directory: string,
  resource: string,
  change: FieldChange,
  args: Arguments,
  io: CommandIo,
): Promise<number> {
  const { decideField } = await import("@sluice/domain");
  const decided = await decideField(directory, resource, change, await stoppedDomainOptions(args, io));
  if (args.flag("json")) {
    io.stdout.write(`${JSON.stringify(decided)}\n`);
    return 0;
  }
  const { decision, unfitGrants } = decided;
  const excluded = decision.excluded === undefined ? "" : `, excluded (${decision.excluded})`;
  io.stdout.write(
    `${resource}.${decision.field}: ${decision.role}, ${decision.grade}${excluded}; decided by ${decision.officer}\n`,
  );
  for (const grant of unfitGrants) {
    io.stdout.write(
      `grant ${grant} does not fit any more: it is refused from the next start on 该授权已不符，下次启动起拒绝使用\n`,
    );
  }
  return 0;
}

async function show(columns: readonly ShownColumn[], args: Arguments, io: CommandIo): Promise<number> {
  if (args.flag("json")) {
    io.stdout.write(`${JSON.stringify({ columns })}\n`);
    return 0;
  }
  const { reasonWords } = await import("@sluice/desensitize");
  io.stdout.write(classificationText(columns, reasonWords));
  return 0;
}

function changeOf(args: Arguments): FieldChange | null {
  const given = (["override", "exclude", "include"] as const).filter((name) => args.text(name) !== undefined);
  const [option, ...others] = given;
  if (option === undefined) return null;
  if (others.length > 0) throw usage("expected one of --override, --exclude and --include");
  const officer = args.required("officer");
  const [, field = "", rest = ""] = /^([^=]+)(?:=(.*))?$/su.exec(args.required(option)) ?? [];
  const words = rest.split(",");
  if (field === "") throw usage(`"--${option}" expected FIELD=…`);
  const reasonFrom = (at: number): { reason?: string } => {
    const reason = words.slice(at).join(",").trim();
    return reason === "" ? {} : { reason };
  };
  switch (option) {
    case "override": {
      const role = FieldRole.safeParse(words[0]);
      const grade = FieldGrade.safeParse(words[1]);
      if (!role.success) throw usage(`"--override" expected a role: ${ROLES}`);
      if (!grade.success) throw usage(`"--override" expected a grade: ${GRADES}`);
      return { field, officer, role: role.data, grade: grade.data, ...reasonFrom(2) };
    }
    case "exclude": {
      const kind = ExclusionReason.safeParse(words[0]);
      if (!kind.success) throw usage(`"--exclude" expected a kind: ${EXCLUSIONS}`);
      return { field, officer, excluded: kind.data, ...reasonFrom(1) };
    }
    case "include":
      return { field, officer, excluded: null, ...reasonFrom(0) };
  }
}
