/** `sluice log prune DIR`
 *  @module */
import { access } from "node:fs/promises";
import { join } from "node:path";
import { Instant } from "@sluice/protocol";
import { JSON_OPTION, usage, type Command } from "../command.ts";
import { ACCESS_OPTIONS, accessOf } from "../key-access.ts";

/** Removes entries of a log whose time of retention has passed. */
export const logPrune: Command = {
  path: ["log", "prune"],
  summary: "remove entries whose retention has passed from the log of a domain or gateway that is not running",
  positionals: ["DIR"],
  options: {
    before: { value: "INSTANT", description: "remove what was complete before, e.g. 2026-01-01T00:00:00.000Z" },
    ...ACCESS_OPTIONS,
    ...JSON_OPTION,
  },
  notes:
    "Entries are kept for three years, the longest rule (保存不少于三年); `logRetentionYears` in domain.json or config.json\n" +
    "asks for more, never for fewer. The log says publicly what it no longer keeps; receipts and proofs still verify.",
  async run(args, io) {
    const directory = args.positional(0);
    const before = Instant.safeParse(args.required("before"));
    if (!before.success) throw usage('"--before" expected an instant such as 2026-01-01T00:00:00.000Z');
    const { systemClock } = await import("@sluice/client");
    const options = { before: new Date(before.data), clock: systemClock, keys: await accessOf(args, io) };
    const { firstKept, size, removedFiles } = (await isDomain(directory))
      ? await (await import("@sluice/domain")).pruneDomainLog(directory, options)
      : await (await import("@sluice/gateway")).pruneGatewayLog(directory, options);
    if (args.flag("json")) io.stdout.write(`${JSON.stringify({ firstKept, size, removedFiles })}\n`);
    else {
      const kept = `entries from ${firstKept} to ${size - 1} are kept`;
      io.stdout.write(
        removedFiles === 0 ? `nothing to remove; ${kept}\n` : `${removedFiles} files of entries removed; ${kept}\n`,
      );
    }
    return 0;
  },
};

async function isDomain(directory: string): Promise<boolean> {
  return await access(join(directory, "domain.json")).then(
    () => true,
    () => false,
  );
}
