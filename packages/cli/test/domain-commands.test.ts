/** Commands of a domain, on good input and on every kind of bad input a person can give.
 *  @module */
import { once } from "node:events";
import { mkdir, readdir, stat, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { compactProductOfDomain } from "@sluice/domain";
import { generateKey, lockDirectory } from "@sluice/evidence";
import { DomainDescription, ResourceDescription } from "@sluice/protocol";
import { expect, test } from "vitest";
import { runCommandLine } from "../src/command-line.ts";
import { sluice, temporaryDirectory, type Outcome } from "./captured-io.ts";

/** Arguments of a complete `domain init`. */
async function initArguments(directory: string): Promise<string[]> {
  const { keyId } = await generateKey();
  const pins = ["agency", "department", "gateway", "recovery"].flatMap((who) => [`--${who}-key`, keyId]);
  return ["domain", "init", directory, "--domain", "hrss", "--title", "人社局", "--plain-keys", ...pins];
}

/** An initialised domain below a fresh directory. */
async function newDomain(): Promise<{ root: string; domain: string }> {
  const root = await temporaryDirectory();
  const domain = join(root, "hrss");
  expect((await sluice(await initArguments(domain))).code).toBe(0);
  return { root, domain };
}

/** Paths and sizes of every file below `directory`. */
async function contents(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name));
  return await Promise.all(files.toSorted().map(async (file) => `${file} ${(await stat(file)).size}`));
}

function expectError({ code, stdout, stderr }: Outcome, errorCode: string, ...facts: string[]): void {
  expect(stderr).toMatch(new RegExp(`^error ${errorCode}: .+\nwhat to do: .+\n$`));
  for (const fact of facts) expect(stderr).toContain(fact);
  expect(stdout).toBe("");
  expect(code).toBe(1);
}

test("`domain init` prints what callers pin, and no private key", async () => {
  const directory = join(await temporaryDirectory(), "hrss");
  const { code, stdout, stderr } = await sluice(await initArguments(directory));
  expect(stderr).toBe("");
  expect(code).toBe(0);
  expect(stdout).toMatch(
    /^receipt key +ed25519:.{43}\nlog key +ed25519:.{43}\nlog SM2 key +sm2:.{44}\nlog origin +sluice\/domain\/hrss$/m,
  );
  expect(stdout).not.toContain("PRIVATE");
});

test("`domain init` leaves a directory that is in use as it was", async () => {
  const { domain } = await newDomain();
  const before = await contents(domain);
  expectError(await sluice(await initArguments(domain)), "ERR_CONFLICT", "hrss");
  expect(await contents(domain)).toEqual(before);
});

test("a directory that cannot be made is one error", async () => {
  const file = join(await temporaryDirectory(), "file");
  await writeFile(file, "");
  expectError(await sluice(await initArguments(join(file, "hrss"))), "ERR_DIRECTORY_UNWRITABLE", join(file, "hrss"));
});

test("`domain import` shows the columns it took, and never a value", async () => {
  const { root, domain } = await newDomain();
  const file = join(root, "people.csv");
  await writeFile(file, "person,age\nzhang-canary,31\nli-canary,44\n");
  const args = ["domain", "import", file, "--resource", "people", "--data", domain];
  const { code, stdout, stderr } = await sluice(args);
  expect(stderr).toBe("");
  expect(code).toBe(0);
  expect(stdout).toMatch(/^people: about 2 rows, 2 columns\nCOLUMN +TYPE +ROLE +GRADE\nperson +text /);
  expect(stdout).not.toContain("canary");
  const description: unknown = JSON.parse((await sluice([...args, "--json"])).stdout);
  expect(ResourceDescription.parse(description).source).toBe("people.csv");
});

test("`domain import --social` keeps who supplied the data, and what was declared of its provenance, whole or not at all", async () => {
  const { root, domain } = await newDomain();
  const file = join(root, "people.csv");
  await writeFile(file, "person,age\na,31\nb,44\n");
  const args = ["domain", "import", file, "--resource", "people", "--data", domain, "--json"];
  const social = async (...options: string[]): Promise<unknown> =>
    ResourceDescription.parse(JSON.parse((await sluice([...args, ...options])).stdout)).social;
  expect(await social()).toBeUndefined();
  expect(await social("--social", "A company")).toEqual({ provider: "A company" });
  expect(await social("--social", "A company", "--collected", "asked", "--basis", "consent")).toEqual({
    provider: "A company",
    provenance: { collection: "asked", basis: "consent" },
  });
  for (const half of [
    ["--collected", "asked"],
    ["--social", "A company", "--basis", "consent"],
  ]) {
    expect(await sluice([...args.slice(0, -1), ...half])).toMatchObject({
      code: 2,
      stdout: "",
      stderr: expect.stringContaining("belong") as string,
    });
  }
});

