/** Sums under a hidden selection through real processes, as docs/hidden-selection.md writes them: its job, its grant and its commands,
 *  against plain sums; with gateway and domain restarted in between and killed, and a caller who selects one group. With SLOW=1.
 *  @module */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdir, mkdtemp, readdir, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { HeldSelection } from "@sluice/client";
import { importTable, readPrivacyBudget } from "@sluice/domain";
import { encodeSelection, SelectionTerms, sha256Hex } from "@sluice/protocol";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createCity, domainDirectory, type City } from "../packages/cli/src/demo/city.ts";
import { grantScene, registerParties, type StandingGrant } from "../packages/cli/src/demo/govern.ts";
import { developJob, releaseAndBuild } from "../packages/cli/src/demo/product.ts";
import { RunningCity } from "../packages/cli/src/demo/running-city.ts";
import { usualTerms, VERSION } from "../packages/cli/src/demo/scene.ts";
import { trialMemoryDirectory } from "../packages/cli/src/memory-directory.ts";
import { scalarOf, selectionGroup } from "../packages/mpc/src/he/selection/group.ts";
import { makeSelection } from "../packages/mpc/src/he/selection/make-selection.ts";
import { systemRandom } from "../packages/mpc/src/random.ts";
import { realScene } from "./real-table.ts";
import { RecordingProxy } from "./recording-proxy.ts";
import {
  CODE,
  COMMANDS,
  DOMAIN,
  GRANT,
  NEXT_PERSONS,
  PERSONS,
  plainSums,
  POLICY,
  RESOURCE,
  writeTable,
} from "./selection-table.ts";
import { ROOT } from "./source-files.ts";

const slow = process.env["SLOW"] === "1";
const LONG = 300_000;
const CALLER = "river-bank";
let directory: string;
let city: City;
let running: RunningCity;
let grant: StandingGrant;
const proxies = new Map<string, RecordingProxy>();

beforeAll(async () => {
  if (!slow) return;
  directory = await mkdtemp(join(tmpdir(), "sluice-selection-"));
  city = await createCity(
    join(directory, "city"),
    { [DOMAIN]: { title: "Fees", department: "hrss-department" } },
    async function* (directoryOf) {
      const table = await writeTable(directoryOf(DOMAIN), PERSONS);
      yield { domain: DOMAIN, ...table };
      await rm(table.file);
    },
  );
  running = await RunningCity.start(city, async (name, url) => {
    const proxy = proxies.get(name) ?? (await RecordingProxy.start(url));
    proxies.set(name, proxy);
    proxy.target = url;
    return proxy.url;
  });
  await registerParties(running);
  await running.registerDomains();
  const spec = {
    ...realScene("hidden-selection", {
      domain: DOMAIN,
      purpose: "costs",
      fields: ["district", "fees"].map((name) => ({ name, need: "sums" })),
      policy: POLICY,
      probe: { granted: "fees", outside: "person" },
    }),
    key: "person",
    selections: SelectionTerms.parse(GRANT.selections),
  };
  grant = await grantScene(running, spec, usualTerms("costs", new Date()));
  expect(grant.signed.body.operations).toEqual(GRANT.operations);
  const developed = await developJob(running, grant, "costs", CODE);
  expect([developed.state, developed.failure]).toEqual(["completed", undefined]);
  await releaseAndBuild(running, spec.department, grant, developed);
  await mkdir(join(directory, "bin"));
  const main = join(ROOT, "packages", "cli", "src", "main.ts");
  await writeFile(join(directory, "bin", "sluice"), `#!/bin/sh\nexec "${process.execPath}" "${main}" "$@"\n`);
  await chmod(join(directory, "bin", "sluice"), 0o755);
  await writeFile(join(directory, "trust.json"), JSON.stringify(city.trust));
}, LONG);

afterAll(async () => {
  if (!slow) return;
  await running.stop();
  for (const proxy of proxies.values()) await proxy.close();
  await rm(directory, { recursive: true, force: true });
});

