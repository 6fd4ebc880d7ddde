/** `sluice trace`: one query gives everything that a call rests on, and each step is held against the one before.
 *  @module */
import { createServer } from "node:http";
import { verifyCallChain, type ChainStepName } from "@sluice/evidence/verify";
import {
  canonicalBytes,
  documentHash,
  encodeCall,
  ReceiptChain,
  sha256Hex,
  type EvidencedReceipt,
  type Run,
} from "@sluice/protocol";
import { afterAll, beforeAll, expect, test } from "vitest";
import { City, codeOf } from "../../gateway/test/city.ts";
import { chainText } from "../src/trace-text.ts";
import { environmentOf, trustOf } from "./audit-city.ts";
import { sluice } from "./captured-io.ts";

const SNAPSHOT = "9".repeat(64);
let city: City;
let callId: string;
let chain: ReceiptChain;
let development: Run;
/** What the domain signed for a build that made another snapshot. */
let otherBuild: EvidencedReceipt;

beforeAll(async () => {
  city = await City.start();
  const grant = await city.grantedScene("credit");
  const named = { scene: "credit", policy: await documentHash(city.policy()) };
  development = await developedRun(grant, named);
  for (const [actor, person] of [
    ["group", "Lin Hua"],
    ["bureau", "Sun Wei"],
  ] as const) {
    await city.send(actor, "POST", `/v1/runs/${development.callId}/reviews`, city.review(person));
  }
  const release = await city.releaseOf(development);
  await city.send("health", "POST", "/v1/releases", release);
  const served = { ...named, release: await documentHash(release.body), snapshot: SNAPSHOT };
  const order = await city.envelope("group", { operation: "build", grant, product: "credit-label" });
  await city.send("group", "POST", "/v1/builds", encodeCall(order));
  const guardReport = {
    bundle: development.bundle,
    class: "served" as const,
    verdict: "release" as const,
    findings: [],
    at: AT,
  };
  const answer = await sha256Hex(canonicalBytes(guardReport));
  const built = await city.domain.receiptFor(order, answer, served);
  otherBuild = await city.domain.receiptFor(order, answer, { ...served, snapshot: "5".repeat(64) });
  await city.domain.completeRun(order.request.body.callId, { guardReport, snapshot: SNAPSHOT, receipt: built });
  await city.send("group", "GET", `/v1/runs/${order.request.body.callId}`);
  const call = await city.envelope("bank", { grant, product: "credit-label" });
  callId = call.request.body.callId;
  city.domain.bend = async (plain) => ({
    ...plain,
    receipt: await city.domain.receiptFor(call, plain.receipt.receipt.body.answer, served),
  });
  expect(codeOf(await city.send("bank", "POST", "/v1/calls", encodeCall(call)))).toBe(200);
  chain = ReceiptChain.parse((await city.send("bureau", "GET", `/v1/receipts/${callId}`)).json);
}, 60_000);
afterAll(() => city.close());

const AT = "2026-02-03T04:05:06.007Z";

async function developedRun(grant: string, named: { scene: string; policy: string }): Promise<Run> {
  const envelope = await city.envelope("lab", { operation: "develop", grant, product: "credit-label" });
  await city.send("lab", "POST", "/v1/jobs", encodeCall(envelope));
  const certificate = {
    policy: named.policy,
    resource: "insured",
    sourceSnapshot: "8".repeat(64),
    sourceRowsRounded: 100,
    sampleRows: 40,
    suppressedRows: 2,
    quasiIdentifiers: ["age"],
    k: 5,
    seedCommitment: "7".repeat(64),
    at: AT,
  };
  const { bundle } = envelope.request.body;
  const guardReport = { bundle, class: "released" as const, verdict: "release" as const, findings: [], at: AT };
  const change = { ...named, certificate: await documentHash(certificate) };
  const receipt = await city.domain.receiptFor(envelope, await sha256Hex(canonicalBytes(guardReport)), change);
  return city.domain.completeRun(envelope.request.body.callId, { certificate, guardReport, receipt });
}

const STEPS = [
  ["receipt", "verified"],
  ["request", "verified"],
  ["product", "listed"],
  ["build", "verified"],
  ["release", "verified"],
  ["development", "verified"],
  ["grant", "verified"],
  ["policy", "verified"],
  ["scene", "verified"],
];

