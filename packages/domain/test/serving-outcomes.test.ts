/** Cases 75 and 76 of the hostile list in a running domain: a job that asks for one person's secret by failing, or by taking its time.
 *  @module */
import { join } from "node:path";
import { sha256Hex, SluiceError, toProblem, utf8, type Bytes, type Run } from "@sluice/protocol";
import { expect, test } from "vitest";
import { allowOutcomes, startDomain } from "../src/index.ts";
import { MILLIBITS, OUTCOME_BITS, outcomeCost } from "../src/serve/outcome-cost.ts";
import { StateDatabase } from "../src/state/database.ts";
import { OutcomeStore } from "../src/state/outcomes.ts";
import {
  clock,
  deliverGrant,
  develop,
  finishedRun,
  get,
  importPersons,
  openFixture,
  ROWS,
  rowText,
  send,
  use,
  type Fixture,
} from "./serving-fixture.ts";

const long = test.runIf(process.env["SLOW"] === "1");

/** Rows whose age lies in the twenties, in a table where nobody keeps a secret. */
const TWENTIES = Array.from({ length: ROWS }, (_, i) => 20 + ((i * 7) % 50)).filter((age) => age < 30).length;

/** Fails when one person more than that is in the twenties. */
const ORACLE = utf8(`var sluiceJob = { default: {
  name: "oracle", purpose: "bands", input: { age: "f64" },
  outputs: { fit: { kind: "metrics", keys: ["rows"] } },
  develop(rows) {
    let count = 0;
    for (const age of rows.age.values) if (age === 20) count++;
    if (count > ${TWENTIES}) throw new Error("the secret is 1");
    return { fit: { rows: 0 } };
  },
} };`);

/** The table where the person of row 4, elsewhere 48 years old, is in the twenties or not. */
const tableOf = (secret: 0 | 1): string[] =>
  Array.from({ length: ROWS }, (_, i) => (i === 4 && secret === 1 ? rowText(i).replace(",48,", ",21,") : rowText(i)));

/** Probes a domain that holds the secret until nothing runs any more; how runs ended, and the refusals after them. */
async function probe(secret: 0 | 1): Promise<{ ends: string[]; refused: string[] }> {
  await using fixture = await openFixture();
  await fixture.domain.close();
  await importPersons(fixture.directory, tableOf(secret));
  fixture.domain = await startDomain(fixture.directory, { workerThreads: 1, pause: () => Promise.resolve() });
  const policy = { ...fixture.policy, sharing: "enclave" as const, sample: { rows: ROWS, strata: ["region"] } };
  const quotas = [{ operation: "develop", amount: "1000" } as const];
  const grant = await deliverGrant({ ...fixture, policy }, { quotas, operations: ["develop"] });
  const manifest = { outputs: { fit: { kind: "metrics", keys: ["rows"] } } } as const;
  const { failed } = outcomeCost({ outputs: { fit: { kind: "metrics", keys: ["rows"] } } }, "develop");
  spendAllBut(fixture, grant, 4 * failed, manifest.outputs.fit.keys.length);
  const ends: string[] = [];
  const refused: string[] = [];
  for (let i = 0; i < 24 && refused.length < 3; i++) {
    const outcome = await submit(fixture, grant, ORACLE);
    if (typeof outcome === "string") refused.push(outcome);
    else
      ends.push(
        `${outcome.state} ${JSON.stringify(outcome.failure ?? {})} ${JSON.stringify(outcome.guardReport?.findings ?? [])}`,
      );
  }
  return { ends, refused };
}

/** Leaves `left` of what the runs of a grant may tell. */
function spendAllBut(fixture: Fixture, grant: string, left: number, completed: number): void {
  const db = new StateDatabase(join(fixture.directory, "state.sqlite"));
  const usual = OUTCOME_BITS.develop * MILLIBITS;
  const run = { callId: "earlier runs", grant, resource: "persons", operation: "develop" as const };
  expect(
    new OutcomeStore(db).reserve({ ...run, completed, failed: usual - left }, usual, clock.now().toISOString()),
  ).toBe(true);
  db.close();
}

