/** What departments do with their tables before anybody asks for them: columns are classified, an officer decides on one, a
 *  profile is published, a privacy budget is set. Each is a command of `sluice domain` on a domain that does not run.
 *  @module */
import { randomBytes } from "node:crypto";
import { classifyResource, decideField, profileResource, setPrivacyBudget } from "@sluice/domain";
import { trialMemoryDirectory } from "../memory-directory.ts";
import type { CityTable } from "./city/tables.ts";

/** Column that an officer keeps out of every grant: a department of a hospital says what somebody is ill with. */
export const EXCLUDED = { resource: "visits", field: "department" } as const;
/** Column that says whose row it is. */
const PERSON = "resident_id";
/** Millionths of ρ that all noisy tables of the insured may cost together. */
const BUDGET_MICRO_RHO = 500_000n;

/** What the values of a table said. */
export interface Classified {
  readonly resource: string;
  readonly columns: number;
  /** Columns that are identifiers, as who generated the table knows, and how many of these were found in the values. */
  readonly identifiers: number;
  readonly found: number;
}

/** Classifies the table of the insured, publishes its profile and sets its budget. */
export async function prepareInsured(directory: string, { resource, fields }: CityTable): Promise<Classified> {
  const clock = { now: () => new Date() };
  const memoryDirectory = trialMemoryDirectory(process.env);
  const columns = await classifyResource(directory, resource, { clock, random, memoryDirectory });
  const direct = new Set(fields.filter(({ role }) => role === "direct").map(({ name }) => name));
  const found = columns.filter(({ finding }) => finding.role === "direct" && direct.has(finding.name));
  await profileResource(directory, { resource, subject: PERSON, pairs: false, publish: true, memoryDirectory });
  await setPrivacyBudget(directory, resource, { budget: BUDGET_MICRO_RHO, person: PERSON, clock });
  return { resource, columns: columns.length, identifiers: direct.size, found: found.length };
}

/** An officer's decision on the table of visits. */
export async function decideOnVisits(directory: string): Promise<void> {
  await decideField(
    directory,
    EXCLUDED.resource,
    {
      field: EXCLUDED.field,
      officer: "Chen Jie",
      excluded: "personal-rights",
      reason: "A department of a hospital says what somebody is ill with.",
    },
    { clock: { now: () => new Date() }, random, memoryDirectory: trialMemoryDirectory(process.env) },
  );
}

const random = { bytes: (length: number) => new Uint8Array(randomBytes(length)) };
