import { Hierarchy, type AnonymityModel, type Column, type ColumnBatch } from "@sluice/protocol";
import { expect, test } from "vitest";
import { anonymize, recodeTuples, suppressToK, type AnonymityRequest } from "../src/index.ts";

const AGES = Hierarchy.parse({ kind: "intervals", min: 0, max: 100, widths: [5, 10, 20, 40] });

/** `null` for a missing value. */
function numbers(type: "i32" | "f64", values: readonly (number | null)[]): Column {
  const validity = new Uint8Array(Math.ceil(values.length / 8));
  for (const [i, value] of values.entries())
    if (value !== null) validity[i >> 3] = (validity[i >> 3] ?? 0) | (1 << (i & 7));
  const filled = values.map((value) => value ?? 0);
  return type === "i32"
    ? { type, values: Int32Array.from(filled), validity }
    : { type, values: Float64Array.from(filled), validity };
}

function texts(values: readonly string[]): Column {
  const dictionary = [...new Set(values)];
  return { type: "dict", dictionary, values: Uint32Array.from(values, (value) => dictionary.indexOf(value)) };
}

const table = (columns: Record<string, Column>): ColumnBatch => ({
  rowCount: Object.values(columns)[0]?.values.length ?? 0,
  columns,
});

function request(change: Partial<AnonymityRequest> & { readonly quasi: readonly string[] }): AnonymityRequest {
  return { hierarchies: {}, model: { algorithm: "full-domain" }, k: 2, suppressionLimit: 0, ...change };
}

test("numbers stay numbers: an interval is its lower bound, and * is no value", async () => {
  const age = numbers("i32", [21, 24, 37, 39]);
  const income = numbers("f64", [1.5, 2.5, 3.5, 4.5]);
  const found = await anonymize(
    table({ age, income }),
    request({ quasi: ["age", "income"], hierarchies: { age: { hierarchy: AGES, from: 0 } } }),
  );
  expect(found.batch.columns["age"]).toEqual({ type: "i32", values: Int32Array.of(20, 20, 35, 35) });
  expect(found.batch.columns["income"]).toEqual({
    type: "f64",
    values: new Float64Array(4),
    validity: Uint8Array.of(0),
  });
  expect([...found.classes]).toEqual([0, 0, 1, 1]);
  expect(found.k).toBe(2);
});

test("a missing value is a value of its own, and hides nobody", async () => {
  const age = numbers("i32", [null, 21, 22, 23]);
  const strict = request({ quasi: ["age"], hierarchies: { age: { hierarchy: AGES, from: 0 } } });
  // At every level below * the one without an age is alone.
  expect((await anonymize(table({ age }), strict)).recoding).toMatchObject({ columns: [{ level: 5 }] });
  const lenient = await anonymize(table({ age }), { ...strict, suppressionLimit: 0.25 });
  expect([...(lenient.batch.columns["age"]?.values ?? [])]).toEqual([20, 20, 20]);
  expect(lenient.suppressedRows).toBe(1);
});

test("a column may stand at a level already: it goes up from there", async () => {
  const age = numbers("f64", [20, 30, 40, 50]);
  const found = await anonymize(
    table({ age }),
    request({ quasi: ["age"], hierarchies: { age: { hierarchy: AGES, from: 2 } } }),
  );
  expect([...(found.batch.columns["age"]?.values ?? [])]).toEqual([20, 20, 40, 40]);
  expect(found.recoding).toMatchObject({ columns: [{ level: 3 }] });
});

test("values that a tree does not know become * and are counted; nothing of rows left out stays in a dictionary", async () => {
  const town = texts(["oak", "elm", "canary", "oak", "rare"]);
  const hierarchy = Hierarchy.parse({ kind: "tree", levels: [{ oak: "tree", elm: "tree", rare: "other" }] });
  const found = await anonymize(
    table({ town, note: texts(["a", "b", "secret-1", "a", "secret-2"]) }),
    request({ quasi: ["town"], hierarchies: { town: { hierarchy, from: 0 } }, suppressionLimit: 0.4 }),
  );
  expect(found.outside).toEqual({ town: 1 });
  expect(found.batch.columns["town"]).toEqual({ type: "dict", dictionary: ["tree"], values: Uint32Array.of(0, 0, 0) });
  expect(found.batch.columns["note"]).toMatchObject({ dictionary: ["a", "b"] });
  expect(JSON.stringify(found.recoding.shown)).toBe('[["tree"]]');
});

test("`suppress` leaves out the rows that suppressToK leaves out, and counts persons as it does", async () => {
  const town = texts(["a", "a", "a", "b", "b", "c", "b"]);
  const subjects = Int32Array.of(1, 2, 3, 4, 4, 5, 4);
  const asked = request({ quasi: ["town"], model: { algorithm: "suppress" }, suppressionLimit: 0.6, subjects });
  const found = await anonymize(table({ town }), asked);
  const plain = suppressToK(table({ town }), ["town"], 2, 0.6, subjects);
  expect(found).toMatchObject({
    suppressedRows: plain.suppressedRows,
    k: plain.k,
    subjects: plain.subjects,
    batch: plain.batch,
  });
  expect(found.search).toBeUndefined();
  await expect(anonymize(table({ town }), { ...asked, suppressionLimit: 0.5 })).rejects.toMatchObject({
    code: "ERR_SAMPLE_K",
  });
});

