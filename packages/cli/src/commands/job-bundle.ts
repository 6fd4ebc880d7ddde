/** `sluice job bundle FILE`
 *  @module */
import { writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { SluiceError } from "@sluice/protocol";
import { JSON_OPTION, type Command } from "../command.ts";

/** Bundles a job. */
export const jobBundle: Command = {
  path: ["job", "bundle"],
  summary: "bundle the job in FILE and print the hash by which it is reviewed and released",
  positionals: ["FILE"],
  options: { out: { value: "FILE", description: "write the bundle there" }, ...JSON_OPTION },
  async run(args, io) {
    const { bundleJob } = await import("@sluice/sandbox/bundle");
    const { code, bundle } = await bundleJob(args.positional(0));
    const out = args.text("out");
    if (out !== undefined) {
      try {
        await writeFile(out, code);
      } catch (cause) {
        throw new SluiceError("ERR_DIRECTORY_UNWRITABLE", { directory: dirname(out) }, { cause });
      }
    }
    const document = { bundle, sizeBytes: code.length };
    io.stdout.write(args.flag("json") ? `${JSON.stringify(document)}\n` : `${bundle}  ${code.length} bytes\n`);
    return 0;
  },
};
