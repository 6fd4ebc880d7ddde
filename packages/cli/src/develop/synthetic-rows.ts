/** Rows that describe nobody: made from the catalogue's schema and the policy alone, and then shown as the policy
 *  shows real rows. Equal seeds give equal rows, and a column does not depend on which other columns are asked for.
 *
 *  One hidden number per row moves its columns together, so that a model has something to find.
 *  @module */
import { applyTransform, viewColumns, type ShownValue } from "@sluice/desensitize";
import {
  utf8,
  type Column,
  type ColumnBatch,
  type ColumnType,
  type JobManifest,
  type Policy,
  type ResourceDescription,
} from "@sluice/protocol";
import { createRng } from "@sluice/sandbox/kit";
import { storedValues } from "./stored-values.ts";

/** Rows unless told otherwise, when the policy's sample is not smaller. */
export const DEFAULT_SYNTHETIC_ROWS = 2_000;
/** Rows of a build that groups them, unless told otherwise, when the table is not smaller. */
export const MAX_BUILD_ROWS = 20_000;
/** Most rows. */
export const MAX_SYNTHETIC_ROWS = 200_000;

/** What rows are made from. */
export interface SyntheticSource {
  readonly resource: ResourceDescription;
  /** Must have passed `checkPolicy` on the resource. */
  readonly policy: Policy;
}

/** No secret: it turns synthetic identifiers into tokens of the right form. */
const TOKEN_KEY = utf8("sluice synthetic rows");

/** `rows` synthetic rows with the columns `names`, each shown by the policy; others are left out. */
export function syntheticRows(
  { resource, policy }: SyntheticSource,
  names: readonly string[],
  { rows, seed }: { readonly rows: number; readonly seed: number },
): ColumnBatch {
  const hidden = createRng(seed);
  const pull = Float64Array.from({ length: rows }, () => hidden.normal());
  const types = viewColumns(policy, resource);
  const columns: ColumnBatch["columns"] = {};
  for (const name of names) {
    const field = resource.fields.find((field) => field.name === name);
    const rule = policy.columns[name];
    const type = types[name];
    if (field === undefined || rule === undefined || type === undefined) continue;
    const context = { tokenKey: TOKEN_KEY, type: field.type, name, hierarchy: field.hierarchy };
    const stored = storedValues(field, rule, pull, createRng(seed ^ hashName(name)));
    columns[name] = toColumn(
      type,
      stored.map((value, row) => applyTransform(rule.transform, value, { ...context, row })),
    );
  }
  return { rowCount: rows, columns };
}

/** Rows to make under `policy` unless told otherwise. */
export function defaultRows(policy: Policy): number {
  return Math.min(policy.sample.rows, DEFAULT_SYNTHETIC_ROWS);
}

/** Rows of a build of `manifest`, whose sample has `rows`: more, up to those of the real table, when the guard will count
 *  the people in groups, so that groups that are usual have enough. */
export function buildRows({ outputs }: JobManifest, { resource }: SyntheticSource, rows: number): number {
  const counted = Object.values(outputs).some(({ kind }) => kind === "table" || kind === "set");
  return counted ? Math.max(rows, Math.min(resource.approximateRows, MAX_BUILD_ROWS)) : rows;
}

/** A column in the form in which a domain gives it to a job: nulls are zero, dictionaries are sorted. */
function toColumn(type: ColumnType, shown: readonly ShownValue[]): Column {
  const validity = validityOf(shown);
  if (type === "dict") {
    const dictionary = [...new Set(shown.filter((value) => typeof value === "string"))].sort();
    const codes = new Map(dictionary.map((text, code) => [text, code]));
    const values = Uint32Array.from(shown, (value) => (typeof value === "string" ? (codes.get(value) ?? 0) : 0));
    return { type, values, dictionary, ...validity };
  }
  const numbers = shown.map(Number);
  switch (type) {
    case "f64":
      return { type, values: Float64Array.from(numbers), ...validity };
    case "i32":
      return { type, values: Int32Array.from(numbers), ...validity };
    case "bool":
      return { type, values: Uint8Array.from(numbers), ...validity };
  }
}

function validityOf(shown: readonly ShownValue[]): { validity?: Uint8Array } {
  if (!shown.includes(null)) return {};
  const validity = new Uint8Array(Math.ceil(shown.length / 8));
  for (const [row, value] of shown.entries()) {
    if (value !== null) validity[row >> 3] = (validity[row >> 3] ?? 0) | (1 << (row & 7));
  }
  return { validity };
}

/** FNV-1a of the name: a column's own sequence of random numbers. */
function hashName(name: string): number {
  let hash = 0x811c9dc5;
  for (const byte of utf8(name)) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash;
}
