/** `sluice domain resume DIR`
 *  @module */
import { JSON_OPTION, type Command } from "../command.ts";

/** Lets a domain work again that refuses everything. */
export const domainResume: Command = {
  path: ["domain", "resume"],
  summary: "let a domain work again that refused everything as rolled back; every grant of before is void then",
  positionals: ["DIR"],
  options: JSON_OPTION,
  notes:
    "First look for its newest state and log: with them nothing is lost. What was spent between the backup and the loss\n" +
    "is not known, so department and agency have to sign new grants, which begin after the moment that this prints.\n" +
    "docs/stopping.md tells when this is not enough.",
  async run(args, io) {
    const { systemClock } = await import("@sluice/client");
    const { resumeDomain } = await import("@sluice/domain");
    const resumed = await resumeDomain(args.positional(0), { clock: systemClock });
    if (args.flag("json")) io.stdout.write(`${JSON.stringify(resumed)}\n`);
    else io.stdout.write(`${resumed.domain} may start; grants that begin before ${resumed.grantsFrom} are void\n`);
    return 0;
  },
};
