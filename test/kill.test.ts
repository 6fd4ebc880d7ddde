/** `kill -9` of the gateway or of a domain while callers ask, restart on the same directory: no receipt that reached a
 *  caller is lost, quotas are exact, logs verify. Twenty rounds, with SLOW=1.
 *  @module */
import { randomInt } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { DatabaseSync } from "node:sqlite";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { verifyFolder } from "@sluice/evidence/verify";
import type { EvidencedReceipt } from "@sluice/protocol";
import { afterAll, beforeAll, expect, test } from "vitest";
import { writeEvidence } from "../packages/cli/src/demo/audit.ts";
import { domainDirectory } from "../packages/cli/src/demo/city.ts";
import { inclusiveCreditPlan, KEY_FIELD } from "../packages/cli/src/demo/products/inclusive-credit.ts";
import { plainLabels } from "../packages/cli/src/demo/oracles/credit-bands.ts";
import { openGeneratedCity, type GeneratedCity } from "../packages/cli/src/demo/generated-city.ts";
import { grantScene, registerParties, type StandingGrant } from "../packages/cli/src/demo/govern.ts";
import { developJob, releaseAndBuild } from "../packages/cli/src/demo/product.ts";
import { RunningCity } from "../packages/cli/src/demo/running-city.ts";
import { usualTerms } from "../packages/cli/src/demo/scene.ts";
import { diskFolder } from "../packages/cli/src/verify/disk-folder.ts";
import { RecordingProxy } from "./recording-proxy.ts";

const ROUNDS = 20;
const slow = process.env["SLOW"] === "1";
/** Callers that ask at the same time. */
const CALLERS = 3;
/** Lookups of all callers in one round; the kill falls between the first and the last of them. */
const LOOKUPS_PER_ROUND = 12;
/** A lookup goes on trying for longer than a restart takes. */
const MAX_ATTEMPTS = 200;

let directory: string;
let generated: GeneratedCity;
let running: RunningCity;
let grant: StandingGrant;
let expected: ReadonlyMap<string, string>;
const proxies = new Map<string, RecordingProxy>();

beforeAll(async () => {
  if (!slow) return;
  directory = await mkdtemp(join(tmpdir(), "sluice-kill-"));
  generated = await openGeneratedCity(directory, { seed: "kill test", persons: 2_000 }, () => {});
  running = await RunningCity.start(generated.city, async (name, url) => {
    const proxy = proxies.get(name) ?? (await RecordingProxy.start(url));
    proxies.set(name, proxy);
    proxy.target = url;
    return proxy.url;
  });
  const plan = await inclusiveCreditPlan(generated.data);
  await registerParties(running);
  await running.registerDomains();
  grant = await grantScene(running, plan.spec, usualTerms(plan.product, new Date()));
  const { model } = await releaseAndBuild(
    running,
    "hrss-department",
    grant,
    await developJob(running, grant, plan.product, plan.code),
  );
  expected = plainLabels(generated.data.hrss, KEY_FIELD, model);
}, 240_000);

afterAll(async () => {
  if (!slow) return;
  await running.stop();
  for (const proxy of proxies.values()) await proxy.close();
  await rm(directory, { recursive: true, force: true });
});

test.runIf(slow)(
  `keeps every receipt and every quota through ${ROUNDS} kills at random points`,
  async () => {
    const receipts: EvidencedReceipt[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      const victim = round % 2 === 0 ? "hrss" : "gateway";
      receipts.push(...(await askThroughKill(victim)));
    }
    const calls = receipts.map(({ receipt }) => receipt.body.callId);
    expect(new Set(calls).size).toBe(calls.length);

    // What a caller holds, the gateway still knows, with the same words.
    const client = running.client("river-bank");
    for (const held of receipts) {
      const chain = await client.receipt(held.receipt.body.callId);
      expect(chain.receipt.receipt).toEqual(held.receipt);
    }
    // Every retry was charged once: as many units are spent as calls were answered.
    await running.stop();
    const used = spentUnits();
    expect(used["lookup.evaluate"]).toBe(receipts.length / 2);
    expect(used["lookup.query"]).toBe(receipts.length / 2);

    // Receipts and logs verify from files alone, after one more start.
    running = await RunningCity.start(generated.city);
    const evidence = join(directory, "evidence");
    await writeEvidence(evidence, { trust: generated.city.trust, receipts, logs: running.logAddresses() });
    const verified = await verifyFolder(diskFolder(evidence));
    expect(verified.failures).toEqual([]);
    expect(verified.receipts).toEqual({ checked: receipts.length, verified: receipts.length });
  },
  ROUNDS * 60_000,
);

/** Asks with several callers at once, kills `victim` somewhere in the middle and restarts it; every answer must be right. */
async function askThroughKill(victim: string): Promise<EvidencedReceipt[]> {
  const receipts: EvidencedReceipt[] = [];
  const keys = [...expected.keys()];
  const killAfter = randomInt(1, LOOKUPS_PER_ROUND - CALLERS);
  let answered = 0;
  let reached = (): void => {};
  const moment = new Promise<void>((resolve) => {
    reached = resolve;
  });
  const ask = async (count: number): Promise<void> => {
    const client = running.client("river-bank", { maxAttempts: MAX_ATTEMPTS });
    const handle = await client.openLookup("inclusive-credit");
    for (let i = 0; i < count; i++) {
      const key = keys[randomInt(keys.length)] ?? "";
      const { record, receipts: two } = await handle.lookup(key);
      expect(record?.label).toBe(expected.get(key));
      receipts.push(...two);
      if (++answered === killAfter) reached();
    }
  };
  const asking = Promise.all(Array.from({ length: CALLERS }, () => ask(LOOKUPS_PER_ROUND / CALLERS)));
  await Promise.race([moment, asking]);
  await running.process(victim).kill();
  await running.restart(victim);
  await asking;
  return receipts;
}

/** Units spent under the grant, as the domain's own state says. */
function spentUnits(): Record<string, number> {
  const state = new DatabaseSync(join(domainDirectory(directory, "hrss"), "state.sqlite"), { readOnly: true });
  try {
    const rows = state.prepare("SELECT operation, used FROM quota WHERE grant_hash = ?").all(grant.hash);
    return Object.fromEntries(rows.map((row) => [String(row["operation"]), Number(row["used"])]));
  } finally {
    state.close();
  }
}
