/** ristretto255 as hidden selections need it: elements added, scalars computed with. libsodium, or noble where WebAssembly is
 *  forbidden, as `callerGroup` chooses. No `node:` import: runs in Node and in browsers.
 *  @see https://www.rfc-editor.org/rfc/rfc9496
 *  @module */
import { ristretto255 } from "@noble/curves/ed25519.js";
import { bytesToNumberLE } from "@noble/curves/utils.js";
import type { Bytes, Random } from "@sluice/protocol";
import { callerGroup, UNIFORM_BYTES, type CallerGroup } from "../../psi/caller-group.ts";
import { nobleGroup } from "../../psi/noble-group.ts";

const { Point } = ristretto255;
const { Fn } = Point;

/** Elements and scalars are 32 bytes, little-endian and canonical. The identity is 32 zeros. */
export interface SelectionGroup extends CallerGroup {
  add(a: Bytes, b: Bytes): Bytes;
  subtract(a: Bytes, b: Bytes): Bytes;
  addScalars(a: Bytes, b: Bytes): Bytes;
  subtractScalars(a: Bytes, b: Bytes): Bytes;
  multiplyScalars(a: Bytes, b: Bytes): Bytes;
}

let loading: Promise<SelectionGroup> | undefined;

/** The fastest group that this place allows. */
export function selectionGroup(): Promise<SelectionGroup> {
  loading ??= open();
  return loading;
}

async function open(): Promise<SelectionGroup> {
  const caller = await callerGroup();
  if (caller.engine === "noble") return nobleSelectionGroup;
  const { default: sodium } = await import("libsodium-wrappers-sumo");
  return {
    ...caller,
    add: (a, b) => sodium.crypto_core_ristretto255_add(a, b),
    subtract: (a, b) => sodium.crypto_core_ristretto255_sub(a, b),
    addScalars: (a, b) => sodium.crypto_core_ristretto255_scalar_add(a, b),
    subtractScalars: (a, b) => sodium.crypto_core_ristretto255_scalar_sub(a, b),
    multiplyScalars: (a, b) => sodium.crypto_core_ristretto255_scalar_mul(a, b),
  };
}

const element = (bytes: Bytes) => Point.fromBytes(bytes);
const scalar = (bytes: Bytes) => Fn.create(bytesToNumberLE(bytes));

/** The same in plain TypeScript. */
export const nobleSelectionGroup: SelectionGroup = {
  ...nobleGroup,
  add: (a, b) => element(a).add(element(b)).toBytes(),
  subtract: (a, b) => element(a).subtract(element(b)).toBytes(),
  addScalars: (a, b) => Fn.toBytes(Fn.add(scalar(a), scalar(b))),
  subtractScalars: (a, b) => Fn.toBytes(Fn.sub(scalar(a), scalar(b))),
  multiplyScalars: (a, b) => Fn.toBytes(Fn.mul(scalar(a), scalar(b))),
};

/** A uniform scalar other than zero: 64 bytes reduced, so the bias is below 2^-250. */
export function randomScalar(group: SelectionGroup, random: Random): Bytes {
  for (;;) {
    const wide = random.bytes(UNIFORM_BYTES);
    const drawn = group.reduce(wide);
    wide.fill(0);
    if (!isZero(drawn)) return drawn;
  }
}

/** The scalar of a whole number, negative ones modulo the order. */
export function scalarOf(value: bigint): Bytes {
  return Fn.toBytes(Fn.create(value));
}

/** Whether it is the scalar zero, or the identity. */
export function isZero(bytes: Bytes): boolean {
  return bytes.every((byte) => byte === 0);
}
