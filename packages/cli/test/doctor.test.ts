/** The doctor: each check is made to fail for real where a test can do that, and by a probe of its own where it cannot.
 *  @module */
import { chmod, mkdir, readdir, rm, stat, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { systemClock as clock, systemRandom as random } from "@sluice/client";
import { currentKey, exportPrivateKey, generateKey, lockDirectory } from "@sluice/evidence";
import { initDomain, startDomain } from "@sluice/domain";
import { initGateway, startGateway } from "@sluice/gateway";
import { expect, onTestFinished, test } from "vitest";
import { checkDomainClocks, checkGatewayClock, checkSynchronisation } from "../src/doctor/check-clock.ts";
import { checkDisk } from "../src/doctor/check-disk.ts";
import { checkKeys } from "../src/doctor/check-keys.ts";
import { checkMachine } from "../src/doctor/check-machine.ts";
import { checkMemoryFiles } from "../src/doctor/check-memory-files.ts";
import { checkPort } from "../src/doctor/check-port.ts";
import { checkSandbox } from "../src/doctor/check-sandbox.ts";
import { checkDatabases } from "../src/doctor/check-stores.ts";
import { readDataDirectory } from "../src/doctor/data-directory.ts";
import type { Finding } from "../src/doctor/finding.ts";
import { thisMachine, type Machine } from "../src/doctor/machine.ts";
import { sluice, temporaryDirectory } from "./captured-io.ts";

const machine = (change: Partial<Machine> = {}): Machine => ({ ...thisMachine(process.env), ...change });

/** What is not well, as one line each; that the tests' keys are plain is told apart. */
const faults = (findings: readonly Finding[]): string[] =>
  findings.flatMap(({ check, verdict, fact }) =>
    verdict === "ok" || fact.endsWith(", in plain files") ? [] : [`${verdict} ${check}: ${fact}`],
  );

/** A domain that was never started. */
async function freshDomain(directory: string, gatewayKey?: string, agencyKey?: string): Promise<string> {
  const { keyId } = await generateKey();
  await initDomain(directory, {
    domain: "hrss",
    title: "HRSS",
    agencyKey: agencyKey ?? keyId,
    departmentKey: keyId,
    gatewayKey: gatewayKey ?? keyId,
    recoveryKey: keyId,
    random,
  });
  return directory;
}

/** Names, sizes and modes of everything below `directory`. */
async function inventory(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { recursive: true });
  const lines = entries.map(async (name) => {
    const { size, mode, mtimeMs } = await stat(join(directory, name));
    return `${name} ${size} ${mode} ${mtimeMs}`;
  });
  return (await Promise.all(lines)).toSorted();
}

test("a machine that is too small or too old is told, with what to do in both languages", () => {
  const small = machine({
    nodeVersion: "20.20.2",
    platform: "win32",
    memoryBytes: () => 2 ** 30,
    openFilesLimit: () => 256,
    env: { LANG: "zh_CN.GB18030" },
  });
  const found = checkMachine(small);
  expect(faults(found)).toEqual([
    "failure node: 20.20.2; 24 or later is needed",
    "failure platform: win32 x64 is not tried",
    "failure memory: 1.0 GiB",
    "failure files: 256",
    "warning locale: zh_CN.GB18030",
  ]);
  for (const { remedy } of found) {
    expect(remedy?.en).toMatch(/[a-z]/);
    expect(remedy?.zh).toMatch(/\p{Script=Han}/u);
  }
  expect(
    faults(checkMachine(machine({ platform: "darwin", architecture: "arm64", memoryBytes: () => 3 * 2 ** 30 }))),
  ).toEqual(expect.arrayContaining([expect.stringMatching(/^warning platform/), "warning memory: 3.0 GiB"]));
});

test("sealed tables need a directory in memory, and swap is told", async () => {
  const onDisk = await temporaryDirectory();
  const given = machine({ env: { SLUICE_MEMORY_DIRECTORY: onDisk }, swapSpaces: () => Promise.resolve(2) });
  expect(faults(await checkMemoryFiles(given))).toEqual([
    `failure memory-files: ${onDisk}: it is on a disk`,
    "warning swap: 2; memory may be written there, with rows and keys in it",
  ]);
  const well = machine({ env: {}, swapSpaces: () => Promise.resolve(0) });
  expect(faults(await checkMemoryFiles(well))).not.toContainEqual(expect.stringMatching(/swap|failure/));
});