test("`domain import --fields` takes the named columns only, and says when one is missing", async () => {
  const { root, domain } = await newDomain();
  const file = join(root, "people.csv");
  const fields = join(root, "fields.json");
  await writeFile(file, "person,age\na,31\nb,44\n");
  const age = { name: "age", title: "Age", type: "integer", role: "quasi", grade: "general-2" };
  await writeFile(fields, JSON.stringify([age]));
  const args = ["domain", "import", file, "--resource", "people", "--data", domain, "--fields", fields];
  expect((await sluice(args)).stdout).toMatch(
    /^people: about 2 rows, 1 columns\n.+\nage +integer +quasi +general-2\n$/,
  );
  const before = await contents(domain);
  await writeFile(fields, JSON.stringify([age, { ...age, name: "income" }]));
  expectError(await sluice(args), "ERR_TABLE_COLUMN_MISSING", "income");
  expect(await contents(domain)).toEqual(before);
});

test("`domain import --fields` takes hierarchies, which the catalogue shows, and refuses one that does not fit", async () => {
  const { root, domain } = await newDomain();
  const file = join(root, "people.csv");
  const fields = join(root, "fields.json");
  await writeFile(file, "age\n31\n44\n");
  const age = { name: "age", title: "Age", type: "integer", role: "quasi", grade: "general-2" };
  const hierarchy = { kind: "intervals", min: 0, max: 100, widths: [5, 10, 20] };
  const args = ["domain", "import", file, "--resource", "people", "--data", domain, "--fields", fields, "--json"];
  await writeFile(fields, JSON.stringify([{ ...age, hierarchy: { ...hierarchy, widths: [5, 12] } }]));
  const refused = await sluice(args);
  expect([refused.code, refused.stderr]).toEqual([2, expect.stringContaining("/0/hierarchy/widths")]);
  await writeFile(fields, JSON.stringify([{ ...age, hierarchy }]));
  const description: unknown = JSON.parse((await sluice(args)).stdout);
  expect(ResourceDescription.parse(description).fields[0]?.hierarchy).toEqual(hierarchy);
});

const HUGE_FIELD_BYTES = 10 * 1_048_576;
test.each<[string, string, Uint8Array | string, string]>([
  ["a file that is not UTF-8", "a.csv", Uint8Array.of(0x61, 0x0a, 0xff, 0xfe, 0x0a), "ERR_TABLE_ENCODING"],
  ["ten megabytes in one field", "a.csv", `a\n${"x".repeat(HUGE_FIELD_BYTES)}\n`, "ERR_TABLE_FIELD_TOO_LARGE"],
  ["an empty file", "a.csv", "", "ERR_TABLE_FILE"],
  ["a Parquet file that is none", "a.parquet", "a,b\n1,2\n", "ERR_TABLE_FILE"],
  ["a file of another kind", "a.xlsx", "PK", "ERR_TABLE_FILE"],
  ["a damaged Parquet file", "a.parquet", `PAR1CANARY${"x".repeat(64)}PAR1`, "ERR_TABLE_FILE"],
  ["a record with a field too few", "a.csv", "a,b\n1,2\nCANARY\n", "ERR_TABLE_FILE"],
  ["a quote in the middle", "a.csv", 'a,b\nCANARY"x,2\n', "ERR_TABLE_FILE"],
])("importing %s is one error, and writes nothing", async (_, name, text, errorCode) => {
  const { root, domain } = await newDomain();
  const file = join(root, name);
  await writeFile(file, text);
  const before = await contents(domain);
  const outcome = await sluice(["domain", "import", file, "--resource", "t", "--data", domain]);
  expectError(outcome, errorCode, name);
  expect(outcome.stdout + outcome.stderr).not.toContain("CANARY");
  const after = await contents(domain);
  expect(after.filter((entry) => /parquet|csv/.test(entry))).toEqual([]);
  expect(after.filter((entry) => before.includes(entry))).toEqual(before);
});

