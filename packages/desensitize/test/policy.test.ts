import {
  canonicalText,
  isSluiceError,
  type ColumnRule,
  type Policy,
  type ResourceDescription,
  type ResourceField,
} from "@sluice/protocol";
import fc from "fast-check";
import { expect, test } from "vitest";
import { checkPolicy, columnHierarchies, parsePolicy, quasiIdentifiers, viewColumns, viewSql } from "../src/index.ts";
import { describe, field, policyOf } from "./fixtures.ts";

const resource = describe(
  field("id", "text", "direct"),
  field("name", "text", "direct"),
  field("region", "text", "quasi"),
  field("age", "integer", "quasi"),
  field("born", "date", "quasi"),
  field("height", "decimal", "quasi"),
  field("wage", "decimal", "sensitive"),
  field("insured", "boolean", "other"),
  { ...field("secret", "text", "other"), grade: "core" },
  { ...field("weighty", "text", "other"), grade: "important" },
);
const keep: ColumnRule = { role: "other", transform: { kind: "keep" } };
const good: Record<string, ColumnRule> = {
  id: { role: "direct", transform: { kind: "drop" } },
  name: { role: "direct", transform: { kind: "mask", keepFirst: 1, keepLast: 0 } },
  region: { role: "quasi", transform: { kind: "generalize", length: 4 } },
  age: { role: "quasi", transform: { kind: "keep" } },
  born: { role: "quasi", transform: { kind: "generalize", length: 4 } },
  wage: { role: "sensitive", transform: { kind: "bucket", width: 500, min: 0, max: 20_000 } },
  insured: keep,
};

/** What `check` throws: code, pointer or column. */
function refusal(check: () => void): [code: string, place: string | number | undefined] | "passed" {
  try {
    check();
    return "passed";
  } catch (error) {
    if (!isSluiceError(error)) throw error;
    return [error.code, error.details["pointer"] ?? error.details["column"]];
  }
}

function refusedFor(columns: Record<string, ColumnRule>, change: Partial<Policy> = {}): ReturnType<typeof refusal> {
  return refusal(() => checkPolicy(policyOf({ ...good, ...columns }, change), resource, "id"));
}

test("accepts a policy that keeps every rule", () => {
  expect(refusedFor({})).toBe("passed");
});

test("refuses a policy for another resource", () => {
  expect(refusedFor({}, { resource: "firms" })).toEqual(["ERR_POLICY", "/resource"]);
});

test("refuses a rule for a column the resource does not have", () => {
  expect(refusedFor({ salary: keep })).toEqual(["ERR_POLICY_COLUMN", "salary"]);
  expect(refusedFor({ constructor: keep })).toEqual(["ERR_POLICY_COLUMN", "constructor"]);
});

test("refuses a key column the resource does not have", () => {
  expect(refusal(() => checkPolicy(policyOf(good), resource, "passport"))).toEqual(["ERR_POLICY_COLUMN", "passport"]);
});

test("refuses to show the key column, even as a token", () => {
  const token: ColumnRule = { role: "direct", transform: { kind: "token" } };
  expect(refusedFor({ id: token })).toEqual(["ERR_POLICY", "/columns/id/transform"]);
  expect(refusal(() => checkPolicy(policyOf(good), resource, "age"))).toEqual(["ERR_POLICY", "/columns/age/transform"]);
});

test("refuses a direct identifier that is kept, generalized or masked too little", () => {
  for (const transform of [
    { kind: "keep" },
    { kind: "generalize", length: 6 },
    { kind: "mask", keepFirst: 6, keepLast: 4 },
  ] as const) {
    expect(refusedFor({ name: { role: "direct", transform } })).toEqual(["ERR_POLICY", "/columns/name/transform"]);
  }
});

test("refuses a role weaker than the resource's, and accepts a stricter one", () => {
  expect(refusedFor({ name: keep })).toEqual(["ERR_POLICY", "/columns/name/role"]);
  expect(refusedFor({ region: { role: "sensitive", transform: { kind: "keep" } } })).toEqual([
    "ERR_POLICY",
    "/columns/region/role",
  ]);
  expect(refusedFor({ insured: { role: "quasi", transform: { kind: "keep" } } })).toBe("passed");
});