test("without bwrap on the PATH and without user namespaces, the layers they give are missing", async () => {
  const empty = await temporaryDirectory();
  const found = await checkSandbox(machine({ env: { PATH: empty }, maxUserNamespaces: () => Promise.resolve(0) }));
  // A control group needs no program, and is delegated or not.
  expect(faults(found).filter((fault) => fault !== "warning layer: cgroup is missing")).toEqual([
    "warning bubblewrap: there is no bwrap on the PATH",
    "warning namespaces: the kernel allows no user namespaces",
    "warning layer: rlimit is missing: no production job runs",
    "warning layer: namespaces is missing: no production job runs",
    "warning layer: seccomp is missing: no production job runs",
  ]);
  expect(found.find(({ check }) => check === "engine")?.fact).toMatch(/^\d+\.\d+\.\d+, runs a job$/);
});

test("keys that others may read, that are missing, damaged or another's are told by file, never by content", async () => {
  const directory = await freshDomain(join(await temporaryDirectory(), "hrss"));
  const keys = join(directory, "keys");
  const check = async () => checkKeys(await readDataDirectory(directory));
  expect(faults(await check())).toEqual([]);
  const stranger = await exportPrivateKey(await generateKey());
  await chmod(keys, 0o755);
  await chmod(join(keys, "receipt.key"), 0o644);
  await writeFile(join(keys, "log.key"), stranger);
  await writeFile(join(keys, "master.key"), "no secret");
  const found = await check();
  expect(faults(found)).toEqual([
    "failure keys: domain hrss: others may look into keys",
    "failure keys: domain hrss: receipt.key has mode 0644: others may read it",
    "failure keys: domain hrss: log.key is another key than the configuration names",
    "failure keys: domain hrss: master.key is damaged",
  ]);
  expect(JSON.stringify(found)).not.toContain(stranger.slice(30, 60));
  await writeFile(join(keys, "log.key"), "no key");
  await rm(join(keys, "master.key"));
  expect(faults(await check())).toEqual(
    expect.arrayContaining([
      "failure keys: domain hrss: log.key is damaged",
      "failure keys: domain hrss: master.key is missing",
    ]),
  );
  await writeFile(join(directory, "domain.json"), "{}");
  expect(faults(await check())).toEqual([
    expect.stringMatching(/^failure keys: domain: the configuration in .* cannot be read$/),
  ]);
});

test("in a city, a domain that pins another gateway or agency is told", async () => {
  const city = await temporaryDirectory();
  const { keyId: agencyKey } = await generateKey();
  const { gatewayKey } = await initGateway(join(city, "gateway"), { agencyKey, clock, random });
  await mkdir(join(city, "domains"));
  await freshDomain(join(city, "domains", "hrss"), currentKey(gatewayKey), agencyKey);
  const check = async () => checkKeys(await readDataDirectory(city));
  expect(faults(await check())).toEqual([]);
  await rm(join(city, "domains", "hrss"), { recursive: true });
  await freshDomain(join(city, "domains", "hrss"));
  expect(faults(await check())).toEqual([
    "failure pins: domain hrss pins another gatewayKey than the gateway beside it has",
    "failure pins: domain hrss pins another agencyKey than the gateway beside it has",
  ]);
});

test("a port in use is told, and one that was free stays free", async () => {
  const server = await listening(createServer());
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  expect(faults([await checkPort(port)])).toEqual([`failure port: ${port} is in use (EADDRINUSE)`]);
  await new Promise((resolve) => server.close(resolve));
  expect(faults([await checkPort(port), await checkPort(port)])).toEqual([]);
});

test("a clock behind what a domain has seen, or away from the gateway's, is told", async () => {
  const directory = await freshDomain(join(await temporaryDirectory(), "hrss"));
  const domain = await startDomain(directory, { workerThreads: 1 });
  await domain.close();
  const database = new DatabaseSync(join(directory, "state.sqlite"));
  database.prepare("INSERT INTO clock (one, latest) VALUES (1, ?)").run("2026-06-01T00:10:00.000Z");
  database.close();
  const data = await readDataDirectory(directory);
  const at = (text: string) => machine({ now: () => new Date(text) });
  expect(faults(checkDomainClocks(data, at("2026-06-01T00:09:30.000Z")))).toEqual([]);
  expect(faults(checkDomainClocks(data, at("2026-06-01T00:00:00.000Z")))).toEqual([
    "failure clock: is 600 s behind what domain hrss has seen (2026-06-01T00:10:00.000Z)",
  ]);

  const gateway = await listening(
    createServer((_request, response) => response.setHeader("date", "Mon, 01 Jun 2026 00:10:00 GMT").end()),
  );
  const address = gateway.address();
  const url = `http://127.0.0.1:${typeof address === "object" && address !== null ? address.port : 0}`;
  const skew = async (now: string) => faults([await checkGatewayClock(url, at(now))]);
  expect(await skew("2026-06-01T00:10:00.900Z")).toEqual([]);
  expect(await skew("2026-06-01T00:10:31.000Z")).toEqual(["warning clock: 31 s ahead of the gateway"]);
  expect(await skew("2026-06-01T00:05:00.000Z")).toEqual(["failure clock: 301 s behind the gateway"]);
  await new Promise((resolve) => gateway.close(resolve));
  expect(await skew("2026-06-01T00:10:00.000Z")).toEqual(["failure clock: the gateway does not answer"]);

  const synchronised = async (value: boolean | undefined) =>
    faults([await checkSynchronisation(machine({ isClockSynchronised: () => Promise.resolve(value) }))]).length;
  expect([await synchronised(true), await synchronised(false), await synchronised(undefined)]).toEqual([0, 1, 1]);
});

