/** Passphrases of key files: read once from where no other process sees them, and redacted when printed. Node only.
 *  @module */
import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { fromUtf8, SluiceError, utf8, type Bytes } from "@sluice/protocol";

/** Longest passphrase. */
const MAX_PASSPHRASE_BYTES = 1_024;

/** Permissions of group and others. */
const OTHERS = 0o077;

/** Where a passphrase comes from: an environment variable, a file descriptor that the parent process opened, or a file that only
 *  its owner may open, such as a credential of systemd. */
export type PassphraseSource =
  | { readonly environment: string }
  | { readonly descriptor: number }
  | { readonly file: string };

/** A passphrase. */
export class Passphrase {
  readonly #bytes: Bytes;

  /** @throws ERR_KEY when it is empty or longer than 1,024 bytes. `source` names where it was looked for. */
  constructor(text: string, source = "passphrase") {
    // One spelling of each character, whatever the keyboard makes (RFC 8265 §4.2).
    this.#bytes = utf8(text.normalize("NFC"));
    if (this.#bytes.length === 0) throw new SluiceError("ERR_KEY", { key: source, reason: "the passphrase is empty" });
    if (this.#bytes.length > MAX_PASSPHRASE_BYTES) {
      throw new SluiceError("ERR_KEY", {
        key: source,
        reason: `a passphrase has at most ${MAX_PASSPHRASE_BYTES} bytes`,
      });
    }
  }

  /** Its bytes. Only the key derivation of key files calls this. */
  toBytes(): Bytes {
    return this.#bytes;
  }

  toString(): string {
    return "Passphrase(…)";
  }

  toJSON(): string {
    return this.toString();
  }

  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return this.toString();
  }
}

/** Reads the passphrase and takes it away from where it was: the variable is removed, so that child processes do not inherit
 *  it; the descriptor is closed; a file stays. One line break at the end is not part of it. @throws ERR_KEY */
export function readPassphrase(
  source: PassphraseSource,
  environment: Record<string, string | undefined> = process.env,
): Passphrase {
  if ("descriptor" in source)
    return new Passphrase(readDescriptor(source.descriptor), `descriptor ${source.descriptor}`);
  if ("file" in source) return new Passphrase(readFile(source.file), source.file);
  const text = environment[source.environment];
  delete environment[source.environment];
  return new Passphrase(withoutLineBreak(text ?? ""), source.environment);
}

function readFile(file: string): string {
  let descriptor: number;
  try {
    descriptor = openSync(file, "r");
  } catch (cause) {
    throw new SluiceError("ERR_KEY", { key: file, reason: "no passphrase can be read from it" }, { cause });
  }
  const status = fstatSync(descriptor);
  if (status.isFile() && (status.mode & OTHERS) !== 0) {
    closeSync(descriptor);
    throw new SluiceError("ERR_KEY", { key: file, reason: "others than its owner may open its file" });
  }
  return readDescriptor(descriptor);
}

function readDescriptor(descriptor: number): string {
  const bytes = new Uint8Array(MAX_PASSPHRASE_BYTES + 3); // room for a line break, and for one byte too many
  let length = 0;
  try {
    for (;;) {
      const read = readSync(descriptor, bytes, length, bytes.length - length, null);
      length += read;
      if (read === 0 || length === bytes.length) break;
    }
    closeSync(descriptor);
    return withoutLineBreak(fromUtf8(bytes.subarray(0, length)));
  } catch (cause) {
    const details = { key: `descriptor ${descriptor}`, reason: "no passphrase can be read from it" };
    throw new SluiceError("ERR_KEY", details, { cause });
  } finally {
    bytes.fill(0);
  }
}

function withoutLineBreak(text: string): string {
  return text.replace(/\r?\n$/, "");
}
