/** `sluice release show FILE`
 *  @module */
import type { Command } from "../command.ts";
import { nameSources, SHOW_OPTIONS, showPage } from "../officer/show.ts";
import { readTrust } from "../party-context.ts";

/** Explains a release to the officer who signs it. */
export const releaseShow: Command = {
  path: ["release", "show"],
  summary: "explain a release to its officer, in Chinese: verified, in words, with what changed",
  positionals: ["FILE"],
  options: {
    grant: { value: "FILE", description: "the grant that it rests on" },
    report: { value: "RUN.json", description: "the development run, from `sluice run show --json`" },
    ...SHOW_OPTIONS,
  },
  notes:
    "FILE is a signed release, or a draft that nobody signed yet. Nothing is sent anywhere. Exit code 1 when a signature,\n" +
    "the grant or the run does not fit; without --trust, who signed is not checked.",
  async run(args, io) {
    const { readGrant, readRelease, readRun } = await import("../officer/documents.ts");
    const { releasePage } = await import("../officer/release-page.ts");
    const [grant, report, previous, trust] = ["grant", "report", "previous", "trust"].map((name) => args.text(name));
    const page = await releasePage({
      release: await readRelease(args.positional(0)),
      ...(grant === undefined ? {} : { grant: await readGrant(grant) }),
      ...(report === undefined ? {} : { run: await readRun(report) }),
      ...(previous === undefined ? {} : { previous: await readRelease(previous) }),
      ...(trust === undefined ? {} : { trust: await readTrust(trust) }),
      names: await nameSources(args),
      now: new Date(),
    });
    return showPage(page, args, io, ["grant", "report", "previous", "trust", "catalogue", "parties"]);
  },
};
