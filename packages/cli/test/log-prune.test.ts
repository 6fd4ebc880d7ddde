/** `sluice log prune`, and what monitors, verifiers and exports say about a pruned log.
 *  @module */
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { generateKey, openLog, pruneLog, readerOf } from "@sluice/evidence";
import { verifyFolder, verifyLogFiles } from "@sluice/evidence/verify";
import { expect, test } from "vitest";
import { copyLog } from "../src/audit/copy-log.ts";
import { logSection } from "../src/audit/index-logs.ts";
import { Summary } from "../src/audit/summary.ts";
import { verdictText } from "../src/verifier/verdict-text.ts";
import { diskFolder } from "../src/verify/disk-folder.ts";
import { sluice, temporaryDirectory } from "./captured-io.ts";
import { entryOf, LogServer, ORIGIN } from "./log-server.ts";

const { keyId } = await generateKey();

async function newGateway(): Promise<string> {
  const directory = join(await temporaryDirectory(), "gateway");
  expect((await sluice(["gateway", "init", directory, "--agency-key", keyId, "--plain-keys"])).code).toBe(0);
  return directory;
}

test("what is younger than three years is kept, with the day on which it may leave", async () => {
  const directory = await newGateway();
  const prune = (before: string, ...more: string[]) => sluice(["log", "prune", directory, "--before", before, ...more]);
  const yesterday = new Date(Date.now() - 86_400_000).toISOString();
  const refused = await prune(yesterday);
  expect(refused).toMatchObject({ code: 1, stdout: "" });
  expect(refused.stderr).toMatch(/^error ERR_RETENTION: .*3 years, the longest rule\nwhat to do: .*\d{4}-\d{2}-\d{2} /);
  const old = "2020-01-01T00:00:00.000Z";
  expect(JSON.parse((await prune(old, "--json")).stdout)).toEqual({ firstKept: 0, size: 0, removedFiles: 0 });
  expect((await prune("yesterday")).code).toBe(2);
  const config = join(directory, "config.json");
  const text = await readFile(config, "utf8");
  await writeFile(config, text.replace("{", '{ "logRetentionYears": 10,'));
  expect((await prune(old)).stderr).toMatch(/ERR_RETENTION.*10 years/);
  await writeFile(config, text.replace("{", '{ "logRetentionYears": 2,'));
  expect((await prune(old)).stderr).toContain("ERR_DIRECTORY_STATE");
  const nothing = await sluice(["log", "prune", join(directory, "keys"), "--before", old]);
  expect(nothing.stderr).toContain("ERR_DIRECTORY_STATE");
});

test("a domain's log is pruned by the same command", async () => {
  const directory = join(await temporaryDirectory(), "hrss");
  const pins = ["agency", "department", "gateway", "recovery"].flatMap((name) => [`--${name}-key`, keyId]);
  expect((await sluice(["domain", "init", directory, "--domain", "hrss", "--plain-keys", ...pins])).code).toBe(0);
  const prune = () => sluice(["log", "prune", directory, "--before", "2020-01-01T00:00:00.000Z"]);
  expect(await prune()).toMatchObject({ code: 0, stdout: expect.stringContaining("nothing to remove") as string });
});

test("a pruned log is told of by monitor and export, and its copy verifies", async () => {
  const root = await temporaryDirectory();
  const key = await generateKey();
  let now = new Date("2021-05-01T00:00:00.000Z");
  const options = { origin: ORIGIN, key, clock: { now: () => now }, publishIntervalMs: 0 };
  const directory = join(root, "log");
  const first = await openLog(directory, options);
  await Promise.all(Array.from({ length: 600 }, (_, i) => first.append(entryOf(i))));
  await first.close();
  now = new Date("2025-01-01T00:00:00.000Z");
  expect(await pruneLog(directory, { ...options, before: new Date("2021-06-01T00:00:00.000Z") })).toMatchObject({
    firstKept: 512,
  });
  await using log = await openLog(directory, options);
  const server = await LogServer.start();
  server.show(log);
  const look = await sluice(["monitor", server.url, "--once", "--origin", ORIGIN, "--log-key", key.keyId]);
  const said = `${server.url}: 600 entries, 600 new, consistent, pruned at ${now.toISOString()}: entries before 512 are no longer kept\n`;
  expect(look).toEqual({ code: 0, stdout: said, stderr: "" });

  const json = await sluice(["monitor", server.url, "--once", "--json", "--origin", ORIGIN, "--log-key", key.keyId]);
  expect(JSON.parse(json.stdout)).toMatchObject({ firstKept: 512, prunedAt: now.toISOString() });

  const trust = { origin: ORIGIN, logKey: key.keyId };
  const copy = join(root, "evidence", "logs", "gateway");
  const checkpoint = await copyLog({
    identity: trust,
    read: (path) => log.readPublished(path),
    size: 600,
    write: async (path, bytes) => {
      await mkdir(dirname(join(copy, path)), { recursive: true });
      await writeFile(join(copy, path), bytes);
    },
    waiting: () => undefined,
    signal: new AbortController().signal,
  });
  expect([checkpoint.size, checkpoint.firstKept]).toEqual([600, 512]);
  const summary = new Summary();
  const { size: entries, firstKept } = checkpoint;
  summary.addLog({ name: "gateway", origin: ORIGIN, entries, firstKept, logKey: key.keyId });
  expect(logSection(summary).toString()).toContain("编号 512 之前的条目不再保存");
  expect((await readdir(join(copy, "tile/entries"))).toSorted()).toEqual(["002.p"]);
  expect((await verifyLogFiles(readerOf(copy), trust)).pruned?.firstKept).toBe(512);
  const pins = { domains: {}, gateway: { key: keyId, logKey: key.keyId, logOrigin: ORIGIN }, agencyKey: keyId };
  await writeFile(join(root, "evidence", "trust.json"), JSON.stringify(pins));
  const verified = await sluice(["verify", join(root, "evidence")]);
  expect(verified.stdout).toContain("600 entries, log.example/city, pruned: entries before 512 are no longer kept");
  expect(verified.code).toBe(0);
  const report = await verifyFolder(diskFolder(join(root, "evidence")));
  expect(verdictText(report)).toContain("编号 512 之前的条目不再保存 pruned: entries before 512 are no longer kept\n");
});