test("refuses to show data graded important or core", () => {
  for (const name of ["secret", "weighty"]) {
    expect(refusedFor({ [name]: keep })).toEqual(["ERR_POLICY", `/columns/${name}/transform`]);
    expect(refusedFor({ [name]: { role: "other", transform: { kind: "drop" } } })).toBe("passed");
  }
});

test("refuses a quasi-identifier of a fine type that is kept", () => {
  for (const name of ["born", "height"]) {
    const rule: ColumnRule = { role: "quasi", transform: { kind: "keep" } };
    expect(refusedFor({ [name]: rule })).toEqual(["ERR_POLICY", `/columns/${name}/transform`]);
  }
});

test("refuses a transform that does not fit the stored type", () => {
  const misfits: [string, ColumnRule["transform"]][] = [
    ["region", { kind: "bucket", width: 1, min: 0, max: 10 }],
    ["insured", { kind: "token" }],
    ["wage", { kind: "mask", keepFirst: 1, keepLast: 1 }],
    ["height", { kind: "generalize", length: 2 }],
    ["born", { kind: "bucket", width: 1, min: 0, max: 10 }],
  ];
  for (const [name, transform] of misfits) {
    expect(refusedFor({ [name]: { role: "quasi", transform } })).toEqual(["ERR_POLICY", `/columns/${name}/transform`]);
  }
});

test("refuses buckets without width, order or bound", () => {
  for (const [width, min, max] of [
    [10, 5, 5],
    [10, 9, 1],
    [20, 0, 10],
    [0.000_1, 0, 10],
  ] as const) {
    const rule: ColumnRule = { role: "sensitive", transform: { kind: "bucket", width, min, max } };
    expect(refusedFor({ wage: rule })).toEqual(["ERR_POLICY", "/columns/wage/transform"]);
  }
});

test("a column with a hierarchy is cut along it, and a level that it does not have is refused", () => {
  const cut = describe(
    field("id", "text", "direct"),
    { ...field("age", "integer", "quasi"), hierarchy: { kind: "intervals", min: 0, max: 100, widths: [5, 20] } },
    { ...field("region", "text", "quasi"), hierarchy: { kind: "prefix", lengths: [4, 2] } },
    { ...field("born", "date", "quasi"), hierarchy: { kind: "date", units: ["month", "decade"] } },
    { ...field("trade", "text", "quasi"), hierarchy: { kind: "tree", levels: [{ baker: "food", smith: "metal" }] } },
    field("free", "text", "quasi"),
  );
  const cases: [string, ColumnRule["transform"], boolean][] = [
    ["age", { kind: "bucket", width: 5, min: 0, max: 100 }, true],
    ["age", { kind: "bucket", width: 20, min: 0, max: 100 }, true],
    ["age", { kind: "bucket", width: 10, min: 0, max: 100 }, false],
    ["age", { kind: "bucket", width: 5, min: 1, max: 100 }, false],
    ["age", { kind: "bucket", width: 5, min: 0, max: 95 }, false],
    ["age", { kind: "generalize", length: 1 }, false],
    ["age", { kind: "hierarchy", level: 3 }, true],
    ["age", { kind: "hierarchy", level: 4 }, false],
    ["age", { kind: "keep" }, true],
    ["region", { kind: "generalize", length: 2 }, true],
    ["region", { kind: "generalize", length: 3 }, false],
    ["born", { kind: "generalize", length: 7 }, true],
    ["born", { kind: "generalize", length: 4 }, false],
    ["born", { kind: "hierarchy", level: 2 }, true],
    ["trade", { kind: "generalize", length: 1 }, false],
    ["trade", { kind: "hierarchy", level: 1 }, true],
    ["trade", { kind: "hierarchy", level: 3 }, false],
    ["free", { kind: "hierarchy", level: 1 }, false],
    ["free", { kind: "generalize", length: 3 }, true],
  ];
  for (const [name, transform, passes] of cases) {
    const found = refusal(() => checkPolicy(policyOf({ [name]: { role: "quasi", transform } }), cut, "id"));
    expect([name, transform, found]).toEqual([
      name,
      transform,
      passes ? "passed" : ["ERR_POLICY", `/columns/${name}/transform`],
    ]);
  }
  const types = viewColumns(
    policyOf({
      age: { role: "quasi", transform: { kind: "hierarchy", level: 1 } },
      trade: { role: "quasi", transform: { kind: "hierarchy", level: 2 } },
    }),
    cut,
  );
  expect(types).toEqual({ age: "f64", trade: "dict" });
});

