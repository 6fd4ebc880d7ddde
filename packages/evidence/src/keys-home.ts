/** The keys of one gateway or domain: made, and opened again, where its configuration says that they are. Node only.
 *  @module */
import { join } from "node:path";
import { SluiceError, toHex, type Bytes, type Random, type SuiteId } from "@sluice/protocol";
import { z } from "zod";
import { exportPrivateKey, generateSigningKey } from "./keys.ts";
import { finishPassphraseChange } from "./keys-change.ts";
import { readPassphrase, type Passphrase } from "./keys-passphrase.ts";
import {
  environmentKeys,
  fileKeys,
  writeKeyFile,
  writeKeyText,
  type KeyProvider,
  type SecretProvider,
} from "./keys-provider.ts";
import { sealSecret } from "./keys-sealed.ts";
import type { SigningKey } from "./keys-signing.ts";

/** How keys are kept: in files under a passphrase, in the environment, or, for trials, in plain files. */
export const KeyKeeping = z.enum(["passphrase", "environment", "plain"]);
export type KeyKeeping = z.infer<typeof KeyKeeping>;

/** What opens keys. */
export interface KeyAccess {
  readonly passphrase?: Passphrase | undefined;
  /** Where `environment` looks: `SLUICE_KEY_<NAME>`. What is taken is removed. */
  readonly environment?: Record<string, string | undefined> | undefined;
}

/** Variable that holds a passphrase. */
export const PASSPHRASE_VARIABLE = "SLUICE_PASSPHRASE";

/** The access that an environment gives: its passphrase, if there is one, which is taken out, and its keys. @throws ERR_KEY */
export function keyAccess(environment: Record<string, string | undefined>): KeyAccess {
  if (environment[PASSPHRASE_VARIABLE] === undefined) return { environment };
  return { environment, passphrase: readPassphrase({ environment: PASSPHRASE_VARIABLE }, environment) };
}

/** How new keys are kept. */
export interface NewKeys extends KeyAccess {
  readonly keeping: KeyKeeping;
  readonly random: Random;
  /** Cost of scrypt. */
  readonly logN?: number | undefined;
}

const SECRET_BYTES = 32;

/** The keys in `keys/` of `home`, or in the environment. Whoever calls this holds the lock of `home`.
 *  @throws ERR_KEY when a passphrase is needed and none was given */
export async function openHomeKeys(
  home: string,
  keeping: KeyKeeping,
  { passphrase, environment = {} }: KeyAccess,
): Promise<KeyProvider & SecretProvider> {
  const given = passphrase === undefined ? {} : { passphrase };
  if (keeping === "environment") return environmentKeys(environment, { ...given, plain: true });
  if (keeping === "passphrase" && passphrase === undefined) throw noPassphrase();
  await finishPassphraseChange(home);
  return fileKeys(join(home, "keys"), { ...given, plain: keeping === "plain" });
}

/** Makes the signing key called `name`; with `environment`, takes the one that is there.
 *  @throws ERR_CONFLICT, ERR_DIRECTORY_UNWRITABLE; ERR_NOT_FOUND, ERR_KEY for one that is not there or of another suite */
export async function createHomeKey(home: string, name: string, suite: SuiteId, keys: NewKeys): Promise<SigningKey> {
  if (keys.keeping === "environment") {
    const key = await environmentKeys(keys.environment ?? {}, accessOf(keys)).signingKey(name);
    if (key.suite === suite) return key;
    throw new SluiceError("ERR_KEY", { key: name, reason: `it has to be a key of ${suite}` });
  }
  const key = await generateSigningKey(suite);
  const directory = join(home, "keys");
  if (keys.keeping === "plain") await writeKeyText(directory, name, await exportPrivateKey(key));
  else await writeKeyFile(directory, name, key, { ...keys, passphrase: passphraseOf(keys) });
  return key;
}

/** Makes the secret called `name`; with `environment`, takes the one that is there. @throws as `createHomeKey` does */
export async function createHomeSecret(home: string, name: string, keys: NewKeys): Promise<Bytes> {
  if (keys.keeping === "environment") {
    return environmentKeys(keys.environment ?? {}, accessOf(keys)).secret(name);
  }
  const secret = keys.random.bytes(SECRET_BYTES);
  const text =
    keys.keeping === "plain" ? `${toHex(secret)}\n` : await sealSecret(secret, name, passphraseOf(keys), keys);
  await writeKeyText(join(home, "keys"), name, text);
  return secret;
}

function accessOf({ passphrase }: KeyAccess): { passphrase?: Passphrase; plain: true } {
  return { ...(passphrase === undefined ? {} : { passphrase }), plain: true };
}

function passphraseOf({ passphrase }: KeyAccess): Passphrase {
  if (passphrase === undefined) throw noPassphrase();
  return passphrase;
}

function noPassphrase(): SluiceError {
  return new SluiceError("ERR_KEY", { key: "keys", reason: "no passphrase was given" });
}
