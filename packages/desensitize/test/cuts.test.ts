/** The cuts of one table's samples: of which two may be shown, and of which the second is refused. */
import { isSluiceError, type ColumnRule, type Policy, type ResourceField, type Transform } from "@sluice/protocol";
import fc from "fast-check";
import { expect, test } from "vitest";
import { applyTransform, countedBeside, joinCuts, type CutRequest, type TableCuts } from "../src/index.ts";
import { describe, field, policyOf } from "./fixtures.ts";

const resource = (hierarchy?: ResourceField["hierarchy"], type: ResourceField["type"] = "text") =>
  describe(
    field("id", "text", "direct"),
    { ...field("value", type), ...(hierarchy && { hierarchy }) },
    field("other", "text"),
  );

/** "nest", or where the second of two samples is refused. */
function second(
  transforms: [Transform, Transform],
  of = resource(),
  change: [Partial<Policy>, Partial<Policy>] = [{}, {}],
  subjects: [string, string] = ["id", "id"],
): unknown {
  const request = (i: 0 | 1) => {
    const rule: ColumnRule = { role: "other", transform: transforms[i] };
    const columns = { value: rule, other: { role: "other", transform: { kind: "keep" } } } as const;
    return { policy: policyOf(columns, change[i]), resource: of, fields: ["value"], subject: subjects[i], scene: "s" };
  };
  const first: TableCuts = joinCuts(null, request(0));
  try {
    joinCuts(first, request(1));
    return "nest";
  } catch (error) {
    if (!isSluiceError(error)) throw error;
    return error.details["pointer"];
  }
}

const REFUSED = "/columns/value/transform";
const bucket = (width: number, min: number, max: number): Transform => ({ kind: "bucket", width, min, max });
const mask = (keepFirst: number, keepLast: number): Transform => ({ kind: "mask", keepFirst, keepLast });
type Noise = Extract<Transform, { kind: "noise" }>;
const noise = (amplitude: number, change: Partial<Noise> = {}): Transform => ({ kind: "noise", amplitude, ...change });
const shift = (maxDays: number): Transform => ({ kind: "dateShift", maxDays });
const prefix = (length: number): Transform => ({ kind: "generalize", length });

test("cuts that nest are taken in either order, others are refused in either order", () => {
  const cases: [Transform, Transform, boolean][] = [
    [bucket(5, 0, 100), bucket(20, 0, 100), true],
    [bucket(5, 0, 100), bucket(7, 0, 100), false],
    [bucket(10, 0, 100), bucket(10, 5, 105), false],
    [bucket(10, 20, 70), bucket(15, 15, 75), false],
    [bucket(10, 0, 100), bucket(10, 0, 90), true],
    [bucket(10, 0, 100_000), bucket(100, 0, 500_000), false],
    [bucket(0.1, 0, 1), bucket(0.3, 0, 0.9), true],
    [prefix(2), prefix(4), true],
    [mask(1, 4), mask(0, 2), true],
    [mask(3, 0), mask(0, 3), false],
    [mask(3, 4), prefix(2), true],
    [mask(1, 0), prefix(2), false],
    [prefix(2), bucket(10, 0, 100), false],
    [{ kind: "keep" }, bucket(7, 0, 100), true],
    [{ kind: "token" }, bucket(7, 0, 100), true],
    [noise(3), noise(3), true],
    [noise(3), noise(3, { per: "subject" }), true],
    [noise(3), noise(6), false],
    [noise(3), noise(3, { per: "row" }), false],
    [noise(3), noise(3, { min: 0 }), false],
    [noise(3), noise(3, { max: 90 }), false],
    [noise(3), bucket(7, 0, 100), false],
    [noise(3), prefix(2), false],
    [noise(3), { kind: "keep" }, false],
    [noise(3), { kind: "token" }, true],
    [shift(3), shift(3), true],
    [shift(3), shift(4), false],
    [shift(3), prefix(4), false],
    [shift(3), { kind: "keep" }, false],
    [shift(3), noise(3), false],
  ];
  for (const [a, b, nests] of cases) {
    expect([a, b, second([a, b])]).toEqual([a, b, nests ? "nest" : REFUSED]);
    expect([b, a, second([b, a])]).toEqual([b, a, nests ? "nest" : REFUSED]);
  }
});

