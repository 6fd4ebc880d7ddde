/** The parser of server-sent events (HTML standard §9.2.6).
 *  @module */
import fc from "fast-check";
import { utf8 } from "@sluice/protocol";
import { expect, test } from "vitest";
import { SseParser, type SseEvent } from "../src/sse.ts";

function parseCut(text: string, cuts: readonly number[]): SseEvent[] {
  const bytes = utf8(text);
  const parser = new SseParser();
  const ends = [...cuts.map((cut) => cut % (bytes.length + 1)).toSorted((a, b) => a - b), bytes.length];
  return ends.flatMap((end, i) => parser.push(bytes.subarray(ends[i - 1] ?? 0, end)));
}

test("where a stream is cut makes no difference", () => {
  const line = fc.constantFrom("data: a", "data:一半", "data", "id: 7", "id:", ": note", "event: x", "retry: 1", "");
  const end = fc.constantFrom("\n", "\r\n", "\r");
  const stream = fc.array(fc.tuple(line, end)).map((lines) => `${lines.flat().join("")}\n`);
  fc.assert(
    fc.property(stream, fc.array(fc.nat(), { maxLength: 12 }), (text, cuts) => {
      expect(parseCut(text, cuts)).toEqual(parseCut(text, []));
    }),
  );
});

test("a CRLF that is cut in two ends one line, not two", () => {
  expect(parseCut("id: 1\r\ndata: a\r\ndata: b\r\n\r\n", [7, 16])).toEqual([{ id: "1", data: "a\nb" }]);
});

test("comments and unknown fields are skipped, an id stays until the next one", () => {
  const text = ": hi\nid: 1\nretry: 5\ndata: a\n\ndata: b\n\nevent: x\n\nid\ndata:  c\n\n";
  expect(parseCut(text, [])).toEqual([
    { id: "1", data: "a" },
    { id: "1", data: "b" },
    { id: "", data: " c" },
  ]);
});

test("an event that the stream does not end is not told", () => {
  expect(parseCut("data: a\n", [])).toEqual([]);
});
