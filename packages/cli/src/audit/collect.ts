/** Everything of a period: receipts page by page, what they rest on, and copies of the logs that hold them.
 *  @module */
import type { SluiceClient } from "@sluice/client";
import { logIdentity, type TrustPins } from "@sluice/evidence/verify";
import { canonicalText, isSluiceError, Name, SluiceError, type EvidencedReceipt, type Instant } from "@sluice/protocol";
import { usage } from "../command.ts";
import { copyAnchors } from "./copy-anchors.ts";
import { copyLog } from "./copy-log.ts";
import type { ExportFolder } from "./export-folder.ts";
import { Summary } from "./summary.ts";

/** Name of the directory of the gateway's log. */
const GATEWAY = "gateway";

/** The period [from, to), by the clocks of the domains. */
export interface Period {
  readonly from: Instant;
  readonly to: Instant;
}

/** What a collection works with. */
export interface Collection {
  readonly client: SluiceClient;
  readonly trust: TrustPins;
  readonly period: Period;
  readonly folder: ExportFolder;
  /** Told what is going on, one line at a time. */
  readonly progress: (line: string) => void;
  readonly signal: AbortSignal;
}

/** Writes the evidence of the period into the folder. @throws ERR_ROLE for everybody but the agency; ERR_USAGE when a
 *  domain of the period is not pinned; ERR_LOG, and what the gateway refuses */
export async function collect(collection: Collection): Promise<Summary> {
  const { client, trust, folder, progress, signal } = collection;
  const summary = new Summary();
  await folder.writeJson("trust.json", trust);
  const needs = await collectReceipts(collection, summary);
  for (const domain of [...needs.keys()].filter((name) => name !== GATEWAY)) {
    await collectEvents(collection, domain, needs);
  }
  for (const { logs } of Object.values(trust.anchors ?? {})) {
    for (const name of logs) needs.set(name, needs.get(name) ?? 0);
  }
  for (const [name, size] of needs) {
    const domain = name === GATEWAY ? null : name;
    const pins = domain === null ? trust.gateway : trust.domains[domain];
    if (pins === undefined) continue;
    progress(`log of ${name}: ${size} entries at least`);
    const copied = await copyLog({
      identity: logIdentity(pins),
      read: (path) => client.logFile(domain, path, { signal }),
      size,
      write: (path, bytes) => folder.write(`logs/${name}/${path}`, bytes),
      waiting: () => progress(`log of ${name}: waiting for its next publication, a minute at most`),
      signal,
    });
    summary.addLog({
      name,
      origin: pins.logOrigin,
      entries: copied.size,
      firstKept: copied.firstKept,
      logKey: pins.logKey,
    });
    await collectAnchors(collection, summary, { name, domain, size: copied.size });
  }
  const parties = await client.parties({ signal });
  await folder.writeJson("parties.json", { parties });
  await summary.addParties(parties, trust.agencyKey);
  return summary;
}

/** Writes the records of each anchor that the pins name for this log. */
async function collectAnchors(
  { client, trust, period, folder, progress, signal }: Collection,
  summary: Summary,
  { name, domain, size }: { name: string; domain: string | null; size: number },
): Promise<void> {
  for (const [anchor, pin] of Object.entries(trust.anchors ?? {})) {
    if (!pin.logs.includes(name)) continue;
    const records = await copyAnchors({
      anchor,
      pin,
      size,
      from: period.from,
      read: (file) => client.logFile(domain, `anchors/${anchor}/${file}`, { signal }),
      write: (file, bytes) => folder.write(`anchors/${name}/${anchor}/${file}`, bytes),
    });
    progress(`anchor ${anchor} of ${name}: ${records.length} records`);
    summary.addAnchor({ log: name, anchor, kind: pin.kind, records: records.length, newest: records[0] ?? null });
  }
}

