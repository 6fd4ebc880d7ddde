/** Case 79 of the hostile list: the bundle that was reviewed is the bundle that runs.
 *  @module */
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { signDocument } from "@sluice/evidence";
import { sha256Hex, utf8 } from "@sluice/protocol";
import { expect, test } from "vitest";
import {
  deliverGrant,
  develop,
  finishedRun,
  JOB,
  openFixture,
  postJson,
  releaseOf,
  send,
  use,
} from "./serving-fixture.ts";

const long = test.runIf(process.env["SLOW"] === "1");

/** The same job, but for one label. */
const SWAPPED = utf8(new TextDecoder().decode(JOB).replace("< 0 ? 0 : 1", "< 0 ? 1 : 0"));

long("case 79: a bundle that is swapped after its review does not run, wherever it is swapped", async () => {
  await using fixture = await openFixture();
  const grant = await deliverGrant(fixture);
  expect(SWAPPED).not.toEqual(JOB);
  const bundle = await sha256Hex(JOB);
  // On its way to the domain, with the developer's key in the wrong hands, or with the digest of other bytes.
  const key = fixture.parties.developer;
  const named = await use({ operation: "develop", grant, frame: SWAPPED, key, bundle });
  await expect(send(fixture, "/v1/jobs", named)).rejects.toMatchObject({ code: "ERR_BUNDLE_CHANGED" });
  const signed = await use({ operation: "develop", grant, frame: JOB, key, bundle });
  await expect(send(fixture, "/v1/jobs", { ...signed, frame: SWAPPED })).rejects.toMatchObject({
    code: "ERR_BODY_DIGEST",
  });

  const developed = await develop(fixture, grant);
  await postJson(
    fixture,
    "/v1/releases",
    await signDocument(await releaseOf(fixture, developed), fixture.parties.department),
  );
  // In an order to build it.
  const build = { operation: "build", grant, key: fixture.parties.operator } as const;
  const other = await use({ ...build, bundle: await sha256Hex(SWAPPED) });
  await expect(send(fixture, "/v1/builds", other)).rejects.toMatchObject({ code: "ERR_BUNDLE_CHANGED" });
  // In the state of the domain, between release and build.
  const db = new DatabaseSync(join(fixture.directory, "state.sqlite"));
  db.prepare("UPDATE bundle SET code = ? WHERE hash = ?").run(SWAPPED, bundle);
  const swapped = await use({ ...build, bundle });
  await send(fixture, "/v1/builds", swapped);
  const run = await finishedRun(fixture, swapped.request.body.callId);
  expect(run).toMatchObject({ state: "failed", failure: { code: "ERR_BUNDLE_CHANGED", refusedBy: "domain" } });
  db.prepare("UPDATE bundle SET code = ? WHERE hash = ?").run(JOB, bundle);
  db.close();
  const again = await use({ ...build, bundle });
  await send(fixture, "/v1/builds", again);
  expect(await finishedRun(fixture, again.request.body.callId)).toMatchObject({ state: "completed" });
});
