/** Sealing of production bodies between caller and domain; the structs stand in `protocol`'s `seal.ts`. The gateway
 *  between them learns lengths. Whoever later steals the domain's seal key can read the queries that were recorded —
 *  which are blinded elements and LWE ciphertexts, not keys of persons.
 *  @module */
import {
  ANSWER_NONCE_BYTES,
  ByteReader,
  ByteWriter,
  concatBytes,
  decodeSealedAnswer,
  decodeSealedQuery,
  encodeSealedAnswer,
  encodeSealedQuery,
  equalBytes,
  fromBase64url,
  MAX_FRAME_BYTES,
  MAX_SEALED_CONTENT_BYTES,
  SluiceError,
  toBase64url,
  utf8,
  type Bytes,
  type Random,
  type SealKeyId,
} from "@sluice/protocol";
import {
  AEAD_AES_256_GCM,
  CipherSuite,
  KDF_HKDF_SHA256,
  KEM_DHKEM_X25519_HKDF_SHA256,
  type RecipientContext,
  type SenderContext,
} from "hpke";
import { SESSION_LABELS, sessionSeal, type Exporting, type SessionSeal } from "./session-seal.ts";

export type { SessionSeal } from "./session-seal.ts";

const suite = new CipherSuite(KEM_DHKEM_X25519_HKDF_SHA256, KDF_HKDF_SHA256, AEAD_AES_256_GCM);
const INFO = utf8("sluice/query/v1");
const ANSWER_LABEL = utf8("sluice/answer/v1");
/** Secrets that are exported of a query's context, each of 32 bytes. */
const EXPORTED = [ANSWER_LABEL, SESSION_LABELS.caller, SESSION_LABELS.domain] as const;
const SAVED_VERSION = 1;
const KEY_BITS = 256;
const NONCE_BITS = 96;
const PREFIX = "x25519:";

type SealKeys = Awaited<ReturnType<typeof suite.GenerateKeyPair>>;

/** The domain's key pair. Prints as its public id. */
export class SealKeyPair {
  readonly sealKey: SealKeyId;
  readonly #keys: SealKeys;

  private constructor(sealKey: SealKeyId, keys: SealKeys) {
    this.sealKey = sealKey;
    this.#keys = keys;
  }

  /** The pair whose private half is the 32 secret bytes (RFC 7748 §6.1). */
  static async derive(secret: Bytes): Promise<SealKeyPair> {
    const privateKey = await suite.DeserializePrivateKey(secret, true);
    // WebCrypto has no direct way from a private key to its public half; the JWK form carries both.
    const { x } = await crypto.subtle.exportKey("jwk", privateKey);
    const publicKey = fromBase64url(x ?? "");
    const keys = { privateKey, publicKey: await suite.DeserializePublicKey(publicKey) };
    return new SealKeyPair(`${PREFIX}${toBase64url(publicKey)}`, keys);
  }

  /** Context of a query sealed to this key. Only `openQuery` calls this. */
  setup(encapsulatedKey: Bytes): Promise<RecipientContext> {
    return suite.SetupRecipient(this.#keys, encapsulatedKey, { info: INFO });
  }

  toString(): string {
    return `SealKeyPair(${this.sealKey})`;
  }

  toJSON(): string {
    return this.toString();
  }

  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return this.toString();
  }
}

/** A query on its way, with what opens its answer. */
export interface SentQuery {
  /** Bytes of the SealedQuery. A retry sends the same. */
  readonly frame: Bytes;
  /** The content of the sealed answer to exactly this query. @throws ERR_ANSWER_ALTERED */
  openAnswer(sealed: Bytes): Promise<Bytes>;
  /** This end of the session that the query opens, with no message below `from`; once in a process. */
  session(from?: number): Promise<SessionSeal>;
  /** What makes it again in another process, secret: whoever stores it seals it. */
  save(): Promise<Bytes>;
}

/** Seals `content` to the domain's `sealKey`, bound to `context`. @throws ERR_FRAME_TOO_LARGE, ERR_RECEIPT when the key is no key */
export async function sealQuery(sealKey: SealKeyId, content: Bytes, context: Bytes): Promise<SentQuery> {
  if (content.length > MAX_SEALED_CONTENT_BYTES) {
    throw new SluiceError("ERR_FRAME_TOO_LARGE", { sizeBytes: content.length, maxBytes: MAX_SEALED_CONTENT_BYTES });
  }
  const sender = await setupSender(sealKey);
  const ciphertext = await sender.ctx.Seal(content, context);
  return sentQuery(encodeSealedQuery({ encapsulatedKey: sender.encapsulatedSecret, ciphertext }), sender.ctx);
}