test("a disk that is full, or cannot be written, is told", async () => {
  const directory = await freshDomain(join(await temporaryDirectory(), "hrss"));
  const data = await readDataDirectory(directory);
  const free = async (gigabytes: number) =>
    faults(await checkDisk(data, machine({ freeBytes: () => Promise.resolve(gigabytes * 2 ** 30) })));
  expect(await free(100)).toEqual([]);
  expect(await free(1.5)).toEqual(["warning disk: 1.5 GiB free; an import may need 1.0 GiB"]);
  expect(await free(0.5)).toEqual(["failure disk: 0.5 GiB free; an import may need 1.0 GiB"]);
  await rm(directory, { recursive: true });
  expect(faults(await checkDisk(data, machine({ freeBytes: () => Promise.resolve(2 ** 40) })))).toEqual([
    `failure disk: ${directory} cannot be written durably`,
  ]);
});

test("a directory that a process holds is told, and left alone", async () => {
  const directory = await temporaryDirectory();
  await initGateway(directory, { agencyKey: (await generateKey()).keyId, clock, random });
  const data = await readDataDirectory(directory);
  const facts = async () => (await checkDatabases(data)).map(({ fact }) => fact);
  expect(await facts()).toEqual(["none yet; the first start makes it"]);
  const lock = await lockDirectory(directory);
  expect(await facts()).toEqual([`gateway in ${directory} is running`]);
  await expect(lockDirectory(directory)).rejects.toMatchObject({ code: "ERR_DIRECTORY_LOCKED" });
  lock.release();
});

// Making a cluster takes seconds of processor time.
test.runIf(process.env["SLOW"] === "1")(
  "a gateway's database is opened as a copy, and a damaged one is told",
  async () => {
    const directory = await temporaryDirectory();
    await initGateway(directory, { agencyKey: (await generateKey()).keyId, clock, random });
    const data = await readDataDirectory(directory);
    await (await startGateway(directory)).close();
    const before = await inventory(directory);
    expect((await checkDatabases(data)).map(({ fact }) => fact)).toEqual(["opens; 0 receipts"]);
    expect(await inventory(directory)).toEqual(before);
    await rm(join(directory, "state", "global"), { recursive: true });
    expect(faults(await checkDatabases(data))).toEqual([`failure database: ${join(directory, "state")} does not open`]);
  },
);

test("the command prints aligned lines or one document, exits by the worst finding, and changes nothing", async () => {
  const directory = await freshDomain(join(await temporaryDirectory(), "hrss"));
  const env = { PATH: process.env["PATH"] ?? "", LANG: "C.UTF-8" };
  const before = await inventory(directory);
  const well = await sluice(["doctor", "--data", directory], { env });
  expect(well.code).toBe(0);
  expect(well.stdout).toMatch(/^! {2}keys {9}密钥 {7}domain hrss: 4 keys, as configured, in plain files$/m);
  expect(well.stdout).toMatch(/^Sluice can run here; .*可以运行/m);
  await chmod(join(directory, "keys", "log.key"), 0o640);
  const sick = await sluice(["doctor", "--data", directory], { env });
  expect(sick.code).toBe(1);
  expect(sick.stdout).toMatch(/^✗ {2}keys .*mode 0640.*\n {4}→ chmod 600 .*\n {4}→ 执行 chmod 600/m);
  await chmod(join(directory, "keys", "log.key"), 0o600);
  const document: unknown = JSON.parse((await sluice(["doctor", "--json"], { env })).stdout);
  expect(document).toMatchObject({
    ok: true,
    findings: expect.arrayContaining([{ check: "layer", verdict: "ok", fact: "isolate" }]) as unknown,
  });
  const strange = await sluice(["doctor", "--data", await temporaryDirectory()], { env });
  expect([strange.code, /^✗ {2}directory .*holds no gateway and no domain$/m.test(strange.stdout)]).toEqual([1, true]);
  expect((await sluice(["doctor", "--gateway", "nowhere"], { env })).code).toBe(2);
  expect((await inventory(directory)).map(withoutTime)).toEqual(before.map(withoutTime));
});

const withoutTime = (line: string): string => line.slice(0, line.lastIndexOf(" "));

async function listening(server: Server): Promise<Server> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  return server;
}
