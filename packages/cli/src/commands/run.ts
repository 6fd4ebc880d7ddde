/** `sluice run show ID` and `sluice run watch ID`
 *  @module */
import { JSON_OPTION, type Command } from "../command.ts";
import { openClient, PARTY_OPTIONS } from "../party-context.ts";
import { formatEvent, formatRun } from "../run-text.ts";

const options = { ...PARTY_OPTIONS, ...JSON_OPTION };

/** Shows a run as it stands. */
export const runShow: Command = {
  path: ["run", "show"],
  summary: "show a development or build run",
  positionals: ["ID"],
  options,
  async run(args, io) {
    const client = await openClient(args, io);
    const run = await client.run(args.positional(0), { signal: io.signal });
    io.stdout.write(args.flag("json") ? `${JSON.stringify(run)}\n` : formatRun(run));
    return run.state === "failed" ? 1 : 0;
  },
};

/** Follows a run to its end. */
export const runWatch: Command = {
  path: ["run", "watch"],
  summary: "follow a run until it has completed or failed",
  positionals: ["ID"],
  options,
  notes: "Exit code 1 when the run failed. With --json, one line for each event, and the run as the last line.",
  async run(args, io) {
    const client = await openClient(args, io);
    const json = args.flag("json");
    const run = await client.watchRun(
      args.positional(0),
      (event) => io.stdout.write(json ? `${JSON.stringify(event)}\n` : formatEvent(event)),
      { signal: io.signal },
    );
    io.stdout.write(json ? `${JSON.stringify(run)}\n` : formatRun(run));
    return run.state === "failed" ? 1 : 0;
  },
};
