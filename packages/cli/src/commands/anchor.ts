/** `sluice anchor list DIR` and `sluice anchor check DIR`
 *  @module */
import { anchorText } from "../anchors/anchor-text.ts";
import { JSON_OPTION, type Command } from "../command.ts";
import { errorDocument, formatError } from "../error-text.ts";
import { formatTable } from "../table.ts";

const DIR_NOTE = "DIR is the directory of a gateway, of a domain, or of a city of both, which may be running.";

/** Shows where a log is anchored, and what was anchored last. */
export const anchorList: Command = {
  path: ["anchor", "list"],
  summary: "where the logs below DIR are anchored, and what was anchored last",
  positionals: ["DIR"],
  options: JSON_OPTION,
  notes: `${DIR_NOTE}\nNothing is verified: see \`sluice anchor check\`. Nothing is sent: a running process anchors.\n--json also prints \`pins\`, the member \`anchors\` for the trust.json of whoever verifies.`,
  async run(args, io) {
    const { anchoredHomes, anchorStates, pinsFor } = await import("../anchors/anchored-homes.ts");
    const homes = await anchoredHomes(args.positional(0));
    const states = await anchorStates(homes);
    if (args.flag("json")) io.stdout.write(`${JSON.stringify({ anchors: states, pins: pinsFor(homes) })}\n`);
    else {
      const rows = states.map(({ log, anchor, kind, intervalMinutes, records, newest }) => [
        log,
        anchor,
        kind,
        `${intervalMinutes} min`,
        String(records),
        newest === null ? "never" : `${newest.size} entries at ${newest.at}`,
      ]);
      const head = ["LOG", "ANCHOR", "KIND", "EVERY", "RECORDS", "LAST"];
      io.stdout.write(rows.length === 0 ? "no anchors.json names an anchor\n" : `${formatTable([head, ...rows])}\n`);
    }
    return 0;
  },
};

/** Verifies what was anchored against the log of today. */
export const anchorCheck: Command = {
  path: ["anchor", "check"],
  summary: "verify every record of the anchors below DIR, and that the logs continue what was anchored",
  positionals: ["DIR"],
  options: JSON_OPTION,
  notes: `${DIR_NOTE}\nTime stamps are verified under the CA that anchors.json names. Exit code 1 when anything does not verify.`,
  async run(args, io) {
    const { anchoredHomes, checkAnchors } = await import("../anchors/anchored-homes.ts");
    const { anchors, failures } = await checkAnchors(await anchoredHomes(args.positional(0)), io.signal);
    if (args.flag("json")) {
      const failed = failures.map(({ file, error }) => ({ file, ...errorDocument(error) }));
      io.stdout.write(`${JSON.stringify({ ok: failures.length === 0, anchors, failures: failed })}\n`);
    } else {
      const rows = anchors.map((one) => [
        one.log,
        one.anchor,
        String(one.checked),
        String(one.verified),
        anchorText(one),
      ]);
      io.stdout.write(`${formatTable([["LOG", "ANCHOR", "CHECKED", "VERIFIED", ""], ...rows])}\n`);
    }
    for (const { file, error } of failures.slice(0, 10)) io.stderr.write(`${file}\n${formatError(error)}`);
    return failures.length === 0 ? 0 : 1;
  },
};
