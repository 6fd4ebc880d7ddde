/** Measuring a table and keeping what was found, for the command and after an import.
 *  @module */
import type { DataStore } from "./data/store.ts";
import { referredResources, type MeasuredTable } from "./data/quality.ts";
import type { PresentRules, QualityMeasurement, QualityStore } from "./state/quality.ts";

/** Measures `resource` under `rules` and keeps the outcome. @throws ERR_NOT_FOUND, ERR_STORE, ERR_CANCELLED */
export async function keepQuality(
  { store, quality }: { readonly store: DataStore; readonly quality: QualityStore },
  resource: string,
  { rules, decision }: PresentRules,
  { now, signal }: { readonly now: Date; readonly signal?: AbortSignal | undefined },
): Promise<QualityMeasurement> {
  const measured = await store.measure({ resource, rules: rules.rules, now, signal });
  const measurement = measurementOf(measured, { resource, decision, now });
  quality.keep(measurement);
  return measurement;
}

/** What is kept of a measurement under the rules of `decision`. */
export function measurementOf(
  { snapshot, references, outcomes }: MeasuredTable,
  { resource, decision, now }: { readonly resource: string; readonly decision: number; readonly now: Date },
): QualityMeasurement {
  const at = now.toISOString();
  return { resource, decision, snapshot, references: [...references], at, outcomes: [...outcomes] };
}

/** Measures what a new table of `resource` concerns: itself, and tables whose rules refer to it. What cannot be measured is left
 *  unmeasured, which blocks launches on it; the import stands. */
export async function keepQualityAfterImport(
  stores: { readonly store: DataStore; readonly quality: QualityStore },
  resource: string,
  now: Date,
): Promise<void> {
  const known = new Set(stores.store.resources().map((description) => description.resource));
  for (const name of stores.quality.resources().filter((one) => known.has(one))) {
    const rules = stores.quality.rules(name);
    if (rules === null) continue;
    if (name !== resource && !referredResources({ resource: name, rules: rules.rules.rules }).includes(resource))
      continue;
    await keepQuality(stores, name, rules, { now }).catch(() => {});
  }
}
