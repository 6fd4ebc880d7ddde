/** Help texts, made from the command table.
 *  @module */
import type { Command } from "./command.ts";
import { formatTable } from "./table.ts";

/** The list of commands. */
export function overview(commands: readonly Command[]): string {
  const rows = commands.map((command) => [`  ${synopsis(command)}`, command.summary]);
  return [
    "sluice: data is usable but stays invisible — the runtime for authorised operation of public data",
    "",
    "Commands:",
    formatTable(rows),
    "",
    "`sluice COMMAND --help` shows the options of a command; `sluice errors` lists every error code.",
    "",
  ].join("\n");
}

/** The help of one command. */
export function commandHelp(command: Command): string {
  const options = Object.entries(command.options).map(([name, { value, description }]) => [
    `  --${name}${value === undefined ? "" : ` ${value}`}`,
    description,
  ]);
  const lines = [`Usage: sluice ${synopsis(command)}${options.length === 0 ? "" : " [options]"}`, "", command.summary];
  if (command.notes !== undefined) lines.push("", command.notes);
  if (options.length > 0) lines.push("", "Options:", formatTable(options));
  return `${lines.join("\n")}\n`;
}

function synopsis({ path, positionals }: Command): string {
  return [...path, ...positionals].join(" ");
}
