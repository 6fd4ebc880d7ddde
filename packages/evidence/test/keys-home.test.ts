/** Keys of a gateway or a domain, however they are kept, and another passphrase for them whenever the process ends. @module */
import { spawnSync } from "node:child_process";
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { toHex, type Random } from "@sluice/protocol";
import { expect, onTestFinished, test } from "vitest";
import {
  changePassphrase,
  createHomeKey,
  createHomeSecret,
  exportPrivateKey,
  generateKey,
  keyAccess,
  openHomeKeys,
  Passphrase,
  type KeyAccess,
  type KeyKeeping,
} from "../src/index.ts";

const long = test.runIf(process.env["SLOW"] === "1");

const random: Random = { bytes: (length) => crypto.getRandomValues(new Uint8Array(length)) };
const logN = 14;
const [old, fresh] = [new Passphrase("old"), new Passphrase("fresh")];

async function newHome(): Promise<string> {
  const home = await mkdtemp(join(tmpdir(), "sluice-home-"));
  onTestFinished(() => rm(home, { recursive: true, force: true }));
  await mkdir(join(home, "keys"), { mode: 0o700 });
  return home;
}

async function make(home: string, keeping: KeyKeeping, access: KeyAccess): Promise<string[]> {
  const keys = { keeping, ...access, random, logN };
  const made = [await createHomeKey(home, "log", "ed25519", keys), await createHomeKey(home, "log-sm2", "sm2", keys)];
  return [...made.map(({ keyId }) => keyId), toHex(await createHomeSecret(home, "master", keys))];
}

async function read(home: string, keeping: KeyKeeping, access: KeyAccess): Promise<string[]> {
  const keys = await openHomeKeys(home, keeping, access);
  const found = [await keys.signingKey("log"), await keys.signingKey("log-sm2")];
  return [...found.map(({ keyId }) => keyId), toHex(await keys.secret("master"))];
}

test.each<[KeyKeeping, KeyAccess]>([
  ["plain", {}],
  ["passphrase", { passphrase: old }],
])("%s keys come back as they were made, and nothing else of them is in a file", async (keeping, access) => {
  const home = await newHome();
  const made = await make(home, keeping, access);
  expect(await read(home, keeping, access)).toEqual(made);
  const texts = await Promise.all(
    (await readdir(join(home, "keys"))).map((name) => readFile(join(home, "keys", name), "utf8")),
  );
  const isShown = texts.some((text) => text.includes("PRIVATE KEY") || text.includes(made[2] ?? ""));
  expect(isShown).toBe(keeping === "plain");
});

test("sealed keys need their passphrase, and none stands in for another", async () => {
  const home = await newHome();
  await make(home, "passphrase", { passphrase: old });
  const refused = { code: "ERR_KEY" };
  await expect(read(home, "passphrase", {})).rejects.toMatchObject(refused);
  await expect(read(home, "plain", {})).rejects.toMatchObject(refused);
  await expect(read(home, "passphrase", { passphrase: fresh })).rejects.toMatchObject(refused);
  await cp(join(home, "keys/master.key"), join(home, "keys/other.key"));
  const keys = await openHomeKeys(home, "passphrase", { passphrase: old });
  await expect(keys.secret("other")).rejects.toMatchObject(refused);
  await expect(keys.signingKey("other")).rejects.toMatchObject(refused);
  await expect(keys.secret("log")).rejects.toMatchObject(refused);
  const text = await readFile(join(home, "keys/master.key"), "utf8");
  const sealed = /"sealed": "(.{60})(.)/.exec(text);
  await writeFile(
    join(home, "keys/master.key"),
    text.replace(sealed?.[0] ?? "", `"sealed": "${sealed?.[1]}${sealed?.[2] === "A" ? "B" : "A"}`),
  );
  await expect(keys.secret("master")).rejects.toMatchObject(refused);
});

