/** `kill -9` in the middle of a compaction. With SLOW=1.
 *  @module */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test } from "vitest";
import { compactProductOfDomain, startDomain } from "../src/index.ts";
import { StateDatabase } from "../src/state/database.ts";
import { foldersOf, WorkStore } from "../src/state/work.ts";
import { buildAgain, CHANGED, lookUp, openCurrent, OTHER } from "./lookup-fixture.ts";
import { deliverGrant, importPersons, openFixture, plainBand, ROWS, serveProduct } from "./serving-fixture.ts";

const slow = process.env["SLOW"] === "1";

/** Starts the domain of `home` in a process that ends itself at `moment`. */
async function killAt(moment: string, home: string): Promise<void> {
  const script = fileURLToPath(new URL("compact-killed.ts", import.meta.url));
  const child = spawn(process.execPath, [script, home, moment], { stdio: ["ignore", "inherit", "inherit"] });
  onTestFinished(() => void child.kill("SIGKILL"));
  const [, signal] = (await once(child, "exit")) as [number | null, string | null];
  expect(signal, moment).toBe("SIGKILL");
}

/** What the state says of the product, and the folders on the disk. */
async function kept(home: string) {
  const db = new StateDatabase(join(home, "state.sqlite"));
  try {
    const work = new WorkStore(db);
    const product = work.product("bands", 1);
    const body = product?.snapshot.body;
    return {
      epoch: body?.type === "lookup-snapshot" ? body.epoch : null,
      isMarked: work.marked().length === 1,
      folders: product === null ? [] : foldersOf(product).toSorted(),
      served: work.servedIndexes().toSorted(),
      indexes: (await readdir(join(home, "indexes"))).toSorted(),
      contents: (await readdir(join(home, "contents"))).toSorted(),
      builds: await readdir(join(home, "builds")),
    };
  } finally {
    db.close();
  }
}

test.runIf(slow)(
  "a compaction that is killed at any moment serves base and delta until it has begun again and ended, and leaves one base",
  { timeout: 300_000 },
  async () => {
    await using fixture = await openFixture();
    const home = fixture.directory;
    const grant = await deliverGrant(fixture);
    await serveProduct(fixture, grant);
    const start = async (): Promise<void> => {
      fixture.domain = await startDomain(home, { workerThreads: 1, pause: () => Promise.resolve() });
    };
    await fixture.domain.close();
    await importPersons(home, CHANGED);
    await start();
    await buildAgain(fixture, grant);
    await fixture.domain.close();
    expect(await compactProductOfDomain(home, "bands")).toEqual([1]);
    const before = await kept(home);
    expect(before).toMatchObject({ epoch: 1, isMarked: true, builds: [] });
    expect(before.folders).toHaveLength(2);

    const left = new Set<string>();
    for (const moment of ["deriving", "writing", "written"]) {
      await killAt(moment, home);
      const now = await kept(home);
      expect(now, moment).toMatchObject({ epoch: 1, isMarked: true, folders: before.folders });
      expect(now.indexes, moment).toEqual(expect.arrayContaining(before.folders));
      expect(now.contents, moment).toEqual(expect.arrayContaining(before.folders));
      for (const name of [...now.builds, ...now.indexes]) if (!before.indexes.includes(name)) left.add(name);
    }
    // Each moment left something, of which nothing may stay.
    expect(left.size).toBeGreaterThanOrEqual(3);

    await killAt("served", home);
    const served = await kept(home);
    expect(served).toMatchObject({ epoch: 2, isMarked: false });
    expect(served.folders).toHaveLength(1);

    await start();
    const opened = await openCurrent(fixture);
    expect(opened.snapshot.delta).toBeUndefined();
    const found = [];
    for (const key of ["P0", "P1", "P2", `P${ROWS}`]) found.push(await lookUp({ fixture, grant }, opened, key));
    expect(found).toEqual([plainBand(0), null, plainBand(OTHER), plainBand(OTHER)]);
    await fixture.domain.close();
    // It was compacted once: the second start found no mark.
    const { folders } = served;
    expect(await kept(home)).toEqual({ ...served, served: folders, indexes: folders, contents: folders, builds: [] });
    await start();
  },
);
