/** `kill -9` of the gateway, of a caller or of both at each message of an intersection, and restart: the call ends with the right
 *  matches, one charge and one receipt, which stands in both logs. With SLOW=1.
 *  @module */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { DatabaseSync } from "node:sqlite";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { verifyFolder } from "@sluice/evidence/verify";
import type { EvidencedReceipt } from "@sluice/protocol";
import { afterAll, beforeAll, expect, test } from "vitest";
import { writeEvidence } from "../packages/cli/src/demo/audit.ts";
import { domainDirectory } from "../packages/cli/src/demo/city.ts";
import { openGeneratedCity, type GeneratedCity } from "../packages/cli/src/demo/generated-city.ts";
import { grantScene, registerParties, type StandingGrant } from "../packages/cli/src/demo/govern.ts";
import { plainHighCharges } from "../packages/cli/src/demo/oracles/members.ts";
import { developJob, releaseAndBuild } from "../packages/cli/src/demo/product.ts";
import { askedList } from "../packages/cli/src/demo/products/insured-match.ts";
import { medicalAidPlan } from "../packages/cli/src/demo/products/medical-aid.ts";
import { RunningCity } from "../packages/cli/src/demo/running-city.ts";
import { usualTerms } from "../packages/cli/src/demo/scene.ts";
import { diskFolder } from "../packages/cli/src/verify/disk-folder.ts";
import { RecordingProxy } from "./recording-proxy.ts";

const slow = process.env["SLOW"] === "1";
const MAIN = fileURLToPath(new URL("../packages/cli/src/main.ts", import.meta.url));
const CALLER = "civil-affairs-bureau";
/** What a list of up to that many entries costs. */
const LIST_COST = 1_024;
/** A message is sent again for longer than a restart takes. */
const MAX_ATTEMPTS = 200;
const LONG = 300_000;

let directory: string;
let generated: GeneratedCity;
let running: RunningCity;
let grant: StandingGrant;
let list: readonly string[];
let expected: readonly string[];
/** Entries of the two logs before the first call. */
let before: number[];
const receipts: EvidencedReceipt[] = [];
const proxies = new Map<string, RecordingProxy>();

beforeAll(async () => {
  if (!slow) return;
  directory = await mkdtemp(join(tmpdir(), "sluice-kill-sessions-"));
  generated = await openGeneratedCity(directory, { seed: "kill sessions", persons: 2_000 }, () => {});
  running = await RunningCity.start(generated.city, async (name, url) => {
    const proxy = proxies.get(name) ?? (await RecordingProxy.start(url));
    proxies.set(name, proxy);
    proxy.target = url;
    return proxy.url;
  });
  const { spec, product, code } = await medicalAidPlan(generated.data);
  await registerParties(running);
  await running.registerDomains();
  grant = await grantScene(running, spec, usualTerms(product, new Date()));
  await releaseAndBuild(running, spec.department, grant, await developJob(running, grant, product, code));
  list = askedList(generated.data);
  const members = plainHighCharges(generated.data.health);
  expected = list.filter((entry) => members.has(entry));
  expect(expected.length).toBeGreaterThan(0);
  before = await logSizes();
}, LONG);

afterAll(async () => {
  if (!slow) return;
  await running.stop();
  for (const proxy of proxies.values()) await proxy.close();
  await rm(directory, { recursive: true, force: true });
});

/** Where the answer to a message is lost: the gateway has not heard it, or has heard and booked it. */
const PLACES = ["health", "gateway"] as const;

/** Loses the answer to message `at` of a session, and kills who is to be killed at that moment. What it returns tells, once the
 *  call has ended, whether the call came so far. */
function strike(place: (typeof PLACES)[number], at: number, kill: () => Promise<void>): () => Promise<boolean> {
  const proxy = proxies.get(place);
  if (proxy === undefined) throw new RangeError(place);
  let messages = 0;
  let killed: Promise<void> | null = null;
  proxy.loses = (asked) => {
    if (!asked.includes("POST /v1/sessions") || ++messages !== at) return false;
    proxy.loses = null;
    killed = kill();
    return true;
  };
  return async () => {
    proxy.loses = null;
    await killed;
    return killed !== null;
  };
}

async function restartGateway(): Promise<void> {
  await running.process("gateway").kill();
  await running.restart("gateway");
}

function held(found: readonly string[], receipt: EvidencedReceipt): void {
  expect(found).toEqual(expected);
  receipts.push(receipt);
}

