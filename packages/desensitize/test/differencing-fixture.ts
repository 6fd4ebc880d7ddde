/** Tables of one source as a domain has them judged, and plain sets of persons to hold them against.
 *  @module */
import { createHash } from "node:crypto";
import {
  NO_LEVEL,
  type DomainFacts,
  type JobManifest,
  type Table,
  type TableSpec,
  type Verdict,
} from "@sluice/protocol";
import { checkOutput } from "../src/index.ts";

/** One row, of person `who`. */
export interface PlainRow {
  readonly who: number;
  readonly at: readonly number[];
  readonly value: number;
}

/** A table of so many levels in each dimension. */
export const specOf = (sizes: readonly number[], measures: readonly string[] = ["m"]): TableSpec => ({
  kind: "table",
  dimensions: sizes.map((size, i) => ({
    name: `d${i}`,
    levels: Array.from({ length: size }, (_, level) => `l${level}`),
  })),
  measures: [...measures],
});

/** The guard's verdict on a table, with the tags of the persons as a domain has them. Measures beside `m` are of `others`. */
export function judge(
  rows: readonly PlainRow[],
  spec: TableSpec,
  shown: Uint32Array = new Uint32Array(0),
  others: Readonly<Record<string, (row: PlainRow) => number>> = {},
): Verdict {
  const numbers = new Map<number, number>();
  for (const { who } of rows) if (!numbers.has(who)) numbers.set(who, numbers.size);
  const tags = Uint32Array.from(
    [...numbers.keys()].flatMap((who) => {
      const digest = createHash("sha256").update(`secret ${who}`).digest();
      return [digest.readUInt32LE(0), digest.readUInt32LE(4)];
    }),
  );
  const subjects = Uint32Array.from(rows, ({ who }) => numbers.get(who) ?? 0);
  const dimensions = Object.fromEntries(
    spec.dimensions.map(({ name }, i) => [name, Uint8Array.from(rows, ({ at }) => at[i] ?? NO_LEVEL)]),
  );
  const measured: Record<string, (row: PlainRow) => number> = { m: ({ value }) => value, ...others };
  const measures = Object.fromEntries(
    spec.measures.map((name) => [name, Float64Array.from(rows, measured[name] ?? (() => Number.NaN))]),
  );
  const facts: DomainFacts = { rowCount: rows.length, environment: "production", subjects, tags, shown };
  const manifest: JobManifest = { name: "t", purpose: "t", input: { m: "f64" }, outputs: { t: spec } };
  return checkOutput({ class: "served", values: { t: { kind: "table-rows", dimensions, measures } } }, manifest, facts);
}

/** What was let through. */
export const tableOf = (verdict: Verdict): Table => {
  const table = verdict.ok && verdict.output.class === "served" ? verdict.output.values["t"] : undefined;
  if (table?.kind !== "table") throw new Error(refused(verdict).join());
  return table;
};
/** What is kept of it. */
export const shownOf = (verdict: Verdict): Uint32Array =>
  verdict.ok ? (verdict.shown ?? new Uint32Array(0)) : new Uint32Array(0);
/** Rules that refused it. */
export const refused = ({ findings }: Verdict): string[] =>
  findings.filter(({ result }) => result === "refused").map(({ rule }) => rule);
/** What several tables showed. */
export const joined = (...parts: Uint32Array[]): Uint32Array => Uint32Array.from(parts.flatMap((part) => [...part]));

/** One row of each of `count` persons. */
export const persons = (
  from: number,
  count: number,
  at: readonly number[],
  value = (who: number) => who % 17,
): PlainRow[] => Array.from({ length: count }, (_, i) => ({ who: from + i, at, value: value(from + i) }));
