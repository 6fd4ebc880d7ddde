import { utf8, type Bytes, type Random } from "@sluice/protocol";
import { randomBytes } from "node:crypto";
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { FileKey, openFile, resealFile, sealFile } from "../src/index.ts";

const random: Random = { bytes: (length) => new Uint8Array(randomBytes(length)) };
const [old, current] = [new FileKey("intl", random.bytes(32)), new FileKey("sm", random.bytes(32))];
const context = "hrss/table/insured";
const canary = "330106199001011234";
let directory: string;
let path: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "sluice-sealed-"));
  path = join(directory, "insured.parquet");
});

afterEach(() => rm(directory, { recursive: true }));

async function* rows(count: number): AsyncGenerator<Bytes> {
  for (let i = 0; i < count; i++) yield utf8(`${i},${canary}\n`);
}

async function textOf(keys: FileKey[]): Promise<string> {
  return Buffer.concat(await Array.fromAsync(openFile(path, { keys, context }))).toString();
}

test("a file comes back, is its owner's only, and shows nothing of its content", async () => {
  await writeFile(`${path}.tmp`, "left over", { mode: 0o644 });
  await sealFile(path, rows(20_000), { key: current, context, random });
  expect((await stat(path)).mode & 0o777).toBe(0o600);
  expect((await readFile(path)).includes(canary)).toBe(false);
  const text = await textOf([current]);
  expect(text).toBe(Buffer.concat(await Array.fromAsync(rows(20_000))).toString());
  expect(await readdir(directory)).toEqual(["insured.parquet"]);
});

test("a file is sealed again under a new key and suite, and the old key opens it no more", async () => {
  await sealFile(path, rows(10_000), { key: old, context, random });
  const before = await textOf([old]);
  await resealFile(path, { keys: [current, old], key: current, context, random });
  expect(await textOf([current])).toBe(before);
  await expect(textOf([old])).rejects.toMatchObject({ code: "ERR_SEALED_FILE" });
});

test("during a rotation, files under the old key and the new one open side by side", async () => {
  await sealFile(path, rows(1), { key: old, context, random });
  expect(await textOf([current, old])).toContain(canary);
  await sealFile(path, rows(2), { key: current, context, random });
  expect(await textOf([current, old])).toContain(canary);
});

test("a write that fails or is stopped leaves the old file and nothing else", async () => {
  await sealFile(path, rows(3), { key: current, context, random });
  const before = await readFile(path);
  const broken = async function* (): AsyncGenerator<Bytes> {
    yield* rows(50_000);
    throw new Error("the source broke");
  };
  await expect(sealFile(path, broken(), { key: current, context, random })).rejects.toThrow("the source broke");
  const signal = AbortSignal.abort(new Error("stopped"));
  await expect(sealFile(path, rows(3), { key: current, context, random, signal })).rejects.toThrow("stopped");
  expect(await readFile(path)).toEqual(before);
  expect(await readdir(directory)).toEqual(["insured.parquet"]);
});

test("a damaged file is not sealed again", async () => {
  await sealFile(path, rows(20_000), { key: old, context, random });
  const damaged = await readFile(path);
  damaged[damaged.length - 1] = (damaged.at(-1) ?? 0) ^ 1;
  await writeFile(path, damaged);
  await expect(resealFile(path, { keys: [old], key: current, context, random })).rejects.toMatchObject({
    code: "ERR_SEALED_FILE",
    details: { file: context },
  });
  expect(await readFile(path)).toEqual(damaged);
});
