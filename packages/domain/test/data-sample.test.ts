import { createHash, createHmac, hkdfSync } from "node:crypto";
import { createReadStream } from "node:fs";
import { readdir, truncate } from "node:fs/promises";
import { join } from "node:path";
import {
  canonicalText,
  Certificate,
  documentHash,
  isSluiceError,
  type Column,
  type ColumnBatch,
  type Policy,
} from "@sluice/protocol";
import fc from "fast-check";
import { expect, test } from "vitest";
import { EngineFault, openEngine } from "../src/data/engine.ts";
import type { ViewRequest } from "../src/data/index.ts";
import { MemoryFiles } from "../src/rest/memory-files.ts";
import {
  people,
  peopleCsv,
  PEOPLE_FIELDS,
  peoplePolicy,
  seededRandom,
  Workplace,
  type Person,
} from "./data-fixture.ts";

const tokenKey = seededRandom("token").bytes(32);
const seed = seededRandom("seed").bytes(32);
const FIELDS = ["region", "age", "income", "insured", "note"];

function request(change: Partial<ViewRequest> = {}): ViewRequest & { seed: Uint8Array } {
  return { resource: "people", policy: peoplePolicy(), key: "id", fields: FIELDS, tokenKey, seed, ...change };
}

async function codeOf(work: Promise<unknown>): Promise<string> {
  const error: unknown = await work.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  if (!isSluiceError(error)) throw new Error("expected a coded refusal", { cause: error });
  return error.code;
}

type Cell = string | number | boolean | null;

function cell(column: Column | undefined, row: number): Cell {
  if (column === undefined) throw new Error("no such column");
  const present = column.validity === undefined || (((column.validity[row >> 3] ?? 0) >> (row & 7)) & 1) === 1;
  if (!present) return null;
  const value = column.values[row] ?? 0;
  if (column.type === "dict") return column.dictionary[value] ?? null;
  return column.type === "bool" ? value === 1 : value;
}

function rowsOf(table: ColumnBatch, fields: readonly string[]): Cell[][] {
  return Array.from({ length: table.rowCount }, (_, row) => fields.map((name) => cell(table.columns[name], row)));
}

/** What `peoplePolicy` shows of a person, computed without the store. */
function shown(person: Person): Cell[] {
  const age = 20 + Math.floor((Math.min(Math.max(person.age, 20), 80) - 20) / 20) * 20;
  return [person.region.slice(0, 4), age, person.income, person.insured, person.note];
}

/** The sample that `seed` decides, computed without the store: rows at (2p - 1) / n of their strata, places by hash. */
function plainSample(
  people: readonly Person[],
  { policy, snapshot }: { readonly policy: Policy; readonly snapshot: string },
  mayBeUsed: (person: Person) => boolean = () => true,
): { rows: Cell[][]; suppressed: number } {
  const of = canonicalText({ domain: "hrss", resource: "people", snapshot, policy, fields: FIELDS });
  const info = createHash("sha256").update(of).digest();
  const order = hkdfSync("sha256", Buffer.concat([seed, tokenKey]), "sluice/sample-order/v1", info, 32);
  const hashOf = (secret: Uint8Array, text: string): string =>
    createHash("sha256").update(secret).update(text).digest("hex");
  const hashed = people
    .map((person, row) => ({
      person,
      hash: hashOf(seed, `s${person.id}`),
      order: hashOf(new Uint8Array(order), String(row)),
    }))
    .filter(({ person }) => mayBeUsed(person))
    .map((row) => ({ ...row, cells: shown(row.person) }))
    .toSorted((a, b) => (a.hash < b.hash ? -1 : 1));
  const placed = [...Map.groupBy(hashed, ({ cells }) => cells[0]).values()].flatMap((members) =>
    members.map((row, i) => ({ ...row, place: (2 * i + 1) / members.length })),
  );
  const drawn = placed
    .toSorted((a, b) => a.place - b.place || (a.hash < b.hash ? -1 : 1))
    .slice(0, policy.sample.rows)
    .toSorted((a, b) => (a.order < b.order ? -1 : 1))
    .map(({ cells }) => cells);
  const classes = Map.groupBy(drawn, ([region, age]) => `${String(region)}/${String(age)}`);
  const rows = drawn.filter(([region, age]) => {
    return (classes.get(`${String(region)}/${String(age)}`)?.length ?? 0) >= policy.k;
  });
  return { rows, suppressed: drawn.length - rows.length };
}

