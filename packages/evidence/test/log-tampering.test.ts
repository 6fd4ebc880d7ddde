import { cp, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { signCheckpoint } from "../src/checkpoint.ts";
import { generateKey, openLog, verifyCheckpointInDirectory, verifyLogDirectory } from "../src/index.ts";
import { verifyLogFiles } from "../src/verify.ts";
import { CLOCK, entriesOf, inDirectory, ORIGIN } from "./log-fixture.ts";

const key = await generateKey();
const options = { origin: ORIGIN, key, clock: CLOCK };
const trust = { origin: ORIGIN, logKey: key.keyId };
const PUBLIC_FILES = /(?:^|\/)(?:checkpoint|tile(?:\/.*)?)$/;

/** 600 entries, and a checkpoint of an earlier size. */
async function build(directory: string): Promise<string> {
  const log = await openLog(directory, options);
  await Promise.all(entriesOf(0, 300).map((entry) => log.append(entry)));
  const { text } = await log.publish();
  await Promise.all(entriesOf(300, 600).map((entry) => log.append(entry)));
  await log.close();
  return text;
}

let source = "";
let earlier = "";
let remove = (): void => undefined;
let removed: Promise<void> | undefined;

beforeAll(async () => {
  await new Promise<void>((ready, failed) => {
    removed = inDirectory(async (directory) => {
      source = directory;
      earlier = await build(directory);
      await new Promise<void>((done) => {
        remove = done;
        ready();
      });
    });
    removed.catch(failed);
  });
});

afterAll(async () => {
  remove();
  await removed;
});

/** Only the public files: what an auditor has. */
async function inCopy(body: (directory: string) => Promise<void>): Promise<void> {
  await inDirectory(async (directory) => {
    const copy = join(directory, "copy");
    await cp(source, copy, { recursive: true, filter: (path) => path === source || PUBLIC_FILES.test(path) });
    await body(copy);
  });
}

test("verifies from the public files alone", async () => {
  await inCopy(async (directory) => {
    expect((await verifyLogDirectory(directory, trust)).size).toBe(600);
    await verifyCheckpointInDirectory(directory, earlier, trust);
  });
});

test("an auditor who fetched a partial tile's replacement verifies as well", async () => {
  await inCopy(async (directory) => {
    const read = async (path: string) => readFile(join(directory, path)).catch(() => null);
    const withOlder = async (path: string) => (path === "checkpoint" ? new TextEncoder().encode(earlier) : read(path));
    expect((await verifyLogFiles(withOlder, trust)).size).toBe(300);
  });
});

test.each([
  ["tile/entries/000", 34 * 17 + 5],
  ["tile/entries/000", 0],
  ["tile/entries/002.p/88", 34 * 87 + 33],
  ["tile/0/000", 9],
  ["tile/0/001", 256 * 32 - 1],
  ["tile/0/002.p/88", 88 * 32 - 1],
  ["tile/1/000.p/2", 33],
  ["checkpoint", 20],
])("finds one changed bit in %s at %i", async (path, offset) => {
  await inCopy(async (directory) => {
    const bytes = await readFile(join(directory, path));
    bytes[offset] = (bytes[offset] ?? 0) ^ 1;
    await writeFile(join(directory, path), bytes);
    await refuses(directory);
  });
});

test.each(["tile/entries/001", "tile/entries/002.p/88", "tile/0/000", "tile/1/000.p/2", "checkpoint"])(
  "finds that %s is missing or cut short",
  async (path) => {
    await inCopy(async (directory) => {
      const bytes = await readFile(join(directory, path));
      await writeFile(join(directory, path), bytes.subarray(0, bytes.length - 1));
      await refuses(directory);
      await rm(join(directory, path));
      await refuses(directory);
    });
  },
);

test("finds a checkpoint that the log's own key signed over another root", async () => {
  await inCopy(async (directory) => {
    const { text } = await signCheckpoint(ORIGIN, { size: 600, rootHash: new Uint8Array(32) }, key);
    await writeFile(join(directory, "checkpoint"), text);
    await expect(verifyLogDirectory(directory, trust)).rejects.toMatchObject({
      details: { reason: "the entries do not lead to the checkpoint" },
    });
  });
});

test("finds two entry tiles in each other's place", async () => {
  await inCopy(async (directory) => {
    const tile = (name: string) => join(directory, "tile/entries", name);
    await rename(tile("000"), tile("swap"));
    await rename(tile("001"), tile("000"));
    await rename(tile("swap"), tile("001"));
    await refuses(directory);
  });
});

test("finds a log that was rewritten from an entry on and signed again", async () => {
  await inDirectory(async (directory) => {
    const fork = await openLog(directory, options);
    await Promise.all([...entriesOf(0, 299), ...entriesOf(900, 1_300)].map((entry) => fork.append(entry)));
    await fork.close();
    await verifyLogDirectory(directory, trust);
    await expect(verifyCheckpointInDirectory(directory, earlier, trust)).rejects.toMatchObject({
      code: "ERR_LOG",
      details: { reason: "a checkpoint is not one of the published tree" },
    });
  });
});

test("finds a log that was cut back to an earlier checkpoint", async () => {
  await inCopy(async (directory) => {
    const newest = await readFile(join(directory, "checkpoint"), "utf8");
    await writeFile(join(directory, "checkpoint"), earlier);
    await expect(verifyCheckpointInDirectory(directory, newest, trust)).rejects.toMatchObject({
      details: { reason: "a checkpoint is newer than the published one" },
    });
  });
});

test("stops when it is asked to", async () => {
  await inCopy(async (directory) => {
    const signal = AbortSignal.abort(new Error("enough"));
    await expect(verifyLogDirectory(directory, trust, { signal })).rejects.toThrow("enough");
  });
});

async function refuses(directory: string): Promise<void> {
  await expect(verifyLogDirectory(directory, trust)).rejects.toMatchObject({ code: "ERR_LOG" });
}
