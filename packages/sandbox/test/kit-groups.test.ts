import { NO_LEVEL as PROTOCOL_NO_LEVEL } from "@sluice/protocol";
import fc from "fast-check";
import { expect, test } from "vitest";
import { groupByBreaks, groupByCode, memberFlags, NO_LEVEL, numbersOf } from "../src/kit.ts";

const age = {
  type: "f64",
  values: new Float64Array([0, 17, 18, 60, 99]),
  validity: new Uint8Array([0b11110]),
} as const;
const region = {
  type: "dict",
  values: new Uint32Array([0, 1, 2, 1, 0]),
  dictionary: ["3301", "3302", "constructor"],
  validity: new Uint8Array([0b11111]),
} as const;

test("the code of rows in no group is that of the protocol", () => {
  expect(NO_LEVEL).toBe(PROTOCOL_NO_LEVEL);
});

test("groups numbers by the breaks they reach, and puts rows without one in no group", () => {
  const rows = { ...region, dictionary: [...region.dictionary] };
  expect([...groupByBreaks({ ...age }, [18, 60])]).toEqual([NO_LEVEL, 0, 1, 2, 2]);
  expect([...groupByBreaks([Number.NaN, -Infinity, Infinity], [0])]).toEqual([NO_LEVEL, 0, 1]);
  expect(() => groupByBreaks(rows, [1])).toThrow("no numbers");
  for (const breaks of [[2, 1], [1, 1], [Number.NaN], Array.from({ length: 255 }, (_, i) => i)]) {
    expect(() => groupByBreaks([1], breaks)).toThrow(RangeError);
  }
});

test("a group's code is how many breaks a number reaches", () => {
  const breaks = fc.uniqueArray(fc.integer({ min: -50, max: 50 }), { maxLength: 6 });
  fc.assert(
    fc.property(fc.array(fc.integer({ min: -60, max: 60 })), breaks, (values, unsorted) => {
      const sorted = unsorted.toSorted((a, b) => a - b);
      const expected = values.map((value) => sorted.filter((bound) => bound <= value).length);
      expect([...groupByBreaks(values, sorted)]).toEqual(expected);
    }),
  );
});

test("groups texts by a record or a function; texts it does not name are in no group", () => {
  const column = { ...region, dictionary: [...region.dictionary] };
  expect([...groupByCode(column, { "3301": 0, "3302": 1 })]).toEqual([0, 1, NO_LEVEL, 1, 0]);
  expect([...groupByCode(column, (text) => (text.startsWith("33") ? 3 : undefined))]).toEqual([3, 3, NO_LEVEL, 3, 3]);
  const missing = { ...column, validity: new Uint8Array([0b01111]) };
  expect([...groupByCode(missing, { "3301": 0 })]).toEqual([0, NO_LEVEL, NO_LEVEL, NO_LEVEL, NO_LEVEL]);
  expect(() => groupByCode({ ...age }, {})).toThrow("dict column");
  for (const code of [-1, 256, 0.5, Number.NaN])
    expect(() => groupByCode(column, { "3301": code })).toThrow("0 to 255");
});

test("a measure has NaN where the column has no value; a set has a flag for each row", () => {
  expect([...numbersOf({ ...age })]).toEqual([Number.NaN, 17, 18, 60, 99]);
  expect([...numbersOf({ type: "bool", values: new Uint8Array([0, 1]) })]).toEqual([0, 1]);
  expect([...memberFlags({ rowCount: 5 }, (row) => row > 2)]).toEqual([0, 0, 0, 1, 1]);
});
