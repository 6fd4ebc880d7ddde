/** Rotation of the data key: cut off anywhere, both keys open; at its end the old one opens nothing. @module */
import { spawnSync } from "node:child_process";
import { cp, link, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { utf8 } from "@sluice/protocol";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { readConfig } from "../src/config.ts";
import { initDomain, rotateDataKey } from "../src/index.ts";
import { Keyring } from "../src/keyring.ts";
import { findSealed } from "../src/rest/find-sealed.ts";
import { openDataKeys, openSealedFiles, type OpenDirectory } from "../src/rest/open-files.ts";
import { eventsOf } from "./domain-log.ts";

/** Served products take seconds to make: these run in the long run. */
const long = test.runIf(process.env["SLOW"] === "1");

const random = { bytes: (length: number) => crypto.getRandomValues(new Uint8Array(length)) };
const NAMES = ["data/resources/persons.json", "data/tables/one.parquet", "indexes/a/hint.bin", "memberships/b"];
const contentOf = (name: string): Uint8Array => utf8(name.repeat(9_000));
let root: string;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "sluice-rotation-"));
  const pin = "ed25519:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
  const pins = { agencyKey: pin, departmentKey: pin, gatewayKey: pin, recoveryKey: pin };
  await initDomain(join(root, "home"), { domain: "test", title: "Test", ...pins, random });
  const files = await openSealedFiles(await opened(join(root, "home")));
  for (const name of NAMES) await files.write(name, contentOf(name));
  await mkdir(join(root, "home/log"));
});
afterAll(() => rm(root, { recursive: true, force: true }));

async function opened(directory: string): Promise<OpenDirectory> {
  const config = await readConfig(directory);
  return { directory, config, keyring: await Keyring.open(directory, config), random };
}

async function copyOfHome(name: string): Promise<string> {
  const copy = join(root, name);
  await cp(join(root, "home"), copy, { recursive: true });
  onTestFinished(() => rm(copy, { recursive: true, force: true }));
  return copy;
}

/** Ids of the keys that the domain has, and of those that its files are under. Every file is read. */
async function look(directory: string): Promise<{ keys: string[]; used: Set<string> }> {
  const domain = await opened(directory);
  const files = await openSealedFiles(domain);
  for (const name of NAMES) expect(await files.read(name)).toEqual(contentOf(name));
  const found = await Array.fromAsync(findSealed(directory));
  const names = found.map(({ name }) => name).filter((name) => !name.endsWith(".tmp"));
  expect(new Set(names)).toEqual(new Set(NAMES));
  const keys = await openDataKeys(domain);
  return { keys: keys.all.map(({ id }) => id), used: new Set(found.map(({ keyId }) => keyId)) };
}

long("every file is under one new key, the old one opens nothing, and the change is an event", async () => {
  const home = await copyOfHome("whole");
  const { keys: before } = await look(home);
  const old = await readFile(join(home, NAMES[1] ?? ""));
  // Another name of the file that the key is to be destroyed in.
  const seen = join(root, "data.json");
  await link(join(home, "keys/data.json"), seen);
  const progress: string[] = [];
  const rotated = await rotateDataKey(home, {
    suite: "sm",
    onProgress: ({ done, total }) => progress.push(`${done}/${total}`),
  });
  expect(rotated).toBe(NAMES.length);
  expect(new Set(await readFile(seen))).toEqual(new Set([0]));
  expect(progress).toEqual(["0/4", "1/4", "2/4", "3/4", "4/4"]);
  const { keys, used } = await look(home);
  expect(keys).toHaveLength(1);
  expect(keys).not.toEqual(before);
  expect([...used]).toEqual(keys);
  expect((await openDataKeys(await opened(home))).current.suite).toBe("sm");
  expect(eventsOf(home).map(({ kind }) => kind)).toEqual(["data-key-rotated"]);
  await writeFile(join(home, NAMES[1] ?? ""), old);
  const files = await openSealedFiles(await opened(home));
  await expect(files.read(NAMES[1] ?? "")).rejects.toMatchObject({
    code: "ERR_SEALED_FILE",
    details: { file: `test/${NAMES[1]}`, reason: "its key is not here" },
  });
});

