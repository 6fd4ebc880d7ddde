/** The group of a caller in plain TypeScript, with noble: where WebAssembly is forbidden, and as what the other is held against.
 *  No `node:` import: runs in Node and in browsers.
 *  @module */
import { ristretto255, ristretto255_hasher } from "@noble/curves/ed25519.js";
import { bytesToNumberLE } from "@noble/curves/utils.js";
import { concatBytes, utf8, type Bytes } from "@sluice/protocol";
import type { CallerGroup } from "./caller-group.ts";

const { Point } = ristretto255;
const { Fn } = Point;

/** Operations as `CallerGroup` says. */
export const nobleGroup: CallerGroup = {
  engine: "noble",
  hash: (entry, context) =>
    ristretto255_hasher.hashToCurve(entry, { DST: concatBytes(utf8("HashToGroup-"), context) }).toBytes(),
  map(uniform) {
    const point = ristretto255_hasher.deriveToCurve?.(uniform);
    if (point === undefined) throw new TypeError("this noble has no map to the group");
    return point.toBytes();
  },
  reduce: (uniform) => Fn.toBytes(Fn.create(bytesToNumberLE(uniform))),
  invert: (scalar) => Fn.toBytes(Fn.inv(bytesToNumberLE(scalar))),
  multiplyBase: (scalar) => Point.BASE.multiply(bytesToNumberLE(scalar)).toBytes(),
  multiply(scalar, element) {
    const point = decode(element);
    return point === null || point.is0() ? null : point.multiply(bytesToNumberLE(scalar)).toBytes();
  },
};

function decode(bytes: Bytes) {
  try {
    return Point.fromBytes(bytes);
  } catch {
    return null;
  }
}
