/** What a lookup costs is known before it is charged, and a frame that is refused then costs its sender nothing: so that it
 *  takes the domain no more either, however long it is. @module */
import { concatBytes, encodePirQuery, fromHex, type Bytes, type LookupSnapshot } from "@sluice/protocol";
import { expect, test } from "vitest";
import type { DomainContext } from "../src/serve/context.ts";
import { lookupForm } from "../src/serve/forms/lookup-form.ts";
import type { ServedProduct } from "../src/state/work.ts";
import { parameters } from "./lookup-workers-fixture.ts";

const form = lookupForm({} as DomainContext);
const hash = (digit: string): string => digit.repeat(64);
const now = served(hash("1"));
const before = served(hash("2"));

function served(snapshotHash: string): ServedProduct {
  const hint = { hint: hash("3"), hintBytes: 1 };
  const body: LookupSnapshot = {
    type: "lookup-snapshot",
    domain: "d",
    product: "bands",
    version: 1,
    grant: hash("4"),
    bundle: hash("5"),
    release: hash("6"),
    sealKey: hash("7"),
    at: "2026-01-01T00:00:00.000Z",
    parameters,
    oprfPublicKey: hash("8"),
    epoch: 1,
    ...hint,
    delta: { parameters: { ...parameters, rowsPerBucket: 48 }, ...hint },
    vocabulary: ["a", "b"],
  };
  const snapshot = { body, signatures: [] };
  return { product: "bands", version: 1, snapshotHash, snapshot, index: "i", delta: "d", layers: [] };
}

const query = (snapshotHash: string, ...lengths: number[]): Bytes =>
  encodePirQuery({ snapshot: fromHex(snapshotHash), parts: lengths.map((length) => new Uint32Array(length)) });
const cost = (frame: Bytes): bigint | Promise<bigint> => {
  const chosen = form.choose?.(now, before, "lookup.query", frame) ?? now;
  return form.measure(chosen, "lookup.query", frame);
};

test("a query of the snapshot's shape costs one, of the snapshot before it too", () => {
  expect([hash("1"), hash("2")].map((named) => cost(query(named, 96, 48)))).toEqual([1n, 1n]);
});

test("a query of any other shape, cut, longer than it says or for another snapshot is refused", () => {
  for (const lengths of [[96], [96, 47], [96, 49], [48, 96], [0, 0], [95, 49]]) {
    expect(() => cost(query(hash("1"), ...lengths))).toThrow(expect.objectContaining({ code: "ERR_LOOKUP_QUERY" }));
  }
  const right = query(hash("1"), 96, 48);
  for (const frame of [right.subarray(0, -1), concatBytes(right, Uint8Array.of(0)), right.subarray(0, 33)]) {
    expect(() => cost(frame)).toThrow(expect.objectContaining({ code: "ERR_FRAME_MALFORMED" }));
  }
  expect(() => cost(query(hash("9"), 96, 48))).toThrow(expect.objectContaining({ code: "ERR_SNAPSHOT" }));
});

test("of a query of 16 MB no word is copied before it is refused", () => {
  const frame = query(hash("2"), 4_190_000);
  const bytes = process.memoryUsage().arrayBuffers;
  expect(() => cost(frame)).toThrow(expect.objectContaining({ code: "ERR_LOOKUP_QUERY" }));
  expect(process.memoryUsage().arrayBuffers - bytes).toBeLessThan(65_536);
});
