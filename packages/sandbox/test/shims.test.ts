import { deepStrictEqual } from "node:assert/strict";
import { pathToFileURL } from "node:url";
import fc from "fast-check";
import { expect, test } from "vitest";
import { childFile } from "../src/launch.ts";

type Globals = Pick<
  typeof globalThis,
  "TextEncoder" | "TextDecoder" | "atob" | "btoa" | "structuredClone" | "queueMicrotask"
>;

// The oracle of each shim is Node's own function of that name.
const shims = {} as Globals & { self: unknown };
for (const [file, name] of [
  ["shims.js", "giveShims"],
  ["text.js", "giveText"],
] as const) {
  const module = (await import(pathToFileURL(childFile(file)).href)) as Record<string, (target: object) => void>;
  module[name]?.(shims);
}

/** What `work` gives, or the name of what it throws. */
function outcomeOf(work: () => unknown): unknown {
  try {
    return work();
  } catch (error) {
    return (error as Error).name;
  }
}

const bytes = fc.oneof(
  fc.uint8Array({ maxLength: 64 }),
  // Near the borders of UTF-8: leads, continuations, surrogates, the mark at the start.
  fc
    .array(
      fc.constantFrom(
        0x41,
        0x7f,
        0x80,
        0xbf,
        0xc0,
        0xc2,
        0xdf,
        0xe0,
        0x9f,
        0xa0,
        0xed,
        0xef,
        0xbb,
        0xf0,
        0x8f,
        0x90,
        0xf4,
        0xf5,
      ),
      { maxLength: 12 },
    )
    .map((list) => Uint8Array.from(list)),
  fc.string({ unit: "binary", maxLength: 40 }).map((text) => new TextEncoder().encode(text)),
);

test("decodes UTF-8 as the standard does, lenient and fatal, with and without the mark", () => {
  fc.assert(
    fc.property(bytes, fc.boolean(), fc.boolean(), (input, fatal, ignoreBOM) => {
      const decode = (Decoder: typeof TextDecoder) =>
        outcomeOf(() => new Decoder("UTF-8 ", { fatal, ignoreBOM }).decode(input));
      expect(decode(shims.TextDecoder)).toBe(decode(TextDecoder));
    }),
  );
});

test("decodes a stream as the standard does, wherever it is cut", () => {
  fc.assert(
    fc.property(bytes, fc.array(fc.nat({ max: 64 }), { maxLength: 4 }), fc.boolean(), (input, cuts, fatal) => {
      const decode = (Decoder: typeof TextDecoder) =>
        outcomeOf(() => {
          const decoder = new Decoder("utf8", { fatal });
          const edges = [0, ...cuts.toSorted((a, b) => a - b), input.length];
          const parts = edges.slice(1).map((end, i) => decoder.decode(input.subarray(edges[i], end), { stream: true }));
          return [...parts, decoder.decode()];
        });
      expect(decode(shims.TextDecoder)).toEqual(decode(TextDecoder));
    }),
  );
});

test("decodes texts longer than one call takes, from buffers and views", () => {
  const long = "数闸 gate 🚪 ".repeat(5_000);
  const encoded = new shims.TextEncoder().encode(long);
  expect(encoded).toEqual(new TextEncoder().encode(long));
  expect(new shims.TextDecoder().decode(encoded.buffer)).toBe(long);
  expect(new shims.TextDecoder().decode(new DataView(encoded.buffer, 6))).toBe(long.slice(2));
  const marked = new TextEncoder().encode("\ufeffa\ufeffb");
  expect(new shims.TextDecoder().decode(marked)).toBe("a\ufeffb");
  expect(outcomeOf(() => new shims.TextDecoder("latin1"))).toBe("RangeError");
  expect(outcomeOf(() => new shims.TextDecoder().decode("text" as never))).toBe("TypeError");
});

test("encodes UTF-8 as the standard does, into what room there is", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), fc.string(), fc.nat({ max: 20 }), (text, tail, room) => {
      const units = `${text}\ud83d${tail}\udeaa`;
      expect(new shims.TextEncoder().encode(units)).toEqual(new TextEncoder().encode(units));
      const [ours, theirs] = [new Uint8Array(room), new Uint8Array(room)];
      expect(new shims.TextEncoder().encodeInto(units, ours)).toEqual(new TextEncoder().encodeInto(units, theirs));
      expect(ours).toEqual(theirs);
    }),
  );
});

test("reads and writes Base64 as the standard does", () => {
  const digits = fc
    .array(fc.constantFrom("A", "z", "0", "9", "+", "/", "=", "\n", " ", "-", "é"), { maxLength: 12 })
    .map((list) => list.join(""));
  fc.assert(
    fc.property(fc.oneof(digits, fc.string({ unit: "binary", maxLength: 20 })), (text) => {
      expect(outcomeOf(() => shims.btoa(text))).toBe(outcomeOf(() => btoa(text)));
      expect(outcomeOf(() => shims.atob(text))).toBe(outcomeOf(() => atob(text)));
    }),
  );
});

test("copies data deeply, with cycles and shared buffers, and refuses what is no data", () => {
  const buffer = new ArrayBuffer(16);
  const data: Record<string, unknown> = {
    list: Object.assign([1], { 2: "x", 3: null, 4: undefined, 5: -0, 6: NaN, 7: 5n, length: 9 }),
    date: new Date(5),
    pattern: /a+/giu,
    map: new Map<unknown, unknown>([[{ key: 1 }, new Set([1, [2]])]]),
    bytes: new Uint8Array(buffer, 4, 8),
    words: new Uint32Array(buffer, 8, 2),
    view: new DataView(buffer, 2, 3),
    buffer,
    range: new RangeError("far"),
    own: JSON.parse('{"__proto__":{"x":1}}') as unknown,
  };
  data["self"] = data;
  const copy = shims.structuredClone(data) as typeof data & { bytes: Uint8Array; words: Uint32Array };
  deepStrictEqual({ ...copy, self: 0, range: 0 }, { ...structuredClone(data), self: 0, range: 0 });
  expect(copy["self"]).toBe(copy);
  expect(copy.bytes.buffer).toBe(copy.words.buffer);
  expect(copy.bytes.buffer).not.toBe(buffer);
  expect(String(copy["range"])).toBe("RangeError: far");
  for (const value of [() => 1, Symbol("s"), new WeakMap(), new WeakSet(), Promise.resolve(1), [{ deep: () => 1 }]]) {
    expect(outcomeOf(() => shims.structuredClone(value))).toBe("DataCloneError");
  }
  expect(outcomeOf(() => shims.structuredClone(1, { transfer: [buffer] }))).toBe("DataCloneError");
});

test("queues microtasks in order", async () => {
  const seen: number[] = [];
  shims.queueMicrotask(() => seen.push(1));
  shims.queueMicrotask(() => seen.push(2));
  await Promise.resolve();
  await Promise.resolve();
  expect(seen).toEqual([1, 2]);
  expect(outcomeOf(() => shims.queueMicrotask(1 as never))).toBe("TypeError");
});
