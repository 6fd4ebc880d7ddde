/** A stored table measured against quality rules, in an engine that sees it and the tables that its rules refer to.
 *  @module */
import { listValue, type DuckDBValue } from "@duckdb/node-api";
import { firstUnfit, measureQuality, type QualityParameters, type QualityRequest } from "@sluice/desensitize";
import type { QualityRule, RuleOutcome, Sha256Hex } from "@sluice/protocol";
import type { StoredResource } from "./catalogue.ts";
import { quoteText, type Session } from "./engine.ts";

/** What to measure, at which instant. */
export interface MeasureRequest {
  readonly resource: string;
  readonly rules: readonly QualityRule[];
  readonly now: Date;
  readonly signal?: AbortSignal | undefined;
}

/** What was measured, on which tables. */
export interface MeasuredTable {
  readonly snapshot: Sha256Hex;
  /** Other tables that were looked at. */
  readonly references: readonly { readonly resource: string; readonly snapshot: Sha256Hex }[];
  /** One for each rule. */
  readonly outcomes: readonly RuleOutcome[];
  /** Place of the first rule that the table does not fit; null when it fits all. */
  readonly unfit: number | null;
}

/** A table as a file that the engine may open. */
export interface TableAt {
  readonly entry: StoredResource;
  readonly path: string;
}

/** Other tables that `rules` refer to. */
export function referredResources({ resource, rules }: Pick<MeasureRequest, "resource" | "rules">): string[] {
  const named = rules.flatMap((rule) => ("of" in rule ? [rule.of.resource] : []));
  return [...new Set(named)].filter((name) => name !== resource);
}

/** Measures the first of `tables`; the others are those that its rules refer to. @throws EngineFault */
export async function measureFrom(
  session: Session,
  tables: readonly TableAt[],
  { rules, now }: MeasureRequest,
): Promise<MeasuredTable> {
  const [table, ...others] = tables;
  if (table === undefined) throw new TypeError("there is no table to measure");
  const { snapshot, importedAt, updateFrequency } = table.entry.description;
  const request: QualityRequest = {
    ...sourceOf(table),
    rules,
    now,
    importedAt: new Date(importedAt),
    updateFrequency,
    reference: (name) => {
      const found = tables.find(({ entry }) => entry.description.resource === name);
      return found === undefined ? null : sourceOf(found);
    },
  };
  const outcomes = await measureQuality(request, async (sql, parameters) => {
    const [row = []] = await session.rows(sql, bound(parameters));
    return row;
  });
  const references = others.map(({ entry: { description } }) => ({
    resource: description.resource,
    snapshot: description.snapshot,
  }));
  return { snapshot, references, outcomes, unfit: firstUnfit(request) };
}

function sourceOf({ entry, path }: TableAt) {
  const types = new Map(entry.description.fields.map(({ name, type }) => [name, type]));
  return { from: `read_parquet(${quoteText(path)})`, types };
}

function bound(parameters: QualityParameters): Record<string, DuckDBValue> {
  return Object.fromEntries(
    Object.entries(parameters).map(([name, value]) => [
      name,
      typeof value === "string" || typeof value === "number" ? value : listValue([...value]),
    ]),
  );
}
