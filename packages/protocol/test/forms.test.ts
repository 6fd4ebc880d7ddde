/** Product forms: the form that a manifest makes, the operations and snapshots of each, tables and report frames.
 *  @module */
import { expect, test } from "vitest";
import {
  datasetPageRows,
  datasetQuantity,
  datasetTermEnd,
  decodeDatasetRequest,
  encodeDatasetRequest,
  decodeReportRequest,
  encodeReportRequest,
  FORM_OPERATIONS,
  formOf,
  formOfOperation,
  formOfSnapshot,
  isSluiceError,
  JobManifest,
  MAX_TABLE_CELLS,
  Operation,
  ProductForm,
  SERVED_KINDS,
  SignedSnapshot,
  SquareNetworkSpec,
  TableCell,
  TableSpec,
  tableCells,
  type OutputSpec,
  type ProductSnapshot,
} from "@sluice/protocol";

const MODEL: OutputSpec = { kind: "linear-model", maxParameters: 8 };
const TABLE: OutputSpec = {
  kind: "table",
  dimensions: [{ name: "age", levels: ["60岁以下", "≥60"] }],
  measures: ["months"],
};
/** A report of another kind. */
const NOISY: OutputSpec = {
  kind: "noisy-table",
  dimensions: [{ name: "age", field: "age", levels: ["young", "old"], breaks: [60] }],
  measures: [],
  contribution: { rows: 1, groups: 1 },
  loss: { mechanism: "gaussian", rho: "0.5" },
};
/** Scores of another model. */
const NETWORK: SquareNetworkSpec = {
  kind: "square-network",
  features: [
    { name: "age", low: 0, high: 100 },
    { name: "region=north", low: 0, high: 1 },
  ],
  maxUnits: 8,
  link: "logistic",
  resolution: 0.01,
};
const SERVED: Readonly<Record<ProductForm, OutputSpec>> = {
  "label-lookup": { kind: "labels", vocabulary: ["A", "B"] },
  "psi-ids": { kind: "set", match: "psi-ids" },
  "psi-cardinality": { kind: "set", match: "psi-cardinality" },
  "join-sum": { kind: "sum", field: "age", digits: 0, limit: 120, minimum: 10 },
  score: { kind: "score", featureBound: 8, link: "logistic" },
  report: TABLE,
  dataset: { kind: "dataset", fields: ["age"], days: 30 },
  "hidden-selection": {
    kind: "hidden-selection",
    dimensions: [{ name: "age", field: "age", levels: ["a", "b", "c", "d"], breaks: [20, 40, 60] }],
    minimumGroups: 2,
    contribution: { rows: 1, groups: 1 },
    rows: { epsilon: "0.5", most: 1_000 },
    measures: [],
  },
};

function manifest(outputs: Record<string, OutputSpec>): unknown {
  return { name: "job", purpose: "purpose", input: { age: "f64" }, outputs };
}

test("the served output makes the form, and each form has operations of its own", () => {
  for (const form of ProductForm.options) {
    expect(formOf(JobManifest.parse(manifest({ model: MODEL, served: SERVED[form] })))).toBe(form);
    for (const operation of FORM_OPERATIONS[form]) expect(formOfOperation(operation)).toBe(form);
  }
  expect(formOf(JobManifest.parse(manifest({ model: MODEL })))).toBeNull();
  const answering = Object.values(FORM_OPERATIONS).flat();
  expect(new Set(answering).size).toBe(answering.length);
  expect(Operation.options.filter((operation) => formOfOperation(operation) === null)).toEqual([
    "develop",
    "build",
    "aggregate",
  ]);
});

test("a manifest serves one output at most, and a score needs exactly one linear model", () => {
  const fits = (outputs: Record<string, OutputSpec>): boolean => JobManifest.safeParse(manifest(outputs)).success;
  const served = [...Object.values(SERVED), NOISY, NETWORK];
  for (const first of served) {
    for (const second of served) expect(fits({ model: MODEL, first, second })).toBe(false);
    expect(fits({ first })).toBe(first.kind !== "score");
  }
  expect(fits({ a: MODEL, b: MODEL, served: SERVED.score })).toBe(false);
  expect(new Set(served.map(({ kind }) => kind))).toEqual(new Set(SERVED_KINDS));
});

test("a model that stays makes a score, and declares features once each, with bounds, few units and a resolution", () => {
  expect(formOf(JobManifest.parse(manifest({ served: NETWORK })))).toBe("score");
  const [age = { name: "", low: 0, high: 0 }] = NETWORK.features;
  for (const wrong of [
    { features: [] },
    { features: [age, age] },
    { features: [{ ...age, high: 0 }] },
    { features: [{ ...age, low: -1e308, high: 1e308 }] },
    { features: [{ ...age, name: "\u202e" }] },
    { features: Array.from({ length: 33 }, (_, i) => ({ ...age, name: `x${i}` })) },
    { maxUnits: 65 },
    { resolution: 0 },
    { resolution: undefined },
    { units: [] },
  ]) {
    expect(SquareNetworkSpec.safeParse({ ...NETWORK, ...wrong }).success).toBe(false);
  }
});

