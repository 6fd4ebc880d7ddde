/** Plans and frames of aggregation: what is written is read, and what does not hold is refused. @module */
import fc from "fast-check";
import { expect, test } from "vitest";
import {
  AGGREGATE_FIELDS,
  AGGREGATE_ROUNDS,
  aggregateNoiseBound,
  aggregateSubject,
  aggregateSumBound,
  aggregateThreshold,
  decodeAggregate,
  encodeAggregate,
  parseAggregatePlan,
  type AggregateBodies,
  type AggregatePlan,
  type AggregateRound,
} from "../src/index.ts";

const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
const parties = fc
  .uniqueArray(fc.integer({ min: 0, max: 31 }), { maxLength: 32 })
  .map((list) => list.toSorted((a, b) => a - b));
const sealed = parties.chain((list) =>
  fc.tuple(...list.map((to) => fc.uint8Array({ maxLength: 1_040 }).map((content) => ({ to, sealed: content })))),
);
const BODIES: { [R in AggregateRound]: fc.Arbitrary<AggregateBodies[R]> } = {
  advert: fc.record({ sealingKey: bytes(32), maskingKey: bytes(32) }),
  shares: fc.record({ commitment: bytes(32), hashes: fc.uint8Array({ maxLength: 2_048 }), shares: sealed }),
  masked: fc.record({ vector: fc.uint8Array({ maxLength: 300 }) }),
  survivors: fc.record({ survivors: parties }),
  unmask: fc.record({ shares: sealed }),
};

test.each(AGGREGATE_ROUNDS)(
  "a message of round %s is read as it was written, and no prefix, addition or other type is",
  (round) => {
    fc.assert(
      fc.property(
        BODIES[round] as fc.Arbitrary<AggregateBodies[typeof round]>,
        bytes(32),
        bytes(32),
        bytes(64),
        (body, plan, transcript, signature) => {
          const head = { round, plan, party: 31, transcript };
          const signed = encodeAggregate(head, body);
          const frame = Uint8Array.of(...signed, ...signature);
          expect(decodeAggregate(frame, round)).toEqual({ head, body, signed, signature });
          const malformed = expect.objectContaining({ code: "ERR_FRAME_MALFORMED" });
          for (const wrong of [frame.slice(1), frame.slice(0, -1), Uint8Array.of(...frame, 0)]) {
            expect(() => decodeAggregate(wrong, round)).toThrow(malformed);
          }
          for (const other of AGGREGATE_ROUNDS) {
            if (other !== round) expect(() => decodeAggregate(frame, other)).toThrow(malformed);
          }
        },
      ),
      { numRuns: 20 },
    );
  },
);

test("numbers of parties ascend and are those that a plan can have; keys have 32 bytes", () => {
  const head = { plan: new Uint8Array(32), party: 0, transcript: new Uint8Array(32) };
  const malformed = expect.objectContaining({ code: "ERR_FRAME_MALFORMED" });
  for (const survivors of [[1, 0], [1, 1], [32]]) {
    expect(() => encodeAggregate({ ...head, round: "survivors" }, { survivors })).toThrow(malformed);
    const good = encodeAggregate({ ...head, round: "survivors" }, { survivors: survivors.map((_, i) => i) });
    const frame = Uint8Array.of(...good.slice(0, -survivors.length), ...survivors, ...new Uint8Array(64));
    expect(() => decodeAggregate(frame, "survivors")).toThrow(malformed);
  }
  const key = new Uint8Array(31);
  expect(() => encodeAggregate({ ...head, round: "advert" }, { sealingKey: key, maskingKey: key })).toThrow(malformed);
  const part = { to: 0, sealed: new Uint8Array(1_041) };
  const tooLarge = expect.objectContaining({ code: "ERR_FRAME_TOO_LARGE" });
  expect(() => encodeAggregate({ ...head, round: "unmask" }, { shares: [part] })).toThrow(tooLarge);
  const body = { commitment: new Uint8Array(32), hashes: new Uint8Array(2_049), shares: [] };
  expect(() => encodeAggregate({ ...head, round: "shares" }, body)).toThrow(tooLarge);
});

const PLAN: AggregatePlan = {
  type: "aggregate-plan",
  version: 1,
  id: "0".repeat(32),
  population: "persons insured on 2026-01-31",
  statistic: { kind: "variance", columns: [{ name: "wage", low: 0, high: 100_000, scale: 100 }] },
  rowsAtMost: 1_000,
  field: "2^61-1",
  parties: ["a", "b", "c"].map((party, i) => ({ party, key: `ed25519:${String(i).repeat(43)}` })),
  threshold: 3,
  colluding: 1,
};

/** Within the field by less than a million. */
const LARGE = { kind: "sum", columns: [{ name: "a", low: 0, high: 384_307_168_202, scale: 1_000 }] };

