/** The steps of the developer's loop that ask a gateway, and the grant that a job is held against.
 *  @module */
import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { exportPrivateKey } from "@sluice/evidence";
import { decodeCall, documentHash, type CallEnvelope, type Grant, type Run } from "@sluice/protocol";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { sendJson, StubCity } from "../../client/test/stub-city.ts";
import { STARTING_POLICY, STARTING_RESOURCE } from "../src/develop/starting-documents.ts";
import { sluice, temporaryDirectory } from "./captured-io.ts";

let city: StubCity;
beforeAll(async () => {
  city = await StubCity.start({ "person-1": 1 });
});
let directory: string;
let env: Record<string, string>;
beforeEach(async () => {
  city.hooks = {};
  directory = await temporaryDirectory();
  const [key, trust] = [join(directory, "lab.key"), join(directory, "trust.json")];
  await writeFile(key, await exportPrivateKey(city.caller));
  await writeFile(trust, JSON.stringify(city.trust));
  env = { SLUICE_GATEWAY: city.url, SLUICE_KEY: key, SLUICE_TRUST: trust };
});
afterAll(() => city.close());

/** The gateway answers the path of a request with what `answers` has for it. */
function answer(answers: Readonly<Record<string, unknown>>): void {
  city.hooks.route = (request, _, response) => {
    const found = Object.entries(answers).find(([path]) => request.url?.endsWith(path) === true);
    if (found !== undefined) sendJson(response, found[1]);
    return found !== undefined;
  };
}

const party = (name: string) => ({ party: name, keyId: city.caller.keyId });

/** A grant over the invented table, without its sensitive base. */
async function draft(change: Partial<Grant> = {}): Promise<Grant> {
  const fields = ["region", "age", "months_insured", "defaulted"];
  return {
    type: "grant",
    domain: "hrss",
    resource: "social-insurance",
    scene: { scene: "fair-credit", title: "Fair credit", purpose: "credit", value: "Fair answers." },
    key: "resident_id",
    fields: fields.map((name) => ({ name, need: "a factor of the score" })),
    policy: await documentHash(STARTING_POLICY),
    operations: ["develop", "build"],
    operator: party("operator"),
    developer: party("lab"),
    callers: [party("bank")],
    notBefore: "2020-01-01T00:00:00.000Z",
    notAfter: "2099-01-01T00:00:00.000Z",
    quotas: [{ operation: "develop", amount: "10" }],
    consent: { kind: "legal-basis", basis: "law" },
    price: { kind: "free", reason: "test" },
    ...change,
  };
}

/** `job init --scene`, answered with `grant`. */
async function initFromScene(grant: Grant): Promise<string> {
  const application = {
    economicValue: "Cheaper loans.",
    socialValue: "Fair loans.",
    businessModel: "A fee per query.",
    dataRationale: "Nothing less tells it.",
  };
  const proposal = { application, draft: grant, policy: STARTING_POLICY };
  const description = {
    domain: "hrss",
    receiptKey: city.caller.keyId,
    logKey: city.caller.keyId,
    logOrigin: "hrss.example/log",
    resources: [STARTING_RESOURCE],
  };
  answer({
    "/v1/scenes/fair-credit": { scene: "fair-credit", state: "granted", proposal, reviews: [] },
    "/v1/catalogue": { domains: [description] },
  });
  const target = join(directory, "job");
  const { code, stderr } = await sluice(["job", "init", target, "--scene", "fair-credit"], { env });
  expect(stderr).toBe("");
  expect(code).toBe(0);
  return join(target, "job.ts");
}

test("`job init --scene` starts from the scene's table, policy and grant, and the job reads what is granted", async () => {
  const file = await initFromScene(await draft());
  const source = await readFile(file, "utf8");
  expect(source).toContain('purpose: "credit"');
  expect(source).toContain('input: { region: "dict", age: "f64", months_insured: "f64", defaulted: "bool" }');
  const { code, stdout, stderr } = await sluice(["job", "check", file]);
  expect(stderr).toBe("");
  expect(stdout).toMatch(/^grant +scene fair-credit, until 2099-/m);
  expect(stdout).toMatch(/^age +f64 +f64 by bucket +granted$/m);
  expect(code).toBe(0);
});

test("a job starts in the form whose operations the scene's grant names", async () => {
  const operations = (one: Grant["operations"][number]): Grant["operations"] => ["develop", "build", one];
  const table = await readFile(await initFromScene(await draft({ operations: operations("report") })), "utf8");
  expect(table).toContain('kind: "table"');
  await rm(join(directory, "job"), { recursive: true });
  const set = await readFile(await initFromScene(await draft({ operations: operations("psi.cardinality") })), "utf8");
  expect(set).toContain('kind: "set", match: "psi-cardinality"');
});

test("a column, a purpose and a policy outside of the grant are told, each with its code", async () => {
  const file = await initFromScene(await draft());
  const source = await readFile(file, "utf8");
  await writeFile(
    file,
    source.replace('purpose: "credit"', 'purpose: "adverts"').replace('age: "f64"', 'age: "f64", monthly_base: "f64"'),
  );
  await writeFile(join(directory, "job", "policy.json"), JSON.stringify({ ...STARTING_POLICY, k: 2 }));
  const { code, stdout, stderr } = await sluice(["job", "check", file]);
  expect(stderr.match(/^error \w+/gm)).toEqual([
    "error ERR_POLICY",
    "error ERR_GRANT_PURPOSE",
    "error ERR_GRANT_FIELD",
  ]);
  expect(stderr).toContain("field monthly_base is outside the grant");
  expect(stdout).toMatch(/^monthly_base +f64 +f64 by bucket +not granted$/m);
  expect(code).toBe(1);
});

