import { signDocument } from "@sluice/evidence";
import { sha256Hex, SignedLookupSnapshot, utf8, type Run } from "@sluice/protocol";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  deliverGrant,
  develop,
  finishedRun,
  get,
  JOB,
  openFixture,
  postJson,
  releaseOf,
  send,
  serveProduct,
  use,
  type Fixture,
} from "./serving-fixture.ts";

const long = test.runIf(process.env["SLOW"] === "1");

let fixture: Fixture;

beforeAll(async () => {
  fixture = await openFixture();
});

afterAll(async () => {
  await fixture[Symbol.asyncDispose]();
});

/** A job whose production run does `body` first. */
const jobThat = (body: string): Uint8Array =>
  utf8(new TextDecoder().decode(JOB).replace("produce(rows, model) {", `produce(rows, model, context) { ${body};`));

/** The build of a bundle that was developed and released under a grant of its own. */
async function buildOf(code: Uint8Array, name: string): Promise<{ run: Run; events: string }> {
  const scene = { scene: name, title: name, purpose: "bands", value: "test" };
  const grant = await deliverGrant(fixture, { scene });
  const developed = await develop(fixture, grant, code);
  expect(developed.state).toBe("completed");
  const release = { ...(await releaseOf(fixture, developed)), product: name };
  await postJson(fixture, "/v1/releases", await signDocument(release, fixture.parties.department));
  const envelope = await use({
    operation: "build",
    grant,
    key: fixture.parties.operator,
    bundle: await sha256Hex(code),
    product: name,
  });
  await send(fixture, "/v1/builds", envelope);
  const { callId } = envelope.request.body;
  const events = new TextDecoder().decode(await get(fixture, `/v1/runs/${callId}/events`));
  return { run: await finishedRun(fixture, callId), events };
}

long("however a job fails on real rows, its parties are told the same", async () => {
  const ways = [
    'throw new Error("secret")',
    "process.exit(1)",
    "const kept = []; for (;;) kept.push(new Array(100_000).fill(0))",
  ];
  const failures = [];
  for (const [i, way] of ways.entries()) failures.push((await buildOf(jobThat(way), `failing-${i}`)).run.failure);
  for (const failure of failures)
    expect(failure).toEqual({ code: "ERR_JOB_CRASHED", details: {}, refusedBy: "sandbox" });
});

test("which progress a job reports on real rows is not told", async () => {
  const { run, events } = await buildOf(
    jobThat("context.progress(0.37); context.log('row', rows.age.values[0])"),
    "telling",
  );
  expect(run.state).toBe("completed");
  expect(run.log.filter((line) => !line.startsWith("index: "))).toEqual([]);
  // What is told is how far the domain is with the index, in steps of five.
  expect(events).not.toMatch(/37|row/);
});

test("each grant has its own key: an evaluation under one quota is worth nothing on another's index", async () => {
  const keys: string[] = [];
  for (const scene of ["first", "second"]) {
    const grant = await deliverGrant(fixture, { scene: { scene, title: scene, purpose: "bands", value: "test" } });
    await serveProduct(fixture, grant, keys.length + 1);
    const bytes = await get(fixture, "/v1/products/bands/snapshot");
    keys.push(SignedLookupSnapshot.parse(JSON.parse(new TextDecoder().decode(bytes))).body.oprfPublicKey);
  }
  expect(new Set(keys).size).toBe(2);
});
