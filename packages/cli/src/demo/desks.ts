/** The desks of the city's departments before anybody asks for a table: what was done there, how it is told, and whether it came
 *  out as it must.
 *  @module */
import { MIN_SAMPLE_LEVEL } from "./report.ts";
import type { City } from "./city/tables.ts";
import { rateFilings, rateInsured, type RatedTable } from "./quality-desk.ts";
import { drawOfficeSamples, type OfficeSample } from "./sample-desk.ts";
import { decideOnVisits, prepareInsured, type Classified } from "./tables-desk.ts";

/** What departments did with their tables. */
export interface DeskWork {
  /** What classification found. */
  readonly classified: Classified;
  /** Tables with rules on their quality: one that keeps them, and one that does not. */
  readonly quality: readonly RatedTable[];
  /** Samples that officers drew, each by another model. */
  readonly officeSamples: readonly OfficeSample[];
}

/** Has every department do its work; `directoryOf` is a domain's directory, `officeOf` where its officers keep files. */
export async function workAtDesks(
  data: City,
  directoryOf: (domain: string) => string,
  officeOf: (domain: string) => string,
): Promise<DeskWork> {
  const classified = await prepareInsured(directoryOf("hrss"), data.hrss);
  const insured = await rateInsured(directoryOf("hrss"), data.hrss);
  await decideOnVisits(directoryOf("health"));
  const filings = await rateFilings(directoryOf("market"), data.filings);
  const officeSamples = await drawOfficeSamples(directoryOf("market"), officeOf("market"), data);
  return { classified, quality: [insured, filings], officeSamples };
}

/** Whether every identifier was found, the tables are rated as they were made, and the samples may be handed out. */
export function desksAreRight({ classified, quality, officeSamples }: DeskWork): boolean {
  const [insured, filings] = quality;
  return (
    classified.found === classified.identifiers &&
    insured?.passed === true &&
    filings?.passed === false &&
    filings.failed.join() === "accuracy" &&
    officeSamples.every(({ level, k }) => level >= MIN_SAMPLE_LEVEL && k >= MIN_OFFICE_K)
  );
}

/** Persons that share what a row of an officer's sample shows of them, at least: the k of both policies. */
const MIN_OFFICE_K = 5;

/** What was done, in a line each. */
export function deskLines({ classified, quality, officeSamples }: DeskWork): string[] {
  const { resource, columns, identifiers, found } = classified;
  return [
    `${resource}: ${columns} columns classified, ${found} of ${identifiers} identifiers found`,
    ...quality.map(qualityLine),
    ...officeSamples.map(sampleLine),
  ];
}

function qualityLine({ resource, score, types, failed, passed }: RatedTable): string {
  const rated = `${resource}: quality ${score.toFixed(1)} of 100 by ${types.length} types of rule`;
  return passed ? rated : `${rated}; ${failed.join(", ")} is below its rule, so no product is launched on it`;
}

function sampleLine({ resource, algorithm, sampleRows, k, level, loss, levels = {} }: OfficeSample): string {
  const node = Object.entries(levels).map(([name, { level: chosen, highest }]) => `${name} ${chosen} of ${highest}`);
  const way = node.length === 0 ? "each class in its own ranges" : `each column at one level, ${node.join(", ")}`;
  return `${resource}: officers draw ${sampleRows} rows, ${way} (${algorithm}): k = ${k}, loss ${loss}, level ${level}`;
}
