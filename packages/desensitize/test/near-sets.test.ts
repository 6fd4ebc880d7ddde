/** Looking up sets of persons that differ in few, against looking at each.
 *  @module */
import { createHash } from "node:crypto";
import fc from "fast-check";
import { expect, test } from "vitest";
import { NearSets } from "../src/guard/near-sets.ts";
import { TableSets, differInFew } from "../src/guard/shown-sets.ts";

const PERSONS = 3_000;
const tags = new Uint32Array(2 * PERSONS);
for (let who = 0; who < PERSONS; who++) {
  const digest = createHash("sha256").update(`secret ${who}`).digest();
  tags.set([digest.readUInt32LE(0), digest.readUInt32LE(4)], 2 * who);
}

/** The set of some persons with a row each: of their number, or of the mean of a value for each. */
function setOf(persons: readonly number[], value?: (who: number) => number): Uint32Array {
  const sets = new TableSets({ persons: Uint32Array.from(persons), tags });
  return value === undefined
    ? sets.ofCount([{ at: [0], from: 0, to: persons.length }])
    : sets.ofMean(Float64Array.from(persons, value), 0);
}

const from = (first: number, count: number): number[] => Array.from({ length: count }, (_, i) => first + i);

test("a set is near what looking at each finds near: small and large ones, of counts and of means", () => {
  const group = fc.record({
    first: fc.constantFrom(0, 40, 80, 500),
    // Sets of ten persons may have fewer than ten words.
    count: fc.constantFrom(10, 11, 12, 18, 40, 400, 2_000),
    without: fc.uniqueArray(fc.oneof(fc.nat(17), fc.nat(399)), { maxLength: 12 }),
    with: fc.uniqueArray(fc.integer({ min: 2_600, max: 2_999 }), { maxLength: 6 }),
    mean: fc.boolean(),
    changed: fc.uniqueArray(fc.nat(399), { maxLength: 14 }),
  });
  let near = 0;
  fc.assert(
    fc.property(fc.array(group, { minLength: 1, maxLength: 12 }), group, (earlier, own) => {
      const set = ({ first, count, without, with: more, mean, changed }: typeof own): Uint32Array => {
        const persons = [...from(first, count).filter((who) => !without.includes(who - first)), ...more];
        return setOf(persons, mean ? (who) => (who % 17) + (changed.includes(who - first) ? 100 : 0) : undefined);
      };
      const [sets, mine] = [earlier.map((one) => set(one)), set(own)];
      const expected =
        earlier.some(({ mean }, i) => mean === own.mean && differInFew(mine, sets[i] ?? new Uint32Array(0), 10)) &&
        !earlier.some(({ mean }, i) => mean === own.mean && sets[i]?.join() === mine.join());
      if (expected) near++;
      expect(new NearSets(sets).isNear(mine)).toBe(expected);
    }),
    { numRuns: 400 },
  );
  expect(near).toBeGreaterThan(5); // some 40, as chance has it
});

test("ten persons and the same ten with up to nine others are near, whoever they are", () => {
  for (let first = 0; first < 600; first++) {
    const few = first % 10;
    const [ten, more] = [from(first, 10), from(1_000 + 3 * first, few)];
    expect(new NearSets([setOf([...ten, ...more])]).isNear(setOf(ten)), `${few} from ${first}`).toBe(few > 0);
  }
});

test("of many sets few are looked at, also when all are of twenty persons", () => {
  // Groups of twenty persons, each time by another order of all of them.
  const orders = [1, 7, 11, 13, 17, 19, 23].map((step) => from(0, PERSONS).map((i) => (i * step) % PERSONS));
  const sets = orders.flatMap((order) => from(0, PERSONS / 20).map((i) => setOf(order.slice(20 * i, 20 * i + 20))));
  const known = new NearSets(sets);
  const order = from(0, PERSONS).map((i) => (i * 29) % PERSONS);
  const looked = from(0, PERSONS / 20).map(
    (i) => [...known.candidates(setOf(order.slice(20 * i, 20 * i + 20)))].length,
  );
  expect(sets).toHaveLength(1_050);
  // Each person is in seven of them, and ten persons are looked up.
  expect(Math.max(...looked)).toBeLessThanOrEqual(70);
});