test("a sample is the one that plain computation on the rows gives, row by row", async () => {
  await using place = await Workplace.open();
  const all = people(1_237);
  const { snapshot } = await place.import(peopleCsv(all), { fields: PEOPLE_FIELDS });
  for (const rows of [200, 57, 1_237]) {
    const policy = peoplePolicy({ sample: { rows, strata: ["region"] } });
    const { table, certificate } = await place.store.drawSample(request({ policy }));
    const expected = plainSample(all, { policy, snapshot });
    expect(rowsOf(table, FIELDS)).toEqual(expected.rows);
    expect(Certificate.parse(certificate)).toMatchObject({
      policy: await documentHash(policy),
      resource: "people",
      sourceSnapshot: snapshot,
      sourceRowsRounded: 1_200,
      sampleRows: expected.rows.length,
      suppressedRows: expected.suppressed,
      quasiIdentifiers: ["age", "region"],
    });
    expect(certificate.k).toBeGreaterThanOrEqual(policy.k);
  }
});

test("k counts persons: however many rows one person has, they hide nobody", async () => {
  await using place = await Workplace.open();
  const all = people(700).map((person) => (person.region.startsWith("3302") ? { ...person, id: "P1" } : person));
  await place.import(peopleCsv(all), { fields: PEOPLE_FIELDS });
  const policy = peoplePolicy({ sample: { rows: 700, strata: ["region"] }, suppressionLimit: 0.5 });
  const { table, certificate } = await place.store.drawSample(request({ policy }));
  const regions = rowsOf(table, ["region"]).flat();
  expect(new Set(regions)).toEqual(new Set(["3301"]));
  expect(certificate.suppressedRows).toBe(100);
  expect(certificate.sampleRows).toBe(600);
  expect(Object.keys(table.columns)).toEqual(FIELDS);
});

test("a sample tells which of its rows are about one person, by numbers below its rows", async () => {
  await using place = await Workplace.open();
  // Eight rows to a person; a text tells whom a row is about. The first three are alone in their region.
  const all = people(800).map((person, i) => {
    const alone = i % 100 < 3 ? { region: "990100" } : {};
    return { ...person, ...alone, id: `P${i % 100}`, note: `note ${i % 100}` };
  });
  await place.import(peopleCsv(all), { fields: PEOPLE_FIELDS });
  const policy = peoplePolicy({ sample: { rows: 400, strata: ["region"] }, suppressionLimit: 0.9 });
  const { table, subjects, certificate } = await place.store.drawSample(request({ policy }));
  expect(certificate.suppressedRows).toBeGreaterThan(0);
  const notes = rowsOf(table, ["note"]).flat();
  expect(subjects).toHaveLength(table.rowCount);
  const persons = [...new Set(notes)];
  expect([...subjects]).toEqual(notes.map((note) => persons.indexOf(note)));
});

test("with a consent column, rows are read and sampled as if the others were not there", async () => {
  await using place = await Workplace.open();
  const all = people(900).map((person, i) => ({ ...person, insured: i % 10 === 4 ? null : person.insured }));
  const consented = all.filter(({ insured }) => insured === true);
  const { snapshot } = await place.import(peopleCsv(all), { fields: PEOPLE_FIELDS });
  const consent = "insured";
  const read = await place.store.readAll(request({ consent }));
  expect([...read.keys]).toEqual(consented.map(({ id }) => id));
  expect(rowsOf(read.table, FIELDS)).toEqual(consented.map(shown));
  expect(read.snapshot).toBe(snapshot);
  const policy = peoplePolicy({ sample: { rows: consented.length - 20, strata: ["region"] } });
  const sample = await place.store.drawSample(request({ policy, consent }));
  const expected = plainSample(all, { policy, snapshot }, ({ insured }) => insured === true);
  expect(rowsOf(sample.table, FIELDS)).toEqual(expected.rows);
  expect(sample.certificate.sourceRowsRounded).toBe(Number(consented.length.toPrecision(2)));
  const larger = peoplePolicy({ sample: { rows: consented.length + 1, strata: ["region"] } });
  expect(await codeOf(place.store.drawSample(request({ policy: larger, consent })))).toBe("ERR_SAMPLE_SIZE");
});

