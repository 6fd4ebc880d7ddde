/** Params from submission to build: signed by the developer, recorded, pinned by the release, given to every build.
 *  @module */
import { documentHash, sha256Hex, utf8, type ParamValues, type Run } from "@sluice/protocol";
import { signDocument } from "@sluice/evidence";
import { expect, test } from "vitest";
import {
  deliverGrant,
  finishedRun,
  get,
  openFixture,
  postJson,
  releaseOf,
  send,
  use,
  type Fixture,
} from "./serving-fixture.ts";

const long = test.runIf(process.env["SLOW"] === "1");

/** Bands below and from an age that is a param. */
const JOB = utf8(`var sluiceJob = { default: {
  name: "bands", purpose: "bands", input: { age: "f64" },
  params: { cut: { type: "int", min: 20, max: 60, default: 40 }, side: { type: "choice", of: ["low", "high"], default: "low" } },
  outputs: { fit: { kind: "metrics", keys: ["below"] }, band: { kind: "labels", vocabulary: ["young", "old"] } },
  develop(rows, { params, metric }) {
    metric("cut", params.cut);
    const below = rows.age.values.filter((age) => age < params.cut).length;
    return { fit: { below: below / rows.rowCount } };
  },
  produce(rows, model, { params }) {
    if (params.cut !== 50 || params.side !== "high") throw new Error("other params");
    return { band: Uint8Array.from(rows.age.values, (age) => (age < params.cut ? 0 : 1)) };
  },
} };`);

async function submit(fixture: Fixture, grant: string, params?: ParamValues): Promise<Run> {
  const bundle = await sha256Hex(JOB);
  const key = fixture.parties.developer;
  const envelope = await use({ operation: "develop", grant, frame: JOB, key, bundle, ...(params && { params }) });
  await send(fixture, "/v1/jobs", envelope);
  return finishedRun(fixture, envelope.request.body.callId);
}

long("a build has the params that its release pins, which are those of the run that was reviewed", async () => {
  await using fixture = await openFixture();
  const grant = await deliverGrant(fixture);
  const usual = await submit(fixture, grant);
  const run = await submit(fixture, grant, { cut: 50, side: "high" });
  expect(usual).toMatchObject({ state: "completed", params: { cut: 40, side: "low" } });
  expect(run).toMatchObject({ state: "completed", params: { cut: 50, side: "high" } });
  const events = new TextDecoder().decode(await get(fixture, `/v1/runs/${run.callId}/events`));
  expect(events).toContain(`event: metric\ndata: ${JSON.stringify({ kind: "metric", name: "cut", value: 50 })}`);
  expect(run.guardReport?.params).toEqual({ cut: 50, side: "high" });
  expect(run.metrics?.["fit"]?.values["below"]).toBeGreaterThan(usual.metrics?.["fit"]?.values["below"] ?? 1);
  for (const params of [{ cut: 61 }, { cut: 20.5 }, { side: "eval(1)" }, { other: 1 }]) {
    await expect(submit(fixture, grant, params)).rejects.toMatchObject({
      code: params.side === undefined ? "ERR_JOB_PARAM" : "ERR_FRAME_MALFORMED",
    });
  }

  const release = await releaseOf(fixture, run);
  const { params, ...without } = release;
  expect(params).toEqual({ cut: 50, side: "high" });
  for (const other of [without, { ...release, params: { cut: 40, side: "low" } }]) {
    const signed = await signDocument(other, fixture.parties.department);
    await expect(postJson(fixture, "/v1/releases", signed)).rejects.toMatchObject({ code: "ERR_RELEASE_MISSING" });
  }
  await postJson(fixture, "/v1/releases", await signDocument(release, fixture.parties.department));
  const build = { operation: "build", grant, key: fixture.parties.operator, bundle: await sha256Hex(JOB) } as const;
  const chosen = await use({ ...build, params: { cut: 30 } });
  await expect(send(fixture, "/v1/builds", chosen)).rejects.toMatchObject({ code: "ERR_JOB_PARAM" });
  const envelope = await use(build);
  await send(fixture, "/v1/builds", envelope);
  const built = await finishedRun(fixture, envelope.request.body.callId);
  expect(built).toMatchObject({ state: "completed", params: { cut: 50, side: "high" } });
  expect(built.receipt?.receipt.body.answer).toBe(await documentHash(built.guardReport));
});

long("a retry with other params is another request", async () => {
  await using fixture = await openFixture();
  const grant = await deliverGrant(fixture);
  const job = {
    operation: "develop",
    grant,
    frame: JOB,
    key: fixture.parties.developer,
    bundle: await sha256Hex(JOB),
  } as const;
  const first = await use({ ...job, params: { cut: 30 } });
  await send(fixture, "/v1/jobs", first);
  const { callId } = first.request.body;
  await expect(send(fixture, "/v1/jobs", await use({ ...job, callId, params: { cut: 31 } }))).rejects.toMatchObject({
    code: "ERR_CALL_REUSED",
  });
  const again = await use({ ...job, callId, params: { cut: 30 } });
  await send(fixture, "/v1/jobs", again);
  expect(await finishedRun(fixture, callId)).toMatchObject({ params: { cut: 30, side: "low" } });
});
