/** Profiles of real tables, each figure counted again by hand. Needs SLUICE_DATA_DIR.
 *  @module */
import { MIN_PROFILE_PERSONS } from "@sluice/protocol";
import { expect, test } from "vitest";
import { profileTable } from "../src/index.ts";
import { query, withEngine } from "./engine.ts";
import { plainBin, shownPersons } from "./profile-bins.ts";
import { ADULT, GERMAN_CREDIT, loadColumns, plainRows, type RealColumns } from "./real-columns.ts";

if (ADULT.file === null) process.stdout.write("skipped: profiles of real tables need SLUICE_DATA_DIR\n");

async function checkProfile(table: RealColumns): Promise<void> {
  const rows = await plainRows(table);
  const profile = await withEngine(async (connection) => {
    await loadColumns(connection, table);
    const source = { table: "people", rowId: "row number" };
    return profileTable((sql) => query(connection, sql), table.resource, source, { pairs: true });
  });
  expect(profile.columns.map(({ kind }) => kind)).not.toContain("shape");
  const bins = new Map<string, number[]>();
  for (const [i, column] of profile.columns.entries()) {
    if (column.kind === "shape") continue;
    const binOf = rows.map((row) => plainBin(column, row[i] ?? null));
    bins.set(column.field, binOf);
    const exact = shownPersons(column).map(() => 0);
    for (const bin of binOf) if (bin >= 0) exact[bin] = (exact[bin] ?? 0) + 1;
    const rest = rows.length - exact.reduce((sum, count) => sum + count, 0);
    for (const count of exact) expect(count).toBeGreaterThanOrEqual(MIN_PROFILE_PERSONS);
    const off = shownPersons(column).map((persons, bin) => persons - (exact[bin] ?? 0));
    for (const error of off.filter((error) => Math.abs(error) > 2)) {
      // The one figure that holds the small rest.
      expect(rest).toBeLessThan(MIN_PROFILE_PERSONS);
      expect(Math.abs(error - rest)).toBeLessThanOrEqual(2);
    }
    expect(off.filter((error) => Math.abs(error) > 2).length).toBeLessThanOrEqual(1);
  }
  expect(profile.pairs?.length).toBeGreaterThan(5);
  for (const { x, y, cells } of profile.pairs ?? []) {
    const exact = new Map<string, number>();
    for (const [row, a] of bins.get(x)?.entries() ?? []) {
      const key = `${a} ${bins.get(y)?.[row]}`;
      exact.set(key, (exact.get(key) ?? 0) + 1);
    }
    for (const [a, b, persons] of cells) {
      const count = exact.get(`${a} ${b}`) ?? 0;
      expect(count).toBeGreaterThanOrEqual(MIN_PROFILE_PERSONS);
      expect(Math.abs(count - persons)).toBeLessThanOrEqual(2);
    }
  }
}

test.runIf(ADULT.file !== null)("every figure of the Adult table's profile is right, and stands for k persons", () =>
  checkProfile(ADULT),
);

test.runIf(GERMAN_CREDIT.file !== null)("so is that of the German credit table, where k is a fiftieth of all", () =>
  checkProfile(GERMAN_CREDIT),
);
