/** What officers expect of two tables before a product is launched on them: rules of five types, on the table of the insured,
 *  which keeps them, and on annual reports, which do not, because some enterprises mistyped their code.
 *  @module */
import { randomBytes } from "node:crypto";
import { setQualityRules } from "@sluice/domain";
import type { QualityRules, QualityType } from "@sluice/protocol";
import { trialMemoryDirectory } from "../memory-directory.ts";
import type { CityTable } from "./city/tables.ts";
import { ENTERPRISE_KEY } from "./sample-desk.ts";

/** Age of data from which it is too old: a city that is kept is built again years later. */
const MAX_AGE_DAYS = 3_650;

/** A table, rated. */
export interface RatedTable {
  readonly resource: string;
  /** 0 to 100. */
  readonly score: number;
  /** Types of its rules, and those of them with a rule that failed. */
  readonly types: readonly QualityType[];
  readonly failed: readonly QualityType[];
  /** Whether products may be launched on it. */
  readonly passed: boolean;
}

/** Rules on the table of the insured. */
const INSURED: QualityRules = {
  version: 1,
  publish: true,
  minScore: 95,
  rules: [
    { type: "completeness", field: "monthly_base", minShare: 0.99 },
    { type: "accuracy", check: "check-digit", field: "resident_id", form: "resident-id", minShare: 0.99 },
    { type: "consistency", check: "unique", fields: ["resident_id"], minShare: 1 },
    { type: "validity", check: "range", field: "age", min: 0, max: 130, minShare: 1 },
    { type: "validity", check: "values", field: "gender", values: ["female", "male"], minShare: 1 },
    { type: "timeliness", check: "imported", maxAgeDays: MAX_AGE_DAYS },
  ],
};

/** Rules on annual reports. */
const FILINGS: QualityRules = {
  version: 1,
  publish: true,
  rules: [
    { type: "completeness", field: "revenue", minShare: 0.99 },
    { type: "accuracy", check: "check-digit", field: ENTERPRISE_KEY, form: "social-credit-code", minShare: 0.99 },
    { type: "consistency", check: "unique", fields: [ENTERPRISE_KEY], minShare: 1 },
    { type: "validity", check: "range", field: "employees", min: 0, max: 1_000_000, minShare: 1 },
    { type: "timeliness", check: "newest", field: "filed", maxAgeDays: MAX_AGE_DAYS },
  ],
};

/** Sets the rules on the table of the insured. */
export function rateInsured(directory: string, { resource }: CityTable): Promise<RatedTable> {
  return rate(directory, resource, "Zhou Wen", INSURED);
}

/** Sets the rules on annual reports. */
export function rateFilings(directory: string, { resource }: CityTable): Promise<RatedTable> {
  return rate(directory, resource, "He Ping", FILINGS);
}

async function rate(directory: string, resource: string, officer: string, rules: QualityRules): Promise<RatedTable> {
  const clock = { now: () => new Date() };
  const random = { bytes: (length: number) => new Uint8Array(randomBytes(length)) };
  const memoryDirectory = trialMemoryDirectory(process.env);
  const change = { officer, reason: "Standard of the city for launches.", rules };
  const measured = await setQualityRules(directory, resource, change, { clock, random, memoryDirectory });
  if (measured === null) throw new RangeError(`rules were set on ${resource}, and not taken back`);
  const { verdict } = measured;
  const failed = new Set(verdict.rules.filter(({ passed }) => !passed).map(({ rule }) => rule.type));
  return {
    resource,
    score: Math.round(verdict.score * 10) / 10,
    types: [...new Set(rules.rules.map(({ type }) => type))],
    failed: [...failed],
    passed: verdict.passed,
  };
}
