/** Private keys under a passphrase: scrypt (RFC 7914) makes a file key, under which the PKCS#8 text is a sealed stream, in
 *  the suite of the key itself. Node only.
 *  @module */
import { scrypt } from "node:crypto";
import { promisify } from "node:util";
import {
  fromBase64url,
  fromUtf8,
  isSluiceError,
  KeyId,
  SluiceError,
  toBase64url,
  utf8,
  type Bytes,
  type Random,
} from "@sluice/protocol";
import { z } from "zod";
import { exportPrivateKey, importSigningKey, type KeyPair } from "./keys.ts";
import type { Passphrase } from "./keys-passphrase.ts";
import { FileKey, openStream, sealStream } from "./sealed-stream.ts";
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

const SealedKey = z.strictObject({
  sluiceKey: z.literal(1),
  /** The public half: what the file is, readable without the passphrase. */
  keyId: KeyId,
  kdf: z.strictObject({
    name: z.literal("scrypt"),
    logN: z.int().min(MIN_SCRYPT_LOG_N).max(MAX_SCRYPT_LOG_N),
    r: z.literal(SCRYPT_R),
    p: z.literal(SCRYPT_P),
    salt: Base64url,
  }),
  /** Unpadded base64url of the sealed stream. */
  sealed: Base64url,
});
type SealedKey = z.infer<typeof SealedKey>;

/** Text of a file that holds `key` under `passphrase`. */
export async function sealPrivateKey(
  key: KeyPair | Sm2KeyPair,
  passphrase: Passphrase,
  { random, logN = DEFAULT_SCRYPT_LOG_N }: { readonly random: Random; readonly logN?: number },
): Promise<string> {
  const salt = random.bytes(SALT_BYTES);
  const kdf = { name: "scrypt", logN, r: SCRYPT_R, p: SCRYPT_P, salt: toBase64url(salt) } as const;
  const fileKey = await fileKeyOf(key.keyId, kdf, passphrase);
  const text = utf8(await exportPrivateKey(key));
  const sealed = await collect(sealStream(only(text), { key: fileKey, context: contextOf(key.keyId), random }));
  const document: SealedKey = { sluiceKey: 1, keyId: key.keyId, kdf, sealed: toBase64url(sealed) };
  return `${JSON.stringify(document, null, 2)}\n`;
}

/** The key in such a text. `name` stands in errors. @throws ERR_KEY */
export async function openPrivateKey(
  text: string,
  passphrase: Passphrase,
  name: string,
): Promise<KeyPair | Sm2KeyPair> {
  const document = parse(text);
  if (document === null) throw new SluiceError("ERR_KEY", { key: name, reason: "it is no sealed key" });
  const { keyId, kdf } = document;
  try {
    const fileKey = await fileKeyOf(keyId, kdf, passphrase);
    const sealed = only(fromBase64url(document.sealed));
    const plain = await collect(openStream(sealed, { keys: [fileKey], context: contextOf(keyId) }));
    const key = await importSigningKey(fromUtf8(plain));
    if (key.keyId === keyId) return key;
  } catch (cause) {
    if (!isSluiceError(cause)) throw cause;
  }
  throw new SluiceError("ERR_KEY", { key: name, reason: "its passphrase is wrong, or it was altered" });
}

/** Whether a text says that it is a sealed key: whether a passphrase is needed for it. */
export function isSealedKey(text: string): boolean {
  const document = json(text);
  return typeof document === "object" && document !== null && "sluiceKey" in document;
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

async function fileKeyOf(keyId: KeyId, kdf: SealedKey["kdf"], passphrase: Passphrase): Promise<FileKey> {
  const cost = { N: 2 ** kdf.logN, r: kdf.r, p: kdf.p };
  const maxmem = 2 * 128 * cost.N * cost.r;
  const secret = await derive(passphrase.toBytes(), fromBase64url(kdf.salt), FILE_KEY_BYTES, { ...cost, maxmem });
  try {
    return new FileKey(keyId.startsWith("sm2:") ? "sm" : "intl", secret);
  } finally {
    secret.fill(0);
  }
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
