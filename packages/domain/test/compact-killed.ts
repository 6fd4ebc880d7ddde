/** A domain that goes on with a marked compaction and is killed at a moment of it: `node compact-killed.ts DIRECTORY MOMENT`. It looks
 *  whenever something is drawn or the time is asked, which is before each file that it writes and before the state changes.
 *  @module */
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { startDomain } from "../src/index.ts";
import { random as systemRandom } from "./serving-fixture.ts";

const [directory = "", moment = ""] = process.argv.slice(2);

const list = (folder: string): string[] => {
  const path = join(directory, folder);
  return existsSync(path) ? readdirSync(path) : [];
};
const before = { indexes: new Set(list("indexes")), contents: new Set(list("contents")) };
const isNew = (folder: "indexes" | "contents"): boolean => {
  return list(folder).some((name) => !before[folder].has(name) && !name.endsWith(".tmp"));
};
const state = new DatabaseSync(join(directory, "state.sqlite"), { readOnly: true });
const marks = state.prepare("SELECT count(*) AS marks FROM product WHERE compact = 1");

const MOMENTS: Readonly<Record<string, () => boolean>> = {
  deriving: () => list("builds").some((run) => list(join("builds", run)).some((name) => !name.endsWith(".tmp"))),
  writing: () => isNew("indexes"),
  written: () => isNew("contents"),
  served: () => marks.get()?.["marks"] === 0,
};
const isThere = MOMENTS[moment] ?? (() => true);
const dieInTime = (): void => {
  if (isThere()) process.kill(process.pid, "SIGKILL");
};

await startDomain(directory, {
  workerThreads: 1,
  clock: {
    now: () => {
      dieInTime();
      return new Date();
    },
  },
  random: {
    bytes: (length) => {
      dieInTime();
      return systemRandom.bytes(length);
    },
  },
});
