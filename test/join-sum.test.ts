/** Sums over a caller's list through real processes, as docs/join-sum.md writes them: its job and its commands, against plain sums; with a
 *  domain killed in between. With SLOW=1.
 *  @module */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { readPrivacyBudget } from "@sluice/domain";
import { utf8, type Policy } from "@sluice/protocol";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createCity, domainDirectory, type City } from "../packages/cli/src/demo/city.ts";
import { grantScene, registerParties } from "../packages/cli/src/demo/govern.ts";
import { developJob, releaseAndBuild } from "../packages/cli/src/demo/product.ts";
import { RunningCity } from "../packages/cli/src/demo/running-city.ts";
import { usualTerms } from "../packages/cli/src/demo/scene.ts";
import { realField, realScene } from "./real-table.ts";
import { ROOT } from "./source-files.ts";

const slow = process.env["SLOW"] === "1";
const LONG = 300_000;
const CALLER = "river-bank";
const DOMAIN = "insurance";
const RESOURCE = "contributions";
const PERSONS = 4_000;
const LIMIT = 480;

/** Block of the page that holds `part`. */
const page = await readFile(join(ROOT, "docs", "join-sum.md"), "utf8");
const blocks = [...page.matchAll(/^```\w*\n([\s\S]*?)^```$/gm)].map(([, block = ""]) => block);
const blockWith = (part: string): string => blocks.find((block) => block.includes(part)) ?? "";
const COMMANDS = blockWith("sluice match").trimEnd().split("\n");

const CODE = utf8(`var sluiceJob = { default: {
  name: "totals", purpose: "totals",
  ${blockWith('kind: "sum"').trimEnd()}
  develop(rows) { return { fit: { rows: rows.rowCount } }; },
} };`);
const POLICY: Policy = {
  version: 1,
  resource: RESOURCE,
  columns: { months: { role: "quasi", transform: { kind: "bucket", width: 10, min: 0, max: LIMIT } } },
  sample: { rows: 1_000, strata: [] },
  k: 5,
  suppressionLimit: 0.1,
  gate: { context: { control: "high", motive: "low" } },
};

/** Two rows of a person, in whole steps of the policy; together some pass the limit. */
const monthsOf = (person: number, row: number): number => 10 * ((person * 7 + row * 5) % 31);
const totalOf = (person: number): number => Math.min(LIMIT, monthsOf(person, 0) + monthsOf(person, 1));

let directory: string;
let city: City;
let running: RunningCity;

beforeAll(async () => {
  if (!slow) return;
  directory = await mkdtemp(join(tmpdir(), "sluice-join-sum-"));
  const fields = [realField("person", "text", "direct"), realField("months", "integer", "quasi")];
  city = await createCity(
    join(directory, "city"),
    { [DOMAIN]: { title: "Insurance", department: "hrss-department" } },
    async function* (directoryOf) {
      const file = join(directoryOf(DOMAIN), "table.csv");
      const lines = Array.from({ length: 2 * PERSONS }, (_, i) => `P${i >> 1},${monthsOf(i >> 1, i & 1)}`);
      await writeFile(file, `${["person,months", ...lines].join("\n")}\n`);
      yield { domain: DOMAIN, file, resource: RESOURCE, title: "Contributions", source: "months", fields };
      await rm(file);
    },
  );
  running = await RunningCity.start(city);
  await registerParties(running);
  await running.registerDomains();
  const spec = {
    ...realScene("join-sum", {
      domain: DOMAIN,
      purpose: "totals",
      fields: [{ name: "months", need: "sums" }],
      policy: POLICY,
      probe: { granted: "months", outside: "person" },
    }),
    key: "person",
  };
  const grant = await grantScene(running, spec, usualTerms("totals", new Date()));
  expect(grant.signed.body.operations).toContain("psi.sum");
  const developed = await developJob(running, grant, "paid", CODE);
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
  await rm(directory, { recursive: true, force: true });
});

/** A line of the page, in a shell of the caller. */
async function run(line: string): Promise<string> {
  const child = spawn("/bin/sh", ["-c", line], {
    cwd: directory,
    env: {
      ...process.env,
      PATH: `${join(directory, "bin")}:${process.env["PATH"] ?? ""}`,
      SLUICE_GATEWAY: running.gatewayUrl,
      SLUICE_KEY: join(directory, "city", "parties", `${CALLER}.key`),
      SLUICE_TRUST: join(directory, "trust.json"),
      SLUICE_PASSPHRASE: "of the journal alone",
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const [[code], stdout, stderr] = await Promise.all([once(child, "exit"), text(child.stdout), text(child.stderr)]);
  expect([line, code, stderr]).toEqual([line, 0, expect.not.stringContaining("ERR_")]);
  return stdout;
}

/** Millionths of ε that the caller has spent. */
async function spent(): Promise<number> {
  const { counts } = await readPrivacyBudget(domainDirectory(city.directory, DOMAIN), RESOURCE);
  return counts.reduce((sum, count) => sum + count.spent, 0);
}

/** A list of 500 persons, and of 500 that are nobody. */
const LIST = Array.from({ length: 500 }, (_, i) => [`P${i * 7}`, `nobody-${i}`]).flat();
const PLAIN = Array.from({ length: 500 }, (_, i) => totalOf(i * 7)).reduce((sum, total) => sum + total, 0);

test.runIf(slow)(
  "the page's commands give the sum and the count within their noise, charged together, also after the domain was killed",
  async () => {
    const [show = "", match = "", verify = "", ...more] = COMMANDS;
    expect([match, more]).toEqual([expect.stringContaining("sluice match paid people.txt"), []]);
    await writeFile(join(directory, "people.txt"), `${LIST.join("\n")}\n`);
    expect(await run(show)).toMatch(/matched by +summing, with noise[^]*told +the sum ± 5752 19 times out of 20/);
    expect(await spent()).toBe(0);
    for (const answers of [1, 2]) {
      const said = await run(match);
      const told = /^sum: (-?\d+) ± 5752 \(19 times out of 20\)\nmatches: (\d+) ± 12 /.exec(said);
      // Eight times the error that one in twenty passes: one in 10^10 passes it.
      expect(Math.abs(Number(told?.[1]) - PLAIN)).toBeLessThan(8 * 5_752);
      expect(Math.abs(Number(told?.[2]) - 500)).toBeLessThan(76);
      expect(await spent()).toBe(answers * 500_000);
      expect(await readdir(join(directory, "receipts"))).toHaveLength(answers);
      await running.process(DOMAIN).kill();
      await running.restart(DOMAIN);
    }
    expect(await run(verify)).toContain("ok");
    await writeFile(join(directory, "few.txt"), "P1\nP2\nP3\n");
    expect(await run("sluice match paid few.txt")).toMatch(/^no sum: fewer than \d+ matches, by their number/);
    expect(await spent()).toBe(1_500_000);
  },
  LONG,
);
