/** Commands that act as a party, against a gateway that answers truly.
 *  @module */
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { exportPrivateKey } from "@sluice/evidence";
import { decodeCall, sha256Hex, utf8, type CallEnvelope, type Product, type Run } from "@sluice/protocol";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { sendJson, StubCity, VOCABULARY } from "../../client/test/stub-city.ts";
import { sluice, temporaryDirectory } from "./captured-io.ts";

let city: StubCity;
beforeAll(async () => {
  city = await StubCity.start({ "person-1": 1, "person-2": 2 });
});
beforeEach(() => {
  city.hooks = {};
});
afterAll(() => city.close());

/** Environment of the stub's caller. */
async function callerEnv(): Promise<{ env: Record<string, string>; directory: string }> {
  const directory = await temporaryDirectory();
  const key = join(directory, "bank.key");
  const trust = join(directory, "trust.json");
  await writeFile(key, await exportPrivateKey(city.caller));
  await writeFile(trust, JSON.stringify(city.trust));
  return { directory, env: { SLUICE_GATEWAY: city.url, SLUICE_KEY: key, SLUICE_TRUST: trust } };
}

test("`lookup` prints the label, or that there is none, and never the key", async () => {
  const { env } = await callerEnv();
  const hit = await sluice(["lookup", "credit-label", "person-1"], { env });
  expect(hit.stderr).toBe("rule of use: Answers decide about nobody alone.\n");
  expect(hit.stdout).toMatch(
    new RegExp(`^${VOCABULARY[1]}\nreceipt \\w{32} lookup.evaluate\nreceipt \\w{32} lookup.query\n$`),
  );
  expect(hit.code).toBe(0);
  const miss = await sluice(["lookup", "credit-label", "-"], { env, stdin: "person-99\n" });
  expect(miss.stdout).toMatch(/^no record\n/);
  expect(miss.code).toBe(0);
  expect(hit.stdout + miss.stdout).not.toContain("person");
});

test("`lookup -` takes the line of standard input as the key", async () => {
  const { env } = await callerEnv();
  const { stdout } = await sluice(["lookup", "credit-label", "-", "--json"], { env, stdin: "person-2\r\n" });
  expect(JSON.parse(stdout)).toMatchObject({ record: { label: VOCABULARY[2] } });
});

test("`lookup --receipts` keeps what `verify` checks", async () => {
  const { env, directory } = await callerEnv();
  const receipts = join(directory, "receipts");
  await sluice(["lookup", "credit-label", "person-1", "--receipts", receipts], { env });
  expect(await readdir(receipts)).toHaveLength(2);
  await city.copyLogs(join(directory, "logs"));
  const { stdout, stderr, code } = await sluice(["verify", directory], { env });
  expect(stderr).toBe("");
  expect(stdout).toMatch(/^receipts +2 +2$/m);
  expect(code).toBe(0);
});

test("an answer that the gateway altered is refused by this client, with exit code 1", async () => {
  const { env } = await callerEnv();
  city.hooks.answer = ({ receipt, frame }) => ({ receipt, frame: frame.with(9, (frame[9] ?? 0) ^ 1) });
  const { code, stdout, stderr } = await sluice(["lookup", "credit-label", "person-1"], { env });
  expect(stdout).toBe("");
  expect(stderr).toMatch(/^rule of use: .+\nerror ERR_ANSWER_ALTERED: .+\nrefused by: this client\nwhat to do: .+\n$/);
  expect(stderr).not.toContain("person");
  expect(code).toBe(1);
});

