import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync, zstdCompressSync } from "node:zlib";
import fc from "fast-check";
import { expect, test } from "vitest";
import { CanarySearch } from "../src/demo/canary-search.ts";

const NEEDLE = "330199200001010011";
const search = new CanarySearch([NEEDLE, "欧阳金丝雀"]);
const found = (bytes: Uint8Array): boolean => search.search(bytes, "here").some(({ needle }) => needle === 0);

test("finds a text in every form, wherever it stands", () => {
  const forms: ((bytes: Buffer) => Buffer)[] = [
    (bytes) => bytes,
    (bytes) => Buffer.from(bytes.toString("latin1"), "utf16le"),
    (bytes) => Buffer.from(bytes.toString("latin1"), "utf16le").swap16(),
    (bytes) => Buffer.from(bytes.toString("hex")),
    (bytes) => Buffer.from(bytes.toString("hex").toUpperCase()),
    (bytes) => Buffer.from(bytes.toString("base64")),
    (bytes) => Buffer.from(bytes.toString("base64url")),
    (bytes) => gzipSync(bytes),
    (bytes) => deflateSync(bytes),
    (bytes) => deflateRawSync(bytes),
    (bytes) => brotliCompressSync(bytes),
    (bytes) => zstdCompressSync(bytes),
  ];
  const noise = fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes.map((byte) => 32 + (byte % 64))));
  fc.assert(
    fc.property(noise, noise, fc.constantFrom(...forms), (before, after, form) => {
      expect(found(form(Buffer.concat([before, Buffer.from(NEEDLE), after])))).toBe(true);
    }),
  );
});

test("finds nothing where there is nothing", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      expect(search.search(bytes, "here")).toEqual([]);
    }),
  );
  expect(found(Buffer.from(NEEDLE.slice(1)))).toBe(false);
});

test("finds Chinese text in JSON escapes and in URLs, and never repeats it in what it reports", () => {
  for (const form of [
    JSON.stringify("欧阳金丝雀").replaceAll(/[^ -~]/g, (c) => `\\u${c.charCodeAt(0).toString(16)}`),
    encodeURIComponent("欧阳金丝雀"),
  ]) {
    const finds = search.search(Buffer.from(form), "here");
    expect(finds).toMatchObject([{ needle: 1, place: "here" }]);
    expect(JSON.stringify(finds)).not.toContain("欧阳");
  }
});
