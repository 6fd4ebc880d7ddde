import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { isSluiceError, MAX_IMPORT_FIELD_BYTES, ResourceDescription, type ResourceField } from "@sluice/protocol";
import { expect, test } from "vitest";
import {
  filesBelow,
  IMPORT_FACTS,
  people,
  peopleCsv,
  PEOPLE_FIELDS,
  peoplePolicy,
  seededRandom,
  storeBelow,
  Workplace,
} from "./data-fixture.ts";

const tokenKey = seededRandom("token").bytes(32);

/** The code and message of the refusal of `work`; fails when there is none. */
async function refusal(work: Promise<unknown>): Promise<{ code: string; message: string }> {
  const error: unknown = await work.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  if (!isSluiceError(error)) throw new Error("expected a coded refusal", { cause: error });
  expect(error.cause).toBeUndefined();
  return { code: error.code, message: error.message };
}

/** Every file of the store. */
async function filesOf(place: Workplace): Promise<string[]> {
  const found = await readdir(join(place.path, "store", "data"), { recursive: true, withFileTypes: true });
  return found.filter((entry) => entry.isFile()).map((entry) => entry.name);
}

/** Values of one column of a one-column-and-key table, through a policy that keeps it. */
async function readColumn(place: Workplace, name: string): Promise<unknown[]> {
  const { resource, fields } = place.store.describe("people");
  const field = fields.find((candidate) => candidate.name === name);
  if (field === undefined) throw new Error("no such field");
  const { table } = await place.store.readAll({
    resource,
    policy: peoplePolicy({
      columns: { [name]: { role: field.role, transform: { kind: "keep" } } },
      sample: { rows: 1, strata: [] },
    }),
    key: "key",
    fields: [name],
    tokenKey,
  });
  const column = table.columns[name];
  if (column === undefined) throw new Error("no such column");
  return Array.from({ length: table.rowCount }, (_, i) => {
    const present = column.validity === undefined || (((column.validity[i >> 3] ?? 0) >> (i & 7)) & 1) === 1;
    if (!present) return null;
    return column.type === "dict" ? column.dictionary[column.values[i] ?? 0] : column.values[i];
  });
}

/** Fields `key` (an identifier) and `value`. */
function keyAnd(type: ResourceField["type"]): ResourceField[] {
  return [
    { name: "key", title: "Key", type: "text", role: "direct", grade: "general-3" },
    { name: "value", title: "Value", type, role: "other", grade: "general-1" },
  ];
}

test.each([
  ["CRLF", "\r\n"],
  ["LF", "\n"],
])("an imported CSV with %s reads back value by value", async (_, lineEnd) => {
  await using place = await Workplace.open();
  const rows = people(500);
  const description = await place.import(peopleCsv(rows, lineEnd), { fields: PEOPLE_FIELDS });
  expect(ResourceDescription.parse(description)).toMatchObject({ format: "csv", approximateRows: 500 });
  expect(description.fields).toEqual(PEOPLE_FIELDS);
  const fields = ["income", "insured", "note"];
  const request = { resource: "people", policy: peoplePolicy(), key: "id", fields, tokenKey };
  const { keys, table } = await place.store.readAll(request);
  expect([...keys]).toEqual(rows.map((row) => row.id));
  const { income, insured, note } = table.columns;
  if (income?.type !== "f64" || insured?.type !== "bool" || note?.type !== "dict") throw new Error("other types");
  for (const [i, row] of rows.entries()) {
    const hasIncome = ((income.validity?.[i >> 3] ?? 0xff) >> (i & 7)) & 1;
    expect(hasIncome === 1 ? income.values[i] : null).toBe(row.income);
    expect(insured.values[i] === 1).toBe(row.insured);
    const hasNote = ((note.validity?.[i >> 3] ?? 0xff) >> (i & 7)) & 1;
    expect(hasNote === 1 ? note.dictionary[note.values[i] ?? 0] : null).toBe(row.note);
  }
});

test("odd but legal CSV keeps every character", async () => {
  await using place = await Workplace.open();
  const values = [
    " padded ",
    "#not a comment",
    "NULL",
    "NaN",
    "'single'",
    'a "quoted" word',
    "two\nlines",
    "three\r\nlines",
    "lone\rreturn",
    "海王星🪐",
    "back\\slash",
    "comma,comma",
    "-",
    "=1+1",
  ];
  const cells = values.map((value, i) => `k${i},"${value.replaceAll('"', '""')}"`);
  await place.import(["key,value", ...cells].join("\n"), { fields: keyAnd("text") });
  expect(await readColumn(place, "value")).toEqual(values);
});