/** Writes receipts and what they rest on. @returns the size that the copy of each log must have */
async function collectReceipts(collection: Collection, summary: Summary): Promise<Map<string, number>> {
  const { client, trust, period, folder, progress, signal } = collection;
  const needs = new Map<string, number>([[GATEWAY, 0]]);
  const written = new Set<string>();
  let after: string | undefined;
  do {
    const page = await client.receipts({ ...period, ...(after === undefined ? {} : { after }) }, { signal });
    if (page.next !== undefined && page.next === after) {
      throw new SluiceError("ERR_BODY_INVALID", { pointer: "/next", expected: "another page" });
    }
    for (const { receipt, request } of page.items) {
      const { callId, domain, operation } = receipt.receipt.body;
      if (!Object.hasOwn(trust.domains, domain)) {
        throw usage(`the trust file pins no keys of domain ${domain}, which has receipts in the period`);
      }
      await folder.writeDocument(`receipts/${callId}.json`, receipt);
      if (request !== undefined) await folder.writeDocument(`requests/${callId}.json`, request);
      need(needs, domain, receipt.domainLog.checkpoint);
      if (receipt.gatewayLog !== undefined) need(needs, GATEWAY, receipt.gatewayLog.checkpoint);
      await collectBasis(collection, summary, receipt, written);
      if (operation === "develop" || operation === "build") await collectRun(collection, summary, callId);
      summary.addReceipt(receipt);
    }
    after = page.next;
    progress(`${summary.receipts} receipts`);
  } while (after !== undefined);
  return needs;
}

/** Writes the events of a domain that has receipts in the period: with them each entry of its log is explained. */
async function collectEvents(
  { client, period, folder, progress, signal }: Collection,
  domain: string,
  needs: Map<string, number>,
): Promise<void> {
  let after: string | undefined;
  let count = 0;
  do {
    const page = await client.events(domain, { ...period, ...(after === undefined ? {} : { after }) }, { signal });
    if (page.next !== undefined && page.next === after) {
      throw new SluiceError("ERR_BODY_INVALID", { pointer: "/next", expected: "another page" });
    }
    for (const one of page.items) {
      await folder.writeDocument(`events/${domain}/${one.domainLog.index}.json`, one);
      need(needs, domain, one.domainLog.checkpoint);
    }
    after = page.next;
    progress(`${(count += page.items.length)} events of ${domain}`);
  } while (after !== undefined);
}

/** Product, release, grant, policy and scene of a receipt, once each. */
async function collectBasis(
  { client, folder, signal }: Collection,
  summary: Summary,
  { receipt: { body } }: EvidencedReceipt,
  written: Set<string>,
): Promise<void> {
  const basis = canonicalText([body.grant, body.release ?? "", body.product, body.version]);
  if (written.has(basis)) return;
  written.add(basis);
  const { product, release, grant, scene } = await client.receipt(body.callId, { signal });
  if (product !== undefined) {
    await folder.writeJson(`products/${fileName(product.product)}-${product.version}.json`, product);
    summary.addProduct(product);
  }
  if (release !== undefined && body.release !== undefined) {
    await folder.writeDocument(`releases/${body.release}.json`, release);
  }
  if (scene === undefined) return;
  await folder.writeJson(`scenes/${fileName(scene.scene)}.json`, scene);
  if (grant === undefined) return;
  await folder.writeDocument(`grants/${body.grant}.json`, { grant, policy: scene.proposal.policy });
  summary.addScene(body.grant, grant, scene);
}

/** A run's certificate, manifest and guard report, and its reviews. */
async function collectRun({ client, folder, signal }: Collection, summary: Summary, callId: string): Promise<void> {
  try {
    const run = await client.run(callId, { signal });
    const reviews = await client.runReviews(callId, { signal });
    await folder.writeJson(`runs/${callId}.json`, run);
    await folder.writeJson(`reviews/${callId}.json`, reviews);
    summary.addRun(run, reviews);
  } catch (error) {
    // Its receipt is evidence without it.
    if (!isSluiceError(error, "ERR_NOT_FOUND")) throw error;
  }
}

function need(needs: Map<string, number>, name: string, checkpoint: string): void {
  // Second line of a checkpoint. Whether it is one, `sluice verify` finds out.
  const size = Number(checkpoint.split("\n")[1]);
  needs.set(name, Math.max(needs.get(name) ?? 0, Number.isSafeInteger(size) ? size : 0));
}

/** A name as part of a path. @throws when the gateway sent none */
function fileName(name: string): string {
  return Name.parse(name);
}
