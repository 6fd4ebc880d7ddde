/** Any flipped byte of any file of a log is found, and the file named.
 *  @module */
import { chmod, cp, readdir, readFile, writeFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { isSluiceError } from "@sluice/protocol";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  generateKey,
  generateSm2Key,
  lookAtLog,
  openCosignatures,
  openLog,
  pruneLog,
  verifyLogDirectory,
  verifyLogFiles,
  type ReadLogFile,
} from "../src/index.ts";
import { cosign } from "../src/witness-cosignature.ts";
import { entriesOf, inDirectory, ORIGIN } from "./log-fixture.ts";

const [key, sm2Key, witness] = [await generateKey(), await generateSm2Key(), await generateKey()];
const trust = { origin: ORIGIN, logKey: key.keyId, logSm2Key: sm2Key.keyId };
let now = "2026-01-02T03:04:05.000Z";
const options = { origin: ORIGIN, key, sm2Key, clock: { now: () => new Date(now) }, publishIntervalMs: 0 };
/** Decide nothing: who holds the lock, and the lock itself. */
const NO_EVIDENCE = new Set(["lock", "lock.pid"]);

let source = "";
let remove = (): void => undefined;
let removed: Promise<void> | undefined;

/** 256 pruned entries, 256 kept in a full tile, and 5 and 9 under two checkpoints. */
async function build(directory: string): Promise<void> {
  let log = await openLog(directory, options);
  await Promise.all(entriesOf(0, 256).map((entry) => log.append(entry)));
  now = "2026-06-01T00:00:00.000Z";
  await Promise.all(entriesOf(256, 512).map((entry) => log.append(entry)));
  await log.close();
  now = "2029-02-01T00:00:00.000Z";
  await pruneLog(directory, { ...options, before: new Date("2026-01-03T00:00:00.000Z") });
  log = await openLog(directory, options);
  await Promise.all(entriesOf(512, 517).map((entry) => log.append(entry)));
  await log.publish();
  await Promise.all(entriesOf(517, 521).map((entry) => log.append(entry)));
  await log.close();
}

