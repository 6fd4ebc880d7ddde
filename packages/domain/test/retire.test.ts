/** The exit of a domain: nothing of it works or can be read any more but what the regulator reads. @module */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { commitment, currentKey, sealedFileFacts, verifySigned } from "@sluice/evidence";
import { fromHex, SignedEvent, SignedGrant, SignedReceipt, toHex } from "@sluice/protocol";
import { afterAll, beforeAll, expect, test } from "vitest";
import { importTable, retireDomain, rotateDataKey, startDomain } from "../src/index.ts";
import { eventsOf, explanations, logEntries, withState } from "./domain-log.ts";
import { clock, deliverGrant, openFixture, random, serveProduct, type Fixture } from "./serving-fixture.ts";

/** Served products take seconds to make: these run in the long run. */
const long = test.runIf(process.env["SLOW"] === "1");

let fixture: Fixture;
let root: string;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "sluice-retire-"));
  fixture = await openFixture((i) => `planted-person-${i}`);
  await serveProduct(fixture, await deliverGrant(fixture));
  await fixture.domain.close();
  plantInState(fixture.directory);
});
afterAll(async () => {
  await fixture[Symbol.asyncDispose]();
  await rm(root, { recursive: true, force: true });
});

/** Plants what has to go in each place of the state that no message of a test reaches. */
function plantInState(directory: string): void {
  withState(directory, (db) => {
    const places = ["model", "metrics", "log", "receipt.openings"];
    const planted = places.map((place) => `'$.${place}', 'planted-person-${place}'`).join(", ");
    db.exec(`UPDATE run SET request = '"planted-person-request"', document = json_set(document, ${planted});
      UPDATE spend SET binding = 'planted-person-binding';
      INSERT INTO nonce (key_id, nonce, expires_at) VALUES ('planted-person-nonce', '', '2999-01-01T00:00:00.000Z');`);
  });
}

async function copyOfHome(name: string): Promise<string> {
  const copy = join(root, name);
  await cp(fixture.directory, copy, { recursive: true });
  return copy;
}

async function filesOf(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name));
}

async function linesOf<T>(directory: string, name: string, parse: (line: unknown) => T): Promise<T[]> {
  const text = await readFile(join(directory, "handover", name), "utf8");
  return text
    .split("\n")
    .slice(0, -1)
    .map((line) => parse(JSON.parse(line)));
}

/** No key, no data, no kept answer; every use is refused. */
async function expectGone(directory: string): Promise<void> {
  const files = await filesOf(directory);
  for (const file of files) {
    expect(await sealedFileFacts(file), file).toBeNull();
    const bytes = await readFile(file);
    for (const secret of ["planted-person-", "PRIVATE KEY"]) expect(bytes.includes(secret), file).toBe(false);
  }
  expect(
    (await readdir(directory)).filter((name) => /^(keys|data|indexes|contents|builds|memberships)$/.test(name)),
  ).toEqual([]);
  const left = withState(directory, (db) =>
    db
      .prepare(
        "SELECT (SELECT count(*) FROM answer WHERE frame IS NOT NULL) + (SELECT count(*) FROM bundle) + (SELECT count(*) FROM model) AS n",
      )
      .get(),
  );
  expect(left?.["n"]).toBe(0);
  const refused = { code: "ERR_DOMAIN_RETIRED", details: expect.objectContaining({ domain: "test" }) as unknown };
  await expect(startDomain(directory)).rejects.toMatchObject(refused);
  await expect(rotateDataKey(directory)).rejects.toMatchObject(refused);
  const table = { file: "x.csv", resource: "persons", title: "x", source: "x", updateFrequency: "once" } as const;
  await expect(importTable(directory, table)).rejects.toMatchObject(refused);
}

/** Every file is the one of the manifest, which the last event of the log commits to; documents verify. */
async function expectHandover(directory: string): Promise<void> {
  const folder = join(directory, "handover");
  const bytes = await readFile(join(folder, "manifest.json"));
  const manifest = JSON.parse(bytes.toString()) as {
    receiptKey: string;
    files: Record<string, { sha256: string; lines: number }>;
  };
  expect(manifest.receiptKey).toBe(fixture.config.receiptKey);
  expect(new Set([...Object.keys(manifest.files), "manifest.json", "README.txt"])).toEqual(
    new Set(await readdir(folder)),
  );
  for (const [name, { sha256, lines }] of Object.entries(manifest.files)) {
    const file = await readFile(join(folder, name));
    expect(createHash("sha256").update(file).digest("hex")).toBe(sha256);
    expect(file.toString().split("\n")).toHaveLength(lines + 1);
  }
  const { department, agency } = fixture.parties;
  for (const grant of await linesOf(directory, "grants.jsonl", (line) =>
    SignedGrant.parse((line as { grant: unknown }).grant),
  )) {
    await verifySigned(grant, { required: [[department.keyId], [agency.keyId]] });
  }
  const policy = { required: [[currentKey(fixture.config.receiptKey)]] };
  const entries = await logEntries(directory);
  const receipts = await linesOf(
    directory,
    "receipts.jsonl",
    (line) => line as { receipt: unknown; salt: string; logIndex: number },
  );
  expect(receipts.length).toBeGreaterThan(1);
  for (const { receipt, salt, logIndex } of receipts) {
    const signed = SignedReceipt.parse(receipt);
    await verifySigned(signed, policy);
    expect(entries[logIndex]).toBe(toHex(commitment(signed, fromHex(salt))));
  }
  const last = explanations(directory).find(({ entry }) => entry === entries.at(-1));
  const event = SignedEvent.parse(last?.document);
  await verifySigned(event, policy);
  expect(event.body).toMatchObject({ kind: "retired", subject: createHash("sha256").update(bytes).digest("hex") });
}

