import { documentHash, type Column, type ColumnBatch, type RiskReport } from "@sluice/protocol";
import { expect, test } from "vitest";
import { KnownReports, MAX_KNOWN_REPORTS, sampleDigest } from "../src/data/known-reports.ts";
import { people, peopleCsv, PEOPLE_FIELDS, peoplePolicy, seededRandom, Workplace } from "./data-fixture.ts";

const text: Column = { type: "dict", values: Uint32Array.of(0, 1, 0), dictionary: ["a", "b"] };
const numbers: Column = { type: "f64", values: Float64Array.of(1, 2, 3), validity: Uint8Array.of(0b101) };
const batch: ColumnBatch = { rowCount: 3, columns: { text, numbers } };
const subjects = Int32Array.of(0, 1, 2);

test("a sample is the one of a report only when every bit of it is, and every fact about it", async () => {
  const column = (change: Partial<Column>, name: "text" | "numbers" = "text"): ColumnBatch => ({
    ...batch,
    columns: { ...batch.columns, [name]: { ...batch.columns[name], ...change } as Column },
  });
  const digests = await Promise.all([
    sampleDigest(batch, subjects, { policy: "p" }),
    sampleDigest(column({ values: Uint32Array.of(0, 1, 1) }), subjects, { policy: "p" }),
    sampleDigest(column({ dictionary: ["a", "c"] }), subjects, { policy: "p" }),
    sampleDigest(column({ validity: Uint8Array.of(0b111) }), subjects, { policy: "p" }),
    sampleDigest(column({ validity: Uint8Array.of(0b001) }, "numbers"), subjects, { policy: "p" }),
    sampleDigest({ rowCount: 3, columns: { numbers, text } }, subjects, { policy: "p" }),
    sampleDigest({ rowCount: 3, columns: { text, other: numbers } }, subjects, { policy: "p" }),
    sampleDigest(batch, Int32Array.of(0, 1, 1), { policy: "p" }),
    sampleDigest(batch, subjects, { policy: "q" }),
  ]);
  expect(new Set(digests).size).toBe(digests.length);
  expect(await sampleDigest(structuredClone(batch), Int32Array.of(0, 1, 2), { policy: "p" })).toBe(digests[0]);
});

test("as many reports are kept as are allowed, the latest ones", () => {
  const known = new KnownReports();
  const report = {} as RiskReport;
  for (let i = 0; i <= MAX_KNOWN_REPORTS; i++) known.put(String(i), report);
  expect([known.get("0"), known.get("1"), known.get(String(MAX_KNOWN_REPORTS))]).toEqual([undefined, report, report]);
});

test("a run's sample is measured anew after another import and under another policy, and else has the report it had", async () => {
  await using place = await Workplace.open();
  const request = {
    resource: "people",
    policy: peoplePolicy(),
    key: "id",
    fields: ["region", "age"],
    tokenKey: seededRandom("token").bytes(32),
    seed: seededRandom("seed").bytes(32),
  };
  const drawnReport = async (change: object = {}): Promise<string | undefined> =>
    (await place.store.drawSample({ ...request, ...change })).certificate.report;
  const inspected = async (change: object = {}): Promise<string> =>
    documentHash((await place.store.inspectSample({ ...request, ...change })).report);
  await place.import(peopleCsv(people(600)), { fields: PEOPLE_FIELDS });
  const first = await drawnReport();
  expect([await drawnReport(), await inspected()]).toEqual([first, first]);
  // The same rows are drawn: of the rest of the table, one person is another.
  const other = people(600).map((person, i) => (i === 17 ? { ...person, income: 1 } : person));
  await place.import(peopleCsv(other), { fields: PEOPLE_FIELDS });
  const second = await drawnReport();
  expect([second === first, second]).toEqual([false, await inspected()]);
  const policy = peoplePolicy({ k: 6 });
  const third = await drawnReport({ policy });
  expect([third === second, third]).toEqual([false, await inspected({ policy })]);
});
