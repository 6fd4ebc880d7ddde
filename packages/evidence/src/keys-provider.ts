/** Where keys and secrets come from: the port, and its adapters for files and for the environment. An adapter for a device
 *  answers with a `SigningKey` whose private half never enters this process. Node only.
 *  @module */
import { open } from "node:fs/promises";
import { join } from "node:path";
import { fromHex, Name, SluiceError, type Bytes } from "@sluice/protocol";
import { importSigningKey, type KeyPair } from "./keys.ts";
import type { Passphrase } from "./keys-passphrase.ts";
import { isSealedKey, openPrivateKey, openSecret, sealPrivateKey, type SealTextOptions } from "./keys-sealed.ts";
import type { SigningKey } from "./keys-signing.ts";
import type { Sm2KeyPair } from "./sm/sm2-keys.ts";

const OWNER_ONLY = 0o600;
/** Permissions of group and others. */
const OTHERS = 0o077;
/** Longest text that is read as a key. */
const MAX_KEY_FILE_BYTES = 16_384;
const PLAIN_SECRET = /^[0-9a-f]{64}$/;

/** Gives the signing key that a name stands for. */
export interface KeyProvider {
  /** @throws ERR_NOT_FOUND when there is none, ERR_KEY when it cannot be used */
  signingKey(name: string): Promise<SigningKey>;
}

/** Gives the secret that a name stands for. A device that makes secrets from its own can be one, too. */
export interface SecretProvider {
  /** Its 32 bytes. @throws ERR_NOT_FOUND when there is none, ERR_KEY when it cannot be used */
  secret(name: string): Promise<Bytes>;
}

/** Options of the adapters. */
export interface KeyProviderOptions {
  /** Opens sealed keys. */
  readonly passphrase?: Passphrase;
  /** Whether a key without a passphrase is taken; by default it is refused. */
  readonly plain?: boolean;
}

/** Keys in files `NAME.key` of `directory`, each readable by its owner only. */
export function fileKeys(directory: string, options: KeyProviderOptions = {}): KeyProvider & SecretProvider {
  return {
    async signingKey(name) {
      const text = await readKeyFile(pathOf(directory, name), name);
      return keyOf(text, name, options);
    },
    async secret(name) {
      return secretOf(await readKeyFile(pathOf(directory, name), name), name, name, options);
    },
  };
}

/** Keys in variables: `NAME` of a key `log-2026` with prefix `SLUICE_KEY_` is `SLUICE_KEY_LOG_2026`. A variable is removed
 *  when its key is first asked for, so that child processes do not inherit it; the key is kept. */
export function environmentKeys(
  environment: Record<string, string | undefined>,
  { prefix = "SLUICE_KEY_", ...options }: KeyProviderOptions & { readonly prefix?: string } = {},
): KeyProvider & SecretProvider {
  const taken = new Map<string, Promise<unknown>>();
  const take = <T>(name: string, read: (text: string, variable: string) => Promise<T>): Promise<T> => {
    const variable = prefix + checkedName(name).toUpperCase().replaceAll("-", "_");
    const text = environment[variable];
    if (text !== undefined) {
      delete environment[variable];
      taken.set(variable, read(text, variable));
    }
    const value = taken.get(variable);
    if (value === undefined) throw new SluiceError("ERR_NOT_FOUND", { kind: "key", name: variable });
    return value as Promise<T>;
  };
  return {
    signingKey: async (name) => take(name, (text, variable) => keyOf(text, variable, options)),
    secret: async (name) => take(name, (text, variable) => secretOf(text, name, variable, options)),
  };
}

/** Writes `key` under `passphrase` as `NAME.key`: a file that exists not yet, readable by its owner only and on disk when this
 *  returns. @throws ERR_CONFLICT, ERR_DIRECTORY_UNWRITABLE */
export async function writeKeyFile(
  directory: string,
  name: string,
  key: KeyPair | Sm2KeyPair,
  options: { readonly passphrase: Passphrase } & SealTextOptions,
): Promise<void> {
  await writeKeyText(directory, name, await sealPrivateKey(key, options.passphrase, options));
}

/** Writes the text of a key or a secret as `NAME.key`, as `writeKeyFile` does. @throws ERR_CONFLICT, ERR_DIRECTORY_UNWRITABLE */
export async function writeKeyText(directory: string, name: string, text: string): Promise<void> {
  try {
    const file = await open(pathOf(directory, name), "wx", OWNER_ONLY);
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
  } catch (cause) {
    if (isErrno(cause, "EEXIST")) throw new SluiceError("ERR_CONFLICT", { kind: "key", name }, { cause });
    throw new SluiceError("ERR_DIRECTORY_UNWRITABLE", { directory }, { cause });
  }
}

async function readKeyFile(path: string, name: string): Promise<string> {
  const refuse = (reason: string): SluiceError => new SluiceError("ERR_KEY", { key: name, reason });
  let file: Awaited<ReturnType<typeof open>>;
  try {
    file = await open(path, "r");
  } catch (cause) {
    if (isErrno(cause, "ENOENT")) throw new SluiceError("ERR_NOT_FOUND", { kind: "key", name }, { cause });
    throw new SluiceError("ERR_KEY", { key: name, reason: "its file cannot be read" }, { cause });
  }
  try {
    const status = await file.stat();
    if (!status.isFile()) throw refuse("it is no file");
    if ((status.mode & OTHERS) !== 0) throw refuse("others than its owner may open its file");
    if (status.size > MAX_KEY_FILE_BYTES) throw refuse("its file is too long");
    return await file.readFile("utf8");
  } finally {
    await file.close();
  }
}

async function keyOf(
  text: string,
  name: string,
  { passphrase, plain = false }: KeyProviderOptions,
): Promise<SigningKey> {
  const refuse = (reason: string): SluiceError => new SluiceError("ERR_KEY", { key: name, reason });
  if (isSealedKey(text)) {
    if (passphrase === undefined) throw refuse("no passphrase was given");
    return openPrivateKey(text, passphrase, name);
  }
  if (!plain) throw refuse("it is not under a passphrase");
  try {
    return await importSigningKey(text);
  } catch {
    throw refuse("it is no private key");
  }
}

/** @param shown what the secret is called in errors */
async function secretOf(
  text: string,
  name: string,
  shown: string,
  { passphrase, plain = false }: KeyProviderOptions,
): Promise<Bytes> {
  const refuse = (reason: string): SluiceError => new SluiceError("ERR_KEY", { key: shown, reason });
  if (isSealedKey(text)) {
    if (passphrase === undefined) throw refuse("no passphrase was given");
    return openSecret(text, name, passphrase);
  }
  if (!plain) throw refuse("it is not under a passphrase");
  const hex = text.trim();
  if (!PLAIN_SECRET.test(hex)) throw refuse("it is no secret of 64 hexadecimal digits");
  return fromHex(hex);
}

function pathOf(directory: string, name: string): string {
  return join(directory, `${checkedName(name)}.key`);
}

function checkedName(name: string): string {
  if (Name.safeParse(name).success) return name;
  throw new SluiceError("ERR_NOT_FOUND", { kind: "key", name: "of that form" });
}

function isErrno(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}