test("a table has distinct dimensions and levels, and a bounded number of cells", () => {
  const levels = (count: number): string[] => Array.from({ length: count }, (_, i) => `L${i}`);
  const spec = (...sizes: number[]) => ({
    kind: "table",
    dimensions: sizes.map((size, i) => ({ name: `d${i}`, levels: levels(size) })),
    measures: [],
  });
  const largest = TableSpec.parse(spec(64, 64));
  expect(tableCells(largest.dimensions)).toBe(MAX_TABLE_CELLS);
  for (const sizes of [[], [1], [65], [64, 64, 2], [2, 2, 2, 2]]) {
    expect(TableSpec.safeParse(spec(...sizes)).success).toBe(false);
  }
  const dimension = { name: "d", levels: ["A", "B"] };
  for (const wrong of [
    { dimensions: [dimension, dimension] },
    { dimensions: [{ name: "d", levels: ["A", "A"] }] },
    { dimensions: [dimension], measures: ["m", "m"] },
    { dimensions: [{ name: "d", levels: ["A", "a\nb"] }] },
    { dimensions: [{ name: "d", levels: ["A", "\u202e"] }] },
  ]) {
    expect(TableSpec.safeParse({ kind: "table", measures: [], ...wrong }).success).toBe(false);
  }
  expect(TableCell.safeParse({ at: [0], rows: -5, means: {} }).success).toBe(false);
});

test("a report request comes back as it was, and is refused cut, lengthened or of another version", () => {
  const snapshot = Uint8Array.from({ length: 32 }, (_, i) => i);
  const bytes = encodeReportRequest({ snapshot });
  expect(decodeReportRequest(bytes).snapshot).toEqual(snapshot);
  for (const wrong of [bytes.subarray(1), Uint8Array.of(...bytes, 0), Uint8Array.of(0, 2, ...snapshot)]) {
    expect(codeOf(() => decodeReportRequest(wrong))).toBe("ERR_FRAME_MALFORMED");
  }
});

test("a data set shows input columns, each once, for a bounded number of days", () => {
  const fits = (change: object): boolean => {
    const dataset = { kind: "dataset", fields: ["age"], days: 30, ...change };
    return JobManifest.safeParse(manifest({ dataset: dataset as OutputSpec })).success;
  };
  expect(fits({})).toBe(true);
  for (const days of [0, -1, 1.5, 3_661]) expect(fits({ days })).toBe(false);
  for (const fields of [[], ["age", "age"], ["name"], ["toString"]]) expect(fits({ fields })).toBe(false);
});

test("a data set's quantity is rows × fields × days, its last page is short, and a term lasts whole days", () => {
  const fields = [
    { name: "age", type: "f64" },
    { name: "region", type: "dict" },
  ] as const;
  expect(datasetQuantity({ rows: 1_000_000, fields: [...fields], days: 3_660 })).toBe(7_320_000_000);
  const shown = { rows: 10, pageRows: 4 };
  expect([0, 1, 2].map((page) => datasetPageRows(shown, page))).toEqual([4, 4, 2]);
  expect(datasetTermEnd(new Date("2026-02-27T08:00:00.000Z"), 2).toISOString()).toBe("2026-03-01T08:00:00.000Z");
});

test("a data set request comes back as it was, and is refused cut, lengthened, of another version or without sense", () => {
  const snapshot = Uint8Array.from({ length: 32 }, (_, i) => i);
  const page = { snapshot, ask: "page", page: 258 } as const;
  const bytes = encodeDatasetRequest(page);
  expect(decodeDatasetRequest(bytes)).toEqual(page);
  expect(decodeDatasetRequest(encodeDatasetRequest({ snapshot, ask: "term" }))).toEqual({ snapshot, ask: "term" });
  const wrong = [bytes.subarray(1), Uint8Array.of(...bytes, 0), bytes.with(1, 2), bytes.with(34, 0), bytes.with(34, 3)];
  // A term of a page is nothing.
  for (const frame of [...wrong, bytes.with(34, 1)]) {
    expect(codeOf(() => decodeDatasetRequest(frame))).toBe("ERR_FRAME_MALFORMED");
  }
});

test("a snapshot of each form is told by its type, and takes no member of another", () => {
  const hash = "ab".repeat(32);
  const served = {
    domain: "hrss",
    product: "ages",
    version: 1,
    grant: hash,
    bundle: hash,
    release: hash,
    sealKey: `x25519:${"A".repeat(43)}`,
    at: "2026-01-01T00:00:00.000Z",
  };
  const report: ProductSnapshot = { type: "report-snapshot", ...served, report: hash };
  expect(formOfSnapshot(report)).toBe("report");
  const set = { type: "psi-snapshot", ...served, purpose: "purpose", epoch: 1 } as const;
  const base = { items: 16, slots: 48, segmentLength: 16, filterSeed: hash, hash };
  const noise = { epsilon: "0.5", budget: "5", shift: 39 };
  for (const parameters of [
    { kind: "psi-ids", method: "filter", paddedItems: 16, oprfPublicKey: hash, base },
    { kind: "psi-cardinality", paddedItems: 16, set: hash, noise },
  ] as const) {
    expect(formOfSnapshot({ ...set, parameters })).toBe(parameters.kind);
  }
  const signatures = [{ suite: "ed25519", keyId: `ed25519:${"A".repeat(43)}`, value: "A".repeat(86) }];
  expect(SignedSnapshot.safeParse({ body: report, signatures }).success).toBe(true);
  for (const body of [
    { ...report, purpose: "p" },
    { ...report, type: "snapshot" },
    { ...report, report: undefined },
  ]) {
    expect(SignedSnapshot.safeParse({ body, signatures }).success).toBe(false);
  }
});

function codeOf(work: () => unknown): string {
  try {
    work();
    return "accepted";
  } catch (error) {
    return isSluiceError(error) ? error.code : String(error);
  }
}