test("`product list` prints one line for each product", async () => {
  const { env } = await callerEnv();
  const products: Product[] = [];
  city.hooks.route = (_, __, response) => {
    sendJson(response, { products });
    return true;
  };
  expect((await sluice(["product", "list"], { env })).stdout).toBe("no product is registered yet\n");
  products.push(city.product);
  const { stdout } = await sluice(["product", "list"], { env });
  expect(stdout).toMatch(
    /^PRODUCT +VERSION +FORM +DOMAIN +STATUS +CODE\ncredit-label +1 +label-lookup +hrss +serving +SLP-/,
  );
  expect(JSON.parse((await sluice(["product", "list", "--json"], { env })).stdout)).toEqual(products);
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
  log: ["auc 0.71"],
  metrics: { fit: { kind: "metrics", values: { auc: 0.71 } } },
};
const failed: Run = {
  ...run,
  state: "failed",
  failure: { code: "ERR_JOB_CAPABILITY", details: { capability: "network" }, refusedBy: "sandbox" },
};

test("`run show` prints a run, and a failed one with what to do and exit code 1", async () => {
  const { env } = await callerEnv();
  let shown = run;
  city.hooks.route = (_, __, response) => {
    sendJson(response, shown);
    return true;
  };
  const good = await sluice(["run", "show", run.callId], { env });
  expect(good.stdout).toMatch(/^fit\.auc +0\.71$/m);
  expect(good.stdout).toContain("  | auc 0.71\n");
  expect(good.code).toBe(0);
  shown = failed;
  const bad = await sluice(["run", "show", run.callId], { env });
  expect(bad.stdout).toContain("failed: ERR_JOB_CAPABILITY: the job asked for network, which no job has\nwhat to do: ");
  expect(bad.code).toBe(1);
});

test("`run watch` prints events as they come, then the run", async () => {
  const { env } = await callerEnv();
  city.hooks.route = (request, _, response) => {
    if (request.url?.endsWith("/events") !== true) sendJson(response, run);
    else {
      const events = [
        { kind: "progress", percent: 40 },
        { kind: "log", line: "auc 0.71" },
        { kind: "state", state: "completed" },
      ];
      response.end(events.map((event, i) => `id: ${i + 1}\ndata: ${JSON.stringify(event)}\n\n`).join(""));
    }
    return true;
  };
  const { stdout, code } = await sluice(["run", "watch", run.callId], { env });
  expect(stdout).toMatch(/^40 %\n {2}\| auc 0\.71\ncompleted\nrun +abab/);
  expect(code).toBe(0);
  const lines = (await sluice(["run", "watch", run.callId, "--json"], { env })).stdout.trim().split("\n");
  expect(JSON.parse(lines.at(-1) ?? "")).toEqual(run);
  expect(lines).toHaveLength(4);
});

/** A job file of this test. */
async function jobFile(directory: string, body = ""): Promise<string> {
  const file = join(directory, "job.ts");
  await writeFile(
    file,
    `${body}
    import { defineJob } from "@sluice/sandbox/job";
    export default defineJob({
      name: "tiny", purpose: "tests", input: { age: "f64" },
      outputs: { fit: { kind: "metrics", keys: ["rows"] } },
      develop: (rows) => ({ fit: { rows: rows.rowCount } }),
      produce: () => ({}),
    });`,
  );
  return file;
}

test("`job bundle` prints the hash of the bytes it writes, and the same for the same file", async () => {
  const directory = await temporaryDirectory();
  const file = await jobFile(directory);
  const out = join(directory, "job.js");
  const { code, stdout, stderr } = await sluice(["job", "bundle", file, "--out", out]);
  expect(stderr).toBe("");
  expect(code).toBe(0);
  const bytes = new Uint8Array(await readFile(out));
  const bundle = await sha256Hex(bytes);
  expect(stdout).toBe(`${bundle}  ${bytes.length} bytes\nlockfile: none: no packages in the bundle\n`);
  expect((await sluice(["job", "bundle", file])).stdout).toBe(stdout);
});

test("`job bundle --against` builds again from source and lockfile, and says whether it is the reviewed bundle", async () => {
  const directory = await temporaryDirectory();
  const file = await jobFile(directory, 'import { answer } from "answer"; if (answer !== 42) throw new Error();');
  await mkdir(join(directory, "node_modules/answer"), { recursive: true });
  await writeFile(join(directory, "node_modules/answer/index.js"), "export const answer = Number.parseInt('42');");
  await writeFile(join(directory, "package-lock.json"), "{}");
  const { bundle, lockfile } = JSON.parse((await sluice(["job", "bundle", file, "--json"])).stdout) as {
    bundle: string;
    lockfile: unknown;
  };
  expect(lockfile).toEqual({ name: "package-lock.json", hash: await sha256Hex(utf8("{}")) });
  const same = await sluice(["job", "bundle", file, "--against", bundle]);
  expect(same.stdout).toMatch(/\nlockfile: package-lock\.json [0-9a-f]{64}\n一致 \/ match/);
  expect(same.code).toBe(0);
  await writeFile(join(directory, "package-lock.json"), "{ }");
  const other = await sluice(["job", "bundle", file, "--against", bundle]);
  expect(other.stdout).toMatch(/\n不一致 \/ mismatch/);
  expect(other.code).toBe(1);
  expect((await sluice(["job", "bundle", file, "--against", "AB"])).code).toBe(2);
});

test("`job bundle` refuses what no job has, and a file that is not there", async () => {
  const directory = await temporaryDirectory();
  const file = await jobFile(directory, 'import { readFileSync } from "node:fs"; readFileSync("/");');
  const refused = await sluice(["job", "bundle", file]);
  expect(refused.stderr).toMatch(/^error ERR_JOB_\w+: /);
  expect(refused.code).toBe(1);
  expect((await sluice(["job", "bundle", join(directory, "none.ts")])).stderr).toMatch(/^error ERR_JOB_BUNDLE: /);
});

test("`job submit` sends the bundle, and prints the run", async () => {
  const { env, directory } = await callerEnv();
  const file = await jobFile(directory);
  let sent: CallEnvelope | undefined;
  city.hooks.route = (_, body, response) => {
    sent = decodeCall(body);
    const { callId, grant, product, version, bundle } = sent.request.body;
    sendJson(response, { ...run, callId, grant, product, version, bundle, state: "submitted", log: [] });
    return true;
  };
  const grant = "11".repeat(32);
  const args = ["job", "submit", file, "--grant", grant, "--domain", "hrss", "--product", "credit-label"];
  const { code, stdout, stderr } = await sluice(args, { env });
  expect(stderr).toBe("");
  expect(code).toBe(0);
  expect(sent?.request.body).toMatchObject({ operation: "develop", grant, domain: "hrss", version: 1 });
  expect(stdout).toMatch(new RegExp(`^bundle +${await sha256Hex(sent?.frame ?? new Uint8Array())}$`, "m"));
  expect(stdout).toMatch(new RegExp(`^run +${sent?.request.body.callId}$`, "m"));
});
