/** Keys of a table as bytes, and the rows that have one, held against strings and a Map. @module */
import { isUtf8 } from "node:buffer";
import { utf8 } from "@sluice/protocol";
import { expect, test } from "vitest";
import { KeyColumn, KeyColumnBuilder } from "../src/data/key-column.ts";
import { KeyIndex, numberKeys } from "../src/data/key-index.ts";
import { numberSubjects } from "../src/data/subject-numbers.ts";

const never = new AbortController().signal;
const TEXTS = ["P1", "", "身份证", "P1", "\u0000", "x".repeat(70_000), "身份", "P", "身份证", "y"];
const SERIAL = Array.from({ length: 30_000 }, (_, i) => `3301${(i * 7_919) % 21_001}`);

test.each([
  ["none", []],
  ["some of all kinds", TEXTS],
  ["many", SERIAL],
])("a column gives back its keys and their bytes: %s", (_, texts) => {
  const column = KeyColumn.of(texts);
  expect([column.length, [...column]]).toEqual([texts.length, texts]);
  expect(texts.every((text, row) => Buffer.from(utf8(text)).equals(column.bytes(row)))).toBe(true);
  expect(column.sizeBytes).toBe(texts.reduce((sum, text) => sum + utf8(text).length, 0));
});

test("bytes that are added are the same keys", () => {
  const builder = new KeyColumnBuilder();
  for (const text of TEXTS) builder.addBytes(utf8(text));
  const column = builder.finish();
  expect([...column]).toEqual(TEXTS);
  expect(isUtf8(column.bytes(2))).toBe(true);
});

test("the first row with a key is found, and none when no bytes are the same", async () => {
  const column = KeyColumn.of(TEXTS);
  const index = await KeyIndex.of(column, never);
  const asked = [...TEXTS, "P2", "身"];
  const found = asked.map((_, row) => index.find(KeyColumn.of(asked), row));
  expect(found).toEqual(asked.map((text) => (TEXTS.includes(text) ? TEXTS.indexOf(text) : null)));
});

test.each([
  ["of all kinds", TEXTS],
  ["of many rows", SERIAL],
  ["none", []],
])("subjects are numbered by their first row, as by a map: %s", async (_, texts) => {
  expect(await numberKeys(KeyColumn.of(texts), never)).toEqual(numberSubjects(texts));
});

test("numbering ends when it is told to, since other work has its turn", async () => {
  const stop = new AbortController();
  const numbering = numberKeys(KeyColumn.of(SERIAL), stop.signal);
  setImmediate(() => stop.abort());
  await expect(numbering).rejects.toMatchObject({ code: "ERR_CANCELLED" });
});