test("refuses strata that are hidden, repeated or name one person", () => {
  const strata = (...names: string[]): Partial<Policy> => ({ sample: { rows: 10, strata: names } });
  expect(refusedFor({}, strata("region", "age"))).toBe("passed");
  expect(refusedFor({}, strata("region", "height"))).toEqual(["ERR_POLICY", "/sample/strata/1"]);
  expect(refusedFor({}, strata("id"))).toEqual(["ERR_POLICY", "/sample/strata/0"]);
  expect(refusedFor({}, strata("name"))).toEqual(["ERR_POLICY", "/sample/strata/0"]);
  expect(refusedFor({}, strata("age", "age"))).toEqual(["ERR_POLICY", "/sample/strata/1"]);
});

test("refuses tokens of a quasi-identifier under any role: equal values would stay linkable and escape k", () => {
  for (const role of ["quasi", "direct"] as const) {
    const token: ColumnRule = { role, transform: { kind: "token" } };
    expect(refusedFor({ region: token })).toEqual(["ERR_POLICY", "/columns/region/transform"]);
  }
});

test("a sample by hash has no strata", () => {
  const by = (method: "exact" | "hash", ...strata: string[]): unknown =>
    refusedFor({}, { sample: { rows: 10, strata, method } });
  expect(by("exact", "age")).toBe("passed");
  expect(by("hash")).toBe("passed");
  expect(by("hash", "age")).toEqual(["ERR_POLICY", "/sample/strata"]);
});

test("a model has what it looks at, and levels that can be searched, before any row is read", () => {
  const wide = (count: number): ResourceDescription =>
    describe(
      field("row", "integer", "direct"),
      ...Array.from({ length: count }, (_, i) => field(`q${i}`, "text", "quasi")),
    );
  const of = (count: number, model: Policy["model"]): unknown => {
    const quasi: ColumnRule = { role: "quasi", transform: { kind: "keep" } };
    const policy = policyOf(Object.fromEntries(Array.from({ length: count }, (_, i) => [`q${i}`, quasi])));
    const refused = refusal(() =>
      checkPolicy({ ...policy, ...(model === undefined ? {} : { model }) }, wide(count), "row"),
    );
    return Array.isArray(refused) ? refused[1] : refused;
  };
  expect(of(3, { algorithm: "full-domain" })).toBe("passed");
  expect(of(3, { algorithm: "mondrian", l: 2 })).toBe("/model/l");
  expect(of(3, { algorithm: "suppress", entropyL: 2 })).toBe("/model/entropyL");
  expect(of(3, { algorithm: "suppress", t: 0.2 })).toBe("/model/t");
  expect(of(3, { algorithm: "mondrian", delta: { min: 0, max: 0.5 } })).toBe("/model/delta");
  expect(of(3, { algorithm: "suppress", delta: { min: 0, max: 0.5 } })).toBe("passed");
  expect(of(19, { algorithm: "full-domain" })).toBe("passed");
  expect(of(20, { algorithm: "full-domain" })).toBe("/model/algorithm"); // 2^20 combinations
  expect(of(20, { algorithm: "mondrian" })).toBe("passed");
  expect(of(60, { algorithm: "mondrian" })).toBe("/columns");

  const hierarchy = { kind: "intervals" as const, min: 0, max: 1_000, widths: [1, 2, 4, 8, 16, 32, 64] };
  const numbers = Array.from({ length: 7 }, (_, i) => ({ ...field(`n${i}`, "integer", "quasi"), hierarchy }));
  const described = describe(field("row", "integer", "direct"), ...numbers);
  const quasi: ColumnRule = { role: "quasi", transform: { kind: "keep" } };
  const searched = (count: number): unknown => {
    const columns = Object.fromEntries(numbers.slice(0, count).map(({ name }) => [name, quasi]));
    return refusal(() => checkPolicy(policyOf(columns, { model: { algorithm: "full-domain" } }), described, "row"));
  };
  expect(searched(6)).toBe("passed"); // 9^6 combinations
  expect(searched(7)).toEqual(["ERR_POLICY", "/model/algorithm"]);
});

