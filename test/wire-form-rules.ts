/** The rules of `docs/wire-psi.md` once more, with @noble/curves alone, and what the pages ask of messages beyond
 *  their structs. It shares no code with the packages.
 *  @module */
import { ristretto255, ristretto255_hasher, ristretto255_oprf } from "@noble/curves/ed25519.js";
import { createHash } from "node:crypto";
import { canonical, sha256 } from "./wire-rules.ts";
import { documentedStructs, type Fields } from "./wire-structs.ts";

const { Point } = ristretto255;
const { Fn } = Point;

/** The next multiple of a quarter of the power of two, at least 16. */
export function paddedSize(items: number): number {
  const least = Math.max(items, 16);
  const step = 2 ** Math.floor(Math.log2(least)) / 4;
  return step * Math.ceil(least / step);
}

/** Limits of lists and sets. */
const MAX_ITEMS: Readonly<Record<string, number>> = {
  "PsiQuery.elements": 131_072,
  "PsiCardinalityQuery.elements": 65_536,
  "PsiIdsAnswer.elements": 131_072,
};
/** Items of messages with up to 800 dummies, which are of no padded size. */
const MAX_WITH_DUMMIES: Readonly<Record<string, number>> = {
  "PsiCardinalityAnswer.elements": 65_536 + 800,
  "PsiCardinalityAnswer.tags": 131_072 + 800,
};
const ASCENDING: ReadonlySet<string> = new Set(["PsiCardinalityAnswer.elements", "PsiCardinalityAnswer.tags"]);

/** @throws Error when a message that its struct allows breaks another rule of its page. */
export function checkForm(struct: string, fields: Fields): void {
  for (const [name, value] of Object.entries(fields)) {
    const [max, most] = [MAX_ITEMS[`${struct}.${name}`], MAX_WITH_DUMMIES[`${struct}.${name}`]];
    if (max === undefined && most === undefined) continue;
    const items = (value as { bytes: string }[]).map(({ bytes }) => bytes);
    const padded = items.length <= paddedSize(max ?? 0) && paddedSize(items.length) === items.length;
    if (most === undefined && !padded) throw new Error("no padded size");
    if (most !== undefined && (items.length < 1 || items.length > most)) throw new Error("too few or too many");
    const ascends = items.every((item, i) => i === 0 || item > (items[i - 1] ?? ""));
    if (ASCENDING.has(`${struct}.${name}`) && !ascends) throw new Error(`${name} are not ascending`);
  }
  checkSession(struct, fields);
  const { count, proofCount } = fields;
  if (struct === "PsiIdsAnswer" && proofCount !== Math.ceil(Number(count) / 1_024))
    throw new Error("proofs out of range");
  if (struct === "PsiFilter" && (Number(count) < 3 || Number(count) > 2 ** 22)) throw new Error("slots out of range");
  if (struct === "DatasetRequest") {
    const { ask, page } = fields;
    if (!(ask === 2 || (ask === 1 && page === 0))) throw new Error("ask or page is out of range");
  }
  if (struct === "LookupRecord" && fields["state"] === 1 && /[^0]/.test(String(fields["value"]))) {
    throw new Error("the value of a deletion is not zero");
  }
  const { features, rows, columns, c0 } = fields;
  if (struct === "ScoreRequest" && String(columns).length !== 2 * Number(features) * (64 + 7 * Number(rows)))
    throw new Error("not one column per feature: out of range");
  if (struct === "ScoreReply" && String(c0).length !== 14 * Number(rows))
    throw new Error("not one coefficient per row: out of range");
}

/** The same for calls of many messages. */
function checkSession(struct: string, fields: Fields): void {
  const { first, count, columnBytes, columns, frames, answer, callerBytes, domainBytes, items } = fields;
  if (struct === "PsiTransferRows") {
    if (Number(first) + Number(count) > 624) throw new Error("columns out of range");
    if (String(columns).length !== 2 * Number(count) * Number(columnBytes)) throw new Error("columns out of range");
  }
  if ((struct === "PsiTransferOpen" || struct === "PsiTransferChoices") && Number(items) > 10_485_760)
    throw new Error("items above the limit");
  if ((struct === "PsiTransferOpen" || struct === "PsiTransferChoices") && paddedSize(Number(items)) !== items)
    throw new Error("no padded size");
  if (struct === "PsiTransferOpen" && Number(items) < 1_024) throw new Error("a list below its limit");
  if (struct === "SessionPacket") {
    if (count === 0 && first !== 0) throw new Error("first is not zero");
    if (Number(first) + Number(count) > 2 ** 32 - 1) throw new Error("a number out of range");
    if ((frames as { bytes: string }[]).some(({ bytes }) => bytes === "")) throw new Error("a frame below its limit");
  }
  if (struct === "SessionReply" && answer !== "")
    documentedStructs().decode("AnswerEnvelope", Buffer.from(String(answer), "hex"));
  if (struct === "SessionSummary" && (Number(callerBytes) >= 2 ** 53 || Number(domainBytes) >= 2 ** 53))
    throw new Error("bytes out of range");
}

/** Canonical JSON of what a set is bound to. */
export function psiIdentity(snapshot: Fields): string {
  const { domain, product, version, grant, purpose, epoch, parameters } = snapshot;
  const { kind } = parameters as { kind: string };
  return canonical({ kind, domain, product, version, grant, purpose, epoch });
}

