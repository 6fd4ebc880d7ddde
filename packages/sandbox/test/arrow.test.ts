import { fileURLToPath } from "node:url";
import * as arrow from "apache-arrow";
import fc from "fast-check";
import { expect, test } from "vitest";
import { isValid, type Column, type ColumnBatch } from "@sluice/protocol";
import { fromArrow, toArrow } from "../src/arrow.ts";
import { bundleJob } from "../src/bundle.ts";
import { createSandboxRunner } from "../src/index.ts";
import { jsonOf } from "./hostile-case.ts";
import { sealed } from "./jobs.ts";

type Rows = { rowCount: number; [name: string]: Column | number };

/** Plain values of each row, null where there is none. */
function plain(rows: Rows): Record<string, unknown[]> {
  const entries = Object.entries(rows).filter((entry): entry is [string, Column] => typeof entry[1] === "object");
  const valueOf = (column: Column, row: number) => {
    if (!isValid(column, row)) return null;
    const value = column.values[row] ?? 0;
    if (column.type === "dict") return column.dictionary[value];
    return column.type === "bool" ? value === 1 : value;
  };
  return Object.fromEntries(
    entries.map(([name, column]) => [name, Array.from({ length: rows.rowCount }, (_, row) => valueOf(column, row))]),
  );
}

const tables = fc.nat({ max: 40 }).chain((rowCount) => {
  const list = <T>(value: fc.Arbitrary<T>) =>
    fc.array(fc.option(value, { freq: 4 }), { minLength: rowCount, maxLength: rowCount });
  return fc
    .record({
      f: list(fc.double({ noNaN: true })),
      i: list(fc.integer()),
      b: list(fc.boolean()),
      d: list(fc.nat({ max: 3 })),
    })
    .map((lists): Rows => {
      const validityOf = (values: readonly unknown[]) => {
        const validity = new Uint8Array(Math.ceil(rowCount / 8));
        for (const [row, value] of values.entries())
          if (value !== null) validity[row >> 3] = (validity[row >> 3] ?? 0) | (1 << (row & 7));
        return values.includes(null) ? { validity } : {};
      };
      return {
        rowCount,
        f: { type: "f64", values: Float64Array.from(lists.f, (x) => x ?? 0), ...validityOf(lists.f) },
        i: { type: "i32", values: Int32Array.from(lists.i, (x) => x ?? 0), ...validityOf(lists.i) },
        b: { type: "bool", values: Uint8Array.from(lists.b, Number), ...validityOf(lists.b) },
        d: {
          type: "dict",
          values: Uint32Array.from(lists.d, (x) => x ?? 0),
          dictionary: ["", "东城", "b", "=c"],
          ...validityOf(lists.d),
        },
      };
    });
});

test("another implementation reads what is written, as a file and as a stream", () => {
  fc.assert(
    fc.property(tables, fc.constantFrom("file" as const, "stream" as const), (rows, format) => {
      const table = arrow.tableFromIPC(toArrow(rows, format));
      const read = Object.fromEntries(
        table.schema.fields.map(({ name }) => [
          name,
          Array.from({ length: table.numRows }, (_, row) => table.getChild(name)?.get(row) as unknown),
        ]),
      );
      expect(read).toEqual(plain(rows));
    }),
  );
});

test("what another implementation writes is read, and nulls are zero", () => {
  fc.assert(
    fc.property(tables, fc.constantFrom("file" as const, "stream" as const), (rows, format) => {
      const table = arrow.tableFromIPC(toArrow(rows));
      const read = fromArrow(arrow.tableToIPC(table, format)) as Rows;
      expect(plain(read)).toEqual(plain(rows));
      for (const column of Object.values(read)) {
        if (typeof column === "number") continue;
        for (let row = 0; row < read.rowCount; row++) if (!isValid(column, row)) expect(column.values[row]).toBe(0);
      }
    }),
  );
});

test("texts, small and large numbers and dates of other writers become columns", () => {
  const table = new arrow.Table({
    text: arrow.vectorFromArray(["b", null, "a", "b"], new arrow.Utf8()),
    small: arrow.vectorFromArray([1, -2, 3, null], new arrow.Int16()),
    unsigned: arrow.vectorFromArray([4_000_000_000, 1, 2, 3], new arrow.Uint32()),
    large: arrow.vectorFromArray([5n, 6n, null, 2n ** 40n], new arrow.Int64()),
    half: arrow.vectorFromArray([1.5, 2.5, 3.5, 4.5], new arrow.Float32()),
    day: arrow.vectorFromArray([new Date(86_400_000), null, new Date(0), new Date(0)], new arrow.DateDay()),
  });
  const read = fromArrow(arrow.tableToIPC(table)) as Rows;
  expect(plain(read)).toEqual({
    text: ["b", null, "a", "b"],
    small: [1, -2, 3, null],
    unsigned: [4_000_000_000, 1, 2, 3],
    large: [5, 6, null, 2 ** 40],
    half: [1.5, 2.5, 3.5, 4.5],
    day: [86_400_000, null, 0, 0],
  });
  expect([read["small"], read["unsigned"]].map((column) => typeof column === "object" && column.type)).toEqual([
    "i32",
    "f64",
  ]);
});

test("refuses what columns cannot hold, and bytes that are no Arrow", () => {
  const lists = new arrow.Table({ a: arrow.vectorFromArray([[1], [2]]) });
  expect(() => fromArrow(arrow.tableToIPC(lists))).toThrow(TypeError);
  const taken = new arrow.Table({ rowCount: arrow.vectorFromArray([1]) });
  expect(() => fromArrow(arrow.tableToIPC(taken))).toThrow(TypeError);
  expect(() => fromArrow(new Uint8Array([1, 2, 3, 4, 5, 6, 7, 8]))).toThrow();
});

test("a job hands its columns to a library that reads Arrow, inside the isolate", async () => {
  const runner = await createSandboxRunner();
  try {
    const { code } = await bundleJob(fileURLToPath(new URL("./fixtures/arrow-job.ts", import.meta.url)));
    const table: ColumnBatch = {
      rowCount: 3,
      columns: {
        age: { type: "f64", values: new Float64Array([1.5, 0, 40]), validity: new Uint8Array([0b101]) },
        region: { type: "dict", values: new Uint32Array([1, 0, 1]), dictionary: ["north", "东城"] },
      },
    };
    const lines: string[] = [];
    const outcome = await runner.run(sealed(code, { table }), {
      onEvent: (event) => event.kind === "log" && lines.push(event.line),
    });
    expect(lines).toEqual(["东城,north,东城"]);
    expect(outcome.ok && jsonOf(outcome.output)).toBe(
      '{"outputs":{"fit":{"kind":"metrics","values":{"rows":3,"sum":41.5,"again":41.5}}}}',
    );
  } finally {
    await runner.close();
  }
});