test("without quasi-identifiers all rows are one class", async () => {
  const found = await anonymize(table({ town: texts(["a", "b", "c"]) }), request({ quasi: [], k: 3 }));
  expect(found).toMatchObject({ k: 3, loss: 0, suppressedRows: 0 });
});

test.each<[string, Partial<AnonymityRequest>, Record<string, unknown>]>([
  ["more persons than there are", { k: 5 }, { code: "ERR_SAMPLE_K", details: { k: 5, limit: 0 } }],
  [
    "more values than there are",
    { ...withModel({ l: 3 }) },
    { code: "ERR_SAMPLE_MODEL", details: { demands: "k, l", limit: 0 } },
  ],
  [
    "l without a sensitive column",
    { model: { algorithm: "full-domain", l: 2 }, sensitive: [] },
    { code: "ERR_POLICY", details: { pointer: "/model/l" } },
  ],
  [
    "t without a sensitive column",
    { model: { algorithm: "suppress", t: 0.2 }, sensitive: [] },
    { code: "ERR_POLICY", details: { pointer: "/model/t" } },
  ],
  [
    "presence without the whole table",
    withModel({ delta: { min: 0, max: 0.5 } }),
    { code: "ERR_POLICY", details: { pointer: "/model/delta" } },
  ],
  [
    "presence of boxes without the whole table",
    { model: { algorithm: "mondrian", delta: { min: 0, max: 0.5 } } },
    { code: "ERR_POLICY", details: { pointer: "/model/delta" } },
  ],
  ["a column that is not there", { quasi: ["no"] }, { code: "ERR_POLICY_COLUMN", details: { column: "no" } }],
  [
    "sixty columns",
    { quasi: Array.from({ length: 60 }, (_, i) => `c${i}`) },
    { code: "ERR_POLICY", details: { pointer: "/columns" } },
  ],
])("refuses %s, and says nothing that was counted", async (_, change, expected) => {
  const batch = table({ town: texts(["a", "a", "b", "b"]), s: texts(["x", "y", "x", "y"]) });
  const asked = request({ quasi: ["town"], sensitive: [{ name: "s", ordered: false }], ...change });
  const error: unknown = await anonymize(batch, asked).catch((refusal: unknown) => refusal);
  expect(error).toMatchObject({ code: expected["code"] as string });
  expect((error as { details: unknown }).details).toMatchObject((expected["details"] ?? {}) as Record<string, unknown>);
});

function withModel(model: Partial<AnonymityModel>): Partial<AnonymityRequest> {
  return { model: { algorithm: "full-domain", ...model } };
}

test("more than a million combinations of levels are refused before any is counted, and boxes are not", async () => {
  const columns = Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`c${i}`, texts(["a", "b", "a", "b"])]));
  const quasi = Object.keys(columns);
  await expect(anonymize(table(columns), request({ quasi, onStep: () => expect.unreachable() }))).rejects.toMatchObject(
    {
      code: "ERR_POLICY",
      details: { pointer: "/model/algorithm" },
    },
  );
  expect((await anonymize(table(columns), request({ quasi, model: { algorithm: "mondrian" } }))).k).toBe(2);
});

test("more keys than a number can count are still told apart", async () => {
  const count = 500;
  const columns = Object.fromEntries(
    Array.from({ length: 30 }, (_, c) => [
      `c${c}`,
      numbers(
        "i32",
        Array.from({ length: 2 * count }, (__, i) => ((i >> 1) * (c + 7)) % count),
      ),
    ]),
  );
  const found = await anonymize(
    table(columns),
    request({ quasi: Object.keys(columns), model: { algorithm: "suppress" } }),
  );
  expect([found.recoding.classCount, found.k]).toEqual([count, 2]);
  expect([...recodeTuples(found.recoding, table(columns))]).toEqual([...found.classes]);
});

test("a search that is cancelled ends with its signal, and reports before", async () => {
  const columns = Object.fromEntries(
    Array.from({ length: 12 }, (_, c) => [
      `c${c}`,
      numbers(
        "i32",
        Array.from({ length: 64 }, (__, i) => (i * (c + 3)) % 61),
      ),
    ]),
  );
  for (const algorithm of ["full-domain", "mondrian"] as const) {
    const controller = new AbortController();
    const steps: number[] = [];
    const running = anonymize(
      table(columns),
      request({
        quasi: Object.keys(columns),
        model: { algorithm },
        signal: controller.signal,
        onStep: ({ checks }) => {
          steps.push(checks);
          if (checks === 3) controller.abort();
        },
      }),
    );
    await expect(running).rejects.toMatchObject({ code: "ERR_CANCELLED" });
    expect(steps).toEqual([1, 2, 3]);
    await expect(anonymize(table(columns), request({ quasi: [], signal: controller.signal }))).rejects.toMatchObject({
      code: "ERR_CANCELLED",
    });
  }
});
