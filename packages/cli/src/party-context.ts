/** Who acts, and through which gateway: the options that every command against a gateway shares.
 *  @module */
import type { SluiceClient } from "@sluice/client";
import type { TrustPins } from "@sluice/evidence";
import { isSluiceError } from "@sluice/protocol";
import { usage, type Arguments, type CommandIo, type OptionSpec } from "./command.ts";
import { readJsonFile, readTextFile } from "./files.ts";

/** The option of commands that verify with pins. */
export const TRUST_OPTION = {
  trust: { value: "FILE", description: "trust.json: the pinned keys of domains and gateway (or SLUICE_TRUST)" },
} as const satisfies Record<string, OptionSpec>;

/** Options of commands that act as a party. */
export const PARTY_OPTIONS = {
  gateway: { value: "URL", description: "address of the gateway (or SLUICE_GATEWAY)" },
  key: { value: "FILE", description: "private key of the party, from `sluice keys new` (or SLUICE_KEY)" },
  ...TRUST_OPTION,
} as const satisfies Record<string, OptionSpec>;

/** The client of the party that the options or the environment name. @throws ERR_USAGE naming what is missing */
export async function openClient(args: Arguments, io: CommandIo): Promise<SluiceClient> {
  const gatewayUrl = named(args, io, "gateway", "SLUICE_GATEWAY");
  const keyFile = named(args, io, "key", "SLUICE_KEY");
  const trust = await trustOf(args, io);
  const [{ importSigningKey }, { createClient }] = await Promise.all([
    import("@sluice/evidence"),
    import("@sluice/client"),
  ]);
  const text = await readTextFile(keyFile, "key file");
  try {
    const key = await importSigningKey(text);
    return createClient({ gatewayUrl, key, trust });
  } catch (cause) {
    if (isSluiceError(cause, "ERR_USAGE")) throw usage(cause.message, cause);
    throw usage(`key file ${keyFile} holds no private key of Sluice`, cause);
  }
}

/** The pins that the option or the environment names. @throws ERR_USAGE */
export function trustOf(args: Arguments, io: CommandIo): Promise<TrustPins> {
  return readTrust(named(args, io, "trust", "SLUICE_TRUST"));
}

/** The file of pins that the option or the environment names, or null. */
export function trustFile(args: Arguments, io: CommandIo): string | null {
  return args.text("trust") ?? (io.env["SLUICE_TRUST"] || null);
}

/** The pins in `file`. @throws ERR_USAGE */
export async function readTrust(file: string): Promise<TrustPins> {
  const { TrustPins } = await import("@sluice/evidence");
  const pins = TrustPins.safeParse(await readJsonFile(file, "trust file"));
  if (pins.success) return pins.data;
  throw usage(`trust file ${file} does not fit its schema at /${pins.error.issues[0]?.path.join("/") ?? ""}`);
}

function named(args: Arguments, io: CommandIo, option: string, variable: string): string {
  const value = args.text(option) ?? io.env[variable];
  if (value === undefined || value === "") throw usage(`option --${option} is missing; ${variable} is not set either`);
  return value;
}
