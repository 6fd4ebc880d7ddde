/** The secrets of one domain: its signing keys and one master secret, from which every other secret is derived by
 *  HKDF-SHA-256 (RFC 5869) under its own label. They are files in `keys/`, under a passphrase or, for trials, plain, or come
 *  from the environment; they are read once, and redact when printed.
 *  @module */
import { hkdfSync } from "node:crypto";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import {
  createHomeKey,
  createHomeSecret,
  currentKey,
  openHomeKeys,
  settleHomeKey,
  type KeyAccess,
  type NewKeys,
  type SigningKey,
} from "@sluice/evidence";
import { isSluiceError, SluiceError, utf8, type Bytes, type SuiteId } from "@sluice/protocol";
import type { DomainConfig } from "./config.ts";
import { refuseRetired } from "./retire/retired-mark.ts";

/** Names of the files in `keys/`, and of the variables `SLUICE_KEY_<NAME>`. */
export const KEY_NAMES = { receipt: "receipt", log: "log", logSm2: "log-sm2", master: "master" } as const;

/** What a derived secret is for. */
type SecretPurpose =
  | "data-key"
  | "membership"
  | "network-salt"
  | "oprf"
  | "output-register"
  | "psi"
  | "sample-seed"
  | "seal"
  | "subject-request"
  | "token";

/** Holder of the domain's secrets. */
export class Keyring {
  /** Signs receipts and snapshots. */
  readonly receiptKey: SigningKey;
  /** Signs checkpoints of the log. */
  readonly logKey: SigningKey;
  /** Signs the SM2 line of checkpoints; absent in a directory that was made without one. */
  readonly logSm2Key: SigningKey | undefined;
  readonly #master: Bytes;

  private constructor(keys: Pick<Keyring, "receiptKey" | "logKey" | "logSm2Key">, master: Bytes) {
    this.receiptKey = keys.receiptKey;
    this.logKey = keys.logKey;
    this.logSm2Key = keys.logSm2Key;
    this.#master = master;
  }

  /** Makes new secrets for the domain in `directory`; `suite` signs receipts. @throws ERR_KEY, ERR_NOT_FOUND, ERR_DIRECTORY_UNWRITABLE */
  static async create(directory: string, keys: NewKeys, suite: SuiteId = "ed25519"): Promise<Keyring> {
    await mkdir(join(directory, "keys"), { mode: 0o700 });
    const made = {
      receiptKey: await createHomeKey(directory, KEY_NAMES.receipt, suite, keys),
      logKey: await createHomeKey(directory, KEY_NAMES.log, "ed25519", keys),
      logSm2Key: await createHomeKey(directory, KEY_NAMES.logSm2, "sm2", keys),
    };
    return new Keyring(made, await createHomeSecret(directory, KEY_NAMES.master, keys));
  }

  /** Reads the secrets of the domain in `directory`, also of a `retired` one when it is asked for.
   *  @throws ERR_DOMAIN_RETIRED; ERR_KEY when one does not open, ERR_DIRECTORY_STATE when one is missing or not the configuration's */
  static async open(
    directory: string,
    config: Pick<DomainConfig, "domain" | "keys" | "receiptKey" | "logKey" | "logSm2Key">,
    access: KeyAccess = {},
    { retired = false }: { readonly retired?: boolean } = {},
  ): Promise<Keyring> {
    if (!retired) await refuseRetired(directory, config.domain);
    const refuse = (expected: string, cause?: unknown): SluiceError =>
      new SluiceError("ERR_DIRECTORY_STATE", { directory, expected, command: "the backup of keys" }, { cause });
    try {
      const provider = await openHomeKeys(directory, config.keys, access);
      const read = async (name: string, keyId: string): Promise<SigningKey> => {
        const key = await provider.signingKey(name);
        if (key.keyId !== keyId) throw refuse(`the key ${name} of its configuration`);
        return key;
      };
      const { receiptKey, logKey, logSm2Key } = config;
      if (config.keys !== "environment") {
        await settleHomeKey(directory, KEY_NAMES.receipt, currentKey(receiptKey), provider);
      }
      const keys = {
        receiptKey: await read(KEY_NAMES.receipt, currentKey(receiptKey)),
        logKey: await read(KEY_NAMES.log, logKey),
        logSm2Key: logSm2Key === undefined ? undefined : await read(KEY_NAMES.logSm2, logSm2Key),
      };
      return new Keyring(keys, await provider.secret(KEY_NAMES.master));
    } catch (cause) {
      if (isSluiceError(cause, "ERR_NOT_FOUND")) throw refuse("the keys of a domain", cause);
      throw cause;
    }
  }

  /** A 32-byte secret for one use; different labels give unrelated secrets. */
  derive(purpose: SecretPurpose, ...context: string[]): Bytes {
    const info = utf8(["sluice/derive/v1", purpose, ...context].map((part) => `${part.length}:${part}`).join("|"));
    return new Uint8Array(hkdfSync("sha256", this.#master, new Uint8Array(0), info, 32));
  }

  toJSON(): string {
    return "Keyring(…)";
  }

  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return "Keyring(…)";
  }
}
