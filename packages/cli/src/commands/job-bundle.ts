/** `sluice job bundle FILE`
 *  @module */
import { writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { Sha256Hex, SluiceError } from "@sluice/protocol";
import { JSON_OPTION, usage, type Command } from "../command.ts";
import { lockfileText } from "../lockfile-text.ts";

const MATCH = "一致 / match: this source and lockfile give the reviewed bundle";
const MISMATCH =
  "不一致 / mismatch: source, lockfile, installed packages or the version of sluice are not those of that bundle";

/** Bundles a job. */
export const jobBundle: Command = {
  path: ["job", "bundle"],
  summary: "bundle the job in FILE and print the hash by which it is reviewed and released",
  positionals: ["FILE"],
  options: {
    out: { value: "FILE", description: "write the bundle there" },
    against: { value: "HASH", description: "say whether it is the bundle of this hash, as a release names it" },
    ...JSON_OPTION,
  },
  notes:
    "A bundle with packages names the lockfile beside the job or above it, with its hash, so the hash of the bundle covers it.\n" +
    "To review one, install from that lockfile (npm ci, pnpm install --frozen-lockfile) and build with --against: exit code 1\n" +
    "when the bundle is another.\n" +
    "复建核对：按锁定文件安装依赖，再以 --against 填许可所载的作业包哈希重新打包；不一致时退出码为 1。",
  async run(args, io) {
    const { bundleJob } = await import("@sluice/sandbox/bundle");
    const against = args.text("against");
    if (against !== undefined && !Sha256Hex.safeParse(against).success) {
      throw usage('"--against" expected 64 hexadecimal digits');
    }
    const { code, bundle, lockfile } = await bundleJob(args.positional(0));
    const out = args.text("out");
    if (out !== undefined) {
      try {
        await writeFile(out, code);
      } catch (cause) {
        throw new SluiceError("ERR_DIRECTORY_UNWRITABLE", { directory: dirname(out) }, { cause });
      }
    }
    const matches = against === undefined ? {} : { matches: against === bundle };
    const document = { bundle, sizeBytes: code.length, lockfile, ...matches };
    const lines = [
      `${bundle}  ${code.length} bytes`,
      `lockfile: ${lockfileText(lockfile)}`,
      ...(matches.matches === undefined ? [] : [matches.matches ? MATCH : MISMATCH]),
    ];
    io.stdout.write(args.flag("json") ? `${JSON.stringify(document)}\n` : `${lines.join("\n")}\n`);
    return matches.matches === false ? 1 : 0;
  },
};
