/** Sealed files of a domain: bound to key and name, whole or absent, read back as they were written. @module */
import { copyFile, mkdtemp, open, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { utf8, type Bytes } from "@sluice/protocol";
import { expect, onTestFinished, test } from "vitest";
import { DataKeys } from "../src/rest/data-keys.ts";
import { contentOf, MemoryFiles, type MemoryFile } from "../src/rest/memory-files.ts";
import { filesBelow, seededRandom } from "./data-fixture.ts";

async function directory(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), "sluice-rest-"));
  onTestFinished(() => rm(path, { recursive: true, force: true }));
  return path;
}

const SUITES = ["intl", "sm"] as const;
const MARK = utf8("planted value of a row");
const content = (sizeBytes: number): Bytes =>
  Uint8Array.from({ length: sizeBytes }, (_, i) => MARK[i % MARK.length] ?? 0);

test.each(SUITES.flatMap((suite) => [0, 1, 65_000, 65_536, 300_000].map((sizeBytes) => ({ suite, sizeBytes }))))(
  "a file of $sizeBytes bytes comes back from $suite, its size is known before, and it shows nothing",
  async ({ suite, sizeBytes }) => {
    const path = await directory();
    const files = await filesBelow(path, suite);
    await files.write("indexes/one/part.bin", content(sizeBytes));
    expect(await files.sizeBytes("indexes/one/part.bin")).toBe(sizeBytes);
    expect(await files.read("indexes/one/part.bin")).toEqual(content(sizeBytes));
    const shared = await files.read("indexes/one/part.bin", { shared: true });
    expect(shared.buffer).toBeInstanceOf(SharedArrayBuffer);
    expect(new Uint8Array(shared)).toEqual(content(sizeBytes));
    const sealed = await readFile(join(path, "indexes/one/part.bin"));
    expect(sealed.length).toBeGreaterThan(sizeBytes);
    expect(sealed.includes(Buffer.from(MARK))).toBe(false);
  },
);

test.each(SUITES)("a flipped byte, a cut and another file in its place are refused by name (%s)", async (suite) => {
  const path = await directory();
  const files = await filesBelow(path, suite);
  const [name, other] = ["data/tables/a.parquet", "data/tables/b.parquet"];
  await files.write(name, content(70_000));
  await files.write(other, content(70_000));
  const sealed = await readFile(join(path, name));
  const refused = (): Promise<void> =>
    expect(files.read(name)).rejects.toMatchObject({ code: "ERR_SEALED_FILE", details: { file: `hrss/${name}` } });
  for (const at of [0, 6, 7, 9, 17, 30, 1_000, 66_000, sealed.length - 1]) {
    const flipped = Buffer.from(sealed);
    flipped[at] = (flipped[at] ?? 0) ^ 1;
    await writeFile(join(path, name), flipped);
    await refused();
  }
  for (const cut of [0, 10, 16, 40, 65_000, sealed.length - 1]) {
    await writeFile(join(path, name), sealed.subarray(0, cut));
    await refused();
  }
  await copyFile(join(path, other), join(path, name));
  await refused();
  await rm(join(path, name));
  await refused();
});

test("data keys do not open under another master secret, in another domain, or when they were altered", async () => {
  const path = await directory();
  const options = {
    directory: path,
    domain: "hrss",
    wrappingSecret: seededRandom("master").bytes(32),
    random: seededRandom("keys"),
  };
  await filesBelow(path);
  await rm(join(path, "keys/data.json"));
  const made = await DataKeys.create(options, "sm");
  const opened = await DataKeys.open(options);
  expect(opened.current.id).toBe(made.current.id);
  expect(opened.current.suite).toBe("sm");
  const refused = expect.objectContaining({ code: "ERR_SEALED_FILE" });
  const others = [{ wrappingSecret: seededRandom("other").bytes(32) }, { domain: "health" }];
  for (const other of others) await expect(DataKeys.open({ ...options, ...other })).rejects.toEqual(refused);
  const file = join(path, "keys/data.json");
  const text = await readFile(file, "utf8");
  await writeFile(file, text.replace(made.current.id, "0".repeat(16)));
  await expect(DataKeys.open(options)).rejects.toEqual(refused);
  await writeFile(file, "{}");
  await expect(DataKeys.open(options)).rejects.toMatchObject({ code: "ERR_DIRECTORY_STATE" });
});

test("a memory file has no name, and is read by its path", async () => {
  const memory = await MemoryFiles.open();
  const before = (await readdir(memory.directory)).filter((name) => name.startsWith("sluice-"));
  await using file = await memory.filled(
    (async function* () {
      yield MARK;
      yield MARK;
    })(),
  );
  const now = await readdir(memory.directory);
  expect(now.filter((name) => name.startsWith("sluice-") && !before.includes(name))).toEqual([]);
  expect(await readFile(file.path)).toEqual(Buffer.concat([MARK, MARK]));
  expect(Buffer.concat(await Array.fromAsync(contentOf(file)))).toEqual(Buffer.concat([MARK, MARK]));
});

test("where there is no memory file system, and when it is full, tables stay closed", async () => {
  const path = await directory();
  const refusal = (reason: string, where = path) => ({
    code: "ERR_MEMORY_FILES",
    details: { directory: where, reason },
  });
  await expect(MemoryFiles.open(path)).rejects.toMatchObject(refusal("it is on a disk"));
  const absent = join(path, "absent");
  await expect(MemoryFiles.open(absent)).rejects.toMatchObject(refusal("there is no such directory", absent));
  const memory = await MemoryFiles.open();
  await using handle = await open("/dev/full", "r+");
  const full: MemoryFile = { handle, path: "/dev/full", [Symbol.asyncDispose]: async () => {} };
  await expect(memory.append(full, MARK)).rejects.toMatchObject(refusal("it is full", memory.directory));
});