/** The run, or the refusal as its bytes. */
async function submit(fixture: Fixture, grant: string, code: Bytes): Promise<Run | string> {
  const bundle = await sha256Hex(code);
  const envelope = await use({ operation: "develop", grant, frame: code, key: fixture.parties.developer, bundle });
  try {
    await send(fixture, "/v1/jobs", envelope);
  } catch (error) {
    if (!(error instanceof SluiceError)) throw error;
    return JSON.stringify(toProblem(error, "domain"));
  }
  return finishedRun(fixture, envelope.request.body.callId);
}

long(
  "case 75: a secret is told by runs that are paid for, and when the budget is spent every answer is the same",
  async () => {
    const [none, one] = [await probe(0), await probe(1)];
    expect(new Set(none.ends)).toEqual(new Set([expect.stringContaining("completed")]));
    expect(new Set(one.ends)).toEqual(
      new Set([`failed {"code":"ERR_JOB_CRASHED","details":{},"refusedBy":"sandbox"} []`]),
    );
    expect(one.ends).toHaveLength(4);
    expect(none.ends.length).toBeGreaterThan(4);
    expect(one.refused).toHaveLength(3);
    expect(new Set([...none.refused, ...one.refused]).size).toBe(1);
    expect(one.refused[0]).toContain("ERR_OUTCOME_BUDGET");
  },
);

long("case 75: an officer allows more, which is an event, and runs go on", async () => {
  await using fixture = await openFixture();
  const grant = await deliverGrant(fixture);
  spendAllBut(fixture, grant, 1, 1);
  expect(await submit(fixture, grant, ORACLE)).toContain("ERR_OUTCOME_BUDGET");
  const decision = { grant, operation: "develop", bits: 40, clock } as const;
  await expect(allowOutcomes(fixture.directory, decision)).rejects.toMatchObject({ code: "ERR_DIRECTORY_LOCKED" });
  await fixture.domain.close();
  expect(await allowOutcomes(fixture.directory, decision)).toMatchObject({ allowedBits: OUTCOME_BITS.develop + 40 });
  await expect(allowOutcomes(fixture.directory, { ...decision, grant: "0".repeat(64) })).rejects.toMatchObject({
    code: "ERR_NOT_FOUND",
  });
  fixture.domain = await startDomain(fixture.directory, { workerThreads: 1, pause: () => Promise.resolve() });
  expect(await develop(fixture, grant)).toMatchObject({ state: "completed" });
});

long(
  "case 76: until the slot of a hidden run ends, whoever asks sees a run that runs; then the slot is all that is told",
  async () => {
    let enter = (_ms: number): void => {};
    const entered = new Promise<number>((resolve) => (enter = resolve));
    let leave = (): void => {};
    const left = new Promise<void>((resolve) => (leave = resolve));
    const pause = async (ms: number): Promise<void> => {
      enter(ms);
      await left;
    };
    await using fixture = await openFixture(undefined, {}, { pause });
    const grant = await deliverGrant({ ...fixture, policy: { ...fixture.policy, sharing: "enclave" } });
    const bundle = await sha256Hex(ORACLE);
    const envelope = await use({ operation: "develop", grant, frame: ORACLE, key: fixture.parties.developer, bundle });
    await send(fixture, "/v1/jobs", envelope);
    const { callId } = envelope.request.body;
    const waited = await entered;
    expect(waited).toBeGreaterThan(0);
    const seen = JSON.parse(new TextDecoder().decode(await get(fixture, `/v1/runs/${callId}`))) as Run;
    expect(seen).toMatchObject({ state: "running", percent: 0, log: [] });
    expect(Object.keys(seen)).not.toContain("durationSlotMs");
    leave();
    const run = await finishedRun(fixture, callId);
    expect([1_000, 5_000, 10_000, 30_000]).toContain(run.durationSlotMs);
  },
);
