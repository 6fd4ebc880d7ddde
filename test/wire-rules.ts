/** The rules of `docs/wire.md` and `docs/wire-lookup.md` once more, with node:crypto and @noble/curves alone: what a client in
 *  another language would write. It shares no code with the packages.
 *  @module */
import { ristretto255_oprf } from "@noble/curves/ed25519.js";
import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  hkdfSync,
  createHmac,
  verify,
} from "node:crypto";
import type { WireStructs } from "./wire-structs.ts";

const X25519_PKCS8 = Buffer.from("302e020100300506032b656e04220420", "hex");

/** SHA-256. */
export function sha256(...parts: (Uint8Array | string)[]): Buffer {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(part);
  return hash.digest();
}

/** RFC 8785, for values that JSON.parse gave. */
export function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const members = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return `{${members.map(([name, member]) => `${JSON.stringify(name)}:${canonical(member)}`).join(",")}}`;
}

/** Hash that names a document. */
export function documentHash(document: unknown): string {
  return sha256(canonical(document)).toString("hex");
}

/** A signed object. */
export type SignedObject = { body: { type: string }; signatures: { suite: string; keyId: string; value: string }[] };

/** The bytes that signatures of an object cover. */
export function signingInput({ body }: SignedObject): Buffer {
  return Buffer.from(`sluice/${body.type}/v1${canonical(body)}`);
}

/** Whether exactly these keys signed the object. */
export function isSignedBy(signed: SignedObject, ...keyIds: string[]): boolean {
  const signers = signed.signatures.map(({ keyId }) => keyId);
  if (canonical(signers.toSorted()) !== canonical(keyIds.toSorted())) return false;
  return signed.signatures.every(
    ({ suite, keyId, value }) =>
      suite === "ed25519" && verifyEd25519(keyId, signingInput(signed), Buffer.from(value, "base64url")),
  );
}

/** Ed25519 by key id. */
export function verifyEd25519(keyId: string, message: Uint8Array, signature: Uint8Array): boolean {
  const jwk = { kty: "OKP", crv: "Ed25519", x: keyId.slice("ed25519:".length) };
  return verify(null, message, createPublicKey({ key: jwk, format: "jwk" }), signature);
}

/** What HPKE gives for one sealed query, on the side of the sender or of the recipient. */
export type QueryContext = { key: Buffer; nonce: Buffer; exportSecret: (label: string, length: number) => Buffer };

/** RFC 9180 §4.1 and §5.1, base mode: `own` is the ephemeral or the recipient's secret, `peer` the other's public key. */
export function queryContext(own: Buffer, peer: Buffer, encapsulated: Buffer, recipient: Buffer): QueryContext {
  const shared = diffieHellman({
    privateKey: createPrivateKey({ key: Buffer.concat([X25519_PKCS8, own]), format: "der", type: "pkcs8" }),
    publicKey: createPublicKey({
      key: { kty: "OKP", crv: "X25519", x: peer.toString("base64url") },
      format: "jwk",
    }),
  });
  const kem = Buffer.from("KEM\x00\x20", "latin1");
  const hpke = Buffer.from("HPKE\x00\x20\x00\x01\x00\x02", "latin1");
  const prk = labeledExtract(kem, Buffer.alloc(0), "eae_prk", shared);
  const secret = labeledExpand(kem, prk, "shared_secret", Buffer.concat([encapsulated, recipient]), 32);
  const none = Buffer.alloc(0);
  const keyContext = Buffer.concat([
    Buffer.of(0),
    labeledExtract(hpke, none, "psk_id_hash", none),
    labeledExtract(hpke, none, "info_hash", Buffer.from("sluice/query/v1")),
  ]);
  const schedule = labeledExtract(hpke, secret, "secret", none);
  const exporter = labeledExpand(hpke, schedule, "exp", keyContext, 32);
  return {
    key: labeledExpand(hpke, schedule, "key", keyContext, 32),
    nonce: labeledExpand(hpke, schedule, "base_nonce", keyContext, 12),
    exportSecret: (label, length) => labeledExpand(hpke, exporter, "sec", Buffer.from(label), length),
  };
}

/** Key and nonce of a sealed answer. */
export function answerKey(context: QueryContext, encapsulated: Buffer, nonce: Buffer): { key: Buffer; nonce: Buffer } {
  const prk = extract(Buffer.concat([encapsulated, nonce]), context.exportSecret("sluice/answer/v1", 32));
  return { key: expand(prk, Buffer.from("key"), 32), nonce: expand(prk, Buffer.from("nonce"), 12) };
}

