/** `sluice errors`
 *  @module */
import { ERROR_CATALOGUE } from "@sluice/protocol";
import { JSON_OPTION, type Command } from "../command.ts";
import { formatTable } from "../table.ts";

/** Prints the catalogue of errors. */
export const errors: Command = {
  path: ["errors"],
  summary: "list every error code with its message and what to do",
  positionals: [],
  options: { ...JSON_OPTION },
  run(args, io) {
    const entries = Object.entries(ERROR_CATALOGUE);
    if (args.flag("json")) {
      const documents = entries.map(([code, { status, message, remedy }]) => ({ code, status, message, remedy }));
      io.stdout.write(`${JSON.stringify(documents)}\n`);
    } else {
      const rows = entries.flatMap(([code, { message, remedy }]) => [
        [code, message],
        ["", `what to do: ${remedy}`],
      ]);
      io.stdout.write(`${formatTable(rows)}\n`);
    }
    return Promise.resolve(0);
  },
};
