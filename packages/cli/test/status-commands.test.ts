/** `sluice status`: one status, statuses in a row, and what the doctor and `domain resume` say about a domain.
 *  @module */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { systemRandom } from "@sluice/client";
import { initDomain, startDomain, type RunningDomain } from "@sluice/domain";
import { exportPrivateKey, generateKey } from "@sluice/evidence";
import { SluiceError } from "@sluice/protocol";
import { afterAll, beforeAll, expect, test } from "vitest";
import { checkStanding } from "../src/doctor/check-standing.ts";
import { readDataDirectory } from "../src/doctor/data-directory.ts";
import { thisMachine } from "../src/doctor/machine.ts";
import { keepStatus } from "../src/status/issue-status.ts";
import { sluice } from "./captured-io.ts";

const MINUTE = 60_000;
let directory: string;
let home: string;
let domain: RunningDomain;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "sluice-status-"));
  home = join(directory, "home");
  const [statusKey, other] = await Promise.all([generateKey(), generateKey()]);
  await writeFile(join(directory, "status.key"), await exportPrivateKey(statusKey));
  await writeFile(join(directory, "other.key"), await exportPrivateKey(other));
  const { keyId } = await generateKey();
  const pins = { agencyKey: keyId, departmentKey: keyId, gatewayKey: keyId, recoveryKey: keyId };
  const own = { statusKey: statusKey.keyId, maxLeaseMs: 10 * MINUTE };
  await initDomain(home, { domain: "test", title: "Test", ...pins, ...own, random: systemRandom });
  domain = await startDomain(home);
});
afterAll(async () => {
  await domain.close();
  await rm(directory, { recursive: true, force: true });
});

const issue = (...more: string[]): ReturnType<typeof sluice> =>
  sluice(["status", "issue", "--domain", "test", "--domain-url", domain.url, ...more]);
const key = (name: string): string[] => ["--key", join(directory, name)];

/** What the doctor says about the domain, some time from now. */
async function diagnosed(inMs = 0): Promise<string[]> {
  const machine = { ...thisMachine({}), now: () => new Date(Date.now() + inMs) };
  return checkStanding(await readDataDirectory(home), machine).map(
    ({ check, verdict, fact }) => `${verdict} ${check} ${fact.replace(/\d{4}-.*/, "…")}`,
  );
}
const NO_WITNESSES =
  "warning standing domain test has no witnesses: a backup of its whole directory can be restored unnoticed";

test("a status from a timer extends the lease; the doctor tells when there is none, or it is about to end", async () => {
  expect(await diagnosed()).toEqual(["warning lease domain test has had no status yet", NO_WITNESSES]);
  const { code, stdout } = await issue(...key("status.key"));
  expect([code, stdout.replace(/\d{4}-\S+/, "…")]).toEqual([0, "test may work until …\n"]);
  expect(await diagnosed()).toEqual(["ok lease of domain test ends at …", NO_WITNESSES]);
  expect((await diagnosed(8 * MINUTE))[0]).toBe("warning lease of domain test ends at …");
  expect((await diagnosed(11 * MINUTE))[0]).toBe("failure lease of domain test ended at …");
});

test("another key, a sequence of before, a lease that is too long, and a file of stops that is none, are refused", async () => {
  expect((await issue(...key("other.key"))).stderr).toContain("ERR_SIGNATURE");
  expect((await issue(...key("status.key"), "--sequence", "1")).stderr).toContain("ERR_STATUS_OLD");
  expect((await issue(...key("status.key"), "--minutes", "11")).stderr).toContain("ERR_BODY_INVALID");
  const stops = join(directory, "stops.json");
  await writeFile(stops, '{"revoked":["not a hash"]}');
  expect((await issue(...key("status.key"), "--stops", stops)).code).toBe(2);
  await writeFile(stops, JSON.stringify({ revoked: ["a".repeat(64)] }));
  expect((await issue(...key("status.key"), "--stops", stops)).code).toBe(0);
  expect((await issue(...key("status.key"), "--domain-url", "http://127.0.0.1:1")).stderr).toContain("ERR_UNREACHABLE");
});

test("a lease is renewed in good time, and sooner after a failure, until the series ends", async () => {
  const waited: number[] = [];
  const told: string[] = [];
  let deliveries = 0;
  let now = 0;
  const issuer = {
    domain: "test",
    key: await generateKey(),
    validMs: 30_000,
    clock: { now: () => new Date(++now) },
    stops: async () => ({ revoked: [], suspended: [] }),
    deliver: async () => {
      if (++deliveries === 2) throw new SluiceError("ERR_UNREACHABLE", { peer: "test" });
    },
  };
  const wait = async (ms: number): Promise<void> => {
    waited.push(ms);
    if (waited.length === 3) throw new Error("the end");
  };
  const ended = keepStatus(issuer, {
    wait,
    told: (outcome) => told.push(outcome instanceof Error ? outcome.name : String(outcome.body.sequence)),
  });
  await expect(ended).rejects.toThrow("the end");
  expect(waited).toEqual([10_000, 1_000, 10_000]);
  expect(told).toEqual(["1", "SluiceError", "3"]);
});

test("a domain that refuses nothing is not resumed; one that was rolled back says so to the doctor", async () => {
  await domain.close();
  expect((await sluice(["domain", "resume", home])).stderr).toContain("ERR_STATE");
  const state = new DatabaseSync(join(home, "state.sqlite"));
  state.exec("UPDATE rollback SET reason = 'the log has entries that the state does not know'");
  state.close();
  expect(await diagnosed()).toContain(
    "failure standing domain test refuses all work: the log has entries that the state does not know",
  );
  const { code, stdout } = await sluice(["domain", "resume", home]);
  expect([code, stdout.replace(/\d{4}-\S+/, "…")]).toEqual([
    0,
    "test may start; grants that begin before … are void\n",
  ]);
  domain = await startDomain(home);
});