test("an empty field is a missing value, quoted or not, and a byte-order mark is dropped", async () => {
  await using place = await Workplace.open();
  await place.import('\uFEFF"key",value\n"k1",\nk2,""\nk3,x\n', { fields: keyAnd("text") });
  expect(await readColumn(place, "value")).toEqual([null, null, "x"]);
});

test("a value that is odd only in the last of many rows decides the type", async () => {
  await using place = await Workplace.open();
  const lines = Array.from({ length: 30_000 }, (_, i) => `k${i},${i}`);
  const { fields } = await place.import(["key,value", ...lines, "k30000,seven", ""].join("\n"));
  expect(fields.map(({ name, type }) => [name, type])).toEqual([
    ["key", "text"],
    ["value", "text"],
  ]);
});

test("types without a declaration follow from the values; codes and identifiers stay text", async () => {
  await using place = await Workplace.open();
  const header = "key,whole,real,flag,day,code,mobile,long,none";
  const lines = Array.from(
    { length: 60 },
    (_, i) =>
      `k${i},${i - 30},${i / 8},${i % 2 === 0},2026-01-${10 + (i % 20)},0${i},139000${10_000 + i},${"9".repeat(17)},`,
  );
  const { fields } = await place.import([header, ...lines].join("\n"));
  expect(Object.fromEntries(fields.map(({ name, type, role }) => [name, `${type} ${role}`]))).toEqual({
    key: "text direct",
    whole: "integer quasi",
    real: "decimal sensitive",
    flag: "boolean sensitive",
    day: "date quasi",
    code: "text direct",
    mobile: "text direct",
    long: "text quasi",
    none: "text quasi",
  });
});

test("spaces, hyphens and dots in header names become underscores", async () => {
  await using place = await Workplace.open();
  const { fields } = await place.import("Person ID, home-region ,rate.2025\nx,y,1.5\n");
  expect(fields.map(({ name }) => name)).toEqual(["Person_ID", "home_region", "rate_2025"]);
});

test("columns that no field declares are left out", async () => {
  await using place = await Workplace.open();
  await place.import("key,secret,value\nk1,CANARY-71,5\n", { fields: keyAnd("integer") });
  expect(place.store.describe("people").fields.map(({ name }) => name)).toEqual(["key", "value"]);
  for (const table of await readdir(join(place.path, "store", "data", "tables"))) {
    const bytes = await readFile(join(place.path, "store", "data", "tables", table));
    expect(bytes.includes("CANARY-71")).toBe(false);
  }
});

const CANARY = "CANARY-4711";
test.each<[string, string | Uint8Array, string, string]>([
  ["is empty", "", "ERR_TABLE_FILE", "empty"],
  ["has a header alone", "key,value\n", "ERR_TABLE_FILE", "no records"],
  ["has a repeated header name", "key,value,Key\n1,2,3\n", "ERR_TABLE_FILE", "headers 1 and 3"],
  ["has header names that are the same once mapped", "key,va lue,va-lue\n1,2,3\n", "ERR_TABLE_FILE", "headers 2 and 3"],
  ["has data where the header should be", `${CANARY}!,x\n${CANARY},y\n`, "ERR_TABLE_FILE", "header 1"],
  ["has an empty header", "key,,value\n1,2,3\n", "ERR_TABLE_FILE", "header 2"],
  ["lacks a declared column", `key,other\n1,${CANARY}\n`, "ERR_TABLE_COLUMN_MISSING", "value"],
  ["has a record with a field too few", `key,value\n1,2\n${CANARY}\n`, "ERR_TABLE_FILE", "record 2"],
  ["has a record with a field too many", `key,value\n1,2\n3,4,${CANARY}\n`, "ERR_TABLE_FILE", "record 2"],
  ["has an empty line", "key,value\n1,2\n\n3,4\n", "ERR_TABLE_FILE", "empty (in record 2)"],
  ["has a quote inside an unquoted field", `key,value\n1,${CANARY}"x\n`, "ERR_TABLE_FILE", "quote"],
  ["has text after a closing quote", `key,value\n1,"${CANARY}"x\n`, "ERR_TABLE_FILE", "closing quote"],
  ["ends inside quotes", `key,value\n1,"${CANARY}\n`, "ERR_TABLE_FILE", "does not end"],
  ["mixes line ends", "key,value\r\n1,2\n3,4\r\n", "ERR_TABLE_FILE", "mixed"],
  ["holds NUL", "key,value\n1,\u0000\n", "ERR_TABLE_FILE", "NUL"],
  [
    "is in GBK",
    Buffer.from([...Buffer.from("key,value\n1,"), 0xba, 0xa3, 0xcd, 0xf5, 0x0a]),
    "ERR_TABLE_ENCODING",
    "UTF-8",
  ],
  ["is in UTF-16", Buffer.from(`key,value\n1,2\n`, "utf16le"), "ERR_TABLE_FILE", "NUL"],
  ["is cut inside a character", Buffer.from("key,value\n1,海").subarray(0, -1), "ERR_TABLE_ENCODING", "UTF-8"],
  ["has text in a whole-number column", `key,value\n1,2\n2,${CANARY}\n`, "ERR_TABLE_FILE", "column value has 1 values"],
  ["has a fraction in a whole-number column", "key,value\n1,2\n2,4.0\n", "ERR_TABLE_FILE", "not of type integer"],
  ["has a number beyond 2^53 in a whole-number column", "key,value\n1,9007199254740993\n", "ERR_TABLE_FILE", "integer"],
  ["has a field of 10 MB", `key,value\n1,${"x".repeat(10_000_000)}\n`, "ERR_TABLE_FIELD_TOO_LARGE", "1048576"],
  ["has 257 columns", `${Array.from({ length: 257 }, (_, i) => `c${i}`).join(",")}\n`, "ERR_TABLE_FILE", "256 columns"],
])("a CSV that %s is refused, and nothing is left of it", async (_, content, code, fact) => {
  await using place = await Workplace.open();
  const file = await place.file("people.csv", content);
  const refused = await refusal(place.store.importTable({ ...IMPORT_FACTS, file, fields: keyAnd("integer") }));
  expect(refused.code).toBe(code);
  expect(refused.message).toContain(fact);
  expect(refused.message).not.toContain(CANARY);
  expect(place.store.resources()).toEqual([]);
  expect(await filesOf(place)).toEqual([]);
});

