/** The secrets of one domain: its signing keys and one master secret, from which every other secret is
 *  derived by HKDF-SHA-256 (RFC 5869) under its own label. They are files of mode 0600 in `keys/`, are read
 *  once, and redact when printed.
 *  @module */
import { hkdfSync } from "node:crypto";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import {
  exportPrivateKey,
  generateKey,
  generateSm2Key,
  importPrivateKey,
  importSm2Key,
  type KeyPair,
  type Sm2KeyPair,
} from "@sluice/evidence";
import { fromHex, SluiceError, toHex, utf8, type Bytes, type Random } from "@sluice/protocol";

const MASTER_BYTES = 32;

/** What a derived secret is for. */
type SecretPurpose = "data-key" | "membership" | "oprf" | "psi" | "sample-seed" | "seal" | "subject-request" | "token";

/** Holder of the domain's secrets. */
export class Keyring {
  /** Signs receipts and snapshots. */
  readonly receiptKey: KeyPair;
  /** Signs checkpoints of the log. */
  readonly logKey: KeyPair;
  /** Signs the SM2 line of checkpoints; absent in a directory that was made without one. */
  readonly logSm2Key: Sm2KeyPair | undefined;
  readonly #master: Bytes;

  private constructor(receiptKey: KeyPair, logKey: KeyPair, logSm2Key: Sm2KeyPair | undefined, master: Bytes) {
    this.receiptKey = receiptKey;
    this.logKey = logKey;
    this.logSm2Key = logSm2Key;
    this.#master = master;
  }

  /** Makes new secrets in `directory`. */
  static async create(directory: string, random: Random): Promise<Keyring> {
    const keys = join(directory, "keys");
    await mkdir(keys, { mode: 0o700 });
    const logSm2Key = await generateSm2Key();
    const ring = new Keyring(await generateKey(), await generateKey(), logSm2Key, random.bytes(MASTER_BYTES));
    const write = (name: string, text: string) => writeFile(join(keys, name), text, { flag: "wx", mode: 0o600 });
    await write("receipt.key", await exportPrivateKey(ring.receiptKey));
    await write("log.key", await exportPrivateKey(ring.logKey));
    await write("log-sm2.key", await exportPrivateKey(logSm2Key));
    await write("master.key", `${toHex(ring.#master)}\n`);
    return ring;
  }

  /** Reads the secrets of `directory`. @throws ERR_DIRECTORY_STATE when one is missing or damaged. */
  static async open(directory: string): Promise<Keyring> {
    const read = (name: string) => readFile(join(directory, "keys", name), "utf8");
    try {
      const master = fromHex((await read("master.key")).trim());
      if (master.length !== MASTER_BYTES) throw new RangeError("master secret has the wrong length");
      const sm2Text = await read("log-sm2.key").catch(nullIfMissing);
      const logSm2Key = sm2Text === null ? undefined : await importSm2Key(sm2Text);
      return new Keyring(
        await importPrivateKey(await read("receipt.key")),
        await importPrivateKey(await read("log.key")),
        logSm2Key,
        master,
      );
    } catch (cause) {
      const details = { directory, expected: "the keys of a domain", command: `sluice domain init ${directory}` };
      throw new SluiceError("ERR_DIRECTORY_STATE", details, { cause });
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

function nullIfMissing(cause: unknown): null {
  if (cause instanceof Error && "code" in cause && cause.code === "ENOENT") return null;
  throw cause;
}
