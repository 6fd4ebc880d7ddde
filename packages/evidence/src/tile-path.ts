/** Names of the files of a log (C2SP tlog-tiles): `tile/<L>/<N>[.p/<W>]` and `tile/entries/<N>[.p/<W>]`.
 *  @see https://c2sp.org/tlog-tiles
 *  @module */

/** Hashes, or entries, of one full tile. */
export const TILE_WIDTH = 256;
/** Levels of the tree that one tile spans. */
export const TILE_HEIGHT = 8;
/** Name of the file with the newest checkpoint. */
export const CHECKPOINT_PATH = "checkpoint";
/** Name of the file that says which entries are no longer kept; only a pruned log has it. */
export const PRUNED_PATH = "pruned";
/** Highest level of a tree whose size is a safe integer. */
const MAX_TILE_LEVEL = 6;

const TILE_PATH =
  /^tile\/(entries|[0-6])\/((?:x[0-9]{3}\/){0,5}[0-9]{3})(?:\.p\/([1-9][0-9]?|1[0-9]{2}|2[0-4][0-9]|25[0-5]))?$/;

/** One tile: hashes of `level`, or entries. `width` is 256 for a full one. */
export type Tile = { readonly level: number | "entries"; readonly index: number; readonly width: number };

/** Path of a tile below the log's directory. */
export function tilePath({ level, index, width }: Tile): string {
  const groups: string[] = [];
  let rest = index;
  do {
    groups.unshift(String(rest % 1_000).padStart(3, "0"));
    rest = Math.floor(rest / 1_000);
  } while (rest > 0);
  const name = groups.map((group, i) => (i === groups.length - 1 ? group : `x${group}`)).join("/");
  return `tile/${level}/${name}${width === TILE_WIDTH ? "" : `.p/${width}`}`;
}

/** The tile that `path` names; `null` when it names none, also in any but the one canonical spelling. */
export function parseTilePath(path: string): Tile | null {
  const match = TILE_PATH.exec(path);
  if (match === null) return null;
  const [, level = "", name = "", width] = match;
  const tile: Tile = {
    level: level === "entries" ? "entries" : Number(level),
    index: Number(name.replaceAll(/[x/]/g, "")),
    width: width === undefined ? TILE_WIDTH : Number(width),
  };
  return Number.isSafeInteger(tile.index) && tilePath(tile) === path ? tile : null;
}

/** Whether `path`, as a reader asks for it, is a public file of a log. Everything else in its directory is not. */
export function isLogPath(path: string): boolean {
  return path === CHECKPOINT_PATH || path === PRUNED_PATH || parseTilePath(path) !== null;
}

/** Hashes that `level` of a tree of `size` leaves holds. */
export function hashesAtLevel(level: number, size: number): number {
  return Math.floor(size / TILE_WIDTH ** level);
}

/** The tile with hash `index` of `level`, as wide as a tree of `size` leaves makes it. */
export function tileOf(level: number | "entries", index: number, size: number): Tile {
  const tile = Math.floor(index / TILE_WIDTH);
  const stored = hashesAtLevel(level === "entries" ? 0 : level, size);
  return { level, index: tile, width: Math.min(TILE_WIDTH, stored - tile * TILE_WIDTH) };
}

/** Levels that hold at least one hash in a tree of `size` leaves. */
export function levelCount(size: number): number {
  let levels = 0;
  while (levels <= MAX_TILE_LEVEL && hashesAtLevel(levels, size) > 0) levels++;
  return levels;
}