async function outcomes(changed: ReceiptChain): Promise<string[][]> {
  return (await verifyCallChain(changed, trustOf(city), changed.receipt.receipt.body.callId)).map(
    ({ step, outcome }) => [step, outcome],
  );
}

test("the agency, the caller and the developer see the whole chain, each step verified", async () => {
  expect(await outcomes(chain)).toEqual(STEPS);
  expect(chain.development?.run.callId).toBe(development.callId);
  expect(chain.development?.reviews.map(({ person }) => person)).toEqual(["Lin Hua", "Sun Wei"]);
  expect(chain.scene?.reviews.map(({ person }) => person)).toEqual(["Lin Hua", "Zhao Min"]);
  for (const actor of ["bank", "lab"] as const) {
    const answer = await city.send(actor, "GET", `/v1/receipts/${callId}`);
    expect(await outcomes(ReceiptChain.parse(answer.json))).toEqual(STEPS);
  }
  expect(codeOf(await city.send("other-bank", "GET", `/v1/receipts/${callId}`))).toBe("ERR_NOT_FOUND");
});

test("the command tells each step with what ties it, and the people who reviewed", async () => {
  const env = await environmentOf(city, "bureau");
  const { code, stdout, stderr } = await sluice(["trace", callId], { env });
  expect([code, stderr]).toEqual([0, ""]);
  for (const [step, outcome] of STEPS)
    expect(stdout).toMatch(new RegExp(`^${step} ${outcome?.toUpperCase()} \\S+$`, "m"));
  for (const fact of ["40 rows, 2 suppressed", "approve by Sun Wei (bureau)", "approve by Zhao Min", SNAPSHOT]) {
    expect(stdout).toContain(fact);
  }
  const json = JSON.parse((await sluice(["trace", callId, "--json"], { env })).stdout) as {
    ok: boolean;
    steps: object[];
  };
  expect([json.ok, json.steps.length]).toEqual([true, STEPS.length]);
});

test("the chain of a development run and of a build ends where they do", async () => {
  for (const [run, steps] of [
    [development.callId, ["receipt", "request", "development", "grant", "policy", "scene"]],
    [chain.build?.callId, STEPS.map(([step]) => step)],
  ] as const) {
    const answer = await city.send("bureau", "GET", `/v1/receipts/${run ?? ""}`);
    const told = await outcomes(ReceiptChain.parse(answer.json));
    expect(told.map(([step]) => step)).toEqual(steps);
    expect(told.filter(([, outcome]) => outcome !== "verified" && outcome !== "listed")).toEqual([]);
  }
});

test("a step that was exchanged, and one that is missing, is named, and no other", async () => {
  const { product, build, release, development: developed, grant, policy, scene, request } = chain;
  if (!product || !build || !release || !developed || !grant || !policy || !scene || !request) throw new Error("whole");
  const { certificate, guardReport } = developed.run;
  if (certificate === undefined || guardReport === undefined) throw new Error("a run with both");
  const changes: [ChainStepName, Partial<ReceiptChain>][] = [
    ["receipt", { receipt: { ...chain.receipt, gatewayLog: undefined } }],
    ["request", { request: { ...request, body: { ...request.body, nonce: "0".repeat(32) } } }],
    ["product", { product: { ...product, release: "0".repeat(64) } }],
    ["build", { build: { ...build, snapshot: "0".repeat(64) } }],
    ["build", { build: { ...build, receipt: chain.receipt } }],
    ["build", { build: { ...build, receipt: otherBuild } }],
    ["release", { release: { ...release, signatures: grant.signatures.slice(1) } }],
    [
      "development",
      { development: { ...developed, run: { ...developed.run, certificate: { ...certificate, k: 9 } } } },
    ],
    [
      "development",
      {
        development: {
          ...developed,
          run: { ...developed.run, guardReport: { ...guardReport, at: "2026-02-03T04:05:06.008Z" } },
        },
      },
    ],
    ["development", { development: { ...developed, run: { ...developed.run, model: undefined } } }],
    ["grant", { grant: { ...grant, signatures: grant.signatures.slice(1) } }],
    ["policy", { policy: { ...policy, k: 9 } }],
    ["scene", { scene: { ...scene, scene: "another" } }],
  ];
  for (const [name, change] of changes) {
    const told = await outcomes({ ...chain, ...change });
    expect(told.filter(([, outcome]) => outcome === "failed")).toEqual([[name, "failed"]]);
  }
  for (const name of ["request", "product", "build", "development", "policy", "scene"] as const) {
    const told = await outcomes({ ...chain, [name]: undefined });
    expect(told.filter(([, outcome]) => outcome !== "verified" && outcome !== "listed")).toEqual([[name, "missing"]]);
  }
});