test("levels of a hierarchy nest with each other and with the same cuts without one; another hierarchy does not", () => {
  const level = (n: number): Transform => ({ kind: "hierarchy", level: n });
  const ages = resource({ kind: "intervals", min: 0, max: 100, widths: [5, 20] }, "integer");
  expect(second([level(1), level(2)], ages)).toBe("nest");
  expect(second([level(1), level(3)], ages)).toBe("nest");
  expect(second([level(2), bucket(5, 0, 100)], ages)).toBe("nest");
  expect(second([level(1), bucket(7, 0, 100)], ages)).toBe(REFUSED);
  const dates = resource({ kind: "date", units: ["quarter", "year"] }, "date");
  expect(second([level(1), prefix(7)], dates)).toBe("nest");
  expect(second([level(1), prefix(6)], dates)).toBe(REFUSED);
  const tree = (group: string) => resource({ kind: "tree", levels: [{ a: "x", b: group }] });
  expect(second([level(1), level(2)], tree("x"))).toBe("nest");
});

test("another key and other strata are refused: together the samples would show more rows", () => {
  const keep: Transform = { kind: "keep" };
  const strata = (...names: string[]): Partial<Policy> => ({ sample: { rows: 10, strata: names } });
  expect(second([keep, keep], resource(), [{}, {}], ["id", "other"])).toBe("");
  expect(second([keep, keep], resource(), [strata("value"), strata()])).toBe("/sample/strata");
  expect(second([keep, keep], resource(), [strata("value", "other"), strata("other", "value")])).toBe("nest");
  expect(second([bucket(5, 0, 10), bucket(10, 0, 10)], resource(), [strata("value"), strata("value")])).toBe(
    "/sample/strata",
  );
  const hash: Partial<Policy> = { sample: { rows: 5, strata: [], method: "hash" } };
  expect(second([keep, keep], resource(), [hash, strata()])).toBe("nest");
});

test("samples are counted by what all of them show; a model that follows from the rows takes no other beside it", () => {
  const of = describe(
    field("id", "text", "direct"),
    field("age", "integer", "quasi"),
    field("region", "text", "quasi"),
    field("pay", "integer", "sensitive"),
  );
  const rules = (names: string[], length = 4): Record<string, ColumnRule> => {
    const all: Record<string, ColumnRule> = {
      age: { role: "quasi", transform: bucket(10, 0, 100) },
      region: { role: "quasi", transform: prefix(length) },
      pay: { role: "sensitive", transform: { kind: "keep" } },
    };
    return Object.fromEntries(Object.entries(all).filter(([name]) => names.includes(name)));
  };
  const request = (names: string[], change: Partial<Policy> = {}, fields = names, length = 4) => ({
    policy: policyOf(rules(names, length), change),
    resource: of,
    fields,
    subject: "id",
    scene: "s",
  });
  const counted = (earlier: TableCuts | null, next: CutRequest): [string[], number] => {
    const { columns, k } = countedBeside(earlier, next);
    return [columns.map(({ name, transform }) => name + ("length" in transform ? transform.length : "")), k];
  };
  const refusal = (earlier: TableCuts, next: CutRequest): unknown => {
    try {
      return joinCuts(earlier, next) && "taken";
    } catch (error) {
      if (!isSluiceError(error, "ERR_POLICY")) throw error;
      return error.details["pointer"];
    }
  };
  // By every quasi-identifier of the policy, whichever a grant names.
  expect(counted(null, request(["age", "region", "pay"], {}, ["age"]))).toEqual([["age", "region4"], 5]);
  const first = joinCuts(null, request(["region", "pay"], { k: 7 }));
  expect(counted(first, request(["age", "pay"]))).toEqual([["age", "region4"], 7]);
  const second = joinCuts(first, request(["age", "pay"]));
  expect(counted(second, request(["region"], {}, ["region"], 2))).toEqual([["age", "region2", "region4"], 7]);
  // Drawn again, the first is counted as it was.
  expect(counted(second, request(["region", "pay"], { k: 7 }))).toEqual([["region4"], 7]);
  const smaller = joinCuts(first, request(["age"], { sample: { rows: 900, strata: [] } }));
  expect(refusal(smaller, request(["region", "pay"], { k: 7 }))).toBe("taken");
  // Of what was noted without rules, by what was stored.
  const { shown: _, samples: __, quasi: ___, ...old } = first;
  expect(counted(old, request(["age"]))).toEqual([["age", "region"], 5]);
  const rows = (n: number, method?: "hash") => ({ sample: { rows: n, strata: [], ...(method && { method }) } });
  expect(refusal(first, request(["age"], rows(1_001)))).toBe("/sample/rows");
  expect(refusal(first, request(["age"], rows(999, "hash")))).toBe("taken");
  expect(refusal(first, request(["region"], rows(1_001)))).toBe("taken");
  expect(refusal(joinCuts(null, request(["region"], rows(1_000, "hash"))), request(["age"]))).toBe("/sample/rows");

  const boxes = (change: Partial<Policy> = {}): Partial<Policy> => ({ model: { algorithm: "mondrian" }, ...change });
  const boxed = joinCuts(null, request(["age", "region", "pay"], boxes()));
  expect(refusal(boxed, request(["age", "region", "pay"], boxes()))).toBe("taken");
  expect(refusal(boxed, request(["age", "region"], boxes()))).toBe("taken");
  for (const next of [
    request(["age", "pay"], boxes()),
    request(["age", "region", "pay"], boxes(), ["age", "pay"]),
    request(["age", "region", "pay"], boxes({ k: 6 })),
    request(["age", "region", "pay"], boxes(rows(900))),
    request(["age", "region", "pay"], boxes({ suppressionLimit: 0.2 })),
    request(["age", "region", "pay"], { model: { algorithm: "full-domain" } }),
    request(["age", "region", "pay"], { model: { algorithm: "mondrian", l: 2 } }),
    { ...request(["age", "region", "pay"], boxes()), consent: "id" },
    request(["age", "region", "pay"]),
  ]) {
    expect(refusal(boxed, next)).toBe("/model");
  }
  expect(refusal(first, request(["region", "pay"], boxes()))).toBe("/model");
});