/** The context of a snapshot. */
export function psiContext(snapshot: Fields): Buffer {
  return Buffer.concat([Buffer.from("SluicePSIV1-ristretto255-SHA512-"), sha256(psiIdentity(snapshot))]);
}

/** The element that an entry hashes to. */
export function hashEntry(entry: string, context: Buffer) {
  const DST = Buffer.concat([Buffer.from("HashToGroup-"), context]);
  return ristretto255_hasher.hashToCurve(Buffer.from(entry), { DST });
}

/** Tag of an element. */
export function tagOf(element: Uint8Array, context: Buffer): string {
  return sha256("sluice/psi/tag/v1", context, element).subarray(0, 12).toString("hex");
}

/** The scalar that 64 random bytes stand for. */
export function scalarOf(wide: Buffer): bigint {
  return Fn.create(readScalar(wide));
}

/** The number of little-endian bytes. */
export function readScalar(bytes: Buffer): bigint {
  return BigInt(`0x${Buffer.from(bytes.toReversed()).toString("hex")}`);
}

/** `scalar · element` as bytes. @throws Error when the element is not canonical or is the identity. */
export function multiply(element: Uint8Array, scalar: bigint): Buffer {
  const point = Point.fromBytes(element);
  if (point.is0()) throw new Error("the identity");
  return Buffer.from(point.multiply(scalar).toBytes());
}

/** `scalar` times the group's base. */
export function multiplyBase(scalar: bigint): Buffer {
  return Buffer.from(Point.BASE.multiply(scalar).toBytes());
}

/** The inverse of a scalar. */
export function invert(scalar: bigint): bigint {
  return Fn.inv(scalar);
}

/** The uniform element of 64 random bytes. */
export function uniformElement(wide: Buffer): Buffer {
  const point = ristretto255_hasher.deriveToCurve?.(wide);
  if (point === undefined) throw new Error("no map to the group");
  return Buffer.from(point.toBytes());
}

/** The domain's keys of an identity. */
export function psiKeys(seed: Buffer, identity: string) {
  const info = Buffer.from(`sluice/psi/key/v1|${identity}`);
  const { secretKey, publicKey } = ristretto255_oprf.voprf.deriveKeyPair(seed, info);
  return { secretKey: Buffer.from(secretKey), publicKey: Buffer.from(publicKey) };
}

/** The element that an input of the VOPRF hashes to: RFC 9497 §4.1. */
export function hashInput(entry: string) {
  const context = Buffer.concat([Buffer.from("OPRFV1-"), Buffer.of(1), Buffer.from("-ristretto255-SHA512")]);
  return hashEntry(entry, context);
}

/** `element + scalar · G` as bytes. */
export function addBase(element: ReturnType<typeof hashInput>, scalar: bigint): Buffer {
  return Buffer.from(element.add(Point.BASE.multiply(scalar)).toBytes());
}

/** `element - scalar · key` as bytes. */
export function subtractKey(element: Buffer, scalar: bigint, key: Buffer): Buffer {
  return Buffer.from(Point.fromBytes(element).subtract(Point.fromBytes(key).multiply(scalar)).toBytes());
}

/** Output of the VOPRF for an input, from k · H(input). */
export function outputOf(entry: string, element: Buffer): Buffer {
  const prefixed = (bytes: Buffer): Buffer => Buffer.concat([Buffer.of(bytes.length >> 8, bytes.length & 0xff), bytes]);
  const message = Buffer.concat([prefixed(Buffer.from(entry)), prefixed(element), Buffer.from("Finalize")]);
  return createHash("sha512").update(message).digest();
}

/** Whether the proof over a batch holds, by @noble/curves, which wants inputs and blinds that it would accept. */
export function isProven(blinded: Buffer[], evaluated: Buffer[], publicKey: Buffer, proof: Buffer): boolean {
  const one = Buffer.alloc(32);
  one[0] = 1;
  const items = blinded.map((element, i) => ({
    input: Buffer.from("any"),
    blind: one,
    blinded: element,
    evaluated: evaluated[i] ?? Buffer.alloc(0),
  }));
  try {
    ristretto255_oprf.voprf.finalizeBatch(items, publicKey, proof);
    return true;
  } catch {
    return false;
  }
}

/** Whether an output hits a filter. */
export function hits(output: Buffer, slots: readonly Buffer[], table: Fields): boolean {
  const { filterSeed, segmentLength } = table as { filterSeed: string; segmentLength: number };
  const d = sha256(Buffer.from(filterSeed, "hex"), output.subarray(0, 32));
  const bound = slots.length - 2 * segmentLength;
  const first = Number((BigInt(d.readUInt32BE(0)) * BigInt(bound)) >> 32n);
  const at = [
    first,
    (first + segmentLength) ^ (d.readUInt32BE(4) % segmentLength),
    (first + 2 * segmentLength) ^ (d.readUInt32BE(8) % segmentLength),
  ];
  return [0, 1, 2, 3].every((b) => at.reduce((sum, slot) => sum + (slots[slot]?.[b] ?? 0), 0) % 256 === d[12 + b]);
}
