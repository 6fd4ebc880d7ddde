/** `sluice keys passphrase DIR`
 *  @module */
import { usage, type Command } from "../command.ts";
import { readDataDirectory } from "../doctor/data-directory.ts";
import { ACCESS_OPTIONS, accessOf, passphraseOf } from "../key-access.ts";

/** Changes the passphrase of a gateway's or a domain's keys. */
export const keysPassphrase: Command = {
  path: ["keys", "passphrase"],
  summary: "put the keys of the gateway or domain in DIR, which does not run, under another passphrase",
  positionals: ["DIR"],
  options: {
    ...ACCESS_OPTIONS,
    "new-passphrase-file": {
      value: "FILE",
      description: "file with the new passphrase (default: variable SLUICE_NEW_PASSPHRASE)",
    },
  },
  notes:
    "Plain keys need no old passphrase; what lay on the disk before may still be found there. When the command is cut off,\n" +
    "either the old passphrase opens every key or the new one does.",
  async run(args, io) {
    const directory = args.positional(0);
    const { passphrase: from } = await accessOf(args, io);
    const to = await passphraseOf(args, io, "new-passphrase-file", "SLUICE_NEW_PASSPHRASE");
    const { homes } = await readDataDirectory(directory);
    const [home] = homes;
    if (home === undefined || homes.length > 1)
      throw usage(`${directory} is not the directory of one gateway or domain`);
    const { systemRandom: random } = await import("@sluice/client");
    if (home.kind === "domain") {
      await (await import("@sluice/domain")).changeDomainPassphrase(directory, { from, to, random });
    } else {
      await (await import("@sluice/gateway")).changeGatewayPassphrase(directory, { from, to, random });
    }
    io.stdout.write(`the keys in ${directory} are under the new passphrase\n`);
    return 0;
  },
};
