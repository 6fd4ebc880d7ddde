/** What submissions cost that find no place, and runs whose end cannot be written.
 *  @module */
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { isSluiceError, sha256Hex, utf8 } from "@sluice/protocol";
import { expect, test } from "vitest";
import { MAX_WAITING_RUNS } from "../src/serve/runs.ts";
import { deliverGrant, develop, openFixture, send, use } from "./serving-fixture.ts";

const long = test.runIf(process.env["SLOW"] === "1");

long("a run refused with ERR_POOL_FULL spends no quota and no outcome", async () => {
  await using fixture = await openFixture();
  const grant = await deliverGrant(fixture, { quotas: [{ operation: "develop", amount: "2000" }] });
  const frame = utf8(`var sluiceJob = { default: { name: "o", purpose: "bands", input: { age: "f64" },
    outputs: { fit: { kind: "metrics", keys: ["rows"] } }, develop(rows) { for(;;); } } };`);
  const bundle = await sha256Hex(frame);
  const refusals: unknown[] = [];
  for (let attempt = 0; attempt < MAX_WAITING_RUNS + 8; attempt += 1) {
    const envelope = await use({ operation: "develop", grant, frame, key: fixture.parties.developer, bundle });
    await send(fixture, "/v1/jobs", envelope).catch((error: unknown) => refusals.push(error));
  }
  expect(refusals.length).toBeGreaterThan(0);
  for (const refusal of refusals) expect(refusal).toMatchObject({ code: "ERR_POOL_FULL" });
  using state = new DatabaseSync(join(fixture.directory, "state.sqlite"), { readOnly: true });
  const runs = Number(state.prepare("SELECT count(*) AS n FROM run").get()?.["n"]);
  expect(runs).toBe(MAX_WAITING_RUNS + 8 - refusals.length);
  expect(state.prepare("SELECT used FROM quota").get()).toEqual({ used: runs });
  expect(state.prepare("SELECT count(*) AS n FROM outcome_spend").get()).toEqual({ n: runs });
});

long("a grant has one bundle described at a time", async () => {
  await using fixture = await openFixture();
  const grant = await deliverGrant(fixture);
  const submitted = await Promise.all(
    [0, 1].map(async (i) => {
      const frame = utf8(`for (;;) ${i};`);
      const bundle = await sha256Hex(frame);
      const envelope = await use({ operation: "develop", grant, frame, key: fixture.parties.developer, bundle });
      return send(fixture, "/v1/jobs", envelope).catch((error: unknown) => error);
    }),
  );
  const codes = submitted.map((refusal) => (isSluiceError(refusal) ? refusal.code : "none"));
  expect(codes.toSorted()).toEqual(["ERR_JOB_TIMEOUT", "ERR_POOL_FULL"]);
});

long("a run whose completion could not be written has not become cheaper", async () => {
  await using fixture = await openFixture();
  const grant = await deliverGrant(fixture);
  using state = new DatabaseSync(join(fixture.directory, "state.sqlite"));
  state.exec(
    `CREATE TRIGGER broken BEFORE UPDATE ON run WHEN NEW.state = 'completed' BEGIN SELECT RAISE(ABORT, 'disk'); END`,
  );
  const frame = utf8(`var sluiceJob = { default: { name: "o", purpose: "bands", input: { age: "f64" },
    outputs: { fit: { kind: "metrics", keys: ["rows"] } }, develop(rows) { return { fit: { rows: rows.rowCount } }; } } };`);
  const run = await develop(fixture, grant, frame, 1, "o");
  expect(run).toMatchObject({ state: "failed" });
  const [spend] = state.prepare("SELECT completed, cost FROM outcome_spend").all();
  expect(Number(spend?.["cost"])).toBeGreaterThan(Number(spend?.["completed"]));
  state.exec("DROP TRIGGER broken");
});
