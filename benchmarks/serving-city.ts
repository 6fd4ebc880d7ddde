/** The demo's city with its product built, ready to be asked.
 *  @module */
import { openGeneratedCity } from "../packages/cli/src/demo/generated-city.ts";
import { grantScene, registerParties } from "../packages/cli/src/demo/govern.ts";
import { exampleBundle } from "../packages/cli/src/demo/plan.ts";
import { developJob, releaseAndBuild } from "../packages/cli/src/demo/product.ts";
import { RunningCity } from "../packages/cli/src/demo/running-city.ts";
import { inclusiveCredit, KEY_FIELD, PRODUCT } from "../packages/cli/src/demo/products/inclusive-credit.ts";
import { usualTerms } from "../packages/cli/src/demo/scene.ts";
import { readWalkState, writeWalkState } from "../packages/cli/src/demo/walk-state.ts";

/** Seed of the generated city: every run measures the same table. */
const SEED = "benchmark";
/** Rows of the development sample. */
const SAMPLE_ROWS = 2_000;

/** A running city, and the keys of its table in the order of the rows. */
export type Serving = { running: RunningCity; keys: string[] };

/** Opens the city in `directory`, starts its processes and, when it is new, takes a product through to serving. */
export async function openServing(directory: string, persons: number): Promise<Serving> {
  const { city, data } = await openGeneratedCity(directory, { seed: SEED, persons }, () => {});
  const running = await RunningCity.start(city);
  if ((await readWalkState(directory)) === null) await buildProduct(running);
  else await running.registerDomains();
  const { hrss } = data;
  const column = hrss.header.indexOf(KEY_FIELD);
  return { running, keys: Array.from(hrss.rows(), (row) => row[column] ?? "") };
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
  await running.registerDomains();
  const grant = await grantScene(running, inclusiveCredit(SAMPLE_ROWS), usualTerms(PRODUCT, new Date()));
  const code = await exampleBundle("inclusive-credit/job.ts");
  const run = await developJob(running, grant, PRODUCT, code);
  const { product, model } = await releaseAndBuild(running, "hrss-department", grant, run);
  await writeWalkState(running.city.directory, {
    [PRODUCT]: { grant, product, ...(model === undefined ? {} : { model }) },
  });
}
