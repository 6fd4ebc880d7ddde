/** A folder of evidence with a log that was pruned.
 *  @module */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { generateKey, openLog, pruneLog } from "@sluice/evidence";
import { entryOf, ORIGIN } from "./log-server.ts";

/** Writes trust.json and the gateway's log of 600 entries, of which those from 512 on are kept. */
export async function writePrunedEvidence(directory: string): Promise<void> {
  const key = await generateKey();
  let now = new Date("2021-05-01T00:00:00.000Z");
  const options = { origin: ORIGIN, key, clock: { now: () => now }, publishIntervalMs: 0 };
  const log = join(directory, "logs", "gateway");
  const open = await openLog(log, options);
  await Promise.all(Array.from({ length: 600 }, (_, i) => open.append(entryOf(i))));
  await open.close();
  now = new Date("2025-01-01T00:00:00.000Z");
  await pruneLog(log, { ...options, before: new Date("2021-06-01T00:00:00.000Z") });
  const { keyId } = key;
  const pins = { domains: {}, gateway: { key: keyId, logKey: keyId, logOrigin: ORIGIN }, agencyKey: keyId };
  await writeFile(join(directory, "trust.json"), JSON.stringify(pins));
}
