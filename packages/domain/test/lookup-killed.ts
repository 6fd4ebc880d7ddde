/** A domain that builds a lookup product of many rows and is killed as soon as its run shows a stage and a percent. The first life
 *  makes the domain and sends the build; a later one, which is given its directory, takes the run up again.
 *  Arguments: stage, percent, and the directory. Of a run that fails it says on standard error why.
 *  @module */
import { join } from "node:path";
import { startDomain, type RunningDomain } from "../src/index.ts";
import { StateDatabase } from "../src/state/database.ts";
import { WorkStore } from "../src/state/work.ts";
import {
  deliverGrant,
  develop,
  importPersons,
  JOB,
  openFixture,
  postJson,
  releaseOf,
  rowText,
  send,
  use,
} from "./serving-fixture.ts";
import { signDocument } from "@sluice/evidence";
import { sha256Hex } from "@sluice/protocol";

/** Three chunks. */
export const KILLED_ROWS = 36_000;

const OPTIONS = { workerThreads: 2, pause: (): Promise<void> => Promise.resolve() };

async function begin(): Promise<{ home: string; domain: RunningDomain }> {
  const fixture = await openFixture(undefined, {}, OPTIONS);
  const home = fixture.directory;
  await fixture.domain.close();
  await importPersons(
    home,
    Array.from({ length: KILLED_ROWS }, (_, i) => rowText(i)),
  );
  fixture.domain = await startDomain(home, OPTIONS);
  const grant = await deliverGrant(fixture);
  const developed = await develop(fixture, grant);
  const release = await signDocument(await releaseOf(fixture, developed), fixture.parties.department);
  await postJson(fixture, "/v1/releases", release);
  const bundle = await sha256Hex(JOB);
  await send(fixture, "/v1/builds", await use({ operation: "build", grant, key: fixture.parties.operator, bundle }));
  return { home, domain: fixture.domain };
}

if (import.meta.main) {
  const [stage = "", percent = "0", directory] = process.argv.slice(2);
  const { home, domain } =
    directory === undefined ? await begin() : { home: directory, domain: await startDomain(directory, OPTIONS) };
  process.stdout.write(`${home}\n`);
  const state = new StateDatabase(join(home, "state.sqlite"));
  const work = new WorkStore(state);
  for (;;) {
    const [unfinished] = work.unfinishedRuns();
    if (unfinished === undefined) break;
    const { log, percent: shown } = unfinished.run;
    if (log.includes(`index: ${stage}`) && shown >= Number(percent)) process.kill(process.pid, "SIGKILL");
    await new Promise((resolve) => setImmediate(resolve));
  }
  const [ended] = state.prepare("SELECT document FROM run WHERE document LIKE '%\"failure\"%'").all();
  if (ended !== undefined) process.stderr.write(`${String(ended["document"])}\n`);
  state.close();
  await domain.close();
}