test.each<[ResourceField["type"], string, boolean]>([
  ["date", "2024-02-29", true],
  ["date", "2023-02-29", false],
  ["date", "29.02.2024", false],
  ["boolean", "TRUE", true],
  ["boolean", "0", true],
  ["boolean", "yes", false],
  ["decimal", "1e308", true],
  ["decimal", "1e309", false],
  ["decimal", "0x10", false],
  ["decimal", "nan", false],
  ["decimal", "1_000", false],
  ["integer", "+7", true],
  ["integer", "007", true],
  ["integer", "1e3", false],
  ["integer", "١٢", false],
])("a declared %s takes %s: %s", async (type, value, taken) => {
  await using place = await Workplace.open();
  const work = place.import(`key,value\nk1,${value}\n`, { fields: keyAnd(type) });
  if (taken) await expect(work).resolves.toBeDefined();
  else expect((await refusal(work)).code).toBe("ERR_TABLE_FILE");
});

test("the largest allowed field is taken", async () => {
  await using place = await Workplace.open();
  const longest = "y".repeat(MAX_IMPORT_FIELD_BYTES);
  await place.import(`key,value\nk1,${longest}\n`, { fields: keyAnd("text") });
  expect(await readColumn(place, "value")).toEqual([longest]);
});

test("a path that is no readable file is refused", async () => {
  await using place = await Workplace.open();
  await mkdir(join(place.path, "folder"));
  for (const name of ["absent.csv", "folder", "absent.parquet"]) {
    const file = join(place.path, name);
    expect(await refusal(place.store.importTable({ ...IMPORT_FACTS, file }))).toMatchObject({ code: "ERR_TABLE_FILE" });
  }
});

test("declared facts that do not fit are refused before the file is read", async () => {
  await using place = await Workplace.open();
  const file = join(place.path, "absent.csv");
  const twice = [...keyAnd("text"), ...keyAnd("text")];
  for (const wrong of [{ resource: "Not A Name" }, { title: "" }, { fields: [] }, { fields: twice }]) {
    const { code } = await refusal(place.store.importTable({ ...IMPORT_FACTS, file, ...wrong }));
    expect(code).toBe("ERR_BODY_INVALID");
  }
});

/** Writes a Parquet file with an engine of the test's own. */
async function writeParquet(path: string, select: string): Promise<void> {
  const instance = await DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  await connection.run(`COPY (${select}) TO '${path}' (FORMAT parquet)`);
  connection.closeSync();
  instance.closeSync();
}

