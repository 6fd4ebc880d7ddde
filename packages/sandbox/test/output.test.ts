import { expect, test } from "vitest";
import fc from "fast-check";
import { ByteWriter, isSluiceError, utf8, type JobManifest } from "@sluice/protocol";
import { decodeJobOutput } from "./decoding.ts";

const MANIFEST: JobManifest = {
  name: "credit",
  purpose: "credit",
  input: {},
  outputs: {
    fit: { kind: "metrics", keys: ["auc", "rows"] },
    model: { kind: "linear-model", maxParameters: 2 },
    band: { kind: "labels", vocabulary: ["A", "B", "C"] },
  },
};
const FIT = { kind: "metrics", values: { auc: 0.75, rows: 100 } };
const MODEL = { kind: "linear-model", features: ["age", "region=a"], weights: [1, -2], intercept: 0.5 };

test("decodes released outputs as the job returned them", () => {
  expect(decodeJobOutput(encode({ outputs: { fit: FIT, model: MODEL } }), MANIFEST)).toEqual({
    class: "released",
    values: { fit: FIT, model: MODEL },
  });
});

test("decodes served labels into bytes of their own", () => {
  const bytes = encode({ outputs: { band: { kind: "labels", buffer: 0 } } }, [new Uint8Array([0, 2, 1])]);
  const output = decodeJobOutput(bytes, MANIFEST);
  bytes.fill(0);
  expect(output).toEqual({ class: "served", values: { band: { kind: "labels", codes: new Uint8Array([0, 2, 1]) } } });
});

test.each([
  ["output-missing", { fit: FIT }],
  ["output-missing", {}],
  ["output-undeclared", { fit: FIT, model: MODEL, more: FIT }],
  ["output-undeclared", { fit: FIT, model: MODEL, band: { kind: "labels", buffer: 0 } }],
  ["metrics-keys", { fit: { ...FIT, values: { auc: 1 } }, model: MODEL }],
  ["metrics-keys", { fit: { ...FIT, values: { auc: 1, row7: 1 } }, model: MODEL }],
  ["metrics-keys", { fit: { ...FIT, values: { auc: 1, toString: 1 } }, model: MODEL }],
  ["metrics-finite", { fit: { ...FIT, values: { auc: null, rows: 1 } }, model: MODEL }],
  ["metrics-finite", { fit: { ...FIT, values: { auc: "0.5", rows: 1 } }, model: MODEL }],
  ["metrics-finite", { fit: { ...FIT, note: "hello" }, model: MODEL }],
  ["metrics-finite", { fit: MODEL, model: MODEL }],
  ["linear-model-form", { fit: FIT, model: { ...MODEL, weights: [1] } }],
  ["linear-model-form", { fit: FIT, model: { ...MODEL, features: ["age", "age"] } }],
  ["linear-model-form", { fit: FIT, model: { ...MODEL, features: ["age", "x".repeat(81)] } }],
  ["linear-model-form", { fit: FIT, model: { ...MODEL, intercept: null } }],
  ["linear-model-form", { fit: FIT, model: FIT }],
  ["linear-model-parameters", { fit: FIT, model: { ...MODEL, features: ["a", "b", "c"], weights: [1, 2, 3] } }],
])("refuses by rule %s", (rule, outputs) => {
  expect(ruleOf(encode({ outputs }))).toBe(rule);
});

test.each([
  ["labels-vocabulary", [new Uint8Array([0, 3])], 0],
  ["labels-form", [], 0],
  ["labels-form", [new Uint8Array(1)], -1],
  ["labels-form", [new Uint8Array(1)], 0.5],
  ["output-format", [new Uint8Array(1), new Uint8Array(1)], 0],
])("refuses labels by rule %s", (rule, buffers, buffer) => {
  expect(ruleOf(encode({ outputs: { band: { kind: "labels", buffer } } }, buffers))).toBe(rule);
});

