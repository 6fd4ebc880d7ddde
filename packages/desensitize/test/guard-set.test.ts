import type { DomainFacts, JobManifest, Verdict } from "@sluice/protocol";
import { expect, test } from "vitest";
import { checkOutput } from "../src/index.ts";

const manifest: JobManifest = {
  name: "aid",
  purpose: "aid",
  input: { age: "f64" },
  outputs: { fit: { kind: "metrics", keys: ["rows"] }, members: { kind: "set", match: "psi-ids" } },
};
const facts: DomainFacts = { rowCount: 40, environment: "production" };

function served(members: Uint8Array, own: Partial<DomainFacts> = {}): Verdict {
  return checkOutput({ class: "served", values: { members: { kind: "set", members } } }, manifest, {
    ...facts,
    ...own,
  });
}

const first = (count: number, length = 40): Uint8Array => new Uint8Array(length).fill(1, 0, count);
const refused = (verdict: Verdict): string[] =>
  verdict.findings.filter(({ result }) => result === "refused").map(({ rule }) => rule);

test("a set passes as a copy", () => {
  const members = first(12);
  const verdict = served(members);
  members.fill(0);
  expect(verdict).toMatchObject({ ok: true, output: { values: { members: { kind: "set", members: first(12) } } } });
});

test("set-length: refuses flags for more or fewer rows", () => {
  expect(refused(served(first(12, 39)))).toEqual(["set-length"]);
  expect(refused(served(first(12, 41)))).toEqual(["set-length"]);
});

test("set-values: refuses a byte that is no flag", () => {
  const members = first(12);
  members[39] = 2;
  expect(refused(served(members))).toEqual(["set-values"]);
});

test("set-cell: refuses a set of fewer than 10 persons, however many rows each has", () => {
  expect(refused(served(first(9)))).toEqual(["set-cell"]);
  expect(refused(served(first(10)))).toEqual([]);
  expect(refused(served(first(0)))).toEqual(["set-cell"]);
  const subjects = Uint32Array.from({ length: 40 }, (_, row) => row % 9);
  expect(refused(served(first(40), { subjects }))).toEqual(["rows-minimum", "set-cell"]);
  expect(refused(served(first(40), { subjects: subjects.with(20, 9) }))).toEqual([]);
});

test("set-cell: refuses a set that leaves out fewer than 10 persons, and not one that leaves out nobody", () => {
  expect(refused(served(first(39)))).toEqual(["set-cell"]);
  expect(refused(served(first(31)))).toEqual(["set-cell"]);
  expect(refused(served(first(30)))).toEqual([]);
  expect(refused(served(first(40)))).toEqual([]);
  // Twelve rows are out, of which nine persons have no other.
  const subjects = Uint32Array.from({ length: 40 }, (_, row) => (row < 37 ? row : row - 37));
  expect(refused(served(first(28), { subjects }))).toEqual(["set-cell"]);
});

test("subjects that are not one number below the rows for each row are a fault of the domain", () => {
  expect(() => served(first(12), { subjects: new Uint32Array(39) })).toThrow(/subjects/);
  expect(() => served(first(12), { subjects: new Uint32Array(40).fill(40) })).toThrow(/subjects/);
});
