/** Files of shell variables by which a person acts as a party of the demo: `. city/parties/river-bank.env`.
 *  @module */
import { writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { PARTIES } from "./parties.ts";
import type { ProductPlan } from "./plan.ts";
import type { RunningCity } from "./running-city.ts";
import { evidenceDirectory } from "./walk.ts";

/** Variables that `sluice` and the README's query read, for one party. */
export function partyVariables({ gatewayUrl, city }: RunningCity, party: string): Record<string, string> {
  return {
    SLUICE_GATEWAY: gatewayUrl,
    SLUICE_KEY: resolve(city.directory, "parties", `${party}.key`),
    SLUICE_TRUST: resolve(evidenceDirectory(city), "trust.json"),
  };
}

/** Writes one file for each party. A caller of a lookup also gets a key that its product holds, as `RESIDENT_ID`. */
export async function writeEnvironments(running: RunningCity, products: readonly ProductPlan[]): Promise<void> {
  for (const party of Object.keys(PARTIES)) {
    const asked = products.find(({ spec, again }) => spec.callers[0] === party && again?.words[0] === "lookup");
    const [, , key] = asked?.again?.words ?? [];
    const variables = { ...partyVariables(running, party), ...(key === undefined ? {} : { RESIDENT_ID: key }) };
    const lines = Object.entries(variables).map(
      ([name, value]) => `export ${name}='${value.replaceAll("'", "'\\''")}'\n`,
    );
    await writeFile(join(running.city.directory, "parties", `${party}.env`), lines.join(""), { mode: 0o600 });
  }
}
