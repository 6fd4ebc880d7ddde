/** A table of the demo city, as its department would hand it over.
 *  @module */
import type { ResourceField } from "@sluice/protocol";

/** Size and seed of a city. The same options give the same bytes. */
export interface CityOptions {
  readonly seed: string;
  /** Persons, 100 to 5,000,000. */
  readonly persons: number;
}

/** One table. Values are text, as in a CSV file; dates are ISO 8601, booleans `true` and `false`. */
export interface CityTable {
  /** Domain that holds it. */
  readonly domain: "hrss" | "health" | "market";
  readonly resource: string;
  readonly title: string;
  /** Name of the department. */
  readonly source: string;
  readonly fields: ResourceField[];
  /** Names of `fields`, in order. */
  readonly header: string[];
  /** The rows from the first one on; every call yields the same. */
  rows(): Iterable<string[]>;
}

/** A person that exists only to be searched for: no process outside the domains may ever hold one of these texts. */
export interface Canary {
  readonly residentId: string;
  readonly name: string;
  readonly phone: string;
}

/** Short notation of a field, for the tables of this folder. */
export function field(
  name: string,
  title: string,
  type: ResourceField["type"],
  role: ResourceField["role"],
  grade: ResourceField["grade"],
  hierarchy?: ResourceField["hierarchy"],
): ResourceField {
  return { name, title, type, role, grade, ...(hierarchy === undefined ? {} : { hierarchy }) };
}