test.each([
  ["two parties", { parties: PLAN.parties.slice(1) }, "parties"],
  ["a party twice", { parties: [...PLAN.parties.slice(1), PLAN.parties[1]] }, "parties"],
  ["a threshold of two", { threshold: 2 }, "threshold"],
  ["a threshold above the parties", { threshold: 4 }, "threshold"],
  ["two of three that collude", { colluding: 2 }, "colluding"],
  ["sums that wrap around", { rowsAtMost: 2 ** 20 }, "field"],
  [
    "noise that wraps around",
    { statistic: LARGE, noise: { kind: "discrete-gaussian", variance: `9${"0".repeat(17)}` } },
    "field",
  ],
  ["noise of nothing", { noise: { kind: "discrete-gaussian", variance: "0.00" } }, "noise.variance"],
  // Shares below 16 units: two parties are counted on here.
  ["noise that falls short", { noise: { kind: "discrete-gaussian", variance: "31.99" } }, "noise.variance"],
  [
    "a column twice",
    { statistic: { ...LARGE, columns: [...LARGE.columns, { name: "a", low: 0, high: 1, scale: 1 }] } },
    "statistic",
  ],
  [
    "a target among the features",
    {
      statistic: {
        kind: "normal-equations",
        features: [{ name: "a", low: 0, high: 1, scale: 1 }],
        target: { name: "a", low: 0, high: 1, scale: 1 },
      },
    },
    "statistic",
  ],
  ["another version", { version: 2 }, "version"],
  ["a member more", { more: 1 }, ""],
  [
    "bounds the wrong way",
    { statistic: { kind: "sum", columns: [{ name: "a", low: 1, high: 1, scale: 1 }] } },
    "statistic.columns.0.high",
  ],
  [
    "a square that doubles round",
    { statistic: { kind: "variance", columns: [{ name: "a", low: 0, high: 2 ** 26, scale: 1 }] } },
    "statistic",
  ],
  ["edges that do not ascend", { statistic: { kind: "histogram", column: "a", edges: [1, 1] } }, "statistic.edges"],
  ["a value twice", { statistic: { kind: "categories", column: "a", values: ["x", "x"] } }, "statistic.values"],
])("a plan with %s is refused", (_, change, field) => {
  expect(parseAggregatePlan(PLAN)).toEqual(PLAN);
  expect(parseAggregatePlan({ ...PLAN, statistic: LARGE })).toEqual({ ...PLAN, statistic: LARGE });
  const noise = { kind: "discrete-gaussian", variance: "32.0" };
  expect(parseAggregatePlan({ ...PLAN, noise })).toEqual({ ...PLAN, noise });
  expect(() => parseAggregatePlan({ ...PLAN, ...change })).toThrow(
    expect.objectContaining({ code: "ERR_AGGREGATE_PLAN", details: expect.objectContaining({ field }) as unknown }),
  );
});

test("the bound of a sum is what all rows of all parties give at most, and noise twenty deviations of each", () => {
  expect(aggregateSumBound(PLAN)).toBe(3n * 1_000n * 10n ** 14n);
  expect(2n * aggregateSumBound(PLAN)).toBeLessThan(AGGREGATE_FIELDS[PLAN.field].modulus);
  const noise = { kind: "discrete-gaussian", variance: "200.5" } as const;
  // threshold 3, one may collude: each adds a variance of 100.25, whose root is below 16
  expect(aggregateNoiseBound({ ...PLAN, noise })).toBe(16n * 20n);
});

test("thresholds are those by which two survivor sets share an honest signer", () => {
  expect([3, 4, 5, 6, 10].map((count) => aggregateThreshold(count, 0))).toEqual([3, 3, 3, 4, 6]);
  expect([4, 5, 6, 7, 10].map((count) => aggregateThreshold(count, 2))).toEqual([4, 4, 5, 5, 7]);
});

test("what one party set is kept for is the population, in whatever case and spaces, and nothing else of a plan", async () => {
  const subject = await aggregateSubject(PLAN);
  for (const statistic of [{ kind: "count" }, LARGE] as AggregatePlan["statistic"][]) {
    const same = { ...PLAN, id: "1".repeat(32), parties: PLAN.parties.slice(1), statistic };
    expect(await aggregateSubject(same)).toBe(subject);
  }
  for (const population of ["Persons  insured on 2026‐01‐31.", "ｐersons insured, on (2026.01.31)"]) {
    expect(await aggregateSubject({ population })).toBe(subject);
  }
  expect(await aggregateSubject({ population: "age < 30" })).toBe(await aggregateSubject({ population: "Age<30." }));
  expect(await aggregateSubject({ population: "age > 30" })).not.toBe(
    await aggregateSubject({ population: "age < 30" }),
  );
  for (const population of ["others", "persons insured on 2026-01-3", "persons insured on 2026-013-1", ""]) {
    expect(await aggregateSubject({ population })).not.toBe(subject);
  }
});
