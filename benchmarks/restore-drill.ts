/** The drill of docs/backup.md: a city answers, is backed up every so often, loses a domain and then its gateway with everything
 *  on their disks, and goes on from the last backups. It measures what was lost and how long it took; what must hold, it checks.
 *  @module */
import { cp, mkdir, rm } from "node:fs/promises";
import { DatabaseSync } from "node:sqlite";
import { join } from "node:path";
import { backUpDomain, checkDomainBackup, restoreDomain, resumeDomain } from "@sluice/domain";
import { verifyReceipt } from "@sluice/evidence";
import { backUpGateway, checkGatewayBackup, restoreGateway } from "@sluice/gateway";
import { isSluiceError, type EvidencedReceipt } from "@sluice/protocol";
import { domainDirectory, gatewayDirectory } from "../packages/cli/src/demo/city.ts";
import { openGeneratedCity } from "../packages/cli/src/demo/generated-city.ts";
import { grantScene, registerParties } from "../packages/cli/src/demo/govern.ts";
import { plainLabels } from "../packages/cli/src/demo/oracles/credit-bands.ts";
import { inclusiveCreditPlan, KEY_FIELD } from "../packages/cli/src/demo/products/inclusive-credit.ts";
import { developJob, releaseAndBuild } from "../packages/cli/src/demo/product.ts";
import { RunningCity } from "../packages/cli/src/demo/running-city.ts";
import { usualTerms } from "../packages/cli/src/demo/scene.ts";

const CALLER = "river-bank";
const DOMAIN = "hrss";
const DEPARTMENT = "hrss-department";
const clock = { now: () => new Date() };

/** How the drill is done. */
export interface DrillOptions {
  readonly directory: string;
  readonly persons: number;
  /** Callers at the same time. */
  readonly callers: number;
  /** Lookups of all callers between two backups, and after the last. */
  readonly lookupsBetween: number;
  readonly backups: number;
  readonly progress: (line: string) => void;
}

/** What one loss cost. */
export interface Loss {
  /** Receipts that callers held. */
  readonly acknowledged: number;
  /** Those of them that the restored state lacks. */
  readonly lacking: number;
  /** Age of the last backup at the loss: no more than this was lost. */
  readonly backupAgeSeconds: number;
  /** From the loss until files were restored, until the process answered, and until the first right answer. */
  readonly restoredSeconds: number;
  readonly listeningSeconds: number;
  readonly answeredSeconds: number;
}

/** Does the drill. @throws Error when something does not hold that must */
export async function drill(options: DrillOptions): Promise<{ domain: Loss; gateway: Loss }> {
  const { directory, progress } = options;
  const generated = await openGeneratedCity(directory, { seed: "restore drill", persons: options.persons }, progress);
  const running = await RunningCity.start(generated.city);
  try {
    const plan = await inclusiveCreditPlan(generated.data);
    await registerParties(running);
    await running.registerDomains();
    /** A scene with its product, under a grant that begins at `from`. Returns the right answers. */
    const serve = async (product: string, from?: Date): Promise<ReadonlyMap<string, string>> => {
      const terms = usualTerms(product, clock.now());
      const grant = await grantScene(running, plan.spec, from === undefined ? terms : { ...terms, notBefore: from });
      const run = await developJob(running, grant, product, plan.code);
      const { model } = await releaseAndBuild(running, DEPARTMENT, grant, run);
      return plainLabels(generated.data.hrss, KEY_FIELD, model);
    };
    const city: DrilledCity = { running, receipts: [], options };
    progress("a product");
    let product = plan.product;
    let expected = await serve(product);
    const domain = await loseAndRestore(city, {
      home: domainDirectory(directory, DOMAIN),
      name: DOMAIN,
      backUp: (out, previous) => backUpDomain(domainDirectory(directory, DOMAIN), { out, previous, clock }),
      check: checkDomainBackup,
      restore: (folder, to) => restoreDomain(folder, { ...to, clock }),
      asking: () => ({ product, expected }),
      async goOn(home) {
        await running.restart(DOMAIN);
        const refused = await askOnce(running, product, expected).catch((error: unknown) => error);
        must(isSluiceError(refused, "ERR_ROLLED_BACK"), "a restored domain refuses work");
        await running.process(DOMAIN).stop();
        const { grantsFrom } = await resumeDomain(home, { clock });
        await running.restart(DOMAIN);
        const burned = await askOnce(running, product, expected).catch((error: unknown) => error);
        must(isSluiceError(burned, "ERR_GRANT_BURNED"), "grants of before are void");
        product = `${plan.product}-again`;
        expected = await serve(product, new Date(grantsFrom));
      },
      knows: async (home) => callsInState(home),
    });
    // The gateway holds what the domain lost, word for word.
    await heldByGateway(running, city.receipts);
    const gateway = await loseAndRestore(city, {
      home: gatewayDirectory(directory),
      name: "gateway",
      backUp: (out, previous) => backUpGateway(gatewayDirectory(directory), { out, previous, clock }),
      check: checkGatewayBackup,
      restore: restoreGateway,
      asking: () => ({ product, expected }),
      goOn: async () => {
        await running.restart("gateway");
        await running.registerDomains();
      },
      async knows(_home, receipts) {
        const held = callsInState(domainDirectory(directory, DOMAIN));
        must(
          receipts.every(({ receipt }) => held.has(receipt.body.callId)),
          "the domain holds what the gateway lost",
        );
        return callsAtGateway(running, receipts);
      },
    });
    return { domain, gateway };
  } finally {
    await running.stop();
  }
}

interface DrilledCity {
  readonly running: RunningCity;
  /** Everything that callers got, over both losses. */
  readonly receipts: EvidencedReceipt[];
  readonly options: DrillOptions;
}

