/** From words to a command, and from its outcome to an exit code: 0 done, 1 refused or failed, 2 wrong usage.
 *  @module */
import { text } from "node:stream/consumers";
import { parseArgs } from "node:util";
import { isSluiceError, SluiceError } from "@sluice/protocol";
import { COMMANDS } from "./command-table.ts";
import { Arguments, usage, type Command, type CommandIo } from "./command.ts";
import { errorDocument, formatError } from "./error-text.ts";
import { commandHelp, overview } from "./help.ts";
import { readVersion } from "./version.ts";

const EXIT_FAILED = 1;
const EXIT_USAGE = 2;

/** Runs the command that `args` name, prints its error if there is one, and returns the exit code. */
export async function runCommandLine(args: readonly string[], io: CommandIo): Promise<number> {
  try {
    return await dispatch(args, io);
  } catch (error) {
    const known = isSluiceError(error) ? error : unexpected(error, io);
    if (args.includes("--json")) io.stdout.write(`${JSON.stringify(errorDocument(known))}\n`);
    io.stderr.write(formatError(known));
    return known.code === "ERR_USAGE" && known.refusedBy === undefined ? EXIT_USAGE : EXIT_FAILED;
  }
}

/** What ends a command: an interrupt, a request to end, a terminal that is closed. */
const INTERRUPTS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** The streams of this process. The signal aborts at the first interrupt; a second one ends the process. */
export function processIo(): { io: CommandIo; dispose: () => void } {
  const controller = new AbortController();
  const interrupt = (): void => {
    dispose();
    controller.abort();
  };
  const dispose = (): void => {
    for (const name of INTERRUPTS) process.off(name, interrupt);
  };
  for (const name of INTERRUPTS) process.on(name, interrupt);
  const { stdout, stderr, env } = process;
  return { io: { stdout, stderr, env, readStdin: () => text(process.stdin), signal: controller.signal }, dispose };
}

async function dispatch(args: readonly string[], io: CommandIo): Promise<number> {
  const [first] = args;
  if (first === undefined || first === "help" || first.startsWith("-")) return await answerGlobal(args, io);
  const command = COMMANDS.find(({ path }) => path.every((word, i) => args[i] === word));
  const rest = args.slice(command?.path.length);
  if (command === undefined) {
    const group = COMMANDS.filter(({ path }) => path[0] === first);
    if (group.length === 0) throw usage(`there is no command "${first}"`);
    if (args.includes("--help") || args.includes("-h")) {
      io.stdout.write(overview(group));
      return 0;
    }
    throw usage(`"${first}" needs one of: ${group.map(({ path }) => path.slice(1).join(" ")).join(", ")}`);
  }
  if (rest.includes("--help") || rest.includes("-h")) {
    io.stdout.write(commandHelp(command));
    return 0;
  }
  return await command.run(parse(command, rest), io);
}

async function answerGlobal(args: readonly string[], io: CommandIo): Promise<number> {
  const [first, ...rest] = args;
  if (first === "--version" || first === "-v") {
    io.stdout.write(`${await readVersion()}\n`);
    return 0;
  }
  if (first === "help" && rest.length > 0) return await dispatch([...rest, "--help"], io);
  if (first === undefined || first === "help" || first === "--help" || first === "-h") {
    io.stdout.write(overview(COMMANDS));
    return 0;
  }
  throw usage(`there is no option "${first}" without a command`);
}

function parse(command: Command, args: readonly string[]): Arguments {
  const options = Object.fromEntries(
    Object.entries(command.options).map(([name, { value, repeats = false }]) => [
      name,
      { type: value === undefined ? ("boolean" as const) : ("string" as const), multiple: repeats },
    ]),
  );
  const { positionals, values } = parseStrict(args, options);
  const least = command.positionals.length;
  const takesMore = command.positionals.at(-1)?.endsWith("…") === true;
  if (takesMore ? positionals.length < least : positionals.length !== least) {
    const wanted = least === 0 ? "no arguments" : command.positionals.join(" ");
    throw usage(`"sluice ${command.path.join(" ")}" takes ${wanted}; got ${positionals.length} arguments`);
  }
  return new Arguments(positionals, values);
}

function parseStrict(
  args: readonly string[],
  options: Record<string, { type: "boolean" | "string"; multiple: boolean }>,
) {
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true, strict: true });
  } catch (cause) {
    // parseArgs adds advice after the first sentence that our own help gives better.
    const reason = cause instanceof Error ? (cause.message.split(/[.\n]/)[0] ?? "") : "the arguments cannot be read";
    throw usage(`${reason.charAt(0).toLowerCase()}${reason.slice(1)}`, cause);
  }
}

/** A fault of our own: its stack goes to standard error, for a report. */
function unexpected(error: unknown, io: CommandIo): SluiceError {
  const reference = Date.now().toString(36);
  const stack = error instanceof Error ? error.stack : undefined;
  io.stderr.write(`${reference}: ${stack ?? "an unknown value was thrown"}\n`);
  return new SluiceError("ERR_INTERNAL", { reference }, { cause: error });
}