test("keys of the environment are taken out of it, write nothing, and are of the suite that is asked for", async () => {
  const home = await newHome();
  const key = await generateKey();
  const environment: Record<string, string | undefined> = {
    SLUICE_KEY_LOG: await exportPrivateKey(key),
    SLUICE_KEY_MASTER: "ab".repeat(32),
    SLUICE_PASSPHRASE: "old",
  };
  const access = keyAccess(environment);
  const keys = { keeping: "environment", ...access, random } as const;
  expect((await createHomeKey(home, "log", "ed25519", keys)).keyId).toBe(key.keyId);
  expect(toHex(await createHomeSecret(home, "master", keys))).toBe("ab".repeat(32));
  expect(environment).toEqual({});
  await expect(createHomeKey(home, "log", "ed25519", keys)).rejects.toMatchObject({ code: "ERR_NOT_FOUND" });
  environment["SLUICE_KEY_LOG_SM2"] = await exportPrivateKey(key);
  await expect(createHomeKey(home, "log-sm2", "sm2", keys)).rejects.toMatchObject({ code: "ERR_KEY" });
  expect(await readdir(join(home, "keys"))).toEqual([]);
});

test("plain keys get a passphrase, and sealed ones another", async () => {
  const home = await newHome();
  const made = await make(home, "plain", {});
  await changePassphrase(home, { to: old, random, logN });
  expect(await read(home, "passphrase", { passphrase: old })).toEqual(made);
  await expect(changePassphrase(home, { from: fresh, to: old, random, logN })).rejects.toMatchObject({
    code: "ERR_KEY",
  });
  await expect(changePassphrase(home, { to: fresh, random, logN })).rejects.toMatchObject({ code: "ERR_KEY" });
  expect(await read(home, "passphrase", { passphrase: old })).toEqual(made);
  await changePassphrase(home, { from: old, to: fresh, random, logN });
  await expect(read(home, "passphrase", { passphrase: old })).rejects.toMatchObject({ code: "ERR_KEY" });
  expect(await read(home, "passphrase", { passphrase: fresh })).toEqual(made);
  expect((await readdir(join(home, "keys"))).toSorted()).toEqual(["log-sm2.key", "log.key", "master.key"]);
});

/** Renames before which the process ends; there is one for the draft and one for each key. */
const CUTS = process.env["SLOW"] === "1" ? [0, 1, 2, 3, 4] : [0, 2];

long("a change that ends anywhere leaves one passphrase in force, which opens every key", async () => {
  const home = await newHome();
  const made = await make(home, "passphrase", { passphrase: old });
  const source = new URL("../src/index.ts", import.meta.url).href;
  const outcomes: string[] = [];
  for (const rename of CUTS) {
    const copy = `${home}-${rename}`;
    await cp(home, copy, { recursive: true });
    onTestFinished(() => rm(copy, { recursive: true, force: true }));
    // Ends by itself before the given rename, and before any when there are fewer.
    const program = `
      import fs from "node:fs/promises"; import { syncBuiltinESMExports } from "node:module";
      const { rename } = fs; let left = ${rename};
      fs.rename = async (...paths) => { if (left-- === 0) process.kill(process.pid, "SIGKILL"); await rename(...paths); };
      syncBuiltinESMExports();
      const { changePassphrase, Passphrase } = await import(${JSON.stringify(source)});
      const random = { bytes: (length) => crypto.getRandomValues(new Uint8Array(length)) };
      await changePassphrase(${JSON.stringify(copy)}, { from: new Passphrase("old"), to: new Passphrase("fresh"), random, logN: ${logN} });`;
    const { signal } = spawnSync(process.execPath, ["--input-type=module", "--eval", program], { stdio: "inherit" });
    const inForce: string[] = [];
    for (const [name, passphrase] of Object.entries({ old, fresh })) {
      const keys = await read(copy, "passphrase", { passphrase }).catch(() => null);
      if (keys === null) continue;
      expect(keys).toEqual(made);
      inForce.push(name);
    }
    outcomes.push(`${signal ?? "ended"} ${inForce.join()}`);
  }
  const expected = ["SIGKILL old", "SIGKILL fresh", "SIGKILL fresh", "SIGKILL fresh", "ended fresh"];
  expect(outcomes).toEqual(CUTS.map((rename) => expected[rename]));
});