long("a retired domain has no key and no data, refuses all work, and leaves log and handover that verify", async () => {
  const home = await copyOfHome("whole");
  const saved = await readFile(join(home, "indexes", (await readdir(join(home, "indexes")))[0] ?? "", "hint.bin"));
  expect(saved.subarray(0, 6).toString()).toBe("sluice");
  const { at } = await retireDomain(home, { clock, random });
  await expectGone(home);
  await expectHandover(home);
  const note = await readFile(join(home, "handover/README.txt"), "utf8");
  expect(note).toContain("停用退出");
  // Again: nothing changes.
  const before = await filesOf(home);
  expect(await retireDomain(home, { clock, random })).toEqual({ at });
  expect(await filesOf(home)).toEqual(before);
});

long.each([
  ["entries that its state does not know", /the log has entries that the state does not know/],
  ["less than it noted", /the state knows entries that the log does not have/],
  ["a damaged log", /a checkpoint is not signed by its key/],
])("a domain with %s is retired as well, and its handover says so", async (name, reason) => {
  const home = await copyOfHome(name.replaceAll(" ", "-"));
  if (name.startsWith("entries"))
    withState(home, (db) => db.exec("DELETE FROM event WHERE log_index > 2; DELETE FROM answer WHERE log_index > 2"));
  else if (name.startsWith("less")) await rm(join(home, "log"), { recursive: true });
  else await writeFile(join(home, "log/checkpoint"), "damaged");
  await retireDomain(home, { clock, random });
  await expectGone(home);
  const manifest = await readFile(join(home, "handover/manifest.json"), "utf8");
  expect((JSON.parse(manifest) as { unfit?: string }).unfit).toMatch(reason);
  expect(await readFile(join(home, "handover/README.txt"), "utf8")).toMatch(reason);
  expect(eventsOf(home).map(({ kind }) => kind)).not.toContain("retired");
});

long("a domain that runs is not retired, and keys that do not open change nothing", async () => {
  const home = await copyOfHome("running");
  const running = await startDomain(home, { workerThreads: 1 });
  await expect(retireDomain(home, { clock, random })).rejects.toMatchObject({ code: "ERR_DIRECTORY_LOCKED" });
  await running.close();
  const intact = await readFile(join(home, "keys/master.key"));
  await writeFile(join(home, "keys/master.key"), "no key");
  await expect(retireDomain(home, { clock, random })).rejects.toMatchObject({ code: "ERR_KEY" });
  await writeFile(join(home, "keys/master.key"), intact);
  await (await startDomain(home, { workerThreads: 1 })).close();
});

/** Where the process ends: at the removal of data, or at a rename: of the mark, of a checkpoint of the log. */
const CUTS = ["rm 1", "rm 2", ...(process.env["SLOW"] === "1" ? ["rename 1", "rename 2", "rm 3", "rm 4"] : [])];

long.each(CUTS)("a retirement that is killed at %s serves nothing and is ended by the next", async (cut) => {
  const home = await copyOfHome(cut.replace(" ", "-"));
  const [call = "", count = ""] = cut.split(" ");
  const source = JSON.stringify(new URL("../src/index.ts", import.meta.url).href);
  const program = `
    import fs from "node:fs/promises"; import { syncBuiltinESMExports } from "node:module";
    const { ${call}: original } = fs; let left = ${count};
    fs.${call} = async (...args) => { if (left-- === 0) process.kill(process.pid, "SIGKILL"); return original(...args); };
    syncBuiltinESMExports();
    const { retireDomain } = await import(${source});
    const random = { bytes: (length) => crypto.getRandomValues(new Uint8Array(length)) };
    await retireDomain(${JSON.stringify(home)}, { clock: { now: () => new Date() }, random });`;
  const { signal } = spawnSync(process.execPath, ["--input-type=module", "--eval", program], { stdio: "inherit" });
  expect(signal).toBe("SIGKILL");
  await expect(startDomain(home)).rejects.toMatchObject({ code: "ERR_DOMAIN_RETIRED" });
  await retireDomain(home, { clock, random });
  await expectGone(home);
  await expectHandover(home);
});