/** A line of the page, in a shell of the caller. */
function shell(line: string) {
  const child = spawn("/bin/sh", ["-c", line], {
    cwd: directory,
    env: {
      ...process.env,
      PATH: `${join(directory, "bin")}:${process.env["PATH"] ?? ""}`,
      SLUICE_GATEWAY: running.gatewayUrl,
      SLUICE_KEY: join(directory, "city", "parties", `${CALLER}.key`),
      SLUICE_TRUST: join(directory, "trust.json"),
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const ended = Promise.all([once(child, "exit"), text(child.stdout), text(child.stderr)]);
  return { child, ended: ended.then(([[code], stdout, stderr]) => ({ code: code as number | null, stdout, stderr })) };
}

async function run(line: string): Promise<string> {
  const { code, stdout, stderr } = await shell(line).ended;
  expect([line, code, stderr]).toEqual([line, 0, expect.not.stringContaining("ERR_")]);
  return stdout;
}

/** Millionths of ε that the caller has spent. */
async function spent(): Promise<number> {
  const { counts } = await readPrivacyBudget(domainDirectory(city.directory, DOMAIN), RESOURCE);
  return counts.reduce((sum, count) => sum + count.spent, 0);
}

async function restart(name: string): Promise<void> {
  await running.process(name).kill();
  await running.restart(name);
}

type Opened = {
  answers: { epoch: string; sums: { measure: string; value: number; likelyError: number; epsilon: number }[] }[];
};
const opened = async (file: string): Promise<Opened["answers"]> =>
  (JSON.parse(await run(`sluice selection result ${file} --json`)) as Opened).answers;

test.runIf(slow)(
  "the page's commands give the sums within their noise, through a restart of gateway and domain, charged once",
  async () => {
    const [show = "", groups = "", register = "", ask = "", result = "", verify = "", ...more] = COMMANDS;
    expect([ask, more]).toEqual([expect.stringContaining("selection ask costs east.selection"), []]);
    expect(await run(show)).toMatch(/groups +east; west; north; south\n[^]*sum of fees +costs ε = 0\.5 once/);
    await run(groups);
    expect(await run(register)).toMatch(/^registered [0-9a-f]{64}: 1 of 2 selections\n/);
    expect((await stat(join(directory, "east.selection"))).mode & 0o777).toBe(0o600);
    expect(await spent()).toBe(0);
    await restart("gateway");
    await restart(DOMAIN);
    expect(await run(ask)).toMatch(/^kept in east\.selection: rows, fees\n/);
    expect(await spent()).toBe(1_000_000);
    expect(await run(result)).toMatch(/^state \S+\nrows +\d+ +± 72 19 times out of 20\nfees +\d+ /);
    const [answer] = await opened("east.selection");
    const plain = plainSums([0, 2]);
    expect(answer?.sums.map(({ measure }) => measure)).toEqual(["rows", "fees"]);
    for (const { measure, value, likelyError, epsilon } of answer?.sums ?? []) {
      // Eight times the error that one in twenty passes: one in 10^10 passes it.
      expect(Math.abs(value - (plain[measure] ?? Number.NaN)), measure).toBeLessThan(8 * likelyError);
      expect(epsilon).toBeCloseTo(0.5, 9);
    }
    expect(await run(verify)).toContain("ok");
    expect(await readdir(join(directory, "receipts"))).toHaveLength(1);
  },
  LONG,
);

test.runIf(slow)(
  "an answer that is lost while the domain is killed, or its caller interrupted, is asked for again: the same sums, charged once",
  async () => {
    await run("printf 'west\\nsouth\\n' > west.txt; sluice selection register costs west.txt --keep west.selection");
    const before = await spent();
    const proxy = proxies.get(DOMAIN);
    if (proxy === undefined) throw new RangeError(DOMAIN);
    const lose = (then: () => Promise<unknown>): Promise<unknown> =>
      new Promise((resolve) => {
        proxy.loses = (asked) => {
          if (!asked.includes("POST /v1/calls")) return false;
          proxy.loses = null;
          resolve(then());
          return true;
        };
      });
    // Whether the command's own attempts outlast the restart is all one.
    const killed = lose(() => restart(DOMAIN));
    await shell("sluice selection ask costs west.selection").ended;
    await killed;
    expect(await spent()).toBe(before + 1_000_000);
    const asking = shell("exec sluice selection ask costs west.selection");
    const interrupted = lose(async () => asking.child.kill("SIGINT"));
    expect((await asking.ended).code).not.toBe(0);
    await interrupted;
    for (const measures of ["rows", "fees", "rows,fees"])
      await run(`sluice selection ask costs west.selection --measures ${measures}`);
    expect(await spent()).toBe(before + 1_000_000);
    const values = (await opened("west.selection")).flatMap(({ sums }) => sums);
    const of = (name: string): Set<number> =>
      new Set(values.filter(({ measure }) => measure === name).map(({ value }) => value));
    expect([of("rows").size, of("fees").size]).toEqual([1, 1]);
    const [rows = 0] = of("rows");
    expect(Math.abs(rows - (plainSums([1, 3])["rows"] ?? 0))).toBeLessThan(8 * 72);
    const budget = `sluice domain budget ${domainDirectory(city.directory, DOMAIN)} ${RESOURCE}`;
    expect(await run(budget)).toMatch(/river-bank: ε = 2, \d of the table/);
  },
  LONG,
);

test.runIf(slow)(
  "a third selection, and one group alone under a registered commitment, are refused through gateway and domain",
  async () => {
    const third = await shell("sluice selection register costs groups.txt --keep third.selection").ended;
    expect([third.code, third.stderr]).toEqual([1, expect.stringContaining("ERR_SELECTION_REFUSED")]);
    const alone = await shell("echo east > one.txt; sluice selection register costs one.txt --keep one.selection")
      .ended;
    expect([alone.code, alone.stderr]).toEqual([1, expect.stringContaining("ERR_SELECTION_TOTAL")]);
    // Another caller, whose client does not look at what it encrypts.
    const caller = "closed-bank";
    const handle = await running.client(caller).openSelection("costs");
    const { parameters, digits } = handle.snapshot;
    const group = await selectionGroup();
    for (const numbers of [
      [1, 0, 0, 0],
      [1, 100, -98, 0],
    ]) {
      const secret = scalarOf(BigInt(`0x${Buffer.from(systemRandom.bytes(31)).toString("hex")}`));
      const made = await makeSelection(group, systemRandom, parameters, caller, numbers, secret);
      using held = await HeldSelection.resume({ parameters, digits, caller, frame: encodeSelection(made), secret });
      const { receipt } = await handle.register(held);
      expect(receipt.receipt.body.quantity).toEqual({ unit: "selection", amount: "1" });
      await expect(handle.ask(held, ["rows"])).rejects.toMatchObject({
        code: "ERR_SELECTION_PROOF",
        refusedBy: "domain",
      });
    }
    using honest = await handle.select(["east", "north"]);
    await expect(handle.register(honest)).rejects.toMatchObject({ code: "ERR_SELECTION_REFUSED" });
  },
  LONG,
);

test.runIf(slow)(
  "the selection that was kept is asked of the next month's table without another registration, from a budget of its own",
  async () => {
    await running.process(DOMAIN).stop();
    const home = domainDirectory(city.directory, DOMAIN);
    const table = await writeTable(home, NEXT_PERSONS);
    const memoryDirectory = trialMemoryDirectory(process.env);
    await importTable(home, { ...table, updateFrequency: "month", memoryDirectory });
    await running.restart(DOMAIN);
    const operator = running.client("city-data-group");
    const bundle = await sha256Hex(CODE);
    const named = { domain: DOMAIN, grant: grant.hash, product: "costs", version: VERSION, bundle };
    expect((await operator.watchRun((await operator.startBuild(named)).callId, () => {})).state).toBe("completed");
    const before = await spent();
    for (let i = 0; i < 2; i++) await run("sluice selection ask costs west.selection --measures rows");
    expect(await spent()).toBe(before + 500_000);
    const told = await run(`sluice domain budget ${home} ${RESOURCE}`);
    const spends = new Set([...told.matchAll(/river-bank: ε = ([\d.]+)/g)].map(([, epsilon]) => epsilon));
    expect(spends).toEqual(new Set(["2", "0.5"]));
    const answers = await opened("west.selection");
    const of = (sums: Opened["answers"][number]["sums"]): number =>
      sums.find(({ measure }) => measure === "rows")?.value ?? Number.NaN;
    const [first, ...more] = answers.map(({ sums }) => sums);
    const [again, last] = more.slice(-2);
    expect(Math.abs(of(first ?? []) - (plainSums([1, 3])["rows"] ?? 0))).toBeLessThan(8 * 72);
    expect(Math.abs(of(last ?? []) - (plainSums([1, 3], NEXT_PERSONS)["rows"] ?? 0))).toBeLessThan(8 * 72);
    expect(of(again ?? [])).toBe(of(last ?? []));
    expect(new Set(answers.map(({ epoch }) => epoch)).size).toBe(2);
  },
  LONG,
);