beforeAll(async () => {
  await new Promise<void>((ready, failed) => {
    removed = inDirectory(async (directory) => {
      await build(directory);
      source = directory;
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

async function filesOf(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  return files.map(({ parentPath, name }) => relative(directory, join(parentPath, name))).toSorted();
}

/** Whether `work` fails with ERR_LOG whose reason has `name`. */
async function faultNamed(name: string, work: () => Promise<unknown>): Promise<boolean> {
  try {
    await work();
    return false;
  } catch (error) {
    if (!isSluiceError(error, "ERR_LOG")) throw error;
    return String(error.details["reason"]).includes(name);
  }
}

/** Full tiles have thousands of bytes that are all alike: beside those at both ends one in this many is flipped, and each
 *  with SLOW=1. */
const STEP = process.env["SLOW"] === "1" ? 1 : 97;
const ENDS = 8;

/** `bytes` with one bit changed, for each offset that is tried. */
function* flips(bytes: Uint8Array, step: number): Generator<[offset: number, flipped: Uint8Array]> {
  for (let offset = 0; offset < bytes.length; offset++) {
    if (offset >= ENDS && offset < bytes.length - ENDS && offset % step !== 0) continue;
    const flipped = Uint8Array.from(bytes);
    flipped[offset] = (bytes[offset] ?? 0) ^ (1 << (offset % 8));
    yield [offset, flipped];
  }
}

/** Offsets of `path` at which a flip is not found by `check`, which reads the files from memory. */
async function missedInMemory(
  path: string,
  check: (read: ReadLogFile) => Promise<boolean>,
  step: number,
): Promise<number[]> {
  const files = new Map(
    await Promise.all(PUBLIC.map(async (name) => [name, await readFile(join(source, name))] as const)),
  );
  const missed: number[] = [];
  for (const [offset, flipped] of flips(files.get(path) ?? new Uint8Array(0), step)) {
    const read = async (name: string) => (name === path ? flipped : (files.get(name) ?? null));
    if (!(await check(read))) missed.push(offset);
  }
  return missed;
}

/** The same in a copy of the directory. */
async function missed(path: string, check: (directory: string) => Promise<boolean>, step: number): Promise<number[]> {
  return await inDirectory(async (directory) => {
    const copy = join(directory, "copy");
    await cp(source, copy, { recursive: true, filter: (from) => !NO_EVIDENCE.has(relative(source, from)) });
    const file = join(copy, path);
    await chmod(file, 0o644);
    const found: number[] = [];
    for (const [offset, flipped] of flips(await readFile(file), step)) {
      await writeFile(file, flipped);
      if (!(await check(copy))) found.push(offset);
    }
    return found;
  });
}

const PUBLIC = [
  "checkpoint",
  "pruned",
  "tile/0/000",
  "tile/0/001",
  "tile/0/002.p/5",
  "tile/0/002.p/9",
  "tile/1/000.p/2",
  "tile/entries/001",
  "tile/entries/002.p/5",
  "tile/entries/002.p/9",
];
test("the log has these files and no others", async () => {
  const files = (await filesOf(source)).filter((path) => !NO_EVIDENCE.has(path));
  expect(files).toEqual([...PUBLIC, "journal", "retention"].toSorted());
  expect((await verifyLogDirectory(source, trust)).pruned?.firstKept).toBe(256);
});

/** Forms that only an earlier checkpoint covers: a directory is read for them. */
const NARROWER = ["tile/0/002.p/5", "tile/entries/002.p/5"];

test.each(PUBLIC.filter((path) => !NARROWER.includes(path)))(
  "a flipped byte of %s is found from the public files, and the file named",
  async (path) => {
    const check = (read: ReadLogFile) => faultNamed(path, () => verifyLogFiles(read, trust));
    expect(await missedInMemory(path, check, path.startsWith("tile/") ? STEP : 1)).toEqual([]);
  },
);

test.each(NARROWER)("a flipped byte of %s is found in the directory, and the file named", async (path) => {
  const check = (directory: string) => faultNamed(path, () => verifyLogDirectory(directory, trust));
  expect(await missed(path, check, STEP)).toEqual([]);
});

test.each(["journal", "retention"])("a flipped byte of %s is found when the log is opened", async (path) => {
  const check = (directory: string) => faultNamed(path, async () => (await openLog(directory, options)).close());
  expect(await missed(path, check, path === "journal" ? STEP : 1)).toEqual([]);
});

test.each(["checkpoint", "pruned", "tile/1/000.p/2", "tile/0/001", "tile/0/002.p/9", "tile/entries/002.p/9"])(
  "a monitor that looks for the first time finds a flipped byte of %s",
  async (path) => {
    const check = async (read: ReadLogFile) => (await lookAtLog(read, trust, null)).kind !== "consistent";
    expect(await missedInMemory(path, check, STEP)).toEqual([]);
  },
);

test("a flipped byte of a witness's line costs its cosignature, or the form of the checkpoint", async () => {
  const text = await readFile(join(source, "checkpoint"), "utf8");
  const name = "witness.example/w1";
  const line = await cosign(text.slice(0, text.indexOf("\n\n") + 1), name, witness, new Date(now));
  const whole = new TextEncoder().encode(text + line);
  const own = new TextEncoder().encode(text).length;
  const witnesses = [{ name, witnessKey: witness.keyId }];
  expect(await openCosignatures(text + line, witnesses)).toHaveLength(1);
  for (let offset = own; offset < whole.length; offset++) {
    const flipped = Uint8Array.from(whole);
    flipped[offset] = (whole[offset] ?? 0) ^ (1 << (offset % 8));
    const shown = new TextDecoder().decode(flipped);
    expect([offset, await openCosignatures(shown, witnesses)]).toEqual([offset, []]);
  }
});
