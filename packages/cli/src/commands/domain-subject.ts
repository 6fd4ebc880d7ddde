/** `sluice domain subject open|list|trail|copy DIR`
 *  @module */
import { FieldName, Random128, type Instant } from "@sluice/protocol";
import type { SubjectDesk, SubjectRequestKind } from "@sluice/domain";
import { JSON_OPTION, usage, type Arguments, type Command, type CommandIo } from "../command.ts";
import { ACCESS_OPTIONS } from "../key-access.ts";
import { stoppedDomainOptions } from "../stopped-domain.ts";
import { requestLines, requestTable, isOverdue } from "../subject/request-text.ts";
import { trailText } from "../subject/trail-text.ts";
import { instantOption, nameOption } from "../words.ts";

const MAX_ANSWER_DAYS = 365;

const PERSON_OPTIONS = {
  resource: { value: "NAME", description: "name of the resource" },
  column: { value: "NAME", description: "column that holds the identifier, where grants use different ones" },
} as const;
const REQUEST_OPTION = {
  request: { value: "ID", description: "the request that this answers (default: one that is opened now)" },
} as const;

const NOTES =
  "The identifier is one line of standard input; it never stands in the arguments. The domain must not be running.\n" +
  "办事人员：标识（如身份证号）从标准输入读取，不要写在命令行上；须先停止该数据域。";

/** Opens a request. */
export const subjectOpen: Command = {
  path: ["domain", "subject", "open"],
  summary: "register what a person asks about themselves, and by when it is answered",
  positionals: ["DIR"],
  options: {
    ...PERSON_OPTIONS,
    kind: { value: "KIND", description: "what is asked for: trail or copy" },
    received: { value: "INSTANT", description: "when it was received (default: now)" },
    days: { value: "N", description: "days in which it is answered, from then on (default 30)" },
    ...ACCESS_OPTIONS,
    ...JSON_OPTION,
  },
  notes: NOTES,
  async run(args, io) {
    const options = { kind: kindOption(args), answerDays: args.integer("days", 1, MAX_ANSWER_DAYS) };
    const receivedAt = args.text("received") === undefined ? undefined : instantOption(args, "received");
    const subject = await subjectOf(args, io);
    await using desk = await openDesk(args, io);
    const request = desk.open({
      ...subject,
      kind: options.kind,
      ...(receivedAt === undefined ? {} : { receivedAt }),
      ...(options.answerDays === undefined ? {} : { answerDays: options.answerDays }),
    });
    io.stdout.write(args.flag("json") ? `${JSON.stringify(request)}\n` : requestLines(request));
    return 0;
  },
};

/** Lists the register. */
export const subjectList: Command = {
  path: ["domain", "subject", "list"],
  summary: "list persons' requests with their due dates; exit code 1 when one is overdue",
  positionals: ["DIR"],
  options: { ...ACCESS_OPTIONS, ...JSON_OPTION },
  async run(args, io) {
    await using desk = await openDesk(args, io);
    const requests = desk.requests();
    const now: Instant = new Date().toISOString();
    const overdue = requests.filter((request) => isOverdue(request, now)).length;
    if (args.flag("json")) io.stdout.write(`${JSON.stringify({ overdue, requests })}\n`);
    else io.stdout.write(requestTable(requests, now));
    return overdue > 0 ? 1 : 0;
  },
};

/** Shows a trail. */
export const subjectTrail: Command = {
  path: ["domain", "subject", "trail"],
  summary: "show which products held a person's row, and when; never who asked, never a result",
  positionals: ["DIR"],
  options: { ...PERSON_OPTIONS, ...REQUEST_OPTION, ...ACCESS_OPTIONS, ...JSON_OPTION },
  notes: NOTES,
  async run(args, io) {
    const request = requestOption(args);
    const subject = await subjectOf(args, io);
    await using desk = await openDesk(args, io);
    const trail = await desk.trail({ ...subject, ...request });
    io.stdout.write(args.flag("json") ? `${JSON.stringify(trail)}\n` : trailText(trail));
    return 0;
  },
};

/** Writes a copy. */
export const subjectCopy: Command = {
  path: ["domain", "subject", "copy"],
  summary: "write a person's own rows into a file for handing over",
  positionals: ["DIR"],
  options: {
    ...PERSON_OPTIONS,
    out: { value: "FILE", description: "new file, .csv for reading or .json for programs" },
    ...REQUEST_OPTION,
    ...ACCESS_OPTIONS,
    ...JSON_OPTION,
  },
  notes: `${NOTES}\nThe file holds raw values and has mode 0600: hand it over, then remove it. 文件含原始数据，交付后请删除。`,
  async run(args, io) {
    const out = args.required("out");
    const request = requestOption(args);
    const subject = await subjectOf(args, io);
    await using desk = await openDesk(args, io);
    const copied = await desk.copy({ ...subject, ...request, out });
    if (args.flag("json")) io.stdout.write(`${JSON.stringify({ out, ...copied })}\n`);
    else io.stdout.write(`${copied.rows} 行已写入 / rows written: ${out}\n申请 / request ${copied.request}\n`);
    return 0;
  },
};

async function openDesk(args: Arguments, io: CommandIo): Promise<SubjectDesk> {
  const directory = args.positional(0);
  const { openSubjectDesk } = await import("@sluice/domain");
  return openSubjectDesk(directory, await stoppedDomainOptions(args, io));
}

/** Who is meant. Options first: a mistake there is told before the identifier is asked for. */
async function subjectOf(
  args: Arguments,
  io: CommandIo,
): Promise<{ resource: string; column?: string; identifier: string }> {
  const resource = nameOption(args, "resource");
  const column = args.text("column");
  if (column !== undefined && !FieldName.safeParse(column).success)
    throw usage('"--column" expected the name of a column');
  io.stderr.write("标识，一行，以 Ctrl-D 结束 / identifier, one line, then Ctrl-D:\n");
  const identifier = (await io.readStdin()).replace(/\r?\n$/u, "");
  return { resource, ...(column === undefined ? {} : { column }), identifier };
}

function kindOption(args: Arguments): SubjectRequestKind {
  const kind = args.required("kind");
  if (kind === "trail" || kind === "copy") return kind;
  throw usage('"--kind" expected trail or copy');
}

function requestOption(args: Arguments): { request?: string } {
  const text = args.text("request");
  if (text === undefined) return {};
  const request = Random128.safeParse(text);
  if (request.success) return { request: request.data };
  throw usage('"--request" expected 32 hexadecimal digits, as `sluice domain subject open` prints them');
}
