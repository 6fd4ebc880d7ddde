/** `sluice job submit FILE`
 *  @module */
import { documentHash, Sha256Hex } from "@sluice/protocol";
import { JSON_OPTION, usage, type Arguments, type Command } from "../command.ts";
import { readGrantBeside } from "../develop/job-files.ts";
import { PARAM_OPTION, paramsOf } from "../develop/local-options.ts";
import { openClient, PARTY_OPTIONS } from "../party-context.ts";
import { formatRun } from "../run-text.ts";
import { nameOption } from "../words.ts";

const MAX_VERSION = 1_000_000; // as in UseRequest

/** Bundles a job and submits it to run on the sample of a grant. */
export const jobSubmit: Command = {
  path: ["job", "submit"],
  summary: "bundle the job in FILE and run it on the desensitised sample of a grant",
  positionals: ["FILE"],
  options: {
    grant: { value: "HASH", description: "hash of the grant (default: that of grant.json beside the job)" },
    domain: { value: "NAME", description: "domain that holds the data (default: that of grant.json)" },
    product: { value: "NAME", description: "product that the job is for" },
    version: { value: "N", description: "version of the product (default 1)" },
    ...PARAM_OPTION,
    ...PARTY_OPTIONS,
    ...JSON_OPTION,
  },
  notes:
    "Prints the run. `sluice job tail RUN` follows it, `sluice job outputs RUN` prints what it released; `sluice job\n" +
    "check FILE` tells beforehand what would be refused.",
  async run(args, io) {
    const { grant, domain } = await namedGrant(args);
    const product = nameOption(args, "product");
    const version = args.integer("version", 1, MAX_VERSION) ?? 1;
    const params = paramsOf(args);
    const client = await openClient(args, io);
    const { bundleJob } = await import("@sluice/sandbox/bundle");
    const { code } = await bundleJob(args.positional(0));
    const run = await client.submitJob({ grant, domain, product, version, params, code }, { signal: io.signal });
    const next = `\nfollow it: sluice job tail ${run.callId}\n`;
    io.stdout.write(args.flag("json") ? `${JSON.stringify(run)}\n` : `${formatRun(run)}${next}`);
    return 0;
  },
};

/** The grant and its domain, from the options or from what `job init --scene` wrote. @throws ERR_USAGE */
async function namedGrant(args: Arguments): Promise<{ grant: string; domain: string }> {
  const hash = args.text("grant");
  if (hash !== undefined && !Sha256Hex.safeParse(hash).success) {
    throw usage('"--grant" expected 64 hexadecimal digits');
  }
  if (hash !== undefined && args.text("domain") !== undefined)
    return { grant: hash, domain: nameOption(args, "domain") };
  const beside = await readGrantBeside(args.positional(0));
  return {
    grant: hash ?? (beside === null ? args.required("grant") : await documentHash(beside)),
    domain: args.text("domain") === undefined && beside !== null ? beside.domain : nameOption(args, "domain"),
  };
}
