/** A process that appends until it is killed. Prints `a <index> <entry>` after each append has returned and
 *  `c <checkpoint>` for each checkpoint it was given.
 *  @module */
import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { writeSync } from "node:fs";
import { toHex, utf8 } from "@sluice/protocol";
import { importPrivateKey, openLog } from "../src/index.ts";
import { ORIGIN } from "./log-fixture.ts";

const [directory = "", keyFile = ""] = process.argv.slice(2);
const key = await importPrivateKey(await readFile(keyFile, "utf8"));
const log = await openLog(directory, { origin: ORIGIN, key, clock: { now: () => new Date() } });

await Promise.all(
  Array.from({ length: 64 }, async (_, i) => {
    for (;;) {
      const entry = new Uint8Array(randomBytes(32));
      const { index } = await log.append(entry);
      writeSync(1, `a ${index} ${toHex(entry)}\n`);
      if (i === 0) writeSync(1, `c ${toHex(utf8((await log.checkpoint()).text))}\n`);
    }
  }),
);