test("a Parquet file is imported with its own types", async () => {
  await using place = await Workplace.open();
  const file = join(place.path, "people.parquet");
  await writeParquet(
    file,
    `SELECT 'k' || i AS key, i::TINYINT AS small, i / 4 AS real, i % 2 = 0 AS flag, DATE '2026-01-01' + i::INTEGER AS day,
     (i * 1.25)::DECIMAL(9, 2) AS price, TIMESTAMP '2026-01-01 00:00:00' AS seen FROM range(20) t(i)`,
  );
  const description = await place.import("", { file });
  expect(description.format).toBe("parquet");
  expect(Object.fromEntries(description.fields.map(({ name, type }) => [name, type]))).toEqual({
    key: "text",
    small: "integer",
    real: "decimal",
    flag: "boolean",
    day: "date",
    price: "decimal",
    seen: "text",
  });
  expect(await readColumn(place, "price")).toEqual(Array.from({ length: 20 }, (_, i) => i * 1.25));
});

test.each<[string, string, string]>([
  ["nested values", "SELECT [1, 2] AS value, 'k' AS key", "type that is not read"],
  ["binary values", "SELECT 'x'::BLOB AS value, 'k' AS key", "type that is not read"],
  ["no rows", "SELECT 1 AS value, 'k' AS key WHERE false", "no rows"],
  ["numbers that are not finite", "SELECT 'nan'::DOUBLE AS value, 'k' AS key", "not of type"],
  ["a name that is no field name", "SELECT 1 AS \"1st\", 'k' AS key", "header 1"],
])("a Parquet file with %s is refused", async (_, select, fact) => {
  await using place = await Workplace.open();
  const file = join(place.path, "people.parquet");
  await writeParquet(file, select);
  const refused = await refusal(place.store.importTable({ ...IMPORT_FACTS, file }));
  expect(refused).toMatchObject({ code: "ERR_TABLE_FILE" });
  expect(refused.message).toContain(fact);
  expect(await filesOf(place)).toEqual([]);
});

test("a Parquet file with a field of 10 MB is refused", async () => {
  await using place = await Workplace.open();
  const file = join(place.path, "people.parquet");
  await writeParquet(file, "SELECT repeat('x', 10000000) AS value");
  expect(await refusal(place.store.importTable({ ...IMPORT_FACTS, file }))).toMatchObject({
    code: "ERR_TABLE_FIELD_TOO_LARGE",
  });
});

test("a Parquet file that is cut off or damaged is refused at every cut", async () => {
  await using place = await Workplace.open();
  const whole = join(place.path, "whole.parquet");
  await writeParquet(whole, `SELECT '${CANARY}' || i AS key, i AS value FROM range(2000) t(i)`);
  const bytes = await readFile(whole);
  for (const cut of [4, 11, 40, Math.floor(bytes.length / 2), bytes.length - 5, bytes.length - 1]) {
    const file = join(place.path, "cut.parquet");
    await writeFile(file, bytes);
    await truncate(file, cut);
    const { code, message } = await refusal(place.store.importTable({ ...IMPORT_FACTS, file }));
    expect(code).toBe("ERR_TABLE_FILE");
    expect(message).not.toContain(CANARY);
  }
  const zeroed = Buffer.from(bytes);
  zeroed.fill(0, 8, bytes.length - 400);
  const file = await place.file("zeroed.parquet", zeroed);
  expect(await refusal(place.store.importTable({ ...IMPORT_FACTS, file }))).toMatchObject({ code: "ERR_TABLE_FILE" });
  expect(await filesOf(place)).toEqual([]);
});

test("a refused import leaves the resource as it was", async () => {
  await using place = await Workplace.open();
  const before = await place.import("key,value\nk1,1\nk2,2\n", { fields: keyAnd("integer") });
  const work = place.import("key,value\nk1,1\nk2,x\n", { fields: keyAnd("integer") });
  expect((await refusal(work)).code).toBe("ERR_TABLE_FILE");
  expect(place.store.describe("people")).toEqual(before);
  expect(await readColumn(place, "value")).toEqual([1, 2]);
});

test("a new import replaces the table and survives a restart; the snapshot tells of changed data only", async () => {
  await using place = await Workplace.open();
  const first = await place.import("key,value\nk1,1\n", { fields: keyAnd("integer") });
  const same = await place.import("key,value\nk1,1\n", { fields: keyAnd("integer") });
  const other = await place.import("key,value\nk1,2\n", { fields: keyAnd("integer") });
  expect(same.snapshot).toBe(first.snapshot);
  expect(other.snapshot).not.toBe(first.snapshot);
  await place.store.close();
  const reopened = await storeBelow(join(place.path, "store"), { seed: "again" });
  expect(reopened.resources()).toEqual([other]);
  expect(await readdir(join(place.path, "store", "data", "tables"))).toHaveLength(1);
  await reopened.close();
});