test.runIf(slow)(
  "a gateway that is killed at any message of a session goes on with it",
  async () => {
    for (const place of PLACES) {
      let at = 1;
      for (let isStruck = true; isStruck; at++) {
        const client = running.client(CALLER, { maxAttempts: MAX_ATTEMPTS });
        const handle = await client.openMatch("medical-aid");
        const struck = strike(place, at, restartGateway);
        const { found, receipt } = await handle.match(list);
        held(found, receipt);
        isStruck = await struck();
      }
      expect(at).toBeGreaterThan(4);
    }
  },
  LONG,
);

test.runIf(slow)(
  "a caller that is killed at any message goes on from its journal, also where the gateway is killed with it",
  async () => {
    const file = (name: string): string => join(directory, name);
    await writeFile(file("trust.json"), JSON.stringify(generated.city.trust));
    await writeFile(file("list.txt"), list.join("\n"));
    const env = {
      ...process.env,
      SLUICE_GATEWAY: running.gatewayUrl,
      SLUICE_KEY: join(directory, "parties", `${CALLER}.key`),
      SLUICE_TRUST: file("trust.json"),
      SLUICE_PASSPHRASE: "correct horse",
    };
    const run = () => {
      const args = [MAIN, "match", "medical-aid", file("list.txt"), "--journal", file("journal"), "--json"];
      const child = spawn(process.execPath, args, { env, stdio: ["ignore", "pipe", "pipe"] });
      return { child, ended: Promise.all([once(child, "exit"), text(child.stdout), text(child.stderr)]) };
    };
    for (const place of PLACES) {
      let at = 1;
      for (let isStruck = true; isStruck; at++) {
        const first = run();
        const struck = strike(place, at, async () => {
          first.child.kill("SIGKILL");
          if (place === "health") await restartGateway();
        });
        let [[code], printed, told] = await first.ended;
        isStruck = await struck();
        if (isStruck && code === null) [[code], printed, told] = await run().ended;
        expect([place, at, code, told]).toEqual([place, at, 0, expect.not.stringContaining("ERR_")]);
        const { found, receipt } = JSON.parse(printed) as { found: string[]; receipt: EvidencedReceipt };
        held(found, receipt);
        expect((await readdir(file("journal"))).filter((name) => !name.startsWith("lock"))).toEqual([]);
      }
      expect(at).toBeGreaterThan(4);
    }
  },
  LONG,
);

test.runIf(slow)(
  "each call was charged once and has one receipt, which the gateway knows and both logs hold",
  async () => {
    const calls = new Set(receipts.map(({ receipt }) => receipt.body.callId));
    expect(calls.size).toBe(receipts.length);
    const client = running.client(CALLER);
    for (const { receipt } of receipts) {
      const chain = await client.receipt(receipt.body.callId);
      expect(chain.receipt.receipt).toEqual(receipt);
      expect(receipt.body.quantity).toEqual({ unit: "psi-element", amount: String(LIST_COST) });
    }
    expect((await logSizes()).map((size, i) => size - (before[i] ?? 0))).toEqual([calls.size, calls.size]);
    const evidence = join(directory, "evidence");
    await writeEvidence(evidence, { trust: generated.city.trust, receipts, logs: running.logAddresses() });
    const verified = await verifyFolder(diskFolder(evidence));
    expect(verified.failures).toEqual([]);
    expect(verified.receipts).toEqual({ checked: receipts.length, verified: receipts.length });
    await running.stop();
    expect(spentUnits()).toBe(LIST_COST * calls.size);
  },
  LONG,
);

/** Entries of the logs of domain and gateway, as their checkpoints say. */
async function logSizes(): Promise<number[]> {
  const addresses = running.logAddresses();
  return await Promise.all(
    PLACES.map(async (name) => {
      const response = await fetch(`${addresses[name] ?? ""}/log/checkpoint`);
      return Number((await response.text()).split("\n")[1]);
    }),
  );
}

/** Units spent on matching, as the domain's own state says. */
function spentUnits(): number {
  const state = new DatabaseSync(join(domainDirectory(directory, "health"), "state.sqlite"), { readOnly: true });
  try {
    const sql = "SELECT used FROM quota WHERE grant_hash = ? AND operation = 'psi.ids'";
    return Number(state.prepare(sql).get(grant.hash)?.["used"]);
  } finally {
    state.close();
  }
}
