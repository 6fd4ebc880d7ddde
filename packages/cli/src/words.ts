/** Options that hold names, keys and times, checked before any work starts.
 *  @module */
import { KeyId, Name, Sm2KeyId, type Instant } from "@sluice/protocol";
import { usage, type Arguments } from "./command.ts";

/** A short name. @throws ERR_USAGE */
export function nameOption(args: Arguments, option: string): Name {
  const name = Name.safeParse(args.required(option));
  if (name.success) return name.data;
  throw usage(`"--${option}" expected 1 to 64 lower-case letters, digits and "-"`);
}

/** A key id of SM2, when the option is given. @throws ERR_USAGE */
export function sm2KeyOption(args: Arguments, option: string): KeyId | undefined {
  const text = args.text(option);
  const keyId = Sm2KeyId.optional().safeParse(text);
  if (keyId.success) return keyId.data;
  throw usage(`"--${option}" expected a key id of SM2 (sm2:…)`);
}

/** A key id. @throws ERR_USAGE */
export function keyOption(args: Arguments, option: string): KeyId {
  const keyId = KeyId.safeParse(args.required(option));
  if (keyId.success) return keyId.data;
  throw usage(`"--${option}" expected a key id (ed25519:… or sm2:…), as \`sluice keys new\` prints it`);
}

const INSTANT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,3})?)?(?:Z|[+-]\d{2}:\d{2})$/;

/** An instant with its zone, in UTC. @throws ERR_USAGE */
export function instantOption(args: Arguments, option: string): Instant {
  const text = args.required(option);
  const time = INSTANT.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(time)) throw usage(`"--${option}" expected an instant with its zone, as 2026-11-01T00:00:00+08:00`);
  return new Date(time).toISOString();
}
