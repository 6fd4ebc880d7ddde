/** Rows that describe nobody: made from a table's description, the policy and, where a department published one, the safe
 *  profile; and then shown as the policy shows real rows. Equal seeds give equal rows, and a column does not depend on which
 *  other columns are asked for.
 *
 *  Without a profile one hidden number per row moves its columns together, so that a model has something to find. With one,
 *  columns have the published margins, and hang together as far as pairs were published.
 *  @module */
import {
  utf8,
  type Column,
  type ColumnBatch,
  type ColumnType,
  type Policy,
  type ResourceDescription,
  type ResourceProfile,
} from "@sluice/protocol";
import { viewColumns } from "../policy/columns.ts";
import { applyTransform } from "../transform/apply.ts";
import type { ShownValue, StoredValue } from "../transform/column.ts";
import { madeValues } from "./made-values.ts";
import { profiledColumn, type ProfiledColumn } from "./outcomes.ts";
import { drawOutcomes, pairTree, type Edge } from "./pair-tree.ts";
import { createRowRng } from "./rng.ts";

/** What rows are made from. */
export interface SyntheticSource {
  readonly resource: ResourceDescription;
  /** Must have passed `checkPolicy` on the resource. */
  readonly policy: Policy;
  /** Columns that it does not know, or knows as another type, are made without it. */
  readonly profile?: ResourceProfile | null | undefined;
}

/** How many rows, and which. */
export interface SyntheticSize {
  readonly rows: number;
  readonly seed: number;
}

/** No secret: it turns synthetic identifiers into tokens of the right form. */
const TOKEN_KEY = utf8("sluice synthetic rows");

/** Rows with the columns `names`, each shown by the policy; others are left out. */
export function synthesize(
  source: SyntheticSource,
  names: readonly string[],
  { rows, seed }: SyntheticSize,
): ColumnBatch {
  const { resource, policy, profile } = source;
  const hidden = createRowRng(seed, "");
  const pull = Float64Array.from({ length: rows }, () => hidden.normal());
  const types = viewColumns(policy, resource);
  const profiled = new ProfiledRows(source, { rows, seed });
  const columns: ColumnBatch["columns"] = {};
  for (const name of names) {
    const field = resource.fields.find((field) => field.name === name);
    const rule = Object.hasOwn(policy.columns, name) ? policy.columns[name] : undefined;
    const type = types[name];
    if (field === undefined || rule === undefined || type === undefined) continue;
    const shape = profile?.columns.find((column) => column.field === name);
    const length = shape?.kind === "shape" ? shape.length : undefined;
    // Bands of numbers that are written dates hold numbers that are none; and a listed value is no number of a format.
    const { kind } = rule.transform;
    const follows = kind !== "fpe" && (kind !== "dateShift" || field.type === "date");
    const stored =
      (follows ? profiled.values(name) : null) ??
      madeValues({ field, rule, length }, pull, createRowRng(seed, `made ${name}`));
    const context = { tokenKey: TOKEN_KEY, type: field.type, name, hierarchy: field.hierarchy };
    columns[name] = toColumn(
      type,
      stored.map((value, row) => applyTransform(rule.transform, value, { ...context, row })),
    );
  }
  return { rowCount: rows, columns };
}

/** Stored values that follow a profile; a column's parents are drawn before it, once. */
class ProfiledRows {
  readonly #columns = new Map<string, ProfiledColumn>();
  readonly #edges: ReadonlyMap<string, Edge>;
  readonly #outcomes = new Map<string, Uint16Array>();
  readonly #size: SyntheticSize;

  constructor({ resource, profile }: SyntheticSource, size: SyntheticSize) {
    this.#size = size;
    for (const field of resource.fields) {
      const known = profile?.columns.find((column) => column.field === field.name);
      const column = profiledColumn(field, known);
      if (column !== null) this.#columns.set(field.name, column);
    }
    this.#edges = pairTree(this.#columns, profile?.pairs ?? []);
  }

  /** Null where the profile does not say. */
  values(name: string): StoredValue[] | null {
    const column = this.#columns.get(name);
    if (column === undefined) return null;
    const rng = createRowRng(this.#size.seed, `value ${name}`);
    return Array.from(this.#outcomesOf(name, column), (outcome) => column.value(outcome, rng));
  }

  #outcomesOf(name: string, column: ProfiledColumn): Uint16Array {
    const drawn = this.#outcomes.get(name);
    if (drawn !== undefined) return drawn;
    const edge = this.#edges.get(name);
    const from = edge === undefined ? undefined : this.#columns.get(edge.parent);
    const given =
      edge === undefined || from === undefined ? null : { edge, from, parents: this.#outcomesOf(edge.parent, from) };
    const { rows, seed } = this.#size;
    const outcomes = drawOutcomes(column, given, rows, createRowRng(seed, `outcome ${name}`));
    this.#outcomes.set(name, outcomes);
    return outcomes;
  }
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
