/** Samples with format-preserving pseudonyms: through the engine of a domain, past the second look, and nothing raw in them.
 *  @module */
import { residentIdCheckDigit, isMobileNumber, isResidentId } from "@sluice/protocol";
import type { Column, Policy, ResourceField } from "@sluice/protocol";
import { expect, test } from "vitest";
import { GENERATED, seededRandom, Workplace } from "./data-fixture.ts";

const FIELDS: ResourceField[] = [
  { name: "key", title: "Number", type: "text", role: "direct", grade: "general-4" },
  { name: "id_card", title: "Identity number", type: "text", role: "direct", grade: "general-4" },
  { name: "mobile", title: "Mobile", type: "integer", role: "direct", grade: "general-4" },
  { name: "region", title: "Region", type: "text", role: "quasi", grade: "general-2" },
];

const POLICY: Policy = {
  version: 1,
  resource: "people",
  columns: {
    id_card: { role: "direct", transform: { kind: "fpe", format: "resident-id", cipher: "sm4" } },
    mobile: { role: "direct", transform: { kind: "fpe", format: "mobile", cipher: "aes" } },
    region: { role: "quasi", transform: { kind: "keep" } },
  },
  sample: { rows: 300, strata: [] },
  k: 5,
  suppressionLimit: 0.2,
  gate: GENERATED,
};

const request = {
  resource: "people",
  policy: POLICY,
  key: "key",
  fields: ["id_card", "mobile", "region"],
  tokenKey: seededRandom("token").bytes(32),
  seed: seededRandom("seed").bytes(32),
};

interface Person {
  readonly id: string;
  readonly mobile: string;
}

/** 1,000 persons; of every `invalid`th the identity number has fifteen digits. */
function persons(invalid: number): Person[] {
  return Array.from({ length: 1_000 }, (_, i) => {
    const seventeen = `330102198${i % 10}0307${String(Math.floor(i / 2)).padStart(3, "0")}`;
    const id = i % invalid === invalid - 1 ? seventeen.slice(0, 15) : seventeen + residentIdCheckDigit(seventeen);
    return { id, mobile: `138${String(10_000_000 + i * 7_919)}` };
  });
}

function csvOf(rows: readonly Person[]): string {
  const lines = rows.map(({ id, mobile }, i) => `K${i},${id},${mobile},33010${1 + (i % 3)}`);
  return ["key,id_card,mobile,region", ...lines, ""].join("\n");
}

function dictionaryOf(column: Column | undefined): string[] {
  if (column?.type !== "dict") throw new TypeError("expected texts");
  return column.dictionary;
}

test("a sample has valid pseudonyms, none of them a raw identifier, and those that were none are counted", async () => {
  await using place = await Workplace.open();
  const rows = persons(200);
  await place.import(csvOf(rows), { fields: FIELDS });
  const { report } = await place.store.inspectSample(request);
  expect(report.residual).toEqual([]);
  expect(report.transformFailures).toEqual([{ column: "id_card", values: 5, share: 0.005 }]);
  const { table } = await place.store.drawSample(request);
  const [ids, mobiles] = [dictionaryOf(table.columns["id_card"]), dictionaryOf(table.columns["mobile"])];
  expect(ids.length).toBeGreaterThan(200);
  expect([ids.every(isResidentId), mobiles.every(isMobileNumber)]).toEqual([true, true]);
  const raw = new Set(rows.flatMap(({ id, mobile }) => [id, mobile]));
  expect([...ids, ...mobiles].filter((text) => raw.has(text))).toEqual([]);
});

test("a job over all rows sees the pseudonyms that the sample has: one key for one scene", async () => {
  await using place = await Workplace.open();
  await place.import(csvOf(persons(1_001)), { fields: FIELDS });
  const sampled = dictionaryOf((await place.store.drawSample(request)).table.columns["id_card"]);
  const { table } = await place.store.readAll(request);
  const all = new Set(dictionaryOf(table.columns["id_card"]));
  expect(all.size).toBe(1_000);
  expect(sampled.filter((id) => !all.has(id))).toEqual([]);
  const elsewhere = { ...request, tokenKey: seededRandom("another scene").bytes(32) };
  const other = dictionaryOf((await place.store.readAll(elsewhere)).table.columns["id_card"]);
  expect(other.filter((id) => all.has(id))).toEqual([]);
});

test("more than one in a hundred identity numbers that are none end the sample", async () => {
  await using place = await Workplace.open();
  await place.import(csvOf(persons(50)), { fields: FIELDS });
  await expect(place.store.drawSample(request)).rejects.toMatchObject({ code: "ERR_SAMPLE_GATE" });
});
