/** A gateway's directory whose log is anchored: at an authority that is OpenSSL, and behind a webhook.
 *  @module */
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { systemClock, systemRandom } from "@sluice/client";
import {
  generateKey,
  importPrivateKey,
  importSm2Key,
  keepAnchors,
  logIdentity,
  openLog,
  readAnchors,
} from "@sluice/evidence";
import type { PinnedLog, ReadLogFile, TrustPins } from "@sluice/evidence/verify";
import { initGateway, type GatewayIdentity } from "@sluice/gateway";
import { serveAnchors } from "./anchor-servers.ts";
import { entryOf } from "./log-server.ts";

/** The directory, and what a verifier pins of it. */
export interface AnchoredHome {
  readonly directory: string;
  readonly trust: TrustPins;
}

/** Makes `directory` a gateway's, whose log has `size` entries, and anchors them. */
export async function anchoredHome(directory: string, size: number): Promise<AnchoredHome> {
  const { keyId } = await generateKey();
  const identity = await initGateway(directory, { agencyKey: keyId, clock: systemClock, random: systemRandom });
  await using servers = await serveAnchors(directory);
  await writeLog(directory, identity, size);
  const read: ReadLogFile = async (path) => new Uint8Array(await readFile(join(directory, "log", path)));
  await anchorNow({ configuration: directory, records: join(directory, "anchors"), identity, read });
  const { gatewayKey: key, logKey, logSm2Key, logOrigin } = identity;
  const anchors: TrustPins["anchors"] = {
    tsa: { kind: "timestamp", caPem: servers.caPem, logs: ["gateway"] },
    chain: { kind: "webhook", logs: ["gateway"] },
  };
  return {
    directory,
    trust: { domains: {}, gateway: { key, logKey, logSm2Key, logOrigin }, agencyKey: keyId, anchors },
  };
}

/** Replaces the log by another, whole and signed by the same keys: entries [from, from + size). */
export async function forgeLog(directory: string, size: number, from = 0): Promise<void> {
  const config = JSON.parse(await readFile(join(directory, "config.json"), "utf8")) as GatewayIdentity;
  await rm(join(directory, "log"), { recursive: true });
  await writeLog(directory, config, size, from);
}

async function writeLog(directory: string, { logOrigin }: GatewayIdentity, size: number, from = 0): Promise<void> {
  const key = await importPrivateKey(await readFile(join(directory, "keys/log.key"), "utf8"));
  const sm2Key = await importSm2Key(await readFile(join(directory, "keys/log-sm2.key"), "utf8"));
  await using log = await openLog(join(directory, "log"), { origin: logOrigin, key, sm2Key, clock: systemClock });
  await Promise.all(Array.from({ length: size }, (_, i) => log.append(entryOf(from + i))));
  await log.publish();
}

/** What is anchored, and where its records go. */
interface Anchoring {
  /** Holds `anchors.json`. */
  readonly configuration: string;
  readonly records: string;
  readonly identity: PinnedLog;
  readonly read: ReadLogFile;
}

/** Anchors what strangers see now. */
export async function anchorNow({ configuration, records, identity, read }: Anchoring): Promise<void> {
  const faults: unknown[] = [];
  const keeper = keepAnchors({
    anchors: await readAnchors(configuration),
    directory: records,
    log: { readPublished: read },
    identity: logIdentity(identity),
    clock: systemClock,
    random: systemRandom,
    fetch,
    env: {},
    onNews: (news) => void (news.state === "failed" && faults.push(news)),
    onFault: (error) => void faults.push(error),
  });
  await keeper.look();
  await keeper.close();
  if (faults.length > 0) throw new Error(JSON.stringify(faults));
}
