/** `sluice status DIR` and the line of the walk: which layers production needs, and which are there.
 *  @module */
import { createHash } from "node:crypto";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock, systemRandom } from "@sluice/client";
import { initDomain } from "@sluice/domain";
import { generateKey } from "@sluice/evidence";
import { ProcessLog } from "@sluice/evidence/observe";
import { afterAll, beforeAll, expect, test } from "vitest";
import { layersLine } from "../src/demo/layers-line.ts";
import { sluice, temporaryDirectory } from "./captured-io.ts";

let parent: string;
let home: string;
beforeAll(async () => {
  parent = await mkdtemp(join(tmpdir(), "sluice-layers-"));
  home = join(parent, "home");
  const { keyId } = await generateKey();
  const pins = { agencyKey: keyId, departmentKey: keyId, gatewayKey: keyId, recoveryKey: keyId };
  await initDomain(home, { domain: "test", title: "Test", ...pins, random: systemRandom });
});
afterAll(() => rm(parent, { recursive: true, force: true }));

/** Writes the log of one start after another into `name`. */
async function logStarts(
  name: string,
  starts: readonly { readonly required: readonly string[]; readonly found?: readonly string[] }[],
): Promise<void> {
  const lines: string[] = [];
  const clock = { now: () => new Date(Date.UTC(2026, 0, 1, 0, 0, lines.length)) };
  const log = new ProcessLog({ write: (line) => void lines.push(line) }, { service: "domain", domain: "test", clock });
  for (const { required, found } of starts) {
    log.started({ address: "http://127.0.0.1:1", requiredLayers: required });
    if (found !== undefined) log.write({ event: "layers", layers: [...found] });
    log.write({ event: "stopping" });
  }
  await writeFile(join(home, name), `${lines.join("\n")}\n{"event":"layers"`);
}

test("shows what the last start requires and found, and how to get what is missing", async () => {
  await logStarts("domain.log.1", [{ required: ["permission"], found: ["isolate"] }]);
  await logStarts("domain.log", [
    { required: [], found: ["isolate", "process"] },
    { required: ["permission", "seccomp"], found: ["isolate", "process", "permission"] },
  ]);
  const { code, stdout } = await sluice(["status", home]);
  expect(stdout).toMatch(/^test: started 2026-01-01T00:00:03\.000Z$/m);
  expect(stdout).toMatch(/^permission +✓ +✓$/m);
  expect(stdout).toMatch(/^seccomp +✓ +–$/m);
  expect(stdout).toMatch(/^isolate +– +✓$/m);
  expect(stdout).toMatch(/^no production job runs without seccomp: install bubblewrap/m);
  expect(stdout).not.toContain("not all is known");
  expect(code).toBe(1);
});

test("a start that has not tried its layers yet is not told by those of the start before", async () => {
  await logStarts("domain.log", [{ required: ["rlimit"], found: ["rlimit"] }, { required: ["rlimit"] }]);
  const { code, stdout } = await sluice(["status", home, "--json"]);
  expect(JSON.parse(stdout)).toMatchObject({
    domains: [{ domain: "test", required: ["rlimit"], found: null, missing: null }],
  });
  expect(code).toBe(0);
  expect((await sluice(["status", home])).stdout).toMatch(/^rlimit +✓ +\?$/m);
});

test("shows the workers of a domain: their addresses, and what the domain said of each since it started", async () => {
  const urls = ["http://10.0.0.8:7101/", "http://10.0.0.9:7101", "http://10.0.0.10:7101"];
  const file = join(home, "domain.json");
  const config = JSON.parse(await readFile(file, "utf8")) as object;
  const workers = urls.map((url) => ({ url, secretFile: "w.secret" }));
  await writeFile(file, JSON.stringify({ ...config, workers }));
  try {
    const lines: string[] = [];
    const log = new ProcessLog({ write: (line) => void lines.push(line) }, { service: "domain", clock: systemClock });
    const say = (url: string, partitions: number, up: boolean): void => {
      log.write({ event: "worker", worker: createHash("sha256").update(url).digest("hex"), partitions, up });
    };
    say("http://10.0.0.10:7101", 7, true);
    log.started({ address: "http://127.0.0.1:1" });
    say("http://10.0.0.8:7101", 1, true);
    say("http://10.0.0.9:7101", 2, true);
    say("http://10.0.0.9:7101", 2, false);
    await writeFile(join(home, "domain.log"), `${lines.join("\n")}\n`);
    const { stdout, code } = await sluice(["status", home]);
    expect(stdout.split("\n").slice(-5, -1)).toEqual([
      "LOOKUP WORKER          PARTITIONS  ANSWERED LAST",
      "http://10.0.0.8:7101/  1           ✓",
      "http://10.0.0.9:7101   2           –",
      "http://10.0.0.10:7101  ?           ?",
    ]);
    expect(code).toBe(0);
    const told = JSON.parse((await sluice(["status", home, "--json"])).stdout) as { domains: { workers: unknown }[] };
    expect(told.domains[0]?.workers).toEqual([
      { url: urls[0], partitions: 1, up: true },
      { url: urls[1], partitions: 2, up: false },
      { url: urls[2], partitions: null, up: null },
    ]);
  } finally {
    await writeFile(file, JSON.stringify(config));
  }
  expect((await sluice(["status", home])).stdout).not.toContain("WORKER");
});

test("a directory without a domain is refused, and the lease's commands are still there", async () => {
  const empty = join(await temporaryDirectory(), "empty");
  await mkdir(empty);
  expect((await sluice(["status", empty])).stderr).toMatch(/^error ERR_DIRECTORY_STATE: /);
  expect((await sluice(["status", "issue", "--help"])).stdout).toContain("sluice status issue");
});

test("the walk says in one line which layers are missing where programs of theirs are", async () => {
  const line = await layersLine(await temporaryDirectory());
  expect(line).toMatch(/^ {2}isolation: missing here: rlimit, namespaces, seccomp; the walk goes on/);
  expect(line).not.toContain("\n");
});
