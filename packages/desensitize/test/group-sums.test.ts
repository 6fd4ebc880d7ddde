/** Groups of hidden selections: exact sums of bounded shares, and persons counted. @module */
import type { ColumnBatch, HiddenSelectionSpec } from "@sluice/protocol";
import fc from "fast-check";
import { expect, test } from "vitest";
import { groupSums } from "../src/guard/group-sums.ts";
import { RandomWords } from "../src/privacy/random-words.ts";
import { seededRandom } from "./seeded-random.ts";

const SPEC: HiddenSelectionSpec = {
  kind: "hidden-selection",
  dimensions: [
    { name: "sex", field: "sex", levels: ["f", "m"], values: { female: 0, male: 1 } },
    { name: "age", field: "age", levels: ["young", "old"], breaks: [40] },
  ],
  minimumGroups: 2,
  contribution: { rows: 3, groups: 4 },
  rows: { epsilon: "1", most: 1_000 },
  measures: [{ name: "fees", field: "fees", min: -2, max: 9.5, digits: 1, epsilon: "1", most: 1_000 }],
};

type Row = { sex: number; age: number; fees: number; subject: number };

const batchOf = (rows: readonly Row[]): ColumnBatch => ({
  rowCount: rows.length,
  columns: {
    sex: { type: "dict", dictionary: ["male", "other", "female"], values: Uint32Array.from(rows, ({ sex }) => sex) },
    age: { type: "f64", values: Float64Array.from(rows, ({ age }) => age) },
    fees: { type: "f64", values: Float64Array.from(rows, ({ fees }) => fees) },
  },
});

const formed = (rows: readonly Row[], contribution = SPEC.contribution) =>
  groupSums(
    batchOf(rows),
    Uint32Array.from(rows, ({ subject }) => subject),
    { ...SPEC, contribution },
    new RandomWords(seededRandom(7)),
  );

const rows = fc
  .array(
    fc.record({
      sex: fc.nat({ max: 2 }),
      age: fc.integer({ min: 0, max: 80 }),
      fees: fc.oneof(
        fc.integer({ min: -50, max: 200 }).map((tenths) => tenths / 10),
        fc.constant(Number.NaN),
      ),
      subject: fc.nat({ max: 5 }),
    }),
    { minLength: 6, maxLength: 40 },
  )
  .filter((list) => list.length > 5);

/** Group of a row by plain rules, or none. */
const groupOf = ({ sex, age }: Row): number => (sex === 1 ? -1 : (sex === 2 ? 0 : 2) + (age < 40 ? 0 : 1));
const tenths = (fees: number): bigint =>
  BigInt(Number.isNaN(fees) ? 0 : Math.min(95, Math.max(-20, Math.round(fees * 10))));

test("where nobody is beyond the bound, groups are those of plain arithmetic, with each person once", () => {
  fc.assert(
    fc.property(rows, (list) => {
      const groups = formed(list, { rows: 40, groups: 4 });
      for (const [group, { persons, sums }] of groups.entries()) {
        const own = list.filter((row) => groupOf(row) === group);
        expect(persons).toBe(new Set(own.map(({ subject }) => subject)).size);
        expect(sums).toEqual([BigInt(own.length), own.reduce((sum, { fees }) => sum + tenths(fees), 0n)]);
      }
    }),
  );
});

test("what one person adds to all groups together is within the bound, whatever rows it has", () => {
  fc.assert(
    fc.property(rows, fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 4 }), (list, most, groups) => {
      const whose = list.map((row) => ({ ...row, subject: 0 }));
      const formedGroups = formed(whose, { rows: most, groups });
      expect(formedGroups.reduce((sum, { sums }) => sum + Number(sums[0]), 0)).toBeLessThanOrEqual(most * groups);
      expect(formedGroups.filter(({ persons }) => persons > 0).length).toBeLessThanOrEqual(groups);
      const fees = formedGroups.reduce((sum, { sums }) => sum + Math.abs(Number(sums[1])), 0);
      expect(fees).toBeLessThanOrEqual(most * groups * 95);
    }),
  );
});