/** AES-256-GCM, the tag last; null when it does not fit. */
export function openGcm(key: Buffer, nonce: Buffer, sealed: Buffer, aad = Buffer.alloc(0)): Buffer | null {
  const cipher = createDecipheriv("aes-256-gcm", key, nonce).setAAD(aad).setAuthTag(sealed.subarray(-16));
  try {
    return Buffer.concat([cipher.update(sealed.subarray(0, -16)), cipher.final()]);
  } catch {
    return null;
  }
}

function extract(salt: Buffer, ikm: Buffer): Buffer {
  return createHmac("sha256", salt).update(ikm).digest();
}

function expand(prk: Buffer, info: Buffer, length: number): Buffer {
  let [block, out] = [Buffer.alloc(0), Buffer.alloc(0)];
  for (let i = 1; out.length < length; i++) {
    block = createHmac("sha256", prk).update(block).update(info).update(Buffer.of(i)).digest();
    out = Buffer.concat([out, block]);
  }
  return out.subarray(0, length);
}

function labeledExtract(suite: Buffer, salt: Buffer, label: string, ikm: Buffer): Buffer {
  return extract(salt, Buffer.concat([Buffer.from("HPKE-v1"), suite, Buffer.from(label), ikm]));
}

function labeledExpand(suite: Buffer, prk: Buffer, label: string, info: Buffer, length: number): Buffer {
  const head = Buffer.concat([Buffer.of(0, length), Buffer.from("HPKE-v1"), suite, Buffer.from(label), info]);
  return expand(prk, head, length);
}

/** A log proof. */
export type Proof = { origin: string; index: number; salt: string; checkpoint: string; inclusion: string[] };

/** Whether the log with this origin and key holds a commitment to `document`. */
export function holdsInLog(
  structs: WireStructs,
  proof: Proof,
  document: unknown,
  origin: string,
  logKey: string,
): boolean {
  const checkpoint = openCheckpoint(structs, proof.checkpoint, origin, logKey);
  if (checkpoint === null || proof.origin !== origin || !(proof.index < checkpoint.size)) return false;
  const entry = Buffer.from(`${hexOf("sluice/leaf/v1")}${proof.salt}${documentHash(document)}`, "hex");
  structs.decode("Commitment", entry);
  let [n, m, r] = [proof.index, checkpoint.size - 1, sha256(Buffer.of(0), sha256(entry))];
  for (const hash of proof.inclusion) {
    const p = Buffer.from(hash, "hex");
    if (m === 0) return false;
    if (n % 2 === 1 || n === m) {
      r = sha256(Buffer.of(1), p, r);
      while (n % 2 === 0 && n !== 0) [n, m] = [n / 2, Math.floor(m / 2)];
    } else {
      r = sha256(Buffer.of(1), r, p);
    }
    [n, m] = [Math.floor(n / 2), Math.floor(m / 2)];
  }
  return m === 0 && r.equals(checkpoint.root);
}

/** What a receipt says in place of the opening's value. */
export function referenceHash(
  structs: WireStructs,
  member: string,
  { value, salt }: { value: string; salt: string },
): string {
  const prefixed = (text: string): Buffer => Buffer.concat([Buffer.of(Buffer.byteLength(text)), Buffer.from(text)]);
  const reference = Buffer.concat([
    Buffer.from("sluice/reference/v1"),
    prefixed(member),
    Buffer.from(salt, "hex"),
    prefixed(value),
  ]);
  structs.decode("Reference", reference);
  return sha256(reference).toString("hex");
}

function openCheckpoint(structs: WireStructs, note: string, origin: string, logKey: string) {
  const split = note.lastIndexOf("\n\n");
  const text = note.slice(0, split + 1);
  const publicKey = Buffer.from(logKey.slice("ed25519:".length), "base64url");
  const keyHash = sha256(`${origin}\n`, Buffer.of(1), publicKey).subarray(0, 4).toString("hex");
  const signatures = note
    .slice(split + 2)
    .split("\n")
    .filter((line) => line.startsWith(`\u2014 ${origin} `))
    .map((line) => structs.decode("NoteSignature", Buffer.from(line.split(" ")[2] ?? "", "base64")))
    .filter((signature) => signature["keyHash"] === keyHash);
  const [signature] = signatures;
  const [name, size = "", root = ""] = text.split("\n");
  if (signatures.length !== 1 || name !== origin) return null;
  const value = Buffer.from(String(signature?.["signature"]), "hex");
  if (!verifyEd25519(logKey, Buffer.from(text), value)) return null;
  return { size: Number(size), root: Buffer.from(root, "base64") };
}

