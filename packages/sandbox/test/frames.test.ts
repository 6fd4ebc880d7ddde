import { expect, test } from "vitest";
import fc from "fast-check";
import { concatBytes, type ColumnBatch } from "@sluice/protocol";
import { FrameReader, type Frame } from "../src/frames.ts";
import { encodeRunInput } from "../src/run-input.ts";
import { columnBytes } from "../src/table-shape.ts";
import { bundleOf, sealed } from "./jobs.ts";

const KINDS = {
  ready: [1, 1],
  progress: [2, 1],
  log: [3, 800],
  result: [4, 4_000],
  failure: [5, 4_096],
  metric: [6, 48],
  want: [7, 4],
} as const;

const frame = fc
  .constantFrom(...(Object.keys(KINDS) as Frame["kind"][]))
  .chain((kind) => fc.record({ kind: fc.constant(kind), body: fc.uint8Array({ maxLength: KINDS[kind][1] }) }));

test("holds no chunk: a frame that came byte by byte is what was written, whatever becomes of the chunks", () => {
  const reader = new FrameReader();
  const body = Uint8Array.from({ length: 300 }, (_, i) => i % 256);
  const frames: Frame[] = [];
  for (const byte of encode(KINDS.log[0], body)) {
    const chunk = Uint8Array.of(byte);
    frames.push(...reader.push(chunk));
    chunk.fill(0);
  }
  expect(frames).toEqual([{ kind: "log", body }]);
});

test("cuts any stream of chunks into the frames that were written", () => {
  fc.assert(
    fc.property(
      fc.array(frame, { maxLength: 8 }),
      fc.array(fc.integer({ min: 1, max: 300 }), { minLength: 1 }),
      (frames, cuts) => {
        const stream = concatBytes(...frames.map(({ kind, body }) => encode(KINDS[kind][0], body)));
        const reader = new FrameReader();
        const read: Frame[] = [];
        for (let offset = 0, cut = 0; offset < stream.length; cut++) {
          const length = cuts[cut % cuts.length] ?? 1;
          read.push(...reader.push(stream.subarray(offset, offset + length)));
          offset += length;
        }
        expect(read).toEqual(frames);
      },
    ),
  );
});

test("refuses a frame above its kind's limit before its body arrives", () => {
  for (const [kind, maxBytes] of Object.values(KINDS)) {
    if (kind === KINDS.result[0]) continue;
    const head = encode(kind, new Uint8Array(maxBytes + 1)).subarray(0, 5);
    expect(() => [...new FrameReader().push(head)]).toThrow("allowed");
  }
  expect(() => [...new FrameReader().push(new Uint8Array([4, 4, 0, 0, 1]))]).toThrow("allowed");
});

test("refuses a kind it does not know", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 255 }), (kind) => {
      fc.pre(kind < 1 || kind > 7);
      expect(() => [...new FrameReader().push(encode(kind, new Uint8Array(1)))]).toThrow("malformed");
    }),
  );
});

test("sends columns as views of the table, without copying", () => {
  const values = new Float64Array([1, 2, 3]);
  const table: ColumnBatch = { rowCount: 3, columns: { a: { type: "f64", values, validity: new Uint8Array([7, 9]) } } };
  const parts = [...encodeRunInput(sealed(bundleOf(""), { table })).parts(0), ...columnBytes(table)];
  expect(parts.map((part) => part.length).slice(2)).toEqual([4, bundleOf("").length, 24, 1]);
  expect(parts[4]?.buffer).toBe(values.buffer);
});

test("refuses a column that does not have one value per row", () => {
  const short: ColumnBatch = { rowCount: 4, columns: { a: { type: "i32", values: new Int32Array(3) } } };
  expect(() => encodeRunInput(sealed(bundleOf(""), { table: short }))).toThrow("/table/columns/a");
  const validity = new Uint8Array(1);
  const masked: ColumnBatch = { rowCount: 9, columns: { a: { type: "bool", values: new Uint8Array(9), validity } } };
  expect(() => encodeRunInput(sealed(bundleOf(""), { table: masked }))).toThrow("/table/columns/a");
});

function encode(kind: number, body: Uint8Array): Uint8Array {
  const head = new DataView(new ArrayBuffer(5));
  head.setUint8(0, kind);
  head.setUint32(1, body.length);
  return concatBytes(new Uint8Array(head.buffer), body);
}