test("importing a file that is not there, or into a directory without a domain, is one error", async () => {
  const { root, domain } = await newDomain();
  const file = join(root, "none.csv");
  expectError(await sluice(["domain", "import", file, "--resource", "t", "--data", domain]), "ERR_TABLE_FILE");
  await writeFile(file, "a\n1\n");
  const empty = join(root, "empty");
  await mkdir(empty);
  const outcome = await sluice(["domain", "import", file, "--resource", "t", "--data", empty]);
  expectError(outcome, "ERR_DIRECTORY_STATE", empty, "sluice domain init");
  expectError(await sluice(["domain", "start", empty]), "ERR_DIRECTORY_STATE", empty);
});

test("a domain listens until it is interrupted; meanwhile its directory and its port are taken", async () => {
  const { root, domain } = await newDomain();
  const interrupt = new AbortController();
  const listening = Promise.withResolvers<string>();
  const ended = runCommandLine(["domain", "start", domain, "--metrics-port", "0", "--json"], {
    stdout: { write: (text) => listening.resolve(text) },
    stderr: { write: (text) => listening.reject(new Error(text)) },
    readStdin: () => Promise.resolve(""),
    env: {},
    signal: interrupt.signal,
  });
  const { url, metricsPort } = JSON.parse(await listening.promise) as { url: string; metricsPort: number };
  const scraped = await (await fetch(`http://127.0.0.1:${metricsPort}/metrics`)).text();
  expect(scraped).toMatch(/^sluice_build_info\{version="[^"]+",node="[^"]+"\} 1$/m);
  const description = DomainDescription.parse(await (await fetch(`${url}/v1/description`)).json());
  expect(description.domain).toBe("hrss");

  const file = join(root, "a.csv");
  await writeFile(file, "a\n1\n");
  expectError(await sluice(["domain", "start", domain]), "ERR_DIRECTORY_LOCKED", domain, String(process.pid));
  const imported = await sluice(["domain", "import", file, "--resource", "t", "--data", domain]);
  expectError(imported, "ERR_DIRECTORY_LOCKED", domain);

  interrupt.abort();
  expect(await ended).toBe(0);
  await expect(fetch(url)).rejects.toThrow("fetch failed");
});

test("a port in use is one error", async () => {
  const { domain } = await newDomain();
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" && address !== null ? String(address.port) : "";
  expectError(await sluice(["domain", "start", domain, "--port", port]), "ERR_PORT_IN_USE", `127.0.0.1:${port}`);
  expectError(
    await sluice(["domain", "start", domain, "--metrics-port", port]),
    "ERR_PORT_IN_USE",
    `127.0.0.1:${port}`,
  );
  server.close();
});

test("`domain budget` shows none, sets one, and counts what was spent elsewhere", async () => {
  const { domain } = await newDomain();
  const budget = (...options: string[]): Promise<Outcome> => sluice(["domain", "budget", domain, "people", ...options]);
  expect((await budget()).stdout).toContain("未设置，一律拒绝");
  expect(JSON.parse((await budget("--json")).stdout)).toEqual({
    resource: "people",
    person: null,
    budgetMicroRho: null,
    spentMicroRho: "0",
    entries: 0,
    counts: [],
  });
  expectError(await budget("--set", "0.5"), "ERR_BODY_INVALID", "person");
  expect((await budget("--set", "0.5", "--person", "id")).stdout).toMatch(/ρ = 0\.5, which is ε = 6\.\d+ at δ = 1e-9/);
  expect(JSON.parse((await budget("--set", "0.75", "--spent", "0.1", "--json")).stdout)).toEqual({
    resource: "people",
    person: "id",
    budgetMicroRho: "750000",
    spentMicroRho: "100000",
    entries: 1,
    counts: [],
  });
  for (const bad of ["-1", "NaN", "1e3", "101", "0.0000001", ""]) {
    expectError(await budget(`--set=${bad}`), "ERR_PRIVACY_PARAMETER", "rho");
  }
  expectError(await budget("--set", "1", "--person", "name"), "ERR_STATE", "counted by id");
  expectError(await sluice(["domain", "budget", domain, "no such table"]), "ERR_BODY_INVALID", "resource");
  expect((await budget("--set", "2")).stderr).toBe("");
  expect((await budget("--set", "2.5")).stderr).toMatch(/^warning: .*\n警告：/u);
  expect((await budget("--set", "0")).stdout).toContain("ρ = 0,");
});

