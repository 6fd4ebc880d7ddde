import { createHmac } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SET_WORDS } from "@sluice/desensitize";
import { expect, test } from "vitest";
import { personTags } from "../src/register/person-tags.ts";
import { MAX_SHOWN_SETS, readShown, writeShown } from "../src/register/shown-files.ts";
import { KeyColumn } from "../src/data/key-column.ts";
import { numberSubjects } from "../src/data/subject-numbers.ts";
import type { RegisteredOutput } from "../src/state/output-register.ts";
import { filesBelow, seededRandom } from "./data-fixture.ts";

const secret = Uint8Array.from({ length: 32 }, (_, i) => i * 7);
const signal = new AbortController().signal;

test("tags are the first eight bytes of HMAC-SHA-256 of each person's key, once each", async () => {
  const keys = ["P1", "P2", "P1", "", "身份证", "x".repeat(300), "P2", "y"];
  const words = await personTags(secret, KeyColumn.of(keys), numberSubjects(keys), signal);
  const expected = [...new Set(keys)].flatMap((key) => {
    const digest = createHmac("sha256", secret).update(key, "utf8").digest();
    return [digest.readUInt32LE(0), digest.readUInt32LE(4)];
  });
  expect([...words]).toEqual(expected);
});

test("tags of many stop when they are no longer wanted", async () => {
  const keys = Array.from({ length: 5_000 }, (_, i) => `P${i}`);
  const stopped = AbortSignal.abort(new Error("stop"));
  await expect(personTags(secret, KeyColumn.of(keys), numberSubjects(keys), stopped)).rejects.toThrow("stop");
});

test("what tables showed is read back, of one key column, and more numbers than can be held against are refused by name", async () => {
  const directory = await mkdtemp(join(tmpdir(), "sluice-shown-"));
  try {
    const files = await filesBelow(directory);
    const outputs = await Promise.all(
      ["one", "two", "three"].map(async (callId, i): Promise<RegisteredOutput> => {
        const sets = Uint32Array.from({ length: 2 * SET_WORDS }, (_, word) => word * 7 + i);
        const shown = await writeShown(files, { callId, shown: sets, random: seededRandom(callId) }, signal);
        const column = i === 2 ? "visit" : "person";
        const of = { grant: "a".repeat(64), product: "p", version: 1, snapshot: "b".repeat(64) };
        return {
          callId,
          resource: "persons",
          column,
          kind: "report",
          ...of,
          at: "2026-01-02T03:04:05.000Z",
          shown,
          model: null,
          bits: 0,
        };
      }),
    );
    const read = (limit?: number): Promise<Uint32Array> =>
      readShown(files, outputs, { column: "person", ...(limit === undefined ? {} : { limit }) }, signal);
    const words = await read(4);
    expect([words.length, words[1], words[2 * SET_WORDS + 1]]).toEqual([4 * SET_WORDS, 7, 8]);
    await expect(read(3)).rejects.toMatchObject({
      code: "ERR_REGISTER_FULL",
      details: { resource: "persons", limit: 3 },
    });
    expect([await read(), MAX_SHOWN_SETS]).toEqual([words, 262_144]);
  } finally {
    await rm(directory, { recursive: true });
  }
});