test("a consent column that the table lost, or that tells no yes or no, lets no row be used", async () => {
  await using place = await Workplace.open();
  await place.import(peopleCsv(people(300)), { fields: PEOPLE_FIELDS });
  for (const consent of ["age", "absent"]) {
    expect(await codeOf(place.store.readAll(request({ consent })))).toBe("ERR_POLICY");
    expect(await codeOf(place.store.drawSample(request({ consent })))).toBe("ERR_POLICY");
  }
});

test("the same seed gives the same sample under a fresh commitment; another seed gives another", async () => {
  await using place = await Workplace.open();
  await place.import(peopleCsv(people(600)), { fields: PEOPLE_FIELDS });
  const first = await place.store.drawSample(request());
  const again = await place.store.drawSample(request());
  const other = await place.store.drawSample({ ...request(), seed: seededRandom("other").bytes(32) });
  expect(again.table).toEqual(first.table);
  expect(again.certificate.seedCommitment).not.toBe(first.certificate.seedCommitment);
  expect(rowsOf(other.table, FIELDS)).not.toEqual(rowsOf(first.table, FIELDS));
});

test("reading every row shows what plain computation gives, in the file's order", async () => {
  await using place = await Workplace.open();
  const all = people(5_000);
  await place.import(peopleCsv(all), { fields: PEOPLE_FIELDS });
  const { keys, table } = await place.store.readAll(request());
  expect([...keys]).toEqual(all.map(({ id }) => id));
  expect(rowsOf(table, FIELDS)).toEqual(all.map(shown));
  const { note } = table.columns;
  if (note?.type !== "dict") throw new Error("other type");
  expect(note.dictionary).toEqual(note.dictionary.toSorted());
});

test("tokens and masks are those of their definitions", async () => {
  await using place = await Workplace.open();
  const all = people(100);
  await place.import(peopleCsv(all), { fields: PEOPLE_FIELDS });
  const policy = peoplePolicy({
    columns: {
      region: { role: "quasi", transform: { kind: "mask", keepFirst: 2, keepLast: 1 } },
      note: { role: "direct", transform: { kind: "token" } },
    },
    sample: { rows: 10, strata: [] },
  });
  const { table } = await place.store.readAll(request({ policy, fields: ["region", "note"] }));
  const expected = all.map(({ region, note }) => [
    `${region.slice(0, 2)}***${region.slice(-1)}`,
    note === null ? null : createHmac("sha256", tokenKey).update(note).digest("hex").slice(0, 32),
  ]);
  expect(rowsOf(table, ["region", "note"])).toEqual(expected);
});

