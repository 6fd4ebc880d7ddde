import { SuiteId, toBase64url, utf8, type Random } from "@sluice/protocol";
import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { chmod, mkdir, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { closeSync, openSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect } from "node:util";
import { afterEach, beforeEach, expect, test } from "vitest";
import {
  DEFAULT_SCRYPT_LOG_N,
  environmentKeys,
  exportPrivateKey,
  fileKeys,
  generateSigningKey,
  openPrivateKey,
  Passphrase,
  readPassphrase,
  sealPrivateKey,
  verifySignature,
  writeKeyFile,
} from "../src/index.ts";

const random: Random = { bytes: (length) => new Uint8Array(randomBytes(length)) };
const logN = 14;
const passphrase = new Passphrase("correct horse battery staple");
let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "sluice-keys-"));
});

afterEach(() => rm(directory, { recursive: true }));

async function refuses(promise: Promise<unknown>, key: string, reason: string): Promise<void> {
  await expect(promise).rejects.toMatchObject({ code: "ERR_KEY", details: { key, reason } });
}

test.each(SuiteId.options)(
  "a key of %s lies under its passphrase in a file of its owner's, and signs again",
  async (suite) => {
    const key = await generateSigningKey(suite);
    await writeKeyFile(directory, "log-2026", key, { passphrase, random, logN });
    const path = join(directory, "log-2026.key");
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    const text = await readFile(path, "utf8");
    expect(text).toContain(key.keyId);
    const [, body = "-"] = (await exportPrivateKey(key)).split("\n");
    expect(text).not.toContain(body.slice(20, 40));
    expect(Buffer.from(JSON.parse(text).sealed, "base64url").includes("PRIVATE KEY")).toBe(false);
    const found = await fileKeys(directory, { passphrase }).signingKey("log-2026");
    const message = utf8("signed by what came back");
    const value = toBase64url(await found.sign(message));
    expect(await verifySignature({ suite, keyId: key.keyId, value }, message)).toBe(true);
    await expect(writeKeyFile(directory, "log-2026", key, { passphrase, random, logN })).rejects.toMatchObject({
      code: "ERR_CONFLICT",
    });
  },
);

test("the cost of a passphrase is scrypt with 128 MiB, and stands in the file", async () => {
  expect(DEFAULT_SCRYPT_LOG_N).toBe(17);
  const text = await sealPrivateKey(await generateSigningKey("ed25519"), passphrase, { random });
  expect(JSON.parse(text).kdf).toMatchObject({ name: "scrypt", logN: 17, r: 8, p: 1 });
});

test("a wrong passphrase and any altered member are refused alike", async () => {
  const key = await generateSigningKey("sm2");
  const other = await generateSigningKey("sm2");
  const document = JSON.parse(await sealPrivateKey(key, passphrase, { random, logN }));
  const reason = "its passphrase is wrong, or it was altered";
  const open = (changed: object, secret = passphrase) =>
    openPrivateKey(JSON.stringify({ ...document, ...changed }), secret, "log");
  expect((await open({})).keyId).toBe(key.keyId);
  await refuses(open({}, new Passphrase("correct horse battery stapl")), "log", reason);
  await refuses(open({ keyId: other.keyId }), "log", reason);
  await refuses(open({ kdf: { ...document.kdf, logN: 15 } }), "log", reason);
  await refuses(open({ kdf: { ...document.kdf, salt: toBase64url(random.bytes(16)) } }), "log", reason);
  const sealed = Buffer.from(document.sealed, "base64url");
  await refuses(open({ sealed: toBase64url(sealed.subarray(0, -8)) }), "log", reason);
  sealed[sealed.length - 40] = (sealed.at(-40) ?? 0) ^ 1;
  await refuses(open({ sealed: toBase64url(sealed) }), "log", reason);
});

test.each([
  ["a cost that is cheap", { logN: 10 }],
  ["a cost that takes all memory", { logN: 30 }],
  ["another function", { name: "pbkdf2" }],
  ["another block size", { r: 1 }],
  ["a salt in another spelling", { salt: "AAAAAAAAAAAAAAAAAAAAAB" }],
])("a file with %s is not tried", async (_name, kdf) => {
  const document = JSON.parse(await sealPrivateKey(await generateSigningKey("ed25519"), passphrase, { random, logN }));
  const text = JSON.stringify({ ...document, kdf: { ...document.kdf, ...kdf } });
  await refuses(openPrivateKey(text, passphrase, "log"), "log", "it is no sealed key");
});

