import { PassThrough, Readable } from "node:stream";
import { isSluiceError, type ColumnBatch, type JobManifest } from "@sluice/protocol";
import fc from "fast-check";
import { expect, test } from "vitest";
import { MAX_PARTS, type Message } from "../src/work/message-parser.ts";
import { readMessages, writeMessage } from "../src/work/messages.ts";
import { TableHead, tableFromParts, tableToParts } from "../src/work/table-parts.ts";
import { outputHash, outputOf } from "../src/work/verdict.ts";
import { sampleTable } from "./work-fixture.ts";

/** The bytes of `messages` one after another. */
async function encode(messages: readonly Message[]): Promise<Uint8Array> {
  const stream = new PassThrough();
  const chunks: Uint8Array[] = [];
  stream.on("data", (chunk: Uint8Array) => chunks.push(chunk));
  for (const { head, parts } of messages) await writeMessage(stream, head, parts);
  stream.end();
  return new Uint8Array(Buffer.concat(chunks));
}

async function decode(chunks: readonly Uint8Array[], maxBytes = 1_048_576): Promise<Message[]> {
  const stream = Readable.from(
    chunks.filter(({ length }) => length > 0),
    { objectMode: true },
  );
  const messages: Message[] = [];
  for await (const message of readMessages(stream, maxBytes)) messages.push(message);
  return messages;
}

async function codeOf(work: Promise<unknown>): Promise<string> {
  const error: unknown = await work.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  if (!isSluiceError(error)) throw new Error("expected a coded refusal", { cause: error });
  return error.code;
}

test("messages come out as they went in, however they are cut", async () => {
  const message = fc.record({
    head: fc.dictionary(fc.string(), fc.oneof(fc.string(), fc.integer(), fc.boolean())).map((head) => ({ ...head })),
    parts: fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 4 }),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(message, { maxLength: 4 }), fc.integer({ min: 1, max: 50 }), async (messages, step) => {
      const bytes = await encode(messages);
      const cuts = Array.from({ length: Math.ceil(bytes.length / step) }, (_, i) =>
        bytes.subarray(i * step, (i + 1) * step),
      );
      const decoded = await decode(cuts);
      expect(decoded.map(({ head }) => JSON.stringify(head))).toEqual(messages.map(({ head }) => JSON.stringify(head)));
      expect(decoded.map(({ parts }) => parts.map((part) => [...part]))).toEqual(
        messages.map(({ parts }) => parts.map((part) => [...part])),
      );
    }),
    { numRuns: 60 },
  );
});

test("a message that is cut off, too large or no JSON is refused", async () => {
  const bytes = await encode([{ head: { a: 1 }, parts: [new Uint8Array(20)] }]);
  for (let length = 1; length < bytes.length; length++) {
    expect(await codeOf(decode([bytes.subarray(0, length)]))).toBe("ERR_FRAME_MALFORMED");
  }
  expect(await codeOf(decode([bytes], 20))).toBe("ERR_FRAME_TOO_LARGE");
  const broken = bytes.slice();
  broken[12] = 0xff;
  expect(await codeOf(decode([broken]))).toBe("ERR_FRAME_MALFORMED");
  const huge = Uint8Array.from([0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0]);
  expect(await codeOf(decode([huge]))).toBe("ERR_FRAME_TOO_LARGE");
  const many = new PassThrough();
  const parts = Array.from({ length: MAX_PARTS + 1 }, () => new Uint8Array(0));
  expect(await codeOf(writeMessage(many, {}, parts))).toBe("ERR_FRAME_TOO_LARGE");
});

test("concurrent writers do not mix their messages", async () => {
  const stream = new PassThrough({ highWaterMark: 16 });
  const sizes = [5_000, 1, 70_000, 0, 300];
  const writing = Promise.all(sizes.map((size, i) => writeMessage(stream, { i }, [new Uint8Array(size).fill(i)])));
  const read: Message[] = [];
  void writing.then(() => stream.end());
  for await (const message of readMessages(stream, 100_000)) read.push(message);
  expect(read.map(({ head, parts }) => [head, parts[0]?.length])).toEqual(sizes.map((size, i) => [{ i }, size]));
});

test("a table comes out of its parts as it went in", async () => {
  const full: ColumnBatch = sampleTable(77);
  const table: ColumnBatch = {
    rowCount: 77,
    columns: {
      ...full.columns,
      // A view that does not start its buffer.
      code: { type: "i32", values: new Int32Array(200).fill(-5).subarray(3, 80) },
    },
  };
  const parts: Uint8Array[] = [];
  const head = TableHead.parse(tableToParts(table, parts));
  const [message] = await decode([await encode([{ head, parts }])]);
  expect(tableFromParts(TableHead.parse(message?.head), message?.parts ?? [])).toEqual(table);
});