function hexOf(text: string): string {
  return Buffer.from(text).toString("hex");
}

/** The signature base of RFC 9421 for the profile's components, from what is sent. */
export function signatureBase(method: string, url: string, digest: string, parameters: string): string {
  const { host, pathname, search } = new URL(url);
  const lines = [
    `"@method": ${method}`,
    `"@authority": ${host}`,
    `"@path": ${pathname}`,
    `"@query": ${search === "" ? "?" : search}`,
    `"content-digest": ${digest}`,
  ];
  return [...lines, `"@signature-params": ${parameters}`].join("\n");
}

/** Verified OPRF output (RFC 9497, VOPRF): throws when the proof is wrong. */
export function oprfOutput(evaluation: {
  input: Buffer;
  blind: Buffer;
  blinded: Buffer;
  evaluated: Buffer;
  publicKey: Buffer;
  proof: Buffer;
}): Buffer {
  const { input, blind, blinded, evaluated, publicKey, proof } = evaluation;
  return Buffer.from(ristretto255_oprf.voprf.finalize(input, blind, evaluated, blinded, publicKey, proof));
}

/** The evaluated element, as the holder of the secret key computes it. */
export function oprfEvaluate(secretKey: Buffer, publicKey: Buffer, blinded: Buffer): Buffer {
  return Buffer.from(ristretto255_oprf.voprf.blindEvaluate(secretKey, publicKey, blinded).evaluated);
}

/** Parameters that positions and words depend on. */
export type Shape = { buckets: number; rowsPerBucket: number; segmentLength: number };

/** Bucket and rows of a position seed. */
export function positions(structs: WireStructs, position: Buffer, filterSeed: Buffer, shape: Shape) {
  const digest = structs.decode("PositionDigest", sha256(filterSeed, position));
  const word = (name: string): bigint => BigInt(Number(digest[name]));
  const scale = (w: bigint, bound: number): number => Number((w * BigInt(bound)) >> 32n);
  const length = shape.segmentLength;
  const low = (name: string): number => Number(word(name) % BigInt(length));
  const first = scale(word("first"), shape.rowsPerBucket - 2 * length);
  return {
    bucket: scale(word("bucket"), shape.buckets),
    rows: [first, (first + length) ^ low("second"), (first + 2 * length) ^ low("third")],
  };
}

/** RecordSecrets of an OPRF output. */
export function recordSecrets(structs: WireStructs, output: Buffer, matrixSeed: Buffer) {
  return structs.decode(
    "RecordSecrets",
    new Uint8Array(hkdfSync("sha256", output, matrixSeed, "sluice/lookup/record/v1", 76)),
  );
}

/** `count` rows of the LWE matrix from row `first`. */
export function matrixRows(matrixSeed: Buffer, first: number, count: number): Uint32Array {
  const counter = Buffer.alloc(16);
  counter.writeBigUInt64BE(BigInt(first) * 256n, 8);
  const stream = createCipheriv("aes-256-ctr", matrixSeed, counter).update(Buffer.alloc(count * 4_096));
  return Uint32Array.from({ length: count * 1_024 }, (_, i) => stream.readUInt32LE(i * 4));
}

/** Words of little-endian bytes in hexadecimal. */
export function wordsOf(hex: string): Uint32Array {
  const bytes = Buffer.from(hex, "hex");
  return Uint32Array.from({ length: bytes.length / 4 }, (_, i) => bytes.readUInt32LE(i * 4));
}

/** Σ a[from + j] · b[j] modulo 2^32. */
export function innerProduct(a: Uint32Array, from: number, b: Uint32Array): number {
  let sum = 0;
  for (let j = 0; j < b.length; j++) sum = (sum + Math.imul(a[from + j] ?? 0, b[j] ?? 0)) | 0;
  return sum >>> 0;
}

/** The record of `bucket` in an answer; null when it is corrupt. */
export function recover(
  answer: readonly number[],
  hint: Uint32Array,
  secret: Uint32Array,
  bucket: number,
  recordBytes: number,
): Buffer | null {
  const bytes = answer.map((word, c) => {
    const x = (word - innerProduct(hint, 1_024 * c, secret)) >>> 0;
    const byte = Math.round(x / 2 ** 24) % 256;
    return { byte, noise: Math.abs((x - byte * 2 ** 24) | 0) };
  });
  if (bytes.some(({ noise }) => noise >= 2 ** 22)) return null;
  return Buffer.from(bytes.map(({ byte }) => byte).slice(bucket * recordBytes, (bucket + 1) * recordBytes));
}
