/** `sluice domain rotate-data-key DIR`
 *  @module */
import { usage, type Command } from "../command.ts";
import { ACCESS_OPTIONS, accessOf } from "../key-access.ts";

/** Puts the data at rest of a domain under a new key. */
export const domainRotateDataKey: Command = {
  path: ["domain", "rotate-data-key"],
  summary: "seal every table and index of the domain in DIR, which does not run, under a new key; destroy the old one",
  positionals: ["DIR"],
  options: {
    suite: { value: "SUITE", description: "suite of the new key: intl (AES) or sm (SM4); default: as before" },
    ...ACCESS_OPTIONS,
  },
  notes: "When it is cut off, run it again: until the end both keys open. Backups made before stay under the old key.",
  async run(args, io) {
    const directory = args.positional(0);
    const suite = args.text("suite");
    if (suite !== undefined && suite !== "intl" && suite !== "sm") throw usage('"--suite" expected intl or sm');
    const { rotateDataKey } = await import("@sluice/domain");
    let told = -1;
    const files = await rotateDataKey(directory, {
      suite,
      keys: await accessOf(args, io),
      signal: io.signal,
      onProgress: ({ done, total }) => {
        const percent = total === 0 ? 100 : Math.floor((10 * done) / total) * 10;
        if (percent !== told) io.stderr.write(`${(told = percent)} %\n`);
      },
    });
    io.stdout.write(`${files} files are under a new key; the old key is destroyed\n`);
    return 0;
  },
};
