import { createHmac } from "node:crypto";
import { expect, test } from "vitest";
import { personTags } from "../src/register/person-tags.ts";
import { numberSubjects } from "../src/data/subject-numbers.ts";

const secret = Uint8Array.from({ length: 32 }, (_, i) => i * 7);
const signal = new AbortController().signal;

test("tags are the first eight bytes of HMAC-SHA-256 of each person's key, once each", async () => {
  const keys = ["P1", "P2", "P1", "", "身份证", "x".repeat(300), "P2", "y"];
  const words = await personTags(secret, keys, numberSubjects(keys), signal);
  const expected = [...new Set(keys)].flatMap((key) => {
    const digest = createHmac("sha256", secret).update(key, "utf8").digest();
    return [digest.readUInt32LE(0), digest.readUInt32LE(4)];
  });
  expect([...words]).toEqual(expected);
});

test("tags of many stop when they are no longer wanted", async () => {
  const keys = Array.from({ length: 5_000 }, (_, i) => `P${i}`);
  await expect(personTags(secret, keys, numberSubjects(keys), AbortSignal.abort(new Error("stop")))).rejects.toThrow(
    "stop",
  );
});
