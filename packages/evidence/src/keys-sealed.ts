/** Private keys and secrets under a passphrase: scrypt (RFC 7914) makes a file key, under which the PKCS#8 text, or the
 *  secret, is a sealed stream. A key is sealed in its own suite, a secret in `intl`. Node only.
 *  @module */
import { scrypt } from "node:crypto";
import { promisify } from "node:util";
import {
  fromBase64url,
  fromUtf8,
  isSluiceError,
  KeyId,
  Name,
  SluiceError,
  toBase64url,
  utf8,
  type Bytes,
  type Random,
} from "@sluice/protocol";
import { z } from "zod";
import { exportPrivateKey, importSigningKey, type KeyPair } from "./keys.ts";
import type { Passphrase } from "./keys-passphrase.ts";
import { FileKey, openStream, sealStream, type FileSuite } from "./sealed-stream.ts";
import type { Sm2KeyPair } from "./sm/sm2-keys.ts";

/** Cost of scrypt: N = 2^17, which takes 128 MiB. */
export const DEFAULT_SCRYPT_LOG_N = 17;
/** Costs that are taken from a file: below, guessing is cheap; above, opening takes a gigabyte and more. */
const MIN_SCRYPT_LOG_N = 14;
const MAX_SCRYPT_LOG_N = 20;
const SCRYPT_R = 8;
const SCRYPT_P = 1;
const SALT_BYTES = 16;
const FILE_KEY_BYTES = 32;
const WRONG = "its passphrase is wrong, or it was altered";

const derive: (
  secret: Bytes,
  salt: Bytes,
  length: number,
  options: { N: number; r: number; p: number; maxmem: number },
) => Promise<Uint8Array> = promisify(scrypt);

const Base64url = z.string().refine((text) => {
  try {
    return fromBase64url(text).length > 0;
  } catch {
    return false;
  }
}, "unpadded base64url");

const Kdf = z.strictObject({
  name: z.literal("scrypt"),
  logN: z.int().min(MIN_SCRYPT_LOG_N).max(MAX_SCRYPT_LOG_N),
  r: z.literal(SCRYPT_R),
  p: z.literal(SCRYPT_P),
  salt: Base64url,
});
type Kdf = z.infer<typeof Kdf>;

const SealedKey = z.strictObject({
  sluiceKey: z.literal(1),
  /** The public half: what the file is, readable without the passphrase. */
  keyId: KeyId,
  kdf: Kdf,
  /** Unpadded base64url of the sealed stream. */
  sealed: Base64url,
});
type SealedKey = z.infer<typeof SealedKey>;

const SealedSecret = z.strictObject({
  sluiceSecret: z.literal(1),
  /** What the secret is called. */
  name: Name,
  kdf: Kdf,
  sealed: Base64url,
});
type SealedSecret = z.infer<typeof SealedSecret>;

/** How a text is sealed. */
export interface SealTextOptions {
  readonly random: Random;
  /** Cost of scrypt; `DEFAULT_SCRYPT_LOG_N` unless given. */
  readonly logN?: number | undefined;
}

/** Text of a file that holds `key` under `passphrase`. */
export async function sealPrivateKey(
  key: KeyPair | Sm2KeyPair,
  passphrase: Passphrase,
  options: SealTextOptions,
): Promise<string> {
  const { keyId } = key;
  const text = utf8(await exportPrivateKey(key));
  const sealed = await seal(text, { suite: suiteOf(keyId), context: contextOf(keyId), passphrase, ...options });
  const document: SealedKey = { sluiceKey: 1, keyId, ...sealed };
  return `${JSON.stringify(document, null, 2)}\n`;
}

/** Text of a file that holds the bytes of a secret called `name` under `passphrase`. */
export async function sealSecret(
  secret: Bytes,
  name: string,
  passphrase: Passphrase,
  options: SealTextOptions,
): Promise<string> {
  const sealed = await seal(secret, { suite: "intl", context: secretContextOf(name), passphrase, ...options });
  const document: SealedSecret = { sluiceSecret: 1, name, ...sealed };
  return `${JSON.stringify(document, null, 2)}\n`;
}