test.each<[ColumnRule["transform"], ResourceField["hierarchy"], number | undefined]>([
  [{ kind: "keep" }, { kind: "prefix", lengths: [4, 2] }, 0],
  [{ kind: "keep" }, undefined, undefined],
  [{ kind: "hierarchy", level: 2 }, { kind: "prefix", lengths: [4, 2] }, 2],
  [{ kind: "generalize", length: 2 }, { kind: "prefix", lengths: [4, 2] }, 2],
  [{ kind: "generalize", length: 3 }, { kind: "prefix", lengths: [4, 2] }, undefined],
  [{ kind: "generalize", length: 4 }, { kind: "date", units: ["quarter", "year"] }, 2],
  [{ kind: "generalize", length: 7 }, { kind: "date", units: ["quarter", "year"] }, undefined],
  [{ kind: "bucket", width: 10, min: 0, max: 100 }, { kind: "intervals", min: 0, max: 100, widths: [5, 10] }, 2],
  [{ kind: "mask", keepFirst: 1, keepLast: 0 }, { kind: "prefix", lengths: [4, 2] }, undefined],
])("a model goes up from the level at which the policy puts a column: %o of %o", (transform, hierarchy, from) => {
  const column = { ...field("a", "text", "quasi"), ...(hierarchy === undefined ? {} : { hierarchy }) };
  const found = columnHierarchies(policyOf({ a: { role: "quasi", transform } }), describe(column));
  expect(found).toEqual(from === undefined ? {} : { a: { hierarchy, from } });
});

test("under strict, every column of the resource has a rule", () => {
  expect(refusedFor({}, { strict: true })).toEqual(["ERR_POLICY", "/columns/height"]);
  const drop: ColumnRule = { role: "quasi", transform: { kind: "drop" } };
  const rest = { height: drop, secret: { ...drop, role: "other" }, weighty: { ...drop, role: "other" } } as const;
  expect(refusedFor(rest, { strict: true })).toBe("passed");
});

test("refuses a policy that shows nothing", () => {
  const columns = { id: good["id"] ?? keep };
  expect(refusal(() => checkPolicy(policyOf(columns), resource, "id"))).toEqual(["ERR_POLICY", "/columns"]);
});

test("counts shown quasi-identifiers and masked direct identifiers, within the fields asked for", () => {
  const policy = policyOf({ ...good, id: { role: "direct", transform: { kind: "token" } } });
  expect(quasiIdentifiers(policy)).toEqual(["age", "born", "name", "region"]);
  expect(quasiIdentifiers(policy, ["wage", "age", "id"])).toEqual(["age"]);
});

test("gives each shown column the type that jobs see", () => {
  expect(viewColumns(policyOf(good), resource)).toEqual({
    name: "dict",
    region: "dict",
    age: "i32",
    born: "dict",
    wage: "f64",
    insured: "bool",
  });
});

test("a view refuses columns that are dropped, without a rule, or unknown", () => {
  const tokenKey = new Uint8Array(32);
  for (const name of ["id", "height", "nothing", "toString"]) {
    const view = (): unknown => viewSql(policyOf(good), resource, { table: "people", fields: ["age", name], tokenKey });
    expect(refusal(view)).toEqual(["ERR_POLICY", `/columns/${name}`]);
  }
});

