/** A process that appends many entries and verifies them: `bulk-child.ts DIRECTORY ENTRIES`. Prints the bytes that it holds
 *  after a quarter, after all, and after verification, as one JSON line. Run it with `--expose-gc`.
 *  @module */
import { writeSync } from "node:fs";
import { generateKey, openLog, verifyLogDirectory } from "../src/index.ts";
import { entriesOf, ORIGIN } from "./log-fixture.ts";

const [directory = "", count = "0"] = process.argv.slice(2);
const entries = Number(count);
const key = await generateKey();
const log = await openLog(directory, { origin: ORIGIN, key, clock: { now: () => new Date() } });
const held: number[] = [];
for (let from = 0; from < entries; from += 8_192) {
  await Promise.all(entriesOf(from, Math.min(entries, from + 8_192)).map((entry) => log.append(entry)));
  if (held.length === 0 && from >= entries / 4) hold();
}
hold();
await log.close();
await verifyLogDirectory(directory, { origin: ORIGIN, logKey: key.keyId });
hold();
writeSync(1, `${JSON.stringify(held)}\n`);

function hold(): void {
  globalThis.gc?.();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  held.push(heapUsed + arrayBuffers);
}
