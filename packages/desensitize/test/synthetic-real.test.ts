/** Synthetic rows that follow the profile of the Adult table: how near they are to what was published, and to the table.
 *  Needs SLUICE_DATA_DIR.
 *  @module */
import { isValid, REST_BIN, type Column, type ResourceProfile } from "@sluice/protocol";
import { expect, test } from "vitest";
import { profileTable, synthesize } from "../src/index.ts";
import { query, withEngine, type Cell } from "./engine.ts";
import { policyOf } from "./fixtures.ts";
import { plainBin, shownPersons } from "./profile-bins.ts";
import { ADULT, loadColumns, plainRows } from "./real-columns.ts";

if (ADULT.file === null) process.stdout.write("skipped: synthetic rows of the Adult table need SLUICE_DATA_DIR\n");

const ROWS = 6_000;
const { resource } = ADULT;
const names = resource.fields.map(({ name }) => name);
const policy = policyOf(
  Object.fromEntries(names.map((name) => [name, { role: "other", transform: { kind: "keep" } }])),
);

function adultProfile(): Promise<ResourceProfile> {
  return withEngine(async (connection) => {
    await loadColumns(connection, ADULT);
    const source = { table: "people", rowId: "row number" };
    return profileTable((sql) => query(connection, sql), resource, source, { pairs: true });
  });
}

function valueAt(column: Column | undefined, row: number): Cell {
  if (column === undefined || !isValid(column, row)) return null;
  const value = column.values[row] ?? 0;
  return column.type === "dict" ? (column.dictionary[value] ?? null) : value;
}

/** The bin of each row's value, by column. */
function binsOf(
  profile: ResourceProfile,
  rows: number,
  value: (name: string, row: number) => Cell,
): Map<string, number[]> {
  return new Map(
    profile.columns.map((column) => [
      column.field,
      Array.from({ length: rows }, (_, row) => plainBin(column, value(column.field, row))),
    ]),
  );
}

/** Rows in each pair of bins, as shares. */
function joint(bins: ReadonlyMap<string, readonly number[]>, x: string, y: string): Map<string, number> {
  const [xs = [], ys = []] = [bins.get(x), bins.get(y)];
  const shares = new Map<string, number>();
  for (const [row, bin] of xs.entries()) {
    const key = `${bin} ${ys[row]}`;
    shares.set(key, (shares.get(key) ?? 0) + 1 / xs.length);
  }
  return shares;
}

/** Total variation distance. */
function distance(a: ReadonlyMap<string, number>, b: ReadonlyMap<string, number>): number {
  const keys = new Set([...a.keys(), ...b.keys()]);
  return [...keys].reduce((sum, key) => sum + Math.abs((a.get(key) ?? 0) - (b.get(key) ?? 0)), 0) / 2;
}

test.runIf(ADULT.file !== null)("margins are the published ones to rounding and chance, and pairs near", async () => {
  const profile = await adultProfile();
  const size = { rows: ROWS, seed: 3 };
  const drawn = (from: ResourceProfile): Map<string, number[]> => {
    const { columns } = synthesize({ resource, policy, profile: from }, names, size);
    return binsOf(profile, ROWS, (name, row) => valueAt(columns[name], row));
  };
  const near = drawn(profile);
  for (const column of profile.columns) {
    if (column.kind === "shape") throw new Error("expected figures of every column");
    const shown = shownPersons(column);
    const rest = (column.kind === "values" ? (column.other ?? 0) : 0) + (column.missing ?? 0);
    const total = shown.reduce((sum, persons) => sum + persons, rest);
    const bins = near.get(column.field) ?? [];
    for (const [bin, persons] of [...shown.entries(), [REST_BIN, rest] as const]) {
      const [wanted, found] = [persons / total, bins.filter((one) => one === bin).length / ROWS];
      // Five standard deviations of a share; the margins of a tree are met by fitting.
      const chance = 5 * Math.sqrt((wanted * (1 - wanted)) / ROWS) + 0.0005;
      expect(Math.abs(found - wanted), `${column.field} ${bin}`).toBeLessThan(chance);
    }
  }
  const table = (await plainRows(ADULT)).filter((_, i) => i % 4 === 0);
  const real = binsOf(profile, table.length, (name, row) => table[row]?.[names.indexOf(name)] ?? null);
  const far = drawn({ ...profile, pairs: [] });
  const distances = (rows: ReadonlyMap<string, number[]>): number[] =>
    (profile.pairs ?? []).map(({ x, y }) => distance(joint(real, x, y), joint(rows, x, y)));
  const mean = (all: number[]): number => all.reduce((sum, one) => sum + one, 0) / all.length;
  expect(profile.pairs).toHaveLength(names.length - 1);
  expect(mean(distances(near))).toBeLessThan(0.05);
  expect(mean(distances(far))).toBeGreaterThan(3 * mean(distances(near)));
});
