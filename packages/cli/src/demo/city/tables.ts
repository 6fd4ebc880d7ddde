/** The demo city: three departments, each with a table about the same made-up people, and one with what enterprises report of
 *  themselves. Everything follows from the seed; nothing here is about anybody.
 *  @module */
import { SluiceError } from "@sluice/protocol";
import { annualReports } from "./annual-reports.ts";
import { enterprises } from "./enterprises.ts";
import { generatePopulation } from "./persons.ts";
import { socialInsurance } from "./social-insurance.ts";
import type { Canary, CityOptions, CityTable } from "./table.ts";
import { visits } from "./visits.ts";

export type { CityOptions, CityTable } from "./table.ts";

/** Fewest persons of a city: below that no sample keeps its k. */
export const MIN_PERSONS = 100;
/** Most persons of a city, all of whom are held in memory. */
export const MAX_PERSONS = 5_000_000;

/** The tables of a city, by domain, and the people to search for. */
export interface City {
  readonly hrss: CityTable;
  readonly health: CityTable;
  readonly market: CityTable;
  /** Second table of the market regulator, with planted mistakes. */
  readonly filings: CityTable;
  readonly canaries: Canary[];
  /** Persons of the city, canaries among them. */
  readonly persons: number;
}

/** A city. Every canary is in the first table of every domain, under its identity number and name. @throws ERR_USAGE when the number of persons is not 100 to 5,000,000. */
export function generateCity(options: CityOptions): City {
  const { seed, persons } = options;
  if (!Number.isInteger(persons) || persons < MIN_PERSONS || persons > MAX_PERSONS) {
    throw new SluiceError("ERR_USAGE", { reason: `a city has ${MIN_PERSONS} to ${MAX_PERSONS} persons` });
  }
  const population = generatePopulation(options);
  const market = enterprises(seed, population);
  return {
    hrss: socialInsurance(seed, population),
    health: visits(seed, population),
    market,
    filings: annualReports(seed, market),
    canaries: population.canaries,
    persons: population.persons.length,
  };
}

/** The tables of a city, one after another. @throws ERR_USAGE as `generateCity`. */
export function cityTables(options: CityOptions): CityTable[] {
  const { hrss, health, market, filings } = generateCity(options);
  return [hrss, health, market, filings];
}