/** One process that is lost. */
interface Victim {
  readonly home: string;
  readonly name: string;
  backUp(out: string, previous: string | undefined): Promise<{ manifest: { at: string } }>;
  check(folder: string): Promise<unknown>;
  restore(folder: string, options: { to: string; keys: string }): Promise<unknown>;
  /** What is asked, and the right answers to it. */
  asking(): { product: string; expected: ReadonlyMap<string, string> };
  /** From restored files to a process that answers as before. */
  goOn(home: string): Promise<void>;
  /** Call ids that the restored state knows. */
  knows(home: string, receipts: readonly EvidencedReceipt[]): Promise<ReadonlySet<string>>;
}

async function loseAndRestore({ running, receipts, options }: DrilledCity, victim: Victim): Promise<Loss> {
  const { directory, callers, lookupsBetween, backups, progress } = options;
  const { home, name } = victim;
  const kept = join(directory, "kept", name);
  await mkdir(kept, { recursive: true });
  await cp(join(home, "keys"), join(kept, "keys"), { recursive: true });

  const before = receipts.length;
  const { product, expected } = victim.asking();
  const stop = new AbortController();
  let answered = 0;
  let reached = (): void => {};
  const moreLookups = (): Promise<void> => {
    const until = answered + lookupsBetween;
    return new Promise((resolve) => (reached = () => void (answered >= until && resolve())));
  };
  const asking = Array.from({ length: callers }, async () => {
    const handle = await running.client(CALLER, { maxAttempts: 1 }).openLookup(product);
    const keys = [...expected.keys()];
    for (let i = 0; !stop.signal.aborted; i++) {
      const key = keys[(answered * 7 + i) % keys.length] ?? "";
      const outcome = await handle.lookup(key).catch((error: unknown) => {
        if (stop.signal.aborted) return null;
        throw error;
      });
      if (outcome === null) return;
      must(outcome.record?.label === expected.get(key), "every answer is right");
      receipts.push(...outcome.receipts);
      answered++;
      reached();
    }
  });
  let folder: string | undefined;
  let at = 0;
  let heldBefore = before;
  for (let round = 0; round < backups; round++) {
    await moreLookups();
    const out = join(kept, `backup-${round}`);
    heldBefore = receipts.length;
    const { manifest } = await victim.backUp(out, folder);
    folder = out;
    at = Date.parse(manifest.at);
    progress(`${name}: backup ${round + 1}`);
  }
  await moreLookups();
  if (folder === undefined) throw new Error("a drill needs a backup");
  stop.abort();
  const lostAt = Date.now();
  await running.process(name).kill();
  await rm(home, { recursive: true });
  await Promise.all(asking);
  progress(`${name}: lost`);

  await victim.restore(folder, { to: home, keys: join(kept, "keys") });
  const restoredAt = Date.now();
  await victim.goOn(home);
  const listeningAt = Date.now();
  const now = victim.asking();
  receipts.push(...(await askOnce(running, now.product, now.expected)));
  const answeredAt = Date.now();
  progress(`${name}: answers again`);

  await victim.check(folder);
  const acknowledged = receipts.slice(before, -2);
  const known = await victim.knows(home, acknowledged);
  const early = receipts.slice(before, heldBefore);
  must(
    early.every(({ receipt }) => known.has(receipt.body.callId)),
    "what was acknowledged before a backup began is in it",
  );
  const lacking = acknowledged.filter(({ receipt }) => !known.has(receipt.body.callId));
  // Whatever was lost: what callers hold proves itself, from pinned keys alone.
  for (const receipt of receipts) await verifyReceipt(receipt, running.city.trust);
  const seconds = (until: number): number => (until - lostAt) / 1_000;
  return {
    acknowledged: acknowledged.length,
    lacking: lacking.length,
    backupAgeSeconds: (lostAt - at) / 1_000,
    restoredSeconds: seconds(restoredAt),
    listeningSeconds: seconds(listeningAt),
    answeredSeconds: seconds(answeredAt),
  };
}

async function askOnce(
  running: RunningCity,
  product: string,
  expected: ReadonlyMap<string, string>,
): Promise<readonly EvidencedReceipt[]> {
  const [[key, label] = ["", ""]] = expected;
  const { record, receipts } = await (await running.client(CALLER).openLookup(product)).lookup(key);
  must(record?.label === label, "the first answer is right");
  return receipts;
}

async function heldByGateway(running: RunningCity, receipts: readonly EvidencedReceipt[]): Promise<void> {
  const known = await callsAtGateway(running, receipts);
  must(
    receipts.every(({ receipt }) => known.has(receipt.body.callId)),
    "the gateway holds what the domain lost",
  );
}

async function callsAtGateway(running: RunningCity, receipts: readonly EvidencedReceipt[]): Promise<Set<string>> {
  const client = running.client(CALLER);
  const known = new Set<string>();
  for (const { receipt } of receipts) {
    const held = await client.receipt(receipt.body.callId).catch((error: unknown) => {
      if (isSluiceError(error, "ERR_NOT_FOUND")) return null;
      throw error;
    });
    if (held === null) continue;
    must(JSON.stringify(held.receipt.receipt) === JSON.stringify(receipt), "the gateway holds the same words");
    known.add(receipt.body.callId);
  }
  return known;
}

function callsInState(home: string): ReadonlySet<string> {
  const state = new DatabaseSync(join(home, "state.sqlite"), { readOnly: true });
  try {
    return new Set(
      state
        .prepare("SELECT call_id FROM answer")
        .all()
        .map((row) => String(row["call_id"])),
    );
  } finally {
    state.close();
  }
}

function must(holds: boolean, what: string): void {
  if (!holds) throw new Error(`does not hold: ${what}`);
}
