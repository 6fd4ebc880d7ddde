/** Parts that are kept open: unsealed once, the longest unused one goes, and a fault is not kept. @module */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { MAX_OPENED_PARTS, OpenedParts } from "../src/serve/opened-parts.ts";
import { WorkPools } from "../src/serve/work-pools.ts";
import { filesBelow } from "./data-fixture.ts";

test("a part is unsealed once, until it is forgotten, pushed out by others, or failed", async () => {
  const path = await mkdtemp(join(tmpdir(), "sluice-parts-"));
  onTestFinished(() => rm(path, { recursive: true, force: true }));
  const files = await filesBelow(path);
  const parts = new OpenedParts(files);
  const name = (i: number): string => `indexes/${i}/database.bin`;
  for (let i = 0; i <= MAX_OPENED_PARTS; i++) await files.write(name(i), Uint8Array.of(i));
  const first = await parts.open(name(0));
  expect(first).toEqual(Uint8Array.of(0));
  expect(await parts.open(name(0))).toBe(first);
  parts.forget("indexes/0/");
  const again = await parts.open(name(0));
  expect(again).not.toBe(first);
  const second = await parts.open(name(1));
  for (let i = 2; i < MAX_OPENED_PARTS; i++) await parts.open(name(i));
  expect(await parts.open(name(0))).toBe(again);
  await parts.open(name(MAX_OPENED_PARTS));
  expect(await parts.open(name(0))).toBe(again);
  expect(await parts.open(name(1))).not.toBe(second);

  const file = join(path, name(2));
  const intact = await readFile(file);
  parts.forget("indexes/2/");
  await writeFile(file, intact.subarray(1));
  await expect(parts.open(name(2))).rejects.toMatchObject({ code: "ERR_SEALED_FILE" });
  await writeFile(file, intact);
  expect(await parts.open(name(2))).toEqual(Uint8Array.of(2));
});

test("a lookup database is opened once into memory for the kernels, and one of another size is refused each time", async () => {
  const path = await mkdtemp(join(tmpdir(), "sluice-parts-"));
  onTestFinished(() => rm(path, { recursive: true, force: true }));
  const files = await filesBelow(path);
  const parts = new OpenedParts(files);
  const shape = { rowsPerBucket: 300, buckets: 2, recordBytes: 400 };
  const bytes = Uint8Array.from({ length: 240_000 }, (_, i) => i * 31);
  await files.write("indexes/0/database.bin", bytes);
  const database = await parts.openDatabase("indexes/0/database.bin", shape, 2);
  if (database instanceof Uint8Array) throw new Error("this engine has no kernels");
  expect(await parts.openDatabase("indexes/0/database.bin", shape, 2)).toBe(database);
  const query = Uint32Array.from({ length: 300 }, (_, i) => i * 0x9e37_79b9);
  const pools = new WorkPools(2);
  onTestFinished(() => pools.close());
  const signed = new Int8Array(bytes.buffer);
  const sum = (column: number): number =>
    query.reduce((total, word, row) => (total + Math.imul(word, signed[row * 800 + column] ?? 0)) | 0, 0) >>> 0;
  const answer = await pools.scan({ shape, database, query });
  expect(answer).toEqual(Uint32Array.from({ length: 800 }, (_, column) => sum(column)));
  parts.forget("indexes/0/");
  const again = await parts.openDatabase("indexes/0/database.bin", shape, 2);
  expect(again).not.toBe(database);
  expect(again).not.toMatchObject({ id: database.id });
  parts.forget("indexes/0/");
  const other = { ...shape, rowsPerBucket: 301 };
  for (let attempt = 0; attempt < 2; attempt++) {
    await expect(parts.openDatabase("indexes/0/database.bin", other, 2)).rejects.toMatchObject({
      code: "ERR_LOOKUP_TABLE",
    });
  }
});
