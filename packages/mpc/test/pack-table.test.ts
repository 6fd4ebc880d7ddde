import { fromUtf8, utf8 } from "@sluice/protocol";
import { expect, test } from "vitest";
import { packTable } from "../src/lookup/tasks.ts";

test("packs more keys than a call has room for arguments", () => {
  const count = 300_000;
  const keys = Array.from({ length: count }, (_, i) => `key ${i}`);
  const record = new Uint8Array(16).fill(7);
  const packed = packTable(keys, Array<Uint8Array>(count).fill(record));
  expect(packed.count).toBe(count);
  expect(packed.records.length).toBe(count * 16);
  const last = utf8(`key ${count - 1}`);
  expect(packed.keys.subarray(-last.length)).toEqual(last);
  expect([...packed.keys.subarray(-last.length - 2, -last.length)]).toEqual([0, last.length]);
});

test("a byte order mark stays part of the text", () => {
  expect(fromUtf8(utf8("\uFEFFkey"))).toBe("\uFEFFkey");
});
