import { expect, test } from "vitest";
import { IndexReaders } from "../src/serve/index-readers.ts";

const SNAPSHOT = "0".repeat(64);

const setUp = (): { readers: IndexReaders; removed: string[] } => {
  const removed: string[] = [];
  const readers = new IndexReaders(async (index) => void removed.push(index));
  return { readers, removed };
};

test("a replaced index that nobody reads is removed at once, and what is served never", async () => {
  const { readers, removed } = setUp();
  expect(await readers.read(["served"], async () => "answer")).toBe("answer");
  expect(await readers.read([], async () => "answer")).toBe("answer");
  expect(removed).toEqual([]);
  await readers.replace("old", SNAPSHOT);
  expect(removed).toEqual(["old"]);
});

test("readers in flight finish, the failing one too, and the last of them has the index removed, once", async () => {
  const { readers, removed } = setUp();
  const [first, second] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const reading = [readers.read(["old"], () => first.promise), readers.read(["delta", "old"], () => second.promise)];
  const other = readers.read(["new"], async () => {});
  await readers.replace("old", SNAPSHOT);
  await other;
  expect(removed).toEqual([]);
  first.resolve();
  await reading[0];
  expect(removed).toEqual([]);
  second.reject(new Error("no answer"));
  await expect(reading[1]).rejects.toThrow("no answer");
  expect(removed).toEqual(["old"]);
  await readers.read(["old"], async () => {});
  expect(removed).toEqual(["old"]);
});

test("an index that cannot be removed fails neither build nor answer", async () => {
  const readers = new IndexReaders(() => Promise.reject(new Error("busy")));
  await readers.replace("old", SNAPSHOT);
  const gate = Promise.withResolvers<string>();
  const reading = readers.read(["other"], () => gate.promise);
  await readers.replace("other", SNAPSHOT);
  gate.resolve("answer");
  expect(await reading).toBe("answer");
});
