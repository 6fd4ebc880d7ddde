/** Samples that officers of the market regulator draw before anybody asks for a table: one whose columns all become coarser to
 *  the levels that lose least, one whose classes have ranges of their own. Each is measured, and written into their office.
 *  @module */
import { randomBytes } from "node:crypto";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { openSampleDesk } from "@sluice/domain";
import { topLevel, type Policy, type RiskReport } from "@sluice/protocol";
import { trialMemoryDirectory } from "../memory-directory.ts";
import { rowCount } from "./oracles/plain-rows.ts";
import type { City, CityTable } from "./city/tables.ts";
import { GENERATED_PERSONS, sampleRows } from "./plan.ts";

/** Column that tells enterprises apart, in both tables. */
export const ENTERPRISE_KEY = "social_credit_code";

/** A sample with what its report says of it. */
export interface OfficeSample {
  readonly resource: string;
  readonly algorithm: NonNullable<RiskReport["model"]>["algorithm"];
  readonly sampleRows: number;
  readonly suppressedRows: number;
  readonly k: number;
  /** Level of GB/T 42460, and the R that it follows from. */
  readonly level: number;
  readonly overallRisk: number;
  /** Share of its information that the model took, 0 to 1. */
  readonly loss: number;
  /** Level that was chosen for each column, and its highest one; absent where each class has ranges of its own. */
  readonly levels?: Readonly<Record<string, { readonly level: number; readonly highest: number }>>;
}

/** How the register is sampled: one level for each column, found by a search of all combinations. */
export function registerPolicy({ market }: Pick<City, "market">): Policy {
  return {
    version: 1,
    resource: market.resource,
    columns: {
      industry: { role: "quasi", transform: { kind: "keep" } },
      region: { role: "quasi", transform: { kind: "keep" } },
      founded: { role: "quasi", transform: { kind: "hierarchy", level: 1 } },
      employees: { role: "other", transform: { kind: "bucket", width: 10, min: 0, max: 200 } },
      abnormal: { role: "sensitive", transform: { kind: "keep" } },
    },
    sample: { rows: sampleRows(rowCount(market)), strata: [] },
    k: 5,
    suppressionLimit: 0.05,
    model: { algorithm: "full-domain" },
    gate: GENERATED_PERSONS,
  };
}

/** How annual reports are sampled. A table keeps the model of its first sample, and the register has another: hence a table of
 *  its own. */
export function filingsPolicy({ filings }: Pick<City, "filings">): Policy {
  return {
    version: 1,
    resource: filings.resource,
    columns: {
      region: { role: "quasi", transform: { kind: "keep" } },
      industry: { role: "quasi", transform: { kind: "keep" } },
      employees: { role: "quasi", transform: { kind: "keep" } },
      revenue: { role: "sensitive", transform: { kind: "bucket", width: 50, min: 0, max: 10_000 } },
    },
    sample: { rows: sampleRows(rowCount(filings)), strata: [] },
    k: 5,
    suppressionLimit: 0,
    model: { algorithm: "mondrian" },
    gate: GENERATED_PERSONS,
  };
}

/** Draws, measures and writes both samples; the rows are in `office`, a file for each table.
 *  @throws ERR_SAMPLE_K, ERR_SAMPLE_GATE when one does not pass */
export async function drawOfficeSamples(directory: string, office: string, data: City): Promise<OfficeSample[]> {
  await mkdir(office, { recursive: true, mode: 0o700 });
  await using desk = await openSampleDesk(directory, {
    clock: { now: () => new Date() },
    random: { bytes: (length) => new Uint8Array(randomBytes(length)) },
    memoryDirectory: trialMemoryDirectory(process.env),
  });
  const samples: OfficeSample[] = [];
  const drawn = [
    { table: data.market, policy: registerPolicy(data) },
    { table: data.filings, policy: filingsPolicy(data) },
  ];
  for (const { table, policy } of drawn) {
    const sample = { policy, key: ENTERPRISE_KEY };
    const report = await desk.inspect(sample);
    await desk.write(sample, join(office, `${table.resource}.csv`));
    samples.push(factsOf(table, report));
  }
  return samples;
}

function factsOf(
  { resource, fields }: CityTable,
  { counts, k, level, overallRisk, model, utility }: RiskReport,
): OfficeSample {
  if (model === undefined || utility.loss === undefined) throw new RangeError(`a model was asked for on ${resource}`);
  const { sampleRows: rows, suppressedRows } = counts;
  const { algorithm, levels } = model;
  const chosen = Object.entries(levels ?? {}).map(([name, level]) => {
    const hierarchy = fields.find((field) => field.name === name)?.hierarchy;
    return [name, { level, highest: hierarchy === undefined ? 1 : topLevel(hierarchy) }] as const;
  });
  return {
    resource,
    algorithm,
    sampleRows: rows,
    suppressedRows,
    k,
    level,
    overallRisk,
    loss: Math.round(utility.loss * 1_000) / 1_000,
    ...(levels === undefined ? {} : { levels: Object.fromEntries(chosen) }),
  };
}
