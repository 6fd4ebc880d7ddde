/** The files of a rotation: which key signs is what the configuration says, at whatever moment the process ended. @module */
import { mkdir, open, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import {
  createHomeKey,
  exportPrivateKey,
  generateSigningKey,
  nextHomeKey,
  openHomeKeys,
  Passphrase,
  settleHomeKey,
  type NewKeys,
} from "../src/index.ts";
import { inDirectory } from "./log-fixture.ts";

const random = { bytes: (length: number) => crypto.getRandomValues(new Uint8Array(length)) };
const PLAIN: NewKeys = { keeping: "plain", random };
const SEALED: NewKeys = { keeping: "passphrase", random, logN: 14, passphrase: new Passphrase("a long passphrase") };

test.each([
  ["plain", PLAIN],
  ["sealed", SEALED],
])("a %s next key takes the place of the old one when the configuration names it, and not before", async (_, keys) => {
  await inDirectory(async (home) => {
    await mkdir(join(home, "keys"));
    const { keyId: present } = await createHomeKey(home, "receipt", "ed25519", keys);
    const options = { present, suite: undefined, keys };
    const { keyId: next } = await nextHomeKey(home, "receipt", options);
    expect((await nextHomeKey(home, "receipt", options)).keyId).toBe(next); // what was prepared is taken
    await expect(nextHomeKey(home, "receipt", { ...options, suite: "sm2" })).rejects.toMatchObject({ code: "ERR_KEY" });
    const opened = async (wanted: string) => {
      const provider = await openHomeKeys(home, keys.keeping, keys);
      await settleHomeKey(home, "receipt", wanted, provider);
      return (await provider.signingKey("receipt")).keyId;
    };
    expect(await opened(present)).toBe(present);
    expect(await readdir(join(home, "keys"))).toEqual(["receipt-next.key", "receipt.key"]);
    const file = join(home, "keys", "receipt.key");
    await using before = await open(file);
    expect([await opened(next), await opened(next)]).toEqual([next, next]);
    expect(await readdir(join(home, "keys"))).toEqual(["receipt.key"]);
    // What held the old private key is still open here, and empty of it.
    expect((await before.readFile()).every((byte) => byte === 0)).toBe(true);
    // Cut off by the loss of the old file, it ends as well.
    const { keyId: third } = await nextHomeKey(home, "receipt", { present: next, suite: "sm2", keys });
    await writeFile(file, "");
    expect([third.slice(0, 4), await opened(third)]).toEqual(["sm2:", third]);
  });
});

test("a next key that was cut off while it was written is made anew", async () => {
  await inDirectory(async (home) => {
    await mkdir(join(home, "keys"));
    const { keyId: present } = await createHomeKey(home, "receipt", "sm2", PLAIN);
    const torn = (name: string) => writeFile(join(home, "keys", `${name}.key`), "-----BEGIN PRIV", { mode: 0o600 });
    await mkdir(join(home, "keys", "draft", "keys"), { recursive: true });
    await torn("draft/keys/receipt-next");
    const { suite, keyId } = await nextHomeKey(home, "receipt", { present, suite: undefined, keys: PLAIN });
    expect(suite).toBe("sm2");
    expect(keyId).not.toBe(present);
    await settleHomeKey(home, "receipt", present, await openHomeKeys(home, "plain", PLAIN));
    expect(await readdir(join(home, "keys"))).toEqual(["receipt-next.key", "receipt.key"]);
    // One that others may have pinned is not replaced in silence.
    await torn("receipt-next");
    const again = nextHomeKey(home, "receipt", { present, suite: undefined, keys: PLAIN });
    await expect(again).rejects.toMatchObject({ code: "ERR_KEY" });
  });
});

test("in the environment the next key stands in a variable of its own, and is another", async () => {
  const [present, next] = [await generateSigningKey("ed25519"), await generateSigningKey("ed25519")];
  const rotate = async (variables: Record<string, string>) => {
    const keys: NewKeys = { keeping: "environment", random, environment: variables };
    return (await nextHomeKey("/nowhere", "receipt", { present: present.keyId, suite: undefined, keys })).keyId;
  };
  expect(await rotate({ SLUICE_KEY_RECEIPT_NEXT: await exportPrivateKey(next) })).toBe(next.keyId);
  const missing = { code: "ERR_NOT_FOUND", details: { name: "SLUICE_KEY_RECEIPT_NEXT" } };
  await expect(rotate({})).rejects.toMatchObject(missing);
  await expect(rotate({ SLUICE_KEY_RECEIPT_NEXT: await exportPrivateKey(present) })).rejects.toMatchObject(missing);
});
