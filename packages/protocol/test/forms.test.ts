/** Product forms: the form that a manifest makes, the operations and snapshots of each, tables and report frames.
 *  @module */
import { expect, test } from "vitest";
import {
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
const SERVED: Readonly<Record<ProductForm, OutputSpec>> = {
  "label-lookup": { kind: "labels", vocabulary: ["A", "B"] },
  "psi-ids": { kind: "set", match: "psi-ids" },
  "psi-cardinality": { kind: "set", match: "psi-cardinality" },
  score: { kind: "score", featureBound: 8, link: "logistic" },
  report: TABLE,
};

function manifest(outputs: Record<string, OutputSpec>): unknown {
  return { name: "job", purpose: "purpose", input: {}, outputs };
}

test("the served output makes the form, and each form has operations of its own", () => {
  for (const form of ProductForm.options) {
    expect(formOf(JobManifest.parse(manifest({ model: MODEL, served: SERVED[form] })))).toBe(form);
    for (const operation of FORM_OPERATIONS[form]) expect(formOfOperation(operation)).toBe(form);
  }
  expect(formOf(JobManifest.parse(manifest({ model: MODEL })))).toBeNull();
  const answering = Object.values(FORM_OPERATIONS).flat();
  expect(new Set(answering).size).toBe(answering.length);
  expect(Operation.options.filter((operation) => formOfOperation(operation) === null)).toEqual(["develop", "build"]);
});

test("a manifest serves one output at most, and a score needs exactly one linear model", () => {
  const fits = (outputs: Record<string, OutputSpec>): boolean => JobManifest.safeParse(manifest(outputs)).success;
  const served = Object.values(SERVED);
  for (const first of served) {
    for (const second of served) expect(fits({ model: MODEL, first, second })).toBe(false);
    expect(fits({ first })).toBe(first.kind !== "score");
  }
  expect(fits({ a: MODEL, b: MODEL, served: SERVED.score })).toBe(false);
  expect(new Set(served.map(({ kind }) => kind))).toEqual(new Set(SERVED_KINDS));
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
  for (const kind of ["psi-ids", "psi-cardinality"] as const) {
    expect(formOfSnapshot({ ...set, parameters: { kind, paddedItems: 16, set: hash } })).toBe(kind);
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
