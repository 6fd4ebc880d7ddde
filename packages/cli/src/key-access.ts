/** How a command makes and opens the keys of a gateway or a domain. A passphrase never stands in the arguments.
 *  @module */
import type { KeyAccess, NewKeys, Passphrase } from "@sluice/evidence";
import { usage, type Arguments, type CommandIo, type OptionSpec } from "./command.ts";

/** Where the passphrase is. */
export const ACCESS_OPTIONS = {
  "passphrase-file": {
    value: "FILE",
    description:
      "file with the passphrase of the keys, readable by its owner only (default: variable SLUICE_PASSPHRASE)",
  },
} as const satisfies Record<string, OptionSpec>;

/** How new keys are kept. */
export const NEW_KEYS_OPTIONS = {
  ...ACCESS_OPTIONS,
  "keys-from-environment": { description: "take the keys from variables SLUICE_KEY_…; none is written" },
  "plain-keys": { description: "keep keys in plain files, for trials: whoever copies the disk has them" },
} as const satisfies Record<string, OptionSpec>;

/** What opens the keys. @throws ERR_KEY */
export async function accessOf(args: Arguments, io: Pick<CommandIo, "env">): Promise<KeyAccess> {
  const { keyAccess, readPassphrase } = await import("@sluice/evidence");
  const file = args.text("passphrase-file");
  return file === undefined ? keyAccess(io.env) : { environment: io.env, passphrase: readPassphrase({ file }) };
}

/** How new keys are to be kept. @throws ERR_USAGE when nothing says it, ERR_KEY */
export async function newKeysOf(args: Arguments, io: Pick<CommandIo, "env">): Promise<Omit<NewKeys, "random">> {
  const access = await accessOf(args, io);
  if (args.flag("plain-keys")) return { keeping: "plain" };
  if (args.flag("keys-from-environment")) return { ...access, keeping: "environment" };
  if (access.passphrase !== undefined) return { ...access, keeping: "passphrase" };
  throw usage("give a passphrase for the keys: --passphrase-file or SLUICE_PASSPHRASE; or --plain-keys, for trials");
}

/** The passphrase in a file that an option names, or in a variable. @throws ERR_USAGE, ERR_KEY */
export async function passphraseOf(
  args: Arguments,
  io: Pick<CommandIo, "env">,
  option: string,
  variable: string,
): Promise<Passphrase> {
  const { readPassphrase } = await import("@sluice/evidence");
  const file = args.text(option);
  if (file !== undefined) return readPassphrase({ file });
  if (io.env[variable] === undefined) throw usage(`give --${option} or ${variable}`);
  return readPassphrase({ environment: variable }, io.env);
}
