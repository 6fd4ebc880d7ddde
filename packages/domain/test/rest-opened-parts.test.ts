/** Parts that are kept open: unsealed once, the longest unused one goes, and a fault is not kept. @module */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { MAX_OPENED_PARTS, OpenedParts } from "../src/serve/opened-parts.ts";
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
