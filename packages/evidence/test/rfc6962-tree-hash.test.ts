import { fromHex, toHex } from "@sluice/protocol";
import fc from "fast-check";
import { expect, test } from "vitest";
import {
  emptyRootHash,
  leafHash,
  nodeHash,
  rootOf,
  subtreesOf,
  verifyConsistency,
  verifyInclusion,
} from "../src/verify.ts";
import { naiveConsistency, naiveInclusion, naiveRoot } from "./naive-tree.ts";

// The reference tree of Certificate Transparency: its leaves, and the root of the first n of them.
const LEAVES = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"].map(
  fromHex,
);
const ROOTS = [
  "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
  "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
  "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
  "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
  "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
  "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
  "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
  "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
  "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
];

/** The root as this package computes it, through one tile of leaf hashes. */
function rootThroughTiles(leaves: readonly Uint8Array[]): Promise<Uint8Array> {
  const hashes = new Uint8Array(leaves.length * 32);
  for (const [i, leaf] of leaves.entries()) hashes.set(leafHash(leaf), i * 32);
  return rootOf(
    subtreesOf(async ({ width }) => hashes.subarray(0, width * 32), leaves.length),
    leaves.length,
  );
}

test("gives the published roots of the reference tree", async () => {
  expect(toHex(emptyRootHash())).toBe(ROOTS[0]);
  for (const [size, root] of ROOTS.entries()) {
    expect(toHex(await rootThroughTiles(LEAVES.slice(0, size)))).toBe(root);
    expect(toHex(naiveRoot(LEAVES.slice(0, size)))).toBe(root);
  }
});

/** Leaves of different lengths, no two the same. */
const leavesArbitrary = fc
  .array(fc.uint8Array({ maxLength: 8 }), { minLength: 1, maxLength: 70 })
  .map((leaves) => leaves.map((leaf, i) => Uint8Array.of(i, ...leaf)));

test("accepts the inclusion proof of the recursive definition and no altered one", () => {
  fc.assert(
    fc.property(leavesArbitrary, fc.nat(), fc.nat(), (leaves, position, flip) => {
      const index = position % leaves.length;
      const size = leaves.length;
      const proof = naiveInclusion(index, leaves);
      const leaf = leafHash(leaves[index] ?? new Uint8Array(0));
      const root = naiveRoot(leaves);
      expect(verifyInclusion(leaf, index, size, proof, root)).toBe(true);
      expect(verifyInclusion(flipped(leaf, flip), index, size, proof, root)).toBe(false);
      expect(verifyInclusion(leaf, index, size, proof, flipped(root, flip))).toBe(false);
      expect(verifyInclusion(leaf, index, size, [...proof, leaf], root)).toBe(false);
      expect(verifyInclusion(leaf, size, size, proof, root)).toBe(false);
      if (proof.length === 0) return;
      expect(verifyInclusion(leaf, index, size, proof.slice(1), root)).toBe(false);
      const altered = proof.with(flip % proof.length, flipped(proof[flip % proof.length] ?? leaf, flip));
      expect(verifyInclusion(leaf, index, size, altered, root)).toBe(false);
      const other = index ^ 1;
      if (other < size) expect(verifyInclusion(leaf, other, size, proof, root)).toBe(false);
    }),
  );
});

test("accepts the consistency proof of the recursive definition and no altered one", () => {
  fc.assert(
    fc.property(leavesArbitrary, fc.nat(), fc.nat(), (leaves, position, flip) => {
      const size = leaves.length;
      const older = { size: 1 + (position % size), rootHash: naiveRoot(leaves.slice(0, 1 + (position % size))) };
      const newer = { size, rootHash: naiveRoot(leaves) };
      const proof = older.size === size ? [] : naiveConsistency(older.size, leaves);
      expect(verifyConsistency(older, newer, proof)).toBe(true);
      expect(verifyConsistency({ ...older, rootHash: flipped(older.rootHash, flip) }, newer, proof)).toBe(false);
      expect(verifyConsistency(older, { ...newer, rootHash: flipped(newer.rootHash, flip) }, proof)).toBe(false);
      expect(verifyConsistency(older, newer, [...proof, newer.rootHash])).toBe(false);
      if (proof.length === 0) return;
      expect(verifyConsistency(older, newer, proof.slice(1))).toBe(false);
      const altered = proof.with(flip % proof.length, flipped(proof[flip % proof.length] ?? older.rootHash, flip));
      expect(verifyConsistency(older, newer, altered)).toBe(false);
    }),
  );
});

test("refuses a proof that is longer than the tree is high, even when it hashes to the root", () => {
  const [a, b, c] = [1, 2, 3].map((byte) => leafHash(Uint8Array.of(byte)));
  if (!a || !b || !c) throw new Error("three leaves");
  expect(verifyInclusion(a, 0, 1, [b], nodeHash(b, a))).toBe(false);
  expect(verifyInclusion(a, 0, 2, [b, c], nodeHash(c, nodeHash(a, b)))).toBe(false);
  // From three leaves to four: c, its sibling, the subtree before them, and one hash too many.
  const [d, ab] = [leafHash(Uint8Array.of(4)), nodeHash(a, b)];
  const older = { size: 3, rootHash: nodeHash(a, nodeHash(ab, c)) };
  const newer = { size: 4, rootHash: nodeHash(a, nodeHash(ab, nodeHash(c, d))) };
  expect(verifyConsistency(older, newer, [c, d, ab, a])).toBe(false);
});

test("refuses sizes and proofs that no tree has", () => {
  const [leaf, root] = [leafHash(Uint8Array.of(1)), naiveRoot([Uint8Array.of(1)])];
  for (const [index, size] of [
    [-1, 1],
    [0.5, 1],
    [0, Number.NaN],
    [0, 2 ** 60],
    [1, 1],
    [0, 0],
  ] as const) {
    expect(verifyInclusion(leaf, index, size, [], root)).toBe(false);
  }
  expect(
    verifyInclusion(
      leaf,
      0,
      2 ** 50,
      Array.from({ length: 64 }, () => leaf),
      root,
    ),
  ).toBe(false);
  expect(verifyInclusion(leaf, 0, 2, [leaf.subarray(1)], root)).toBe(false);
  const empty = { size: 0, rootHash: emptyRootHash() };
  const one = { size: 1, rootHash: root };
  expect(verifyConsistency(empty, one, [])).toBe(true);
  expect(verifyConsistency({ size: 0, rootHash: root }, one, [])).toBe(false);
  expect(verifyConsistency(one, empty, [])).toBe(false);
  expect(verifyConsistency(one, { size: 2, rootHash: root }, [])).toBe(false);
});

function flipped(bytes: Uint8Array, where: number): Uint8Array {
  const copy = bytes.slice();
  const at = where % copy.length;
  copy[at] = (copy[at] ?? 0) ^ (1 << (where % 8));
  return copy;
}
