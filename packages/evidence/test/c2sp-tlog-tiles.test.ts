import fc from "fast-check";
import { expect, test } from "vitest";
import {
  decodeEntryTile,
  encodeEntryTile,
  isLogPath,
  levelCount,
  parseTilePath,
  tileOf,
  tilePath,
} from "../src/verify.ts";

test("spells the tile paths of the specification", () => {
  expect(tilePath({ level: 0, index: 1_234_067, width: 256 })).toBe("tile/0/x001/x234/067");
  expect(tilePath({ level: 2, index: 0, width: 1 })).toBe("tile/2/000.p/1");
  expect(tilePath({ level: "entries", index: 273, width: 112 })).toBe("tile/entries/273.p/112");
});

test("gives a tree of 70,000 entries the tile set of the specification's example", () => {
  const last = (level: number, index: number) => tilePath(tileOf(level, index, 70_000));
  expect(levelCount(70_000)).toBe(3);
  expect(tileOf(0, 272 * 256, 70_000)).toEqual({ level: 0, index: 272, width: 256 });
  expect(last(0, 69_999)).toBe("tile/0/273.p/112");
  expect(last(1, 272)).toBe("tile/1/001.p/17");
  expect(last(2, 0)).toBe("tile/2/000.p/1");
});

const tileArbitrary = fc.record({
  level: fc.oneof(fc.constant("entries" as const), fc.integer({ min: 0, max: 6 })),
  index: fc.nat(Number.MAX_SAFE_INTEGER),
  width: fc.integer({ min: 1, max: 256 }),
});

test("reads back every path it spells", () => {
  fc.assert(
    fc.property(tileArbitrary, (tile) => {
      expect(parseTilePath(tilePath(tile))).toEqual(tile);
    }),
  );
});

test.each([
  "journal",
  "lock",
  "lock.pid",
  "checkpoint.tmp",
  "../checkpoint",
  "tile/0/../../journal",
  "tile/0/x000/001",
  "tile/0/1",
  "tile/7/001",
  "tile/00/001",
  "tile/0/001.p/0",
  "tile/0/001.p/256",
  "tile/0/001.p/01",
  "tile/0/001/",
  "/tile/0/001",
  "tile/0/001\n",
  "",
])("does not serve %j", (path) => {
  expect(isLogPath(path)).toBe(false);
});

test("serves checkpoint and tiles", () => {
  for (const path of ["checkpoint", "tile/0/001", "tile/entries/x001/000.p/255"]) expect(isLogPath(path)).toBe(true);
});

test("an entry tile round-trips, and a shorter or odd one is refused", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 256 }), fc.nat(255), (width, byte) => {
      const entries = new Uint8Array(width * 32).fill(byte);
      const tile = encodeEntryTile(entries);
      expect(decodeEntryTile(tile, width)).toEqual(Array.from({ length: width }, () => new Uint8Array(32).fill(byte)));
      expect(decodeEntryTile(tile, width + 1)).toBeNull();
      expect(decodeEntryTile(tile.subarray(1), width)).toBeNull();
      tile[1] = 31;
      expect(decodeEntryTile(tile, width)).toBeNull();
    }),
  );
});
