import { isValid, type Column, type ColumnBatch } from "@sluice/protocol";
import fc from "fast-check";
import { expect, test } from "vitest";
import { roundRows, smallestClass, suppressToK } from "../src/index.ts";

type Value = string | number | null;

/** A column from plain values: strings become a dictionary that holds every value twice. */
function columnOf(type: Column["type"], values: readonly Value[]): Column {
  const validity = new Uint8Array(Math.ceil(values.length / 8));
  for (const [i, value] of values.entries()) {
    if (value !== null) validity[i >> 3] = (validity[i >> 3] ?? 0) | (1 << (i & 7));
  }
  const numbers = values.map((value) => (typeof value === "number" ? value : 0));
  switch (type) {
    case "f64":
      return { type, values: Float64Array.from(numbers), validity };
    case "i32":
      return { type, values: Int32Array.from(numbers), validity };
    case "bool":
      return { type, values: Uint8Array.from(numbers), validity };
    case "dict": {
      const texts = [...new Set(values.map((value) => String(value ?? "")))];
      const dictionary = [...texts, ...texts];
      const codes = values.map((value, i) =>
        value === null ? 0 : texts.indexOf(String(value)) + (i % 2) * texts.length,
      );
      return { type, values: Uint32Array.from(codes), dictionary, validity };
    }
  }
}

function valuesOf(column: Column | undefined, rowCount: number): Value[] {
  if (column === undefined) return [];
  return Array.from({ length: rowCount }, (_, row) => {
    if (!isValid(column, row)) return null;
    const value = column.values[row] ?? 0;
    return column.type === "dict" ? (column.dictionary[value] ?? "missing") : value;
  });
}

const cell = <T>(values: fc.Arbitrary<T>): fc.Arbitrary<T | null> => fc.option(values, { freq: 8 });
const tables = fc.array(
  fc.record({
    region: cell(fc.constantFrom("11", "12", "上海", "")),
    age: cell(fc.constantFrom(20, 30, -0, 0, Number.NaN)),
    grade: cell(fc.constantFrom(-1, 1, 2 ** 31 - 1)),
    insured: cell(fc.constantFrom(0, 1)),
    note: cell(fc.string({ maxLength: 3 })),
  }),
  { maxLength: 120 },
);
type Row = { region: Value; age: Value; grade: Value; insured: Value; note: Value };

function batchOf(rows: readonly Row[]): ColumnBatch {
  return {
    rowCount: rows.length,
    columns: {
      region: columnOf(
        "dict",
        rows.map((row) => row.region),
      ),
      age: columnOf(
        "f64",
        rows.map((row) => row.age),
      ),
      grade: columnOf(
        "i32",
        rows.map((row) => row.grade),
      ),
      insured: columnOf(
        "bool",
        rows.map((row) => row.insured),
      ),
      note: columnOf(
        "dict",
        rows.map((row) => row.note),
      ),
    },
  };
}

function rowsOf(batch: ColumnBatch): Value[][] {
  const columns = Object.values(batch.columns).map((column) => valuesOf(column, batch.rowCount));
  return Array.from({ length: batch.rowCount }, (_, row) => columns.map((values) => values[row] ?? null));
}

/** Key of a row for the oracle; zeros are one value. */
function classKey(row: Row, quasi: readonly (keyof Row)[]): string {
  return quasi
    .map((name) => (row[name] === null ? "null" : `${typeof row[name]} ${row[name] === 0 ? 0 : row[name]}`))
    .join("|");
}

const QUASI = ["region", "age", "grade", "insured"] as const;