long(
  "so many keys are refused that the domain would not open with, and a rotation to the last suite ends it",
  async () => {
    const home = await copyOfHome("many");
    const keys = await openDataKeys(await opened(home));
    for (let count = 1; count < 8; count++) await keys.add("sm");
    await expect(keys.add("sm")).rejects.toMatchObject({ code: "ERR_STATE" });
    await expect(rotateDataKey(home, { suite: "intl" })).rejects.toMatchObject({ code: "ERR_STATE" });
    expect((await look(home)).keys).toHaveLength(8);
    await rotateDataKey(home);
    expect((await look(home)).keys).toHaveLength(1);
  },
);

long("without its data keys a domain is not told to make new ones in the same place", async () => {
  const home = await copyOfHome("without");
  await rm(join(home, "keys/data.json"));
  await expect(rotateDataKey(home)).rejects.toMatchObject({
    code: "ERR_DIRECTORY_STATE",
    details: { command: "sluice domain init NEW-DIR", expected: expect.stringMatching(/safe copy/) as string },
  });
});

long("what a write that was cut off left is no hindrance, and goes", async () => {
  const home = await copyOfHome("left-over");
  const left = join(home, "data/tables/two.parquet.tmp");
  await cp(join(home, NAMES[1] ?? ""), left);
  await rotateDataKey(home);
  expect((await look(home)).keys).toHaveLength(1);
  await expect(readFile(left)).rejects.toThrow("ENOENT");
});

/** Renames before which the process ends. */
const CUTS =
  process.env["SLOW"] === "1" ? Array.from({ length: NAMES.length + 2 }, (_, i) => i) : [2, NAMES.length + 1];

long("a rotation that is killed anywhere leaves every file readable, and the next one ends it", async () => {
  const source = JSON.stringify(new URL("../src/index.ts", import.meta.url).href);
  const cut: number[] = [];
  // A rename for the new key, one for each file, one for the end of the old key.
  for (const rename of CUTS) {
    const home = await copyOfHome(`killed-${rename}`);
    const program = `
      import fs from "node:fs/promises"; import { syncBuiltinESMExports } from "node:module";
      const { rename } = fs; let left = ${rename};
      fs.rename = async (...paths) => { if (left-- === 0) process.kill(process.pid, "SIGKILL"); await rename(...paths); };
      syncBuiltinESMExports();
      const { rotateDataKey } = await import(${source});
      await rotateDataKey(${JSON.stringify(home)});`;
    const { signal } = spawnSync(process.execPath, ["--input-type=module", "--eval", program], { stdio: "inherit" });
    expect(signal).toBe("SIGKILL");
    const { keys, used } = await look(home);
    cut.push(keys.length);
    // What was begun is told, whether or not it was ended.
    expect(eventsOf(home).map(({ kind }) => kind)).toEqual(["data-key-rotated"]);
    await rotateDataKey(home);
    const after = await look(home);
    expect(after.keys).toHaveLength(1);
    expect([...after.used]).toEqual(after.keys);
    if (keys.length === 2) expect(after.keys).toEqual(keys.slice(1));
    expect(used.size).toBeGreaterThan(0);
  }
  expect(cut).toEqual(CUTS.map((rename) => (rename === 0 ? 1 : 2)));
});

long("a file that does not open ends the rotation before any key is destroyed", async () => {
  const home = await copyOfHome("damaged");
  const file = join(home, NAMES[2] ?? "");
  const intact = await readFile(file);
  await writeFile(file, intact.with(100, (intact[100] ?? 0) ^ 1));
  await expect(rotateDataKey(home)).rejects.toMatchObject({
    code: "ERR_SEALED_FILE",
    details: { file: `test/${NAMES[2]}` },
  });
  await writeFile(file, intact);
  expect((await look(home)).keys).toHaveLength(2);
});
