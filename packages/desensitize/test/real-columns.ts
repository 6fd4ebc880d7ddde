/** The Adult and the German credit table of the UCI repository, for tests that have SLUICE_DATA_DIR.
 *  @module */
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { DuckDBConnection } from "@duckdb/node-api";
import type { ResourceDescription } from "@sluice/protocol";
import type { StoredType } from "../src/index.ts";
import type { Cell } from "./engine.ts";
import { describe, field } from "./fixtures.ts";

const ENGINE_TYPES = { text: "VARCHAR", integer: "BIGINT", decimal: "DOUBLE", boolean: "BOOLEAN", date: "DATE" };

/** A table of one file. */
export interface RealColumns {
  readonly resource: ResourceDescription;
  /** Null where the machine does not have it. */
  readonly file: string | null;
  readonly header: boolean;
  readonly separator: string;
}

const directory = process.env["SLUICE_DATA_DIR"];

function table(path: string, header: boolean, separator: string, columns: Record<string, StoredType>): RealColumns {
  const file = directory === undefined ? null : join(directory, path);
  const resource = describe(...Object.entries(columns).map(([name, type]) => field(name, type)));
  return { resource, file: file !== null && existsSync(file) ? file : null, header, separator };
}

/** 30,162 complete rows of the census of 1994. */
export const ADULT = table("adult/adult.data", true, ",", {
  age: "integer",
  type_employer: "text",
  fnlwgt: "integer",
  education: "text",
  education_num: "integer",
  marital: "text",
  occupation: "text",
  relationship: "text",
  race: "text",
  sex: "text",
  capital_gain: "integer",
  capital_loss: "integer",
  hr_per_week: "integer",
  country: "text",
  income: "text",
});

/** 1,000 loans. */
export const GERMAN_CREDIT = table("german-credit/german.data", false, "\t", {
  account: "text",
  months: "integer",
  history: "text",
  purpose: "text",
  amount: "integer",
  savings: "text",
  employment: "text",
  rate: "integer",
  status: "text",
  debtors: "text",
  since: "integer",
  property: "text",
  age: "integer",
  plans: "text",
  housing: "text",
  credits: "integer",
  job: "text",
  liable: "integer",
  telephone: "text",
  foreign: "text",
  outcome: "integer",
});

/** Loads the table as `people`, with numbered rows. */
export async function loadColumns(
  connection: DuckDBConnection,
  { resource, file, header, separator }: RealColumns,
): Promise<void> {
  const types = resource.fields.map(({ name, type }) => `'${name}': '${ENGINE_TYPES[type]}'`).join(", ");
  const options = `header = ${header}, delim = '${separator}', columns = {${types}}`;
  await connection.run(
    `CREATE TABLE people AS SELECT *, row_number() OVER () - 1 AS "row number" FROM read_csv('${file ?? ""}', ${options})`,
  );
}

/** The same rows, read by hand. */
export async function plainRows({ resource, file, header, separator }: RealColumns): Promise<Cell[][]> {
  const lines = (await readFile(file ?? "", "utf8")).split(/\r?\n/).filter((line) => line.trim() !== "");
  return lines.slice(header ? 1 : 0).map((line) => {
    const cells = line.split(separator);
    return resource.fields.map(({ type }, i) => (type === "text" ? (cells[i] ?? null) : Number(cells[i])));
  });
}