/** The bytes in such a text. @throws ERR_KEY when it is of another secret, or does not open */
export async function openSecret(text: string, name: string, passphrase: Passphrase): Promise<Bytes> {
  const document = SealedSecret.safeParse(json(text));
  if (!document.success || document.data.name !== name) {
    throw new SluiceError("ERR_KEY", { key: name, reason: "it is no sealed secret of that name" });
  }
  try {
    return await unseal(document.data, { suite: "intl", context: secretContextOf(name), passphrase });
  } catch (cause) {
    if (!isSluiceError(cause)) throw cause;
    throw new SluiceError("ERR_KEY", { key: name, reason: WRONG });
  }
}

/** The key in such a text. `name` stands in errors. @throws ERR_KEY */
export async function openPrivateKey(
  text: string,
  passphrase: Passphrase,
  name: string,
): Promise<KeyPair | Sm2KeyPair> {
  const document = parse(text);
  if (document === null) throw new SluiceError("ERR_KEY", { key: name, reason: "it is no sealed key" });
  const { keyId } = document;
  try {
    const plain = await unseal(document, { suite: suiteOf(keyId), context: contextOf(keyId), passphrase });
    const key = await importSigningKey(fromUtf8(plain));
    if (key.keyId === keyId) return key;
  } catch (cause) {
    if (!isSluiceError(cause)) throw cause;
  }
  throw new SluiceError("ERR_KEY", { key: name, reason: WRONG });
}

/** Whether a text says that it is a sealed key or secret: whether a passphrase is needed for it. */
export function isSealedKey(text: string): boolean {
  const document = json(text);
  return typeof document === "object" && document !== null && ("sluiceKey" in document || "sluiceSecret" in document);
}

function parse(text: string): SealedKey | null {
  const document = SealedKey.safeParse(json(text));
  return document.success ? document.data : null;
}

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

interface Sealing {
  readonly suite: FileSuite;
  readonly context: string;
  readonly passphrase: Passphrase;
}

async function seal(
  plain: Bytes,
  { suite, context, passphrase, random, logN = DEFAULT_SCRYPT_LOG_N }: Sealing & SealTextOptions,
): Promise<{ kdf: Kdf; sealed: string }> {
  const salt = toBase64url(random.bytes(SALT_BYTES));
  const kdf: Kdf = { name: "scrypt", logN, r: SCRYPT_R, p: SCRYPT_P, salt };
  const key = await fileKeyOf(suite, kdf, passphrase);
  return { kdf, sealed: toBase64url(await collect(sealStream(only(plain), { key, context, random }))) };
}

async function unseal(
  { kdf, sealed }: { readonly kdf: Kdf; readonly sealed: string },
  { suite, context, passphrase }: Sealing,
): Promise<Bytes> {
  const key = await fileKeyOf(suite, kdf, passphrase);
  return collect(openStream(only(fromBase64url(sealed)), { keys: [key], context }));
}

async function fileKeyOf(suite: FileSuite, kdf: Kdf, passphrase: Passphrase): Promise<FileKey> {
  const cost = { N: 2 ** kdf.logN, r: kdf.r, p: kdf.p };
  const maxmem = 2 * 128 * cost.N * cost.r;
  const secret = await derive(passphrase.toBytes(), fromBase64url(kdf.salt), FILE_KEY_BYTES, { ...cost, maxmem });
  try {
    return new FileKey(suite, secret);
  } finally {
    secret.fill(0);
  }
}

function suiteOf(keyId: KeyId): FileSuite {
  return keyId.startsWith("sm2:") ? "sm" : "intl";
}

function secretContextOf(name: string): string {
  return `sluice/secret/v1/${name}`;
}

function contextOf(keyId: KeyId): string {
  return `sluice/key/v1/${keyId}`;
}

async function* only(bytes: Bytes): AsyncGenerator<Bytes> {
  yield bytes;
}

async function collect(stream: AsyncIterable<Bytes>): Promise<Bytes> {
  return new Uint8Array(Buffer.concat(await Array.fromAsync(stream)));
}