// struct { uint8 version; opaque frame<0..2^24-1>; opaque secret[32] × 3; } SavedQuery;
/** The query of which `save` gave the bytes. @throws ERR_FRAME_MALFORMED, ERR_FRAME_TOO_LARGE */
export function restoreQuery(saved: Bytes): SentQuery {
  const reader = new ByteReader(saved);
  if (reader.uint(1) !== SAVED_VERSION) {
    throw new SluiceError("ERR_FRAME_MALFORMED", { field: "version", expected: String(SAVED_VERSION) });
  }
  const frame = reader.opaque(MAX_FRAME_BYTES).slice();
  const secrets = EXPORTED.map((label) => ({ label, secret: reader.fixed(ANSWER_NONCE_BYTES).slice() }));
  reader.end();
  return sentQuery(frame, {
    Export(named) {
      const found = secrets.find(({ label }) => equalBytes(label, named));
      return found === undefined ? Promise.reject(new RangeError("no such secret")) : Promise.resolve(found.secret);
    },
  });
}

function sentQuery(frame: Bytes, context: Exporting): SentQuery {
  const { encapsulatedKey } = decodeSealedQuery(frame);
  return {
    frame,
    session: (from) => sessionSeal(context, "caller", from),
    async save() {
      const writer = new ByteWriter().uint(SAVED_VERSION, 1).opaque(frame, MAX_FRAME_BYTES);
      for (const label of EXPORTED) writer.fixed(await context.Export(label, ANSWER_NONCE_BYTES));
      return writer.finish();
    },
    async openAnswer(sealed) {
      try {
        const { nonce, ciphertext: answer } = decodeSealedAnswer(sealed);
        const { key, iv } = await answerKey(context, encapsulatedKey, nonce, "decrypt");
        return new Uint8Array(await crypto.subtle.decrypt({ name: "AES-GCM", iv }, key, new Uint8Array(answer)));
      } catch (cause) {
        throw new SluiceError("ERR_ANSWER_ALTERED", {}, { cause });
      }
    },
  };
}

/** A query as the domain reads it, with what seals its answer. */
export interface OpenedQuery {
  readonly content: Bytes;
  /** Bytes of the SealedAnswer, under a fresh nonce. @throws ERR_FRAME_TOO_LARGE */
  sealAnswer(content: Bytes, random: Random): Promise<Bytes>;
  /** This end of the session that the query opens; once. */
  session(): Promise<SessionSeal>;
}

/** Opens a query sealed to `pair` and bound to `context`. @throws ERR_SEAL, ERR_FRAME_MALFORMED */
export async function openQuery(pair: SealKeyPair, frame: Bytes, context: Bytes): Promise<OpenedQuery> {
  const { encapsulatedKey, ciphertext } = decodeSealedQuery(frame);
  let recipient: RecipientContext;
  let content: Bytes;
  try {
    recipient = await pair.setup(encapsulatedKey);
    content = await recipient.Open(ciphertext, context);
  } catch (cause) {
    throw new SluiceError("ERR_SEAL", {}, { cause });
  }
  return {
    content,
    session: () => sessionSeal(recipient, "domain"),
    async sealAnswer(answer, random) {
      if (answer.length > MAX_SEALED_CONTENT_BYTES) {
        throw new SluiceError("ERR_FRAME_TOO_LARGE", { sizeBytes: answer.length, maxBytes: MAX_SEALED_CONTENT_BYTES });
      }
      const nonce = random.bytes(ANSWER_NONCE_BYTES);
      const { key, iv } = await answerKey(recipient, encapsulatedKey, nonce, "encrypt");
      const sealed = new Uint8Array(await crypto.subtle.encrypt({ name: "AES-GCM", iv }, key, new Uint8Array(answer)));
      return encodeSealedAnswer({ nonce, ciphertext: sealed });
    },
  };
}

async function setupSender(sealKey: SealKeyId): Promise<{ encapsulatedSecret: Bytes; ctx: SenderContext }> {
  try {
    const publicKey = await suite.DeserializePublicKey(fromBase64url(sealKey.slice(PREFIX.length)));
    return await suite.SetupSender(publicKey, { info: INFO });
  } catch (cause) {
    throw new SluiceError("ERR_RECEIPT", { reason: "the seal key of its snapshot is no key" }, { cause });
  }
}

/** Key and nonce of an answer (RFC 9458 §4.4): HKDF over the exported secret, salted with encapsulated key ‖ nonce. */
async function answerKey(
  context: Exporting,
  encapsulatedKey: Bytes,
  nonce: Bytes,
  usage: "encrypt" | "decrypt",
): Promise<{ key: Awaited<ReturnType<typeof crypto.subtle.importKey>>; iv: Bytes }> {
  const secret = await context.Export(ANSWER_LABEL, ANSWER_NONCE_BYTES);
  const base = await crypto.subtle.importKey("raw", new Uint8Array(secret), "HKDF", false, ["deriveBits"]);
  const salt = concatBytes(encapsulatedKey, nonce);
  const derive = async (info: string, bits: number): Promise<Bytes> => {
    const parameters = { name: "HKDF", hash: "SHA-256", salt: new Uint8Array(salt), info: new Uint8Array(utf8(info)) };
    return new Uint8Array(await crypto.subtle.deriveBits(parameters, base, bits));
  };
  const raw = await derive("key", KEY_BITS);
  const key = await crypto.subtle.importKey("raw", new Uint8Array(raw), "AES-GCM", false, [usage]);
  return { key, iv: await derive("nonce", NONCE_BITS) };
}