test("a column that is named like an inherited member has no rule unless it is given one", () => {
  const odd = describe(field("constructor", "text"), field("age", "integer"));
  expect(viewColumns(policyOf({ age: keep }), odd)).toEqual({ age: "i32" });
  expect(Object.entries(viewColumns(policyOf({ constructor: keep }), odd))).toEqual([["constructor", "dict"]]);
});

test("a view refuses a token key that is too short or too long", () => {
  for (const bytes of [0, 15, 65]) {
    const source = { table: "people", fields: ["age"], tokenKey: new Uint8Array(bytes) };
    expect(() => viewSql(policyOf(good), resource, source)).toThrow(RangeError);
  }
});

test("the token key never stands in a statement, and only statements with tokens bind it", () => {
  const token: ColumnRule = { role: "sensitive", transform: { kind: "token" } };
  const firms = describe(field("name", "text", "direct"), field("age", "integer"));
  const tokenKey = Uint8Array.from({ length: 32 }, (_, i) => 0x41 + (i % 26));
  const policy = policyOf({ name: { ...token, role: "direct" }, age: keep });
  const view = viewSql(policy, firms, { table: "firms", fields: ["name"], tokenKey });
  expect(view.sql).not.toMatch(/ABCDEFGH|41424344/i);
  expect(Object.keys(view.parameters)).toEqual(["tokenKeyInner", "tokenKeyOuter"]);
  expect(viewSql(policy, firms, { table: "firms", fields: ["age"], tokenKey }).parameters).toEqual({});
});

test("identifiers are quoted, so that no name becomes SQL", () => {
  const hostile = 'x" FROM secrets; --';
  const policy = policyOf({ [hostile]: keep });
  const view = viewSql(policy, describe(field(hostile, "text")), {
    table: 'a"b',
    fields: [hostile],
    tokenKey: new Uint8Array(32),
    rowId: 'r"',
  });
  const quoted = '"x"" FROM secrets; --"';
  expect(view.sql).toBe(`SELECT CAST(${quoted} AS VARCHAR) AS ${quoted} FROM "a""b" ORDER BY "r"""`);
});

test("reads a policy from JSON and points at the first member that does not fit", () => {
  const policy = policyOf(good);
  expect(parsePolicy(JSON.parse(JSON.stringify(policy)))).toEqual(policy);
  const malformed: [unknown, string][] = [
    [null, ""],
    ["policy", ""],
    [{ ...policy, version: 2 }, "/version"],
    [{ ...policy, k: 1 }, "/k"],
    [{ ...policy, k: 2.5 }, "/k"],
    [{ ...policy, suppressionLimit: 0.9 }, "/suppressionLimit"],
    [{ ...policy, suppressionLimit: Number.NaN }, "/suppressionLimit"],
    [{ ...policy, sample: { rows: 0, strata: [] } }, "/sample/rows"],
    [{ ...policy, sample: { rows: 5, strata: ["a", "b", "c", "d", "e"] } }, "/sample/strata"],
    [{ ...policy, sharing: "friends" }, "/sharing"],
    [{ ...policy, strict: 1 }, "/strict"],
    [{ ...policy, sample: { rows: 5, strata: [], method: "first" } }, "/sample/method"],
    [{ ...policy, model: { algorithm: "suppress", l: 1 } }, "/model/l"],
    [{ ...policy, model: { l: 2 } }, "/model/algorithm"],
    [{ ...policy, model: { algorithm: "suppress", delta: { min: 0.5, max: 0.2 } } }, "/model/delta"],
    [{ ...policy, gate: { context: { control: "high", motive: "none" } } }, "/gate/context/motive"],
    [{ ...policy, gate: { minRows: 0 } }, "/gate/minRows"],
    [{ ...policy, extra: 1 }, ""],
    [{ ...policy, columns: { age: { role: "quasi", transform: { kind: "shuffle" } } } }, "/columns/age/transform/kind"],
    [{ ...policy, columns: { age: { role: "both", transform: { kind: "keep" } } } }, "/columns/age/role"],
    [
      {
        ...policy,
        columns: { age: { role: "quasi", transform: { kind: "bucket", width: Infinity, min: 0, max: 1 } } },
      },
      "/columns/age/transform/width",
    ],
    [{ ...policy, columns: { "a b": keep } }, "/columns/a b"],
  ];
  for (const [value, pointer] of malformed) {
    expect(refusal(() => parsePolicy(value))).toEqual(["ERR_POLICY", pointer]);
  }
});