test("an erased party is told as erased, and does not break the chain", async () => {
  const { receipt, request: _request, ...rest } = chain;
  const { party: _party, ...openings } = receipt.openings;
  const told = await outcomes({ ...rest, receipt: { ...receipt, openings } });
  expect(told).toEqual(STEPS.map(([step, outcome]) => [step, step === "request" ? "erased" : outcome]));
});

test("a build whose snapshot is not opened ties nothing: it is erased, not verified", async () => {
  const { receipt, build } = chain;
  if (build?.receipt === undefined) throw new Error("a build with a receipt");
  const { snapshot: _, ...answered } = receipt.openings;
  const { snapshot: _built, ...built } = build.receipt.openings;
  const unopened = { ...receipt, openings: answered };
  const buildErased = STEPS.map(([step, outcome]) => [step, step === "build" ? "erased" : outcome]);
  const gone = { ...build, receipt: { ...build.receipt, openings: built } };
  expect(await outcomes({ ...chain, receipt: unopened })).toEqual(buildErased);
  expect(await outcomes({ ...chain, receipt: unopened, build: undefined })).toEqual(buildErased);
  expect(await outcomes({ ...chain, build: gone })).toEqual(buildErased);
  // Another build than the one that answered, with nothing that says so.
  const { snapshot: _other, ...other } = otherBuild.openings;
  const another = { ...build, snapshot: undefined, receipt: { ...otherBuild, openings: other } };
  expect(await outcomes({ ...chain, receipt: unopened, build: another })).toEqual(buildErased);
});

test("a certificate that no receipt names does not stand under a build", async () => {
  const { build, development: developed } = chain;
  if (build === undefined || developed === undefined) throw new Error("whole");
  const told = await outcomes({ ...chain, build: { ...build, certificate: developed.run.certificate } });
  expect(told.filter(([, outcome]) => outcome === "failed")).toEqual([["build", "failed"]]);
});

test("the answer for another call fails, and what is not there is said plainly", async () => {
  const steps = await verifyCallChain(chain, trustOf(city), "0".repeat(32));
  expect(steps.filter(({ outcome }) => outcome === "failed").map(({ step }) => step)).toEqual(["receipt"]);
  const { receipt, request: _request, ...rest } = chain;
  const { party: _party, ...openings } = receipt.openings;
  const withheld = { ...rest, receipt: { ...receipt, openings } };
  expect(chainText(withheld, await verifyCallChain(withheld, trustOf(city), callId))).toMatch(
    /^request ERASED\n.+\n {2}NOT THERE: who asked, .+ kept back by the gateway/m,
  );
});

test("the command asks for one call and takes the answer for no other", async () => {
  const other = await environmentOf(city, "bureau");
  const server = createServer((_request, response) => {
    response.setHeader("content-type", "application/json").end(JSON.stringify(chain));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    const address = server.address();
    if (typeof address !== "object" || address === null) throw new Error("the server has no port");
    const env = { ...other, SLUICE_GATEWAY: `http://127.0.0.1:${address.port}` };
    expect((await sluice(["trace", callId], { env })).code).toBe(0);
    expect(await sluice(["trace", "0".repeat(32)], { env })).toMatchObject({
      code: 1,
      stdout: expect.stringContaining("receipt FAILED\n") as string,
    });
  } finally {
    server.close();
    server.closeAllConnections();
  }
});

test("a call id that is none is a mistake of usage", async () => {
  const env = await environmentOf(city, "bureau");
  expect((await sluice(["trace", "abc"], { env })).code).toBe(2);
  expect((await sluice(["trace", "0".repeat(32)], { env })).code).toBe(1);
});