test("a key file that others may open is refused, and so is one that is no file, too long or no key", async () => {
  const keys = fileKeys(directory, { passphrase, plain: true });
  const path = join(directory, "gateway.key");
  await writeFile(path, await exportPrivateKey(await generateSigningKey("ed25519")), { mode: 0o600 });
  expect((await keys.signingKey("gateway")).suite).toBe("ed25519");
  for (const mode of [0o640, 0o604, 0o660, 0o622]) {
    await chmod(path, mode);
    await refuses(keys.signingKey("gateway"), "gateway", "others than its owner may open its file");
  }
  await mkdir(join(directory, "folder.key"), { mode: 0o700 });
  await refuses(keys.signingKey("folder"), "folder", "it is no file");
  await writeFile(join(directory, "long.key"), "x".repeat(20_000), { mode: 0o600 });
  await refuses(keys.signingKey("long"), "long", "its file is too long");
  await writeFile(join(directory, "text.key"), "hush", { mode: 0o600 });
  await refuses(keys.signingKey("text"), "text", "it is no private key");
  for (const name of ["missing", "../gateway", "", "A", "a/b", "a\0b"]) {
    await expect(keys.signingKey(name)).rejects.toMatchObject({ code: "ERR_NOT_FOUND" });
  }
});

test("a key without a passphrase is refused unless it is asked for, and a sealed one without its passphrase is", async () => {
  const key = await generateSigningKey("ed25519");
  await writeFile(join(directory, "plain.key"), await exportPrivateKey(key), { mode: 0o600 });
  await refuses(fileKeys(directory).signingKey("plain"), "plain", "it is not under a passphrase");
  await writeKeyFile(directory, "sealed", key, { passphrase, random, logN });
  await refuses(fileKeys(directory, { plain: true }).signingKey("sealed"), "sealed", "no passphrase was given");
});

test("a key in the environment is taken from it once, and kept", async () => {
  const key = await generateSigningKey("sm2");
  const environment: Record<string, string | undefined> = {
    SLUICE_KEY_LOG_2026: await exportPrivateKey(key),
    SLUICE_KEY_SEALED: await sealPrivateKey(key, passphrase, { random, logN }),
    SLUICE_KEY_NONE: "",
    OTHER: "stays",
  };
  const keys = environmentKeys(environment, { passphrase, plain: true });
  expect((await keys.signingKey("log-2026")).keyId).toBe(key.keyId);
  expect((await keys.signingKey("log-2026")).keyId).toBe(key.keyId);
  expect((await keys.signingKey("sealed")).keyId).toBe(key.keyId);
  await refuses(keys.signingKey("none"), "SLUICE_KEY_NONE", "it is no private key");
  await expect(keys.signingKey("other")).rejects.toMatchObject({ code: "ERR_NOT_FOUND" });
  expect(environment).toEqual({ OTHER: "stays" });
  const strict = environmentKeys({ SLUICE_KEY_A: await exportPrivateKey(key) });
  await refuses(strict.signingKey("a"), "SLUICE_KEY_A", "it is not under a passphrase");
});

test("a passphrase comes from a variable, which is gone afterwards", () => {
  const environment: Record<string, string | undefined> = { SECRET: "hush hush\n", EMPTY: "\n" };
  const found = readPassphrase({ environment: "SECRET" }, environment);
  expect(Buffer.from(found.toBytes()).toString()).toBe("hush hush");
  expect("SECRET" in environment).toBe(false);
  for (const name of ["EMPTY", "MISSING"]) {
    expect(() => readPassphrase({ environment: name }, environment)).toThrow("the passphrase is empty");
  }
  expect(() => new Passphrase("x".repeat(1_025))).toThrow("at most 1024 bytes");
});

test("a passphrase comes from a descriptor that the parent opened, which is closed afterwards", async () => {
  const read = async (content: string): Promise<string> => {
    const path = join(directory, "passphrase");
    await writeFile(path, content);
    const descriptor = openSync(path, "r");
    try {
      const found = Buffer.from(readPassphrase({ descriptor }).toBytes()).toString();
      expect(() => closeSync(descriptor)).toThrow("EBADF");
      return found;
    } catch (error) {
      return String(error);
    }
  };
  expect(await read("hush hush\r\n")).toBe("hush hush");
  expect(await read("x".repeat(1_024) + "\n")).toBe("x".repeat(1_024));
  expect(await read("")).toContain("the passphrase is empty");
  expect(await read("x".repeat(5_000))).toContain("at most 1024 bytes");
  expect(() => readPassphrase({ descriptor: 9_999 })).toThrow("no passphrase can be read from it");
});

test("a passphrase reaches a process through a pipe", () => {
  const program = `import { readPassphrase } from ${JSON.stringify(new URL("../src/index.ts", import.meta.url).href)};
    process.stdout.write(String(readPassphrase({ descriptor: 0 }).toBytes().length));`;
  const output = execFileSync(process.execPath, ["--input-type=module", "-e", program], { input: "hush hush\n" });
  expect(output.toString()).toBe("9");
});

test("one spelling of a passphrase is as good as another, and it never prints", () => {
  const [composed, decomposed] = [new Passphrase("cl\u00e9"), new Passphrase("cle\u0301")];
  expect(composed.toBytes()).toEqual(decomposed.toBytes());
  const shown = [String(passphrase), JSON.stringify({ passphrase }), inspect({ passphrase }, { depth: 9 })].join("\n");
  expect(shown).not.toContain("horse");
  expect(shown).toContain("Passphrase(…)");
});