test("remains of an import that was cut off are removed at start", async () => {
  await using place = await Workplace.open();
  const kept = await place.import("key,value\nk1,1\n", { fields: keyAnd("integer") });
  await place.store.close();
  const store = join(place.path, "store");
  await writeFile(join(store, "data", "resources", "people.json.tmp"), CANARY);
  await writeFile(join(store, "data", "tables", `${"0".repeat(64)}.parquet`), CANARY);
  const reopened = await storeBelow(store, { seed: "again" });
  expect(reopened.resources()).toEqual([kept]);
  expect(await readdir(join(store, "data", "resources"))).toEqual(["people.json"]);
  expect(await readdir(join(store, "data", "tables"))).toHaveLength(1);
  await reopened.close();
});

test("an import whose process is killed leaves the earlier table in place", async () => {
  await using place = await Workplace.open();
  const before = await place.import("key,value\nk1,1\n", { fields: keyAnd("integer") });
  await place.store.close();
  const lines = Array.from({ length: 200_000 }, (_, i) => `k${i},${i}`);
  const file = await place.file("large.csv", ["key,value", ...lines].join("\n"));
  const store = join(place.path, "store");
  const source = JSON.stringify(new URL("./data-fixture.ts", import.meta.url).href);
  const program = `
    import { storeBelow } from ${source};
    const store = await storeBelow(${JSON.stringify(store)});
    await store.importTable({ ...${JSON.stringify(IMPORT_FACTS)}, file: ${JSON.stringify(file)},
      onProgress: ({ step }) => { if (step === "writing") process.kill(process.pid, "SIGKILL"); } });`;
  const child = spawn(process.execPath, ["--input-type=module", "--eval", program], { stdio: "ignore" });
  const [, signal] = (await once(child, "exit")) as [number | null, string | null];
  expect(signal).toBe("SIGKILL");
  const reopened = await storeBelow(store, { seed: "again" });
  expect(reopened.resources()).toEqual([before]);
  expect(await readdir(join(store, "data", "resources"))).toEqual(["people.json"]);
  await reopened.close();
});

test("a cancelled import leaves nothing", async () => {
  await using place = await Workplace.open();
  const lines = Array.from({ length: 100_000 }, (_, i) => `k${i},${i}`);
  for (const step of ["checking", "reading", "typing", "writing"]) {
    const cancel = new AbortController();
    const work = place.import(["key,value", ...lines].join("\n"), {
      fields: keyAnd("integer"),
      signal: cancel.signal,
      onProgress: (progress) => {
        if (progress.step === step) cancel.abort();
      },
    });
    expect((await refusal(work)).code).toBe("ERR_CANCELLED");
  }
  expect(await filesOf(place)).toEqual([]);
});

test("a directory that cannot be written is said so", async () => {
  const path = await mkdtemp(join(tmpdir(), "sluice-data-"));
  try {
    await filesBelow(join(path, "store"));
    await writeFile(join(path, "store", "data"), "a file where the directory should be");
    const work = storeBelow(join(path, "store"), { seed: "x" });
    expect((await refusal(work)).code).toBe("ERR_DIRECTORY_UNWRITABLE");
  } finally {
    await rm(path, { recursive: true, force: true });
  }
});

test.runIf(process.getuid?.() !== 0)("a directory of another user is said so", async () => {
  const path = await mkdtemp(join(tmpdir(), "sluice-data-"));
  try {
    await filesBelow(join(path, "store"));
    await chmod(join(path, "store"), 0o500);
    const work = storeBelow(join(path, "store"), { seed: "x" });
    expect((await refusal(work)).code).toBe("ERR_DIRECTORY_UNWRITABLE");
  } finally {
    await chmod(join(path, "store"), 0o700);
    await rm(path, { recursive: true, force: true });
  }
});

test("a description that was altered by hand is refused at start", async () => {
  await using place = await Workplace.open();
  await place.import("key,value\nk1,1\n", { fields: keyAnd("integer") });
  await place.store.close();
  await writeFile(join(place.path, "store", "data", "resources", "people.json"), "{}");
  const work = storeBelow(join(place.path, "store"), { seed: "x" });
  expect(await refusal(work)).toEqual({
    code: "ERR_SEALED_FILE",
    message: "sealed file hrss/data/resources/people.json does not open: it is no sealed file",
  });
});
