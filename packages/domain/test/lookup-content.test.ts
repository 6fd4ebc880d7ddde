/** What a lookup index was built from: its file, what has changed since, and what a build takes of it. @module */
import { packTable, type PackedTable } from "@sluice/mpc/lookup/server";
import {
  concatBytes,
  encodeDeletedRecord,
  encodeLabelRecord,
  encodeLookupRecord,
  LABEL_RECORD_BYTES,
  utf8,
  type Bytes,
} from "@sluice/protocol";
import { expect, test } from "vitest";
import { KeyColumn } from "../src/data/key-column.ts";
import {
  applyChanges,
  changesBetween,
  decodeContent,
  DELETED_CODE,
  encodeContent,
  packContent,
  type LookupContent,
} from "../src/serve/forms/lookup-content.ts";

const never = new AbortController().signal;

function contentOf(rows: Readonly<Record<string, number>>): LookupContent {
  return { keys: KeyColumn.of(Object.keys(rows)), codes: Uint8Array.from(Object.values(rows)) };
}

const rowsOf = ({ keys, codes }: LookupContent): Record<string, number | undefined> =>
  Object.fromEntries([...keys].map((key, row) => [key, codes[row]]));

async function fileOf(content: LookupContent, signal = never): Promise<Bytes> {
  const pieces: Bytes[] = [];
  for await (const piece of encodeContent(content, signal)) pieces.push(piece);
  return concatBytes(...pieces);
}

const MANY = Object.fromEntries(Array.from({ length: 20_000 }, (_, i) => [`居民 ${i}`, i % 7]));

test("a file is the count, the codes and the keys with their lengths", async () => {
  const bytes = await fileOf(contentOf({ P1: 3, 证: DELETED_CODE }));
  const expected = concatBytes(
    Uint8Array.of(0, 0, 0, 2, 3, DELETED_CODE, 0, 2),
    utf8("P1"),
    Uint8Array.of(0, 3),
    utf8("证"),
  );
  expect(bytes).toEqual(expected);
});

test("a file of many pieces is read as it was written", async () => {
  expect(rowsOf(await decodeContent(await fileOf(contentOf(MANY)), never))).toEqual(MANY);
});

test("a file that is cut, longer, or has no text for a key is refused", async () => {
  const bytes = await fileOf(contentOf({ P1: 3, 证: 4 }));
  const altered = [
    ...Array.from({ length: bytes.length }, (_, length) => bytes.subarray(0, length)),
    concatBytes(bytes, Uint8Array.of(0)),
    bytes.with(bytes.length - 1, 0xff),
  ];
  for (const file of altered) {
    await expect(decodeContent(file, never)).rejects.toMatchObject({ code: "ERR_FRAME_MALFORMED" });
  }
});

test("a build takes any range of rows as packTable packs them", () => {
  const content = contentOf({ ...MANY, gone: DELETED_CODE });
  const packed = (from: number, to: number): PackedTable => {
    const codes = Array.from(content.codes.subarray(from, to));
    return packTable(
      [...content.keys].slice(from, to),
      codes.map((code) =>
        code === DELETED_CODE ? encodeDeletedRecord(LABEL_RECORD_BYTES) : encodeLookupRecord(encodeLabelRecord(code)),
      ),
    );
  };
  for (const [from, to] of [
    [0, 1],
    [7, 9_000],
    [19_990, 20_001],
    [5, 5],
  ] as const) {
    if (from !== to) expect(packContent(content, from, to)).toEqual(packed(from, to));
  }
});

test("a key that is too long for an index is refused in the build and in the file", async () => {
  const content = contentOf({ ["x".repeat(1_025)]: 1 });
  expect(() => packContent(content, 0, 1)).toThrow(expect.objectContaining({ code: "ERR_OPRF_INPUT" }));
  await expect(fileOf(content)).rejects.toMatchObject({ code: "ERR_OPRF_INPUT" });
});

test("changes are new and changed labels and deletions, and make the base what is now", async () => {
  const base = { a: 1, b: 2, c: 3, 证: 4 };
  const now = { 证: 4, d: 1, b: 9, a: 1 };
  const changes = await changesBetween(contentOf(base), contentOf(now), never);
  expect(rowsOf(changes)).toEqual({ b: 9, c: DELETED_CODE, d: 1 });
  expect(changes.keys.length).toBe(3);
  expect(rowsOf(await applyChanges(contentOf(base), changes, never))).toEqual(now);
});

test("of many rows in another order, only what has changed is", async () => {
  const edited: Record<string, number> = { ...MANY, "居民 77": 8, "居民 15000": 9, neu: 1 };
  const { "居民 3": _gone, ...kept } = edited;
  const now = Object.fromEntries(Object.entries(kept).toReversed());
  const changes = await changesBetween(contentOf(MANY), contentOf(now), never);
  expect(rowsOf(changes)).toEqual({ "居民 77": 8, "居民 15000": 9, neu: 1, "居民 3": DELETED_CODE });
  expect(rowsOf(await applyChanges(contentOf(MANY), changes, never))).toEqual(now);
});

test("a key that occurs twice among what is now is refused", async () => {
  const now = { keys: KeyColumn.of(["a", "b", "a"]), codes: Uint8Array.of(1, 1, 1) };
  for (const base of [{ a: 1 }, { z: 1 }]) {
    await expect(changesBetween(contentOf(base), now, never)).rejects.toMatchObject({ code: "ERR_LOOKUP_TABLE" });
  }
});

test("each step stops when it is told to", async () => {
  const stopped = AbortSignal.abort();
  const many = contentOf(MANY);
  const none = contentOf({});
  const file = await fileOf(many);
  const steps = [
    () => decodeContent(file, stopped),
    () => fileOf(many, stopped),
    () => changesBetween(many, none, stopped),
    () => changesBetween(none, many, stopped),
    () => applyChanges(many, none, stopped),
  ];
  for (const step of steps) await expect(step()).rejects.toMatchObject({ code: "ERR_CANCELLED" });
});