test("exactly the rows of classes below k go, and the rest stays as it was and in order", () => {
  fc.assert(
    fc.property(tables, fc.subarray([...QUASI]), fc.integer({ min: 1, max: 6 }), (rows, quasi, k) => {
      const sizes = new Map<string, number>();
      for (const row of rows) sizes.set(classKey(row, quasi), (sizes.get(classKey(row, quasi)) ?? 0) + 1);
      const kept = rows.filter((row) => (sizes.get(classKey(row, quasi)) ?? 0) >= k);
      if (kept.length === 0) {
        expect(() => suppressToK(batchOf(rows), quasi, k)).toThrow(expect.objectContaining({ code: "ERR_SAMPLE_K" }));
        return;
      }
      const result = suppressToK(batchOf(rows), quasi, k);
      expect(rowsOf(result.batch)).toEqual(rowsOf(batchOf(kept)));
      expect(result.suppressedRows).toBe(rows.length - kept.length);
      expect(result.k).toBe(Math.min(...[...sizes.values()].filter((size) => size >= k)));
      expect(smallestClass(result.batch, quasi)).toBe(result.k);
    }),
    { numRuns: 300 },
  );
});

test("where rows are about the same person, exactly the classes below k persons go", () => {
  fc.assert(
    fc.property(tables, fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 5 }), (rows, persons, k) => {
      const subjects = Int32Array.from(rows, (_, i) => (i * i) % persons);
      const members = new Map<string, Set<number>>();
      for (const [i, row] of rows.entries()) {
        const key = classKey(row, QUASI);
        members.set(key, (members.get(key) ?? new Set()).add(subjects[i] ?? 0));
      }
      const stays = (row: Row): boolean => (members.get(classKey(row, QUASI))?.size ?? 0) >= k;
      if (!rows.some(stays)) {
        expect(() => suppressToK(batchOf(rows), QUASI, k, 1, subjects)).toThrow(
          expect.objectContaining({ code: "ERR_SAMPLE_K" }),
        );
        return;
      }
      const result = suppressToK(batchOf(rows), QUASI, k, 1, subjects);
      expect(rowsOf(result.batch)).toEqual(rowsOf(batchOf(rows.filter(stays))));
      expect(result.subjects).toEqual(subjects.filter((_, i) => rows.slice(i, i + 1).some(stays)));
      expect(result.k).toBe(Math.min(...[...members.values()].map(({ size }) => size).filter((size) => size >= k)));
      expect(smallestClass(result.batch, QUASI, result.subjects)).toBe(result.k);
    }),
    { numRuns: 200 },
  );
});

test("values of suppressed rows stay neither in dictionaries nor under nulls", () => {
  const rows: Row[] = Array.from({ length: 9 }, () => ({ region: "11", age: 1, grade: 1, insured: 1, note: "plain" }));
  rows.push({ region: "99", age: 2, grade: 2, insured: 0, note: "canary" });
  const batch = batchOf(rows);
  const age = batch.columns["age"];
  if (age?.validity === undefined) throw new Error("the column has a validity bitmap");
  age.validity[0] = 0b1111_1110;
  age.values[0] = 77;
  const result = suppressToK(batch, ["region"], 5);
  expect(JSON.stringify(result.batch)).not.toMatch(/canary|99|77/);
  expect(result.batch.columns["note"]).toMatchObject({ dictionary: ["plain"] });
});

test("refuses above the suppression limit, and says only what was declared", () => {
  const rows = Array.from({ length: 20 }, (_, i): Row => {
    return { region: i < 17 ? "11" : "12", age: 1, grade: 1, insured: 1, note: "" };
  });
  expect(suppressToK(batchOf(rows), ["region"], 5, 0.15).suppressedRows).toBe(3);
  expect(() => suppressToK(batchOf(rows), ["region"], 5, 0.14)).toThrow(
    expect.objectContaining({ code: "ERR_SAMPLE_K", details: { k: 5, limit: 0.14 } }),
  );
});

test("an empty batch and an unknown column are refused", () => {
  expect(() => suppressToK(batchOf([]), ["region"], 2)).toThrow(expect.objectContaining({ code: "ERR_SAMPLE_K" }));
  for (const name of ["income", "constructor"]) {
    expect(() => suppressToK(batchOf([]), [name], 2)).toThrow(expect.objectContaining({ code: "ERR_POLICY_COLUMN" }));
  }
});

test("rows are rounded to two digits", () => {
  expect([0, 7, 99, 149, 20_412, 1_950_001].map(roundRows)).toEqual([0, 7, 99, 150, 20_000, 2_000_000]);
});
