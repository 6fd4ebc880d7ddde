/** A submission that finds no place in the queue costs its grant nothing.
 *  @module */
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { sha256Hex, utf8 } from "@sluice/protocol";
import { expect, test } from "vitest";
import { MAX_WAITING_RUNS } from "../src/serve/runs.ts";
import { deliverGrant, openFixture, send, use } from "./serving-fixture.ts";

test.runIf(process.env["SLOW"] === "1")("a run refused with ERR_POOL_FULL spends no quota and no outcome", async () => {
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
