/** `sluice domain profile DIR RESOURCE`
 *  @module */
import { JSON_OPTION, usage, type Command } from "../command.ts";
import { ACCESS_OPTIONS, accessOf } from "../key-access.ts";
import { memoryDirectory } from "../memory-directory.ts";

/** Counts the safe profile of a resource, and publishes it. */
export const domainProfile: Command = {
  path: ["domain", "profile"],
  summary: "count the safe profile of a resource of the domain in DIR, which does not run; with --publish show it",
  positionals: ["DIR", "RESOURCE"],
  options: {
    subject: {
      value: "FIELD",
      description: "column that says whom a row is about (default: the one direct identifier)",
    },
    "rows-are-persons": { description: "each row is about another person, and no column says whom" },
    pairs: { description: "count also how columns hang together, for synthetic rows that follow them" },
    publish: { description: "show the profile to every registered party, in the catalogue" },
    ...ACCESS_OPTIONS,
    ...JSON_OPTION,
  },
  notes:
    "Figures count persons: none stands for fewer than 20, and all are rounded. Identifiers, keys, free text and data graded\n" +
    "important or core show a length only. Look at it before you publish it: what was seen cannot be taken back.\n" +
    "A new import of the resource takes a published profile away.",
  async run(args, io) {
    const [directory, resource] = [args.positional(0), args.positional(1)];
    const named = args.text("subject");
    const each = args.flag("rows-are-persons");
    if (each && named !== undefined) throw usage('"--subject" and "--rows-are-persons" exclude each other');
    const publish = args.flag("publish");
    const { profileResource } = await import("@sluice/domain");
    const profile = await profileResource(directory, {
      resource,
      subject: each ? null : named,
      pairs: args.flag("pairs"),
      publish,
      signal: io.signal,
      memoryDirectory: memoryDirectory(io.env),
      keys: await accessOf(args, io),
    });
    if (args.flag("json")) io.stdout.write(`${JSON.stringify(profile)}\n`);
    else {
      const { formatProfile } = await import("../profile-text.ts");
      io.stdout.write(`${resource}: ${formatProfile(profile)}\n`);
      if (!publish) io.stdout.write("\nnot published; --publish shows it to every registered party\n");
      else io.stdout.write("\npublished: the domain shows it from its next start\n");
    }
    return 0;
  },
};