const SET: JobManifest = {
  ...MANIFEST,
  outputs: { fit: { kind: "metrics", keys: ["auc"] }, members: { kind: "set", match: "psi-ids" } },
};
const TABLE: JobManifest = {
  ...MANIFEST,
  outputs: {
    fit: { kind: "metrics", keys: ["auc"] },
    ages: {
      kind: "table",
      dimensions: [
        { name: "age", levels: ["young", "old"] },
        { name: "constructor", levels: ["a", "b", "c"] },
      ],
      measures: ["base"],
    },
  },
};
const AGES = { kind: "table", dimensions: { age: 0, constructor: 1 }, measures: { base: 2 } };
const COLUMNS = [new Uint8Array([0, 1]), new Uint8Array([2, 255]), littleEndian(1.5, Number.NaN)];

test("decodes a set and a table into arrays of their own", () => {
  const set = encode({ outputs: { members: { kind: "set", buffer: 0 } } }, [new Uint8Array([0, 1])]);
  const table = encode({ outputs: { ages: AGES } }, COLUMNS);
  const decoded = [decodeJobOutput(set, SET), decodeJobOutput(table, TABLE)];
  set.fill(0);
  table.fill(0);
  expect(decoded[0]?.values).toEqual({ members: { kind: "set", members: new Uint8Array([0, 1]) } });
  expect(decoded[1]).toEqual({
    class: "served",
    values: {
      ages: {
        kind: "table-rows",
        dimensions: { age: new Uint8Array([0, 1]), constructor: new Uint8Array([2, 255]) },
        measures: { base: new Float64Array([1.5, Number.NaN]) },
      },
    },
  });
});

test("a NaN carries no bits of its own", () => {
  const odd = new Uint8Array([1, 2, 3, 4, 5, 6, 0xf8, 0x7f, 0, 0, 0, 0, 0, 0, 0, 0]);
  const output = decodeJobOutput(encode({ outputs: { ages: AGES } }, [...COLUMNS.slice(0, 2), odd]), TABLE);
  const ages = output.class === "served" ? output.values["ages"] : undefined;
  const bits = ages?.kind === "table-rows" ? new Uint8Array(ages.measures["base"]?.buffer ?? new ArrayBuffer()) : [];
  expect([...bits]).toEqual([0, 0, 0, 0, 0, 0, 0xf8, 0x7f, 0, 0, 0, 0, 0, 0, 0, 0]);
});

test.each([
  ["set-values", { kind: "set", buffer: 0 }, [new Uint8Array([0, 2])]],
  ["set-form", { kind: "labels", buffer: 0 }, [new Uint8Array(2)]],
  ["set-form", { kind: "set", buffer: 1 }, [new Uint8Array(2)]],
  ["set-form", { kind: "table", dimensions: {}, measures: {} }, []],
])("refuses a set by rule %s", (rule, members, buffers) => {
  expect(ruleOf(encode({ outputs: { members } }, buffers), SET)).toBe(rule);
});

test.each<[string, unknown, Uint8Array[]]>([
  ["table-levels", AGES, [new Uint8Array([0, 2]), ...COLUMNS.slice(1)]],
  ["table-levels", AGES, [new Uint8Array([0, 254]), ...COLUMNS.slice(1)]],
  ["table-length", AGES, [new Uint8Array(3), ...COLUMNS.slice(1)]],
  ["table-length", AGES, [...COLUMNS.slice(0, 2), littleEndian(1)]],
  ["table-form", AGES, [...COLUMNS.slice(0, 2), new Uint8Array(15)]],
  ["table-finite", AGES, [...COLUMNS.slice(0, 2), littleEndian(1, Infinity)]],
  ["table-finite", AGES, [...COLUMNS.slice(0, 2), littleEndian(-Infinity, 1)]],
  ["table-form", { ...AGES, dimensions: { age: 0 } }, COLUMNS],
  ["table-form", { ...AGES, dimensions: { age: 0, sex: 1 } }, COLUMNS],
  ["table-form", { ...AGES, dimensions: { age: 0, constructor: 1, more: 2 } }, COLUMNS],
  ["table-form", { ...AGES, dimensions: { age: 0, constructor: 0 } }, COLUMNS],
  ["table-form", { ...AGES, dimensions: [0, 1] }, COLUMNS],
  ["table-form", { ...AGES, measures: {} }, COLUMNS],
  ["table-form", { ...AGES, measures: { base: 2, more: 3 } }, [...COLUMNS, littleEndian(1, 2)]],
  ["table-form", { ...AGES, measures: { base: 3 } }, COLUMNS],
  ["table-form", { ...AGES, note: 1 }, COLUMNS],
  ["table-form", { kind: "labels", buffer: 0 }, COLUMNS.slice(0, 1)],
  ["output-format", AGES, [...COLUMNS, new Uint8Array(2)]],
])("refuses a table by rule %s", (rule, ages, buffers) => {
  expect(ruleOf(encode({ outputs: { ages } }, buffers), TABLE)).toBe(rule);
});

