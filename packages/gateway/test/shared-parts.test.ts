import { expect, test } from "vitest";
import { SharedParts } from "../src/domains/shared-parts.ts";

test("a part is fetched once for all who ask, before and after it came", async () => {
  const parts = new SharedParts(100);
  const gate = Promise.withResolvers<Uint8Array<ArrayBuffer>>();
  let fetched = 0;
  const fetch = () => {
    fetched++;
    return gate.promise;
  };
  const readers = [parts.get("set", fetch), parts.get("set", fetch)];
  const bytes = new Uint8Array(60);
  gate.resolve(bytes);
  for (const reader of readers) expect(await reader).toBe(bytes);
  expect(await parts.get("set", fetch)).toBe(bytes);
  expect(fetched).toBe(1);
});

test("a failure reaches all who wait, and the next one fetches again", async () => {
  const parts = new SharedParts(100);
  const gate = Promise.withResolvers<Uint8Array<ArrayBuffer>>();
  const readers = [parts.get("set", () => gate.promise), parts.get("set", () => gate.promise)];
  gate.reject(new Error("gone"));
  for (const reader of readers) await expect(reader).rejects.toThrow("gone");
  expect(await parts.get("set", async () => new Uint8Array(1))).toHaveLength(1);
});

test("no more is kept than the limit: what was asked for longest ago leaves, and a part above it is not kept", async () => {
  const parts = new SharedParts(100);
  const fetched: string[] = [];
  const get = (name: string, length: number) =>
    parts.get(name, async () => {
      fetched.push(name);
      return new Uint8Array(length);
    });
  for (const name of ["a", "b", "a", "c", "a", "b"]) await get(name, 40);
  expect(fetched).toEqual(["a", "b", "c", "b"]);
  for (const name of ["large", "large"]) await get(name, 101);
  expect(fetched).toEqual(["a", "b", "c", "b", "large", "large"]);
});