test("a column that no message carries is refused before anything is sent", async () => {
  // Never written, so the system keeps no memory for it.
  const huge = new Uint8Array(2 ** 32);
  const table: ColumnBatch = { rowCount: huge.length, columns: { flag: { type: "bool", values: huge } } };
  const refusal = await codeOf(Promise.resolve().then(() => tableToParts(table, [])));
  expect(refusal).toBe("ERR_JOB_TABLE_TOO_LARGE");
  expect(await codeOf(writeMessage(new PassThrough(), {}, [huge]))).toBe("ERR_FRAME_TOO_LARGE");
});

test("a table head that does not fit its parts is refused", () => {
  const parts: Uint8Array[] = [];
  const head = tableToParts(sampleTable(16), parts);
  const [column] = head.columns;
  if (column === undefined) throw new Error("no column");
  const wrong: TableHead[] = [
    { ...head, rowCount: 17 },
    { ...head, columns: [{ ...column, values: 99 }] },
    { ...head, columns: [{ ...column, type: "f64" }] },
    { ...head, columns: [{ ...column, dictionary: column.values }] },
  ];
  for (const bad of wrong) expect(() => tableFromParts(bad, parts)).toThrow(/malformed/u);
});

const manifest: JobManifest = {
  name: "band",
  purpose: "credit",
  input: { age: "f64" },
  outputs: {
    fit: { kind: "metrics", keys: ["auc"] },
    model: { kind: "linear-model", maxParameters: 2 },
    band: { kind: "labels", vocabulary: ["A", "B"] },
  },
};
const fit = { kind: "metrics" as const, values: { auc: 0.7 } };
const model = { kind: "linear-model" as const, features: ["age"], weights: [1], intercept: 0 };
const released = { kind: "released" as const, id: 1, findings: [] };
const served = { kind: "served" as const, id: 1, findings: [] };
const BAND = { name: "band", kind: "labels" as const };

test("a guard's answer that does not fit manifest and table is not believed", () => {
  const develop = { manifest, entry: "develop", rowCount: 4 } as const;
  const produce = { manifest, entry: "produce", rowCount: 4 } as const;
  const codes = Uint8Array.of(0, 1, 1, 0);
  expect(outputOf({ ...released, values: { fit, model } }, [], develop).class).toBe("released");
  expect(outputOf({ ...served, outputs: [BAND] }, [codes], produce).class).toBe("served");
  const wrong = [
    () => outputOf({ ...released, values: { fit, model } }, [], produce),
    () => outputOf({ ...released, values: { fit } }, [], develop),
    () => outputOf({ ...released, values: { fit, model, more: fit } }, [], develop),
    () => outputOf({ ...released, values: { fit: model, model: fit } }, [], develop),
    () => outputOf({ ...released, values: { fit: { ...fit, values: { auc: 1, row: 2 } }, model } }, [], develop),
    () => outputOf({ ...released, values: { fit, model: { ...model, weights: [1, 2] } } }, [], develop),
    () => outputOf({ ...released, values: { fit, model } }, [codes], develop),
    () => outputOf({ ...served, outputs: [BAND] }, [codes], develop),
    () => outputOf({ ...served, outputs: [{ ...BAND, name: "fit" }] }, [codes], produce),
    () => outputOf({ ...served, outputs: [BAND] }, [codes.subarray(1)], produce),
    () => outputOf({ ...served, outputs: [BAND] }, [Uint8Array.of(0, 1, 2, 0)], produce),
    () => outputOf({ ...served, outputs: [BAND, BAND] }, [codes, codes], produce),
    () => outputOf({ ...served, outputs: [BAND] }, [], produce),
    () => outputOf({ ...served, outputs: [{ ...BAND, kind: "set" }] }, [codes], produce),
  ];
  for (const attempt of wrong) expect(attempt).toThrow(/guard-answer/u);
});

test("equal outputs have equal hashes, and one changed label another", async () => {
  const labels = (last: number) => ({
    class: "served" as const,
    values: { band: { kind: "labels" as const, codes: Uint8Array.of(0, last) } },
  });
  expect(await outputHash(labels(1))).toBe(await outputHash(labels(1)));
  expect(await outputHash(labels(0))).not.toBe(await outputHash(labels(1)));
});
