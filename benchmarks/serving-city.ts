/** The demo's city with its product built, ready to be asked.
 *  @module */
import { bundleJob } from "@sluice/sandbox/bundle";
import { openCity } from "../packages/cli/src/demo/city.ts";
import { cityTables } from "../packages/cli/src/demo/city/tables.ts";
import { EXAMPLE_JOB } from "../packages/cli/src/demo/demo.ts";
import { grantScene, registerParties } from "../packages/cli/src/demo/govern.ts";
import { developJob, releaseAndBuild } from "../packages/cli/src/demo/product.ts";
import { RunningCity } from "../packages/cli/src/demo/running-city.ts";
import { DOMAIN, inclusiveCreditPolicy, KEY_FIELD, PRODUCT, usualTerms } from "../packages/cli/src/demo/scene.ts";

/** Seed of the generated city: every run measures the same table. */
const SEED = "benchmark";
/** Rows of the development sample. */
const SAMPLE_ROWS = 2_000;

/** A running city, and the keys of its table in the order of the rows. */
export type Serving = { running: RunningCity; keys: string[] };

/** Opens the city in `directory`, starts its processes and, when it is new, takes a product through to serving. */
export async function openServing(directory: string, persons: number): Promise<Serving> {
  const { city, isNew } = await openCity(directory, { seed: SEED, persons }, () => {});
  const running = await RunningCity.start(city);
  await running.registerDomains();
  if (isNew) await buildProduct(running);
  return { running, keys: tableKeys(persons) };
}

/** One private answer: the label of the first person. */
export async function askOnce({ running, keys }: Serving): Promise<string> {
  const product = await running.client("river-bank").openLookup(PRODUCT);
  const { record } = await product.lookup(keys[0] ?? "");
  if (record === null) throw new Error("the first person of the table was not found");
  return record.label;
}

async function buildProduct(running: RunningCity): Promise<void> {
  await registerParties(running);
  const policy = inclusiveCreditPolicy(SAMPLE_ROWS);
  const grant = await grantScene(running, policy, usualTerms(running.city.keys, new Date()));
  const { code } = await bundleJob(EXAMPLE_JOB);
  await releaseAndBuild(running, grant, await developJob(running, grant, code));
}

function tableKeys(persons: number): string[] {
  for (const table of cityTables({ seed: SEED, persons })) {
    if (table.domain !== DOMAIN) continue;
    const column = table.header.indexOf(KEY_FIELD);
    if (column >= 0) return Array.from(table.rows(), (row) => row[column] ?? "");
  }
  throw new Error(`no table of ${DOMAIN} has ${KEY_FIELD}`);
}
