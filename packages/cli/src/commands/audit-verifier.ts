/** `sluice audit verifier`
 *  @module */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { JSON_OPTION, usage, type Command } from "../command.ts";
import { errnoOf } from "../files.ts";

/** Gives a regulator the verifier apart from any folder. */
export const auditVerifier: Command = {
  path: ["audit", "verifier"],
  summary: "print the SHA-256 of the verifier that exports carry, and write it: for whoever wants it from elsewhere",
  positionals: [],
  options: {
    out: { value: "DIR", description: "write verify.mjs and verify.html there; existing files are kept" },
    ...JSON_OPTION,
  },
  notes:
    "A verifier that came with a folder is only as trustworthy as the folder. The same version of sluice makes the same\n" +
    "bytes: compare the hashes, or use these files: `node verify.mjs FOLDER`, or open verify.html in a browser.",
  async run(args, io) {
    const { verifierFiles } = await import("../verifier/verifier-files.ts");
    const files = await verifierFiles();
    const out = args.text("out");
    if (out !== undefined) {
      await mkdir(out, { recursive: true });
      for (const { name, text } of files) {
        try {
          await writeFile(join(out, name), text, { flag: "wx" });
        } catch (cause) {
          throw usage(`${join(out, name)} ${errnoOf(cause) === "EEXIST" ? "exists" : "cannot be written"}`, cause);
        }
      }
    }
    const shown = files.map(({ name, sha256 }) => ({ name, sha256 }));
    if (args.flag("json")) io.stdout.write(`${JSON.stringify({ files: shown })}\n`);
    else for (const { name, sha256 } of shown) io.stdout.write(`${sha256}  ${name}\n`);
    return 0;
  },
};