test("any text survives import and reading", async () => {
  await using place = await Workplace.open();
  const text = fc.string({ unit: "grapheme", maxLength: 12 }).map((value) => value.replaceAll("\0", ""));
  await fc.assert(
    fc.asyncProperty(fc.array(text, { minLength: 1, maxLength: 40 }), fc.boolean(), async (values, quoted) => {
      const written = (value: string): string =>
        quoted || /[",\r\n]/u.test(value) ? `"${value.replaceAll('"', '""')}"` : value;
      const lines = values.map((value, i) => `k${i},${written(value)}`);
      await place.import(["id,note", ...lines, ""].join("\r\n"), {
        fields: PEOPLE_FIELDS.filter(({ name }) => name === "id" || name === "note"),
      });
      const policy = peoplePolicy({
        columns: { note: { role: "other", transform: { kind: "keep" } } },
        sample: { rows: 1, strata: [] },
      });
      const { table } = await place.store.readAll(request({ policy, fields: ["note"] }));
      expect(rowsOf(table, ["note"])).toEqual(values.map((value) => [value === "" ? null : value]));
    }),
    { numRuns: 20 },
  );
});

const PLANTED = { mobile: "13912345678", resident: "110101199003070011" };
test.each([
  ["a mobile number", `call ${PLANTED.mobile}`, PLANTED.mobile],
  ["an identity number", `of ${withCheckDigit(PLANTED.resident.slice(0, 17))} only`, PLANTED.resident.slice(0, 17)],
])("%s planted in one row of a harmless column is found", async (_, note, secret) => {
  await using place = await Workplace.open();
  const all = people(300).map((person, i) => (i === 211 ? { ...person, note } : person));
  await place.import(peopleCsv(all), { fields: PEOPLE_FIELDS });
  const policy = peoplePolicy({ sample: { rows: 300, strata: [] } });
  const error: unknown = await place.store.drawSample(request({ policy })).catch((thrown: unknown) => thrown);
  if (!isSluiceError(error, "ERR_SAMPLE_GATE")) throw new Error("expected a refusal", { cause: error });
  expect(error.details).toEqual({ rule: "residual-identifiers", pointer: "/columns/note/transform", limit: 0 });
  expect(JSON.stringify([error.message, error.details])).not.toContain(secret);
});

/** GB 11643: weights 2^(17-i) mod 11. */
function withCheckDigit(seventeen: string): string {
  const sum = Array.from(seventeen).reduce((total, digit, i) => total + Number(digit) * (2 ** (17 - i) % 11), 0);
  return `${seventeen}${"10X98765432"[sum % 11] ?? ""}`;
}

test("a sample that cannot keep k, and a table smaller than the sample, are refused", async () => {
  await using place = await Workplace.open();
  await place.import(peopleCsv(people(200)), { fields: PEOPLE_FIELDS });
  const fine = peoplePolicy({ k: 60, suppressionLimit: 0 });
  expect(await codeOf(place.store.drawSample(request({ policy: fine })))).toBe("ERR_SAMPLE_K");
  const large = peoplePolicy({ sample: { rows: 201, strata: [] } });
  expect(await codeOf(place.store.drawSample(request({ policy: large })))).toBe("ERR_SAMPLE_SIZE");
});

test("a policy that shows the key, an absent column or a hidden field is refused", async () => {
  await using place = await Workplace.open();
  await place.import(peopleCsv(people(300)), { fields: PEOPLE_FIELDS });
  const { columns } = peoplePolicy();
  const shows: Policy = peoplePolicy({ columns: { ...columns, id: { role: "direct", transform: { kind: "token" } } } });
  const absent: Policy = peoplePolicy({
    columns: { ...columns, salary: { role: "other", transform: { kind: "keep" } } },
  });
  const asks = [
    (change: Partial<ViewRequest>): Promise<unknown> => place.store.drawSample(request(change)),
    (change: Partial<ViewRequest>): Promise<unknown> => place.store.readAll(request(change)),
  ];
  for (const ask of asks) {
    expect(await codeOf(ask({ policy: shows }))).toBe("ERR_POLICY");
    expect(await codeOf(ask({ policy: absent }))).toBe("ERR_POLICY_COLUMN");
    expect(await codeOf(ask({ fields: ["region", "id"] }))).toBe("ERR_POLICY");
    expect(await codeOf(ask({ key: "ident" }))).toBe("ERR_POLICY_COLUMN");
    expect(await codeOf(ask({ resource: "others" }))).toBe("ERR_NOT_FOUND");
  }
});

test("a key that is missing in a row is refused, and no other key is told", async () => {
  await using place = await Workplace.open();
  const all = people(300).map((person, i) => ({ ...person, id: i === 150 ? "" : person.id }));
  await place.import(peopleCsv(all), { fields: PEOPLE_FIELDS });
  const error: unknown = await place.store.readAll(request()).catch((thrown: unknown) => thrown);
  if (!isSluiceError(error, "ERR_LOOKUP_TABLE")) throw new Error("expected a refusal");
  expect(error.message).not.toContain("P100000");
});

test("a key may have many rows, each in its place", async () => {
  await using place = await Workplace.open();
  const all = people(300).map((person, i) => ({ ...person, id: `P${i % 100}` }));
  await place.import(peopleCsv(all), { fields: PEOPLE_FIELDS });
  const { keys, table } = await place.store.readAll(request());
  expect([...keys]).toEqual(all.map(({ id }) => id));
  expect(table.rowCount).toBe(300);
});

test("a read that is under way ends on the table it began with", async () => {
  await using place = await Workplace.open();
  const before = people(20_000);
  await place.import(peopleCsv(before), { fields: PEOPLE_FIELDS });
  const reading = place.store.readAll(request());
  await place.import(peopleCsv(people(300)), { fields: PEOPLE_FIELDS });
  expect((await reading).keys).toHaveLength(before.length);
  expect((await place.store.readAll(request())).keys).toHaveLength(300);
  expect(await readdir(join(place.path, "store", "data", "tables"))).toHaveLength(1);
});

test("cancelled work and a closed store say so", async () => {
  await using place = await Workplace.open();
  await place.import(peopleCsv(people(20_000)), { fields: PEOPLE_FIELDS });
  expect(await codeOf(place.store.readAll(request({ signal: AbortSignal.abort() })))).toBe("ERR_CANCELLED");
  const cancel = new AbortController();
  const reading = place.store.drawSample(request({ signal: cancel.signal }));
  cancel.abort();
  expect(await codeOf(reading)).toBe("ERR_CANCELLED");
  const late = place.store.readAll(request());
  await Promise.all([place.store.close(), codeOf(late).then((code) => expect(code).toBe("ERR_CANCELLED"))]);
});

test("a stored table that was cut gives a coded error that names it", async () => {
  await using place = await Workplace.open();
  await place.import(peopleCsv(people(300)), { fields: PEOPLE_FIELDS });
  const tables = join(place.path, "store", "data", "tables");
  for (const table of await readdir(tables)) await truncate(join(tables, table), 300);
  const error: unknown = await place.store.readAll(request()).catch((thrown: unknown) => thrown);
  if (!isSluiceError(error, "ERR_SEALED_FILE")) throw new Error("expected a refusal", { cause: error });
  expect(error.message).toMatch(/ hrss\/data\/tables\/[0-9a-f]{64}\.parquet does not open: segment 0 is not as it was/);
  expect(error.message).not.toContain(tables);
});

test("the engine reaches nothing but the files it was given, writes none of its own, and keeps its settings", async () => {
  await using place = await Workplace.open();
  const secret = await place.file("secret.csv", "a\nCANARY-99\n");
  const memory = await MemoryFiles.open();
  await using given = await memory.filled(createReadStream(secret));
  await using other = await memory.filled(createReadStream(secret));
  const engine = await openEngine({ paths: [given.path], memoryLimitBytes: 67_108_864 });
  expect(await engine.session((session) => session.rows(`SELECT * FROM read_csv('${given.path}')`))).toHaveLength(1);
  const refused = [
    `SELECT * FROM read_csv('${secret}')`,
    `SELECT * FROM read_text('${secret}')`,
    `SELECT * FROM read_text('${other.path}')`,
    `SELECT * FROM read_text('/proc/self/fd/${given.path}')`,
    `SELECT * FROM read_text('/proc/self/cmdline')`,
    `COPY (SELECT 1) TO '${place.path}/out.parquet'`,
    `ATTACH '${place.path}/out.db'`,
    "INSTALL httpfs",
    "LOAD httpfs",
    "SET enable_external_access = true",
    "SET allowed_directories = ['/']",
    "SET memory_limit = '100GB'",
    `SET temp_directory = '${place.path}'`,
    "SELECT CAST('CANARY-99' AS INTEGER)",
  ];
  for (const sql of refused) {
    const error: unknown = await engine.session((session) => session.rows(sql)).catch((thrown: unknown) => thrown);
    expect(error, sql).toBeInstanceOf(EngineFault);
    expect(String((error as Error).stack)).not.toContain("CANARY");
  }
  const beyond = "CREATE TEMP TABLE large AS SELECT repeat(md5(i::VARCHAR), 4) FROM range(1000000) r(i)";
  await expect(engine.session((session) => session.run(beyond))).rejects.toMatchObject({ kind: "memory" });
  engine.close();
  expect(await readdir(place.path)).toEqual(["secret.csv", "store"]);
});

test("a policy that states no circumstances is refused where the class risk is not below the limit, by rule and limit alone", async () => {
  await using place = await Workplace.open();
  await place.import(peopleCsv(people(600)), { fields: PEOPLE_FIELDS });
  const { gate: _, ...policy } = peoplePolicy();
  const error: unknown = await place.store.drawSample(request({ policy })).catch((thrown: unknown) => thrown);
  if (!isSluiceError(error, "ERR_SAMPLE_GATE")) throw new Error("expected a refusal", { cause: error });
  expect(error.details).toEqual({ rule: "overall-risk", pointer: "/k", limit: 0.05 });
  const { report } = await place.store.inspectSample(request({ policy }));
  expect(report).toMatchObject({ level: 2, verdict: "refused" });
  expect(report.overallRisk).toBeGreaterThanOrEqual(0.05);
});

test("an officer's report has the figures of plain computation on sample and table", async () => {
  await using place = await Workplace.open();
  const all = people(1_237);
  const { snapshot } = await place.import(peopleCsv(all), { fields: PEOPLE_FIELDS });
  const policy = peoplePolicy({ sample: { rows: 200, strata: ["region"] } });
  const { report } = await place.store.inspectSample(request({ policy }));
  const { rows, suppressed } = plainSample(all, { policy, snapshot });
  const table = all.map(shown);
  const classOf = ([region, age]: readonly Cell[]): string => `${String(region)}/${String(age)}`;
  const inTable = Map.groupBy(table, classOf);
  const pairs = [...Map.groupBy(rows, classOf)].map(
    ([key, own]) => [own.length, inTable.get(key)?.length ?? 0] as const,
  );
  const risks = pairs.map(([f]) => 1 / f);
  const mean = (numbers: readonly number[]): number => numbers.reduce((sum, x) => sum + x, 0) / numbers.length;
  expect(report.counts).toEqual({
    sourceRows: 1_237,
    drawnRows: 200,
    sampleRows: rows.length,
    suppressedRows: suppressed,
    persons: rows.length,
    classes: pairs.length,
  });
  expect(report.classRisk.mean).toBeCloseTo(mean(risks), 6);
  expect(report.contextRisk.prevalence).toBeCloseTo(rows.length / 1_237, 6);
  expect(report.attackers.journalist?.highest).toBeCloseTo(1 / Math.min(...pairs.map(([, F]) => F)), 6);
  expect(report.attackers.marketer).toBeCloseTo(pairs.reduce((sum, [f, F]) => sum + f / F, 0) / rows.length, 6);
  const shareOf = (of: readonly Cell[][], column: number, value: Cell): number => {
    const filled = of.filter((row) => row[column] !== null);
    return filled.filter((row) => row[column] === value).length / filled.length;
  };
  for (const [column, name] of ["region", "age", "insured", "note"].entries()) {
    const at = FIELDS.indexOf(name);
    const values = [...new Set(table.map((row) => row[at] ?? null))].filter((value) => value !== null);
    const distance =
      values.reduce<number>((sum, value) => sum + Math.abs(shareOf(rows, at, value) - shareOf(table, at, value)), 0) /
      2;
    const found = report.utility.columns.find((utility) => utility.name === name);
    expect([column, found?.distance]).toEqual([column, expect.closeTo(distance, 5)]);
    expect(found?.missing.table).toBeCloseTo(table.filter((row) => row[at] === null).length / table.length, 5);
  }
  const incomes = (of: readonly Cell[][]): number[] =>
    of.flatMap(([, , income]) => (typeof income === "number" ? [income] : []));
  const [ours, theirs] = [incomes(rows), incomes(table)];
  const deviation = Math.sqrt(mean(theirs.map((x) => (x - mean(theirs)) ** 2)));
  const income = report.utility.columns.find(({ name }) => name === "income");
  expect(income?.meanError).toBeCloseTo(Math.abs(mean(ours) - mean(theirs)) / deviation, 5);
  expect(report.utility.fidelity).toBeGreaterThan(0.5);
});

test("values that a transform cannot take are counted, and over one in a hundred of a column ends the sample", async () => {
  await using place = await Workplace.open();
  const fields = PEOPLE_FIELDS.map((field) =>
    field.name === "income" ? { ...field, type: "integer" as const } : field,
  );
  const withLarge = (share: number) =>
    people(600).map((person, i) => ({ ...person, income: i % Math.round(1 / share) === 0 ? 9_000_000_000 : 5 }));
  for (const [share, expected] of [
    [0.005, "passed"],
    [0.02, "ERR_SAMPLE_GATE"],
  ] as const) {
    await place.import(peopleCsv(withLarge(share)), { fields });
    const { report } = await place.store.inspectSample(request());
    const values = Math.ceil(600 * share);
    expect(report.transformFailures).toEqual([
      { column: "income", values, share: Number((values / 600).toPrecision(6)) },
    ]);
    const drawn = place.store.drawSample(request());
    expect(expected === "passed" ? (await drawn).certificate.transformFailures : await codeOf(drawn)).toEqual(
      expected === "passed" ? ["income"] : expected,
    );
  }
});

test("two reports on one sample are one document, so that a certificate can be held against a later one", async () => {
  await using place = await Workplace.open();
  await place.import(peopleCsv(people(600)), { fields: PEOPLE_FIELDS });
  const { certificate } = await place.store.drawSample(request());
  const { report } = await place.store.inspectSample(request());
  expect(certificate.report).toBe(await documentHash(report));
});