test("a score is returned by no function", () => {
  const score = { kind: "score", featureBound: 10, link: "identity" } as const;
  const manifest: JobManifest = {
    ...MANIFEST,
    outputs: {
      fit: { kind: "metrics", keys: ["auc", "rows"] },
      model: { kind: "linear-model", maxParameters: 2 },
      score,
    },
  };
  expect(decodeJobOutput(encode({ outputs: { fit: FIT, model: MODEL } }), manifest).class).toBe("released");
  expect(ruleOf(encode({ outputs: { fit: FIT, model: MODEL, score: 1 } }), manifest)).toBe("output-undeclared");
  expect(ruleOf(encode({ outputs: { score: 1 } }), manifest)).toBe("output-missing");
});

test("refuses text that is not the documented struct", () => {
  for (const bytes of [
    new Uint8Array(),
    new Uint8Array([255, 255, 255, 255]),
    new Uint8Array([0, 0, 0, 9, 0]),
    encode({ outputs: {}, more: 1 }),
    encode([]),
    new Uint8Array([...encode({ outputs: { fit: FIT, model: MODEL } }), 0]),
    new ByteWriter()
      .uint(1, 4)
      .fixed(new Uint8Array([0xff]))
      .uint(0, 4)
      .finish(),
    new ByteWriter().uint(0, 4).uint(65, 4).finish(),
  ]) {
    expect(["output-format", "output-size"]).toContain(ruleOf(bytes));
  }
});

test("answers any bytes with an output or with ERR_GUARD_OUTPUT", () => {
  const near = fc.tuple(fc.json(), fc.array(fc.uint8Array({ maxLength: 4 }), { maxLength: 3 }));
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array({ maxLength: 64 }), near), (input) => {
      const bytes = input instanceof Uint8Array ? input : encodeText(input[0], input[1]);
      for (const manifest of [MANIFEST, SET, TABLE]) expect(ruleOf(bytes, manifest)).not.toBe("decoded");
    }),
    { numRuns: 300 },
  );
});

function ruleOf(bytes: Uint8Array, manifest = MANIFEST): string | number | undefined {
  try {
    decodeJobOutput(bytes, manifest);
    return "decoded";
  } catch (error) {
    if (!isSluiceError(error, "ERR_GUARD_OUTPUT")) throw error;
    return error.details["rule"];
  }
}

function encode(document: unknown, buffers: Uint8Array[] = []): Uint8Array {
  return encodeText(JSON.stringify(document), buffers);
}

function encodeText(json: string, buffers: Uint8Array[]): Uint8Array {
  const text = utf8(json);
  const writer = new ByteWriter().uint(text.length, 4).fixed(text).uint(buffers.length, 4);
  for (const buffer of buffers) writer.uint(buffer.length, 4).fixed(buffer);
  return writer.finish();
}

function littleEndian(...numbers: number[]): Uint8Array {
  const view = new DataView(new ArrayBuffer(8 * numbers.length));
  for (const [i, number] of numbers.entries()) view.setFloat64(8 * i, number, true);
  return new Uint8Array(view.buffer);
}