test("a column that one policy counts and another does not is counted as both show it, in either order", () => {
  const of = describe(field("id", "text", "direct"), field("pay", "integer"));
  const request = (role: "quasi" | "other", width: number): CutRequest => ({
    policy: policyOf({ pay: { role, transform: bucket(width, 0, 100) } }),
    resource: of,
    fields: ["pay"],
    subject: "id",
    scene: "s",
  });
  const widths = (earlier: CutRequest, next: CutRequest): unknown[] =>
    countedBeside(joinCuts(null, earlier), next).columns.map(
      ({ transform }) => transform.kind === "bucket" && transform.width,
    );
  expect(widths(request("quasi", 10), request("other", 5))).toEqual([10, 5]);
  expect(widths(request("other", 5), request("quasi", 10))).toEqual([10, 5]);
  expect(countedBeside(null, request("other", 5)).columns).toEqual([]);
});

test("a quasi-identifier with noise is shown by one scene alone", () => {
  const of = describe(field("id", "text", "direct"), field("age", "integer", "quasi"), field("pay", "integer"));
  const request = (name: "age" | "pay", scene: string): CutRequest => ({
    policy: policyOf({ [name]: { role: name === "age" ? "quasi" : "other", transform: noise(3) } }),
    resource: of,
    fields: [name],
    subject: "id",
    scene,
  });
  const first = joinCuts(joinCuts(null, request("age", "s")), request("pay", "s"));
  expect(() => joinCuts(first, request("age", "s"))).not.toThrow();
  expect(() => joinCuts(first, request("pay", "t"))).not.toThrow();
  expect(() => joinCuts(first, request("age", "t"))).toThrow(expect.objectContaining({ code: "ERR_POLICY" }));
});

test("what is taken together tells no more than the finer of the two", () => {
  const cut = fc.record({
    width: fc.constantFrom(1, 2, 3, 5, 10),
    min: fc.constantFrom(-5, 0, 1, 10),
    max: fc.constantFrom(12, 20, 30),
  });
  fc.assert(
    fc.property(cut, cut, (a, b) => {
      const [first, other] = [bucket(a.width, a.min, a.max), bucket(b.width, b.min, b.max)];
      const shown = (transform: Transform, value: number): unknown =>
        applyTransform(transform, value, { tokenKey: new Uint8Array(32), type: "decimal" });
      const values = Array.from({ length: 100 }, (_, i) => i / 2 - 10);
      const pairs = new Set(values.map((value) => JSON.stringify([shown(first, value), shown(other, value)]))).size;
      const finer = Math.max(...[first, other].map((one) => new Set(values.map((value) => shown(one, value))).size));
      expect(second([first, other]) === "nest").toBe(pairs === finer);
    }),
  );
});