test("`domain outcomes` shows grants, and allows more only under one that exists", async () => {
  const { domain } = await newDomain();
  expect(await sluice(["domain", "outcomes", domain])).toMatchObject({ code: 0, stdout: "no grants\n尚无授权\n" });
  await sluice(["domain", "budget", domain, "people", "--set", "0.5", "--person", "id"]);
  const outcomes = (...options: string[]): Promise<Outcome> => sluice(["domain", "outcomes", domain, ...options]);
  expect((await outcomes("--json")).stdout).toBe('{"budgets":[]}\n');
  const grant = "a".repeat(64);
  expectError(await outcomes("--allow", "64", "--grant", grant), "ERR_NOT_FOUND", "grant");
  for (const wrong of [
    ["--allow", "0"],
    ["--allow", "64"],
    ["--allow", "64", "--grant", "x"],
    ["--allow", "64", "--grant", grant, "--operation", "score"],
  ]) {
    expect(await outcomes(...wrong)).toMatchObject({ code: 2, stderr: expect.stringContaining("ERR_USAGE") as string });
  }
});

test("`job replay` says why a run cannot be made again, with an exit code of its own", async () => {
  const { domain } = await newDomain();
  await sluice(["domain", "budget", domain, "people", "--set", "0.5", "--person", "id"]);
  const unknown = await sluice(["job", "replay", "0".repeat(32), "--directory", domain]);
  expect(unknown).toMatchObject({ code: 2, stdout: expect.stringContaining("无法复跑 / cannot replay") as string });
  const json = await sluice(["job", "replay", "0".repeat(32), "--directory", domain, "--json"]);
  expect(JSON.parse(json.stdout)).toEqual({ verdict: "cannot", run: "0".repeat(32), reason: "unknown-run" });
  expectError(
    await sluice(["job", "replay", join(domain, "domain.json"), "--directory", domain]),
    "ERR_BODY_INVALID",
    "receipt",
  );
  expectError(
    await sluice(["job", "replay", join(domain, "nothing.json"), "--directory", domain]),
    "ERR_BODY_INVALID",
    "receipt",
  );
});

/** State of a domain as its start leaves it, with products of which only what a mark reads is there. */
async function withProducts(domain: string, products: readonly (readonly [string, number, string])[]): Promise<string> {
  await compactProductOfDomain(domain, "nothing-yet").catch(() => {});
  const file = join(domain, "state.sqlite");
  const state = new DatabaseSync(file);
  const insert = state.prepare(
    "INSERT INTO product (product, version, snapshot_hash, snapshot, directory, layers) VALUES (?, ?, ?, ?, 'f', '[]')",
  );
  for (const [product, version, type] of products) {
    insert.run(product, version, `${product} ${version}`, JSON.stringify({ body: { type } }));
  }
  state.close();
  return file;
}

test("`domain compact` marks every version of a lookup product, and no other product", async () => {
  const { domain } = await newDomain();
  const file = await withProducts(domain, [
    ["bands", 1, "lookup-snapshot"],
    ["bands", 2, "lookup-snapshot"],
    ["other", 1, "lookup-snapshot"],
    ["members", 1, "psi-snapshot"],
  ]);
  const marked = (): unknown[] => {
    const state = new DatabaseSync(file);
    const rows = state.prepare("SELECT product, version FROM product WHERE compact = 1 ORDER BY version").all();
    state.close();
    return rows.map(({ product, version }) => [product, version]);
  };
  const { code, stdout, stderr } = await sluice(["domain", "compact", domain, "bands"]);
  expect([code, stderr]).toEqual([0, ""]);
  expect(stdout).toBe("marked: bands version 1, 2; compacted once the domain is started\n");
  const both = [
    ["bands", 1],
    ["bands", 2],
  ];
  expect(marked()).toEqual(both);
  const again = await sluice(["domain", "compact", domain, "bands", "--json"]);
  expect(JSON.parse(again.stdout)).toEqual({ ok: true, product: "bands", versions: [1, 2] });
  for (const product of ["members", "nothing"]) {
    expectError(await sluice(["domain", "compact", domain, product]), "ERR_NOT_FOUND", "updated product", product);
  }
  expect(marked()).toEqual(both);
});

test("`domain compact` refuses what is no domain, and a domain that is running", async () => {
  const { root, domain } = await newDomain();
  expectError(await sluice(["domain", "compact", root, "bands"]), "ERR_DIRECTORY_STATE", root);
  await withProducts(domain, [["bands", 1, "lookup-snapshot"]]);
  const lock = await lockDirectory(domain);
  try {
    expectError(await sluice(["domain", "compact", domain, "bands"]), "ERR_DIRECTORY_LOCKED", domain);
  } finally {
    lock.release();
  }
  const missing = await sluice(["domain", "compact", domain]);
  expect([missing.code, missing.stdout]).toEqual([2, ""]);
});