test("members that are absent stay absent, so that a policy's hash is that of what was signed", () => {
  expect(canonicalText(parsePolicy(policyOf(good)))).toBe(canonicalText(policyOf(good)));
  const full = policyOf(good, {
    strict: false,
    sharing: "enclave",
    sample: { rows: 5, strata: [], method: "hash" },
    model: { algorithm: "mondrian", l: 3, entropyL: 2.5, t: 0.2, delta: { min: 0, max: 0.1 } },
    gate: { context: { control: "mid", motive: "low", prevalence: 0.01, acquaintances: 10 }, maxSuppression: 0.1 },
  });
  expect(canonicalText(parsePolicy(JSON.parse(JSON.stringify(full))))).toBe(canonicalText(full));
});

test("anything at all is either a policy or refused with a code", () => {
  fc.assert(
    fc.property(fc.anything(), (value) => {
      expect(refusal(() => parsePolicy(value))).not.toBeNull();
    }),
  );
});

test("a policy that passes never shows a direct identifier as stored, nor the key", () => {
  const transforms = fc.constantFrom<ColumnRule["transform"]>(
    { kind: "drop" },
    { kind: "keep" },
    { kind: "token" },
    { kind: "mask", keepFirst: 2, keepLast: 2 },
    { kind: "generalize", length: 3 },
    { kind: "bucket", width: 1, min: 0, max: 9 },
  );
  const roles = fc.constantFrom<ResourceField["role"]>("direct", "quasi", "sensitive", "other");
  const rules = fc.dictionary(
    fc.constantFrom(...resource.fields.map(({ name }) => name)),
    fc.record({ role: roles, transform: transforms }),
  );
  fc.assert(
    fc.property(rules, (columns) => {
      const policy = policyOf(columns);
      if (refusal(() => checkPolicy(policy, resource, "id")) !== "passed") return;
      const shown = viewColumns(policy, resource);
      expect(shown).not.toHaveProperty("id");
      expect(shown).not.toHaveProperty("secret");
      expect(["drop", "mask", "token", undefined]).toContain(columns["name"]?.transform.kind);
    }),
    { numRuns: 2_000 },
  );
});

test("more quasi-identifiers than can be counted, and more combinations of levels than can be searched, are refused before reading", () => {
  const wide = (count: number, levels: number, model?: Policy["model"]): unknown => {
    const widths = Array.from({ length: levels }, (_, i) => 2 ** i);
    const hierarchy = { kind: "intervals", min: 0, max: 2_048, widths } as const;
    const names = Array.from({ length: count }, (_, i) => `q${i}`);
    const of = describe(
      field("key", "text", "direct"),
      ...names.map((name) => ({ ...field(name, "integer", "quasi"), ...(levels === 0 ? {} : { hierarchy }) })),
    );
    const rule = { role: "quasi", transform: { kind: "keep" } } as const;
    const columns = Object.fromEntries(names.map((name) => [name, rule]));
    try {
      checkPolicy(policyOf(columns, model === undefined ? {} : { model }), of, "key");
      return "passed";
    } catch (error) {
      if (!isSluiceError(error, "ERR_POLICY")) throw error;
      return error.details["pointer"];
    }
  };
  expect([wide(32, 0), wide(33, 0), wide(60, 0)]).toEqual(["passed", "/columns", "/columns"]);
  expect(wide(60, 0, { algorithm: "suppress" })).toBe("/columns");
  // 2^19 and 2^20 combinations of as stored and `*`; 10^15 of ten levels in each of fifteen columns.
  expect(wide(19, 0, { algorithm: "full-domain" })).toBe("passed");
  for (const [count, levels] of [
    [20, 0],
    [15, 8],
  ] as const) {
    expect(wide(count, levels, { algorithm: "full-domain" })).not.toBe("passed");
  }
});