test("a grant that has ended keeps no job from running here, and is told", async () => {
  const file = await initFromScene(await draft({ notAfter: "2021-01-01T00:00:00.000Z" }));
  const dev = await sluice(["job", "dev", file, "--rows", "200"]);
  expect(dev.stdout).toContain("note: a domain would refuse this now: ERR_GRANT_EXPIRED: the grant ended at 2021");
  expect(dev.stdout).toMatch(/^develop: ok/m);
  expect(dev.code).toBe(0);
  const check = await sluice(["job", "check", file, "--rows", "200"]);
  expect(check.stderr).toContain("error ERR_GRANT_EXPIRED");
  expect(check.code).toBe(1);
});

test("`job submit` takes grant and domain from the grant beside the job, unless options name them", async () => {
  const grant = await draft();
  const file = await initFromScene(grant);
  const sent: CallEnvelope["request"]["body"][] = [];
  city.hooks.route = (_, body, response) => {
    const { body: request } = decodeCall(body).request;
    sent.push(request);
    const { callId, product, version, bundle } = request;
    sendJson(response, { ...run, callId, grant: request.grant, product, version, bundle, state: "submitted" });
    return true;
  };
  const { stdout, stderr } = await sluice(["job", "submit", file, "--product", "score"], { env });
  expect(stderr).toBe("");
  expect(stdout).toContain(`\nfollow it: sluice job tail ${sent[0]?.callId}\n`);
  const other = ["--grant", "77".repeat(32), "--domain", "health"];
  await sluice(["job", "submit", file, "--product", "score", ...other], { env });
  expect(sent).toMatchObject([
    { operation: "develop", domain: "hrss", grant: await documentHash(grant) },
    { domain: "health", grant: "77".repeat(32) },
  ]);
  await rm(join(directory, "job", "grant.json"));
  const bare = await sluice(["job", "submit", file, "--product", "score"], { env });
  expect(bare.stderr).toMatch(/^error ERR_USAGE: option --grant is missing/);
  expect(bare.code).toBe(2);
});

const run: Run = {
  callId: "ab".repeat(16),
  operation: "develop",
  product: "credit-label",
  version: 1,
  grant: "11".repeat(32),
  bundle: "22".repeat(32),
  state: "completed",
  percent: 100,
  log: [],
  metrics: { fit: { kind: "metrics", values: { auc: 0.71 } } },
  model: { kind: "linear-model", features: ["age"], weights: [0.25], intercept: -1 },
  guardReport: {
    bundle: "22".repeat(32),
    class: "released",
    verdict: "transform",
    findings: [{ output: "fit", rule: "metrics-digits", result: "changed", note: "3 significant digits" }],
    at: "2026-01-01T00:00:00.000Z",
  },
};

test("`job outputs` prints metrics, model and the guard's report, or one JSON document", async () => {
  answer({ [`/v1/runs/${run.callId}`]: run });
  const { code, stdout, stderr } = await sluice(["job", "outputs", run.callId], { env });
  expect(stderr).toBe("");
  expect(stdout).toBe(
    "fit.auc           0.71\nmodel: intercept  -1\nmodel: age        0.25\n" +
      "  guard: transform, 0 passed, 1 changed, 0 refused\n    changed  fit  metrics-digits  3 significant digits\n",
  );
  expect(code).toBe(0);
  const { callId, state, metrics, model, guardReport } = run;
  const document: unknown = JSON.parse((await sluice(["job", "outputs", callId, "--json"], { env })).stdout);
  expect(document).toEqual({ callId, state, metrics, model, guardReport });
});

test("`job outputs` of a run that goes on, or that failed, says so with exit code 1", async () => {
  const { metrics: _metrics, model: _model, guardReport: _report, ...bare } = run;
  answer({ [`/v1/runs/${run.callId}`]: { ...bare, state: "running" } });
  const early = await sluice(["job", "outputs", run.callId], { env });
  expect(early.stderr).toMatch(/^error ERR_STATE: run abab\w+ is running; this needs completed\n/);
  expect(early.code).toBe(1);
  const details = { output: "fit", rule: "metrics-finite", change: "return finite numbers" };
  const failure = { code: "ERR_GUARD_OUTPUT", details, refusedBy: "guard" };
  answer({ [`/v1/runs/${run.callId}`]: { ...bare, state: "failed", failure } });
  const refused = await sluice(["job", "outputs", run.callId], { env });
  expect(refused.stdout).toBe("nothing was released; the run failed\n");
  expect(refused.stderr).toMatch(
    /^error ERR_GUARD_OUTPUT: output fit breaks rule metrics-finite\nrefused by: the domain's guard/,
  );
  expect(refused.code).toBe(1);
});

test("`job tail` follows a run as `run watch` does", async () => {
  city.hooks.route = (request, _, response) => {
    if (request.url?.endsWith("/events") !== true) sendJson(response, run);
    else
      response.end(
        'id: 1\ndata: {"kind":"log","line":"auc 0.71"}\n\nid: 2\ndata: {"kind":"state","state":"completed"}\n\n',
      );
    return true;
  };
  const { code, stdout } = await sluice(["job", "tail", run.callId], { env });
  expect(stdout).toMatch(/^ {2}\| auc 0\.71\ncompleted\nrun +abab/);
  expect(code).toBe(0);
  expect((await sluice(["run", "watch", run.callId], { env })).stdout).toBe(stdout);
});
