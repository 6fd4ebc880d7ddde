/** Medical fees of persons in districts: a table whose sums are known, with the job, grant and commands that docs/hidden-selection.md
 *  writes.
 *  @module */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { utf8, type Policy } from "@sluice/protocol";
import { realField } from "./real-table.ts";
import { ROOT } from "./source-files.ts";

/** Domain of the table. */
export const DOMAIN = "medical-fees";
/** The table. */
export const RESOURCE = "fees";
/** Persons of the first table. */
export const PERSONS = 12_000;
/** Persons of the next month's table. */
export const NEXT_PERSONS = 20_000;
const VISITS = 3;
const CODES = ["E", "W", "N", "S"];

/** Block of the page that holds `part`. */
const page = await readFile(join(ROOT, "docs", "hidden-selection.md"), "utf8");
const blocks = [...page.matchAll(/^```\w*\n([\s\S]*?)^```$/gm)].map(([, text = ""]) => text);
const blockWith = (part: string): string => blocks.find((text) => text.includes(part)) ?? "";
/** What the page's grant says. */
export const GRANT = JSON.parse(`{${blockWith('"selections"')}}`) as { operations: string[]; selections: unknown };
/** The page's commands, by line. */
export const COMMANDS = blockWith("selection register").trimEnd().split("\n");

/** The page's outputs, as a job. */
export const CODE = utf8(`var sluiceJob = { default: {
  name: "costs", purpose: "costs", input: { district: "dict", fees: "f64" },
  ${blockWith("hidden-selection").trimEnd()}
  develop(rows) { return { size: { rows: rows.rowCount } }; },
} };`);
/** How jobs see the table. */
export const POLICY: Policy = {
  version: 1,
  resource: RESOURCE,
  columns: {
    district: { role: "quasi", transform: { kind: "keep" } },
    fees: { role: "quasi", transform: { kind: "bucket", width: 500, min: 0, max: 2_000 } },
  },
  sample: { rows: 2_000, strata: ["district"] },
  k: 10,
  suppressionLimit: 0.1,
  gate: { context: { control: "high", motive: "low" } },
};

/** District and fees of a visit: districts of very different sizes, fees in whole steps of the policy. */
const districtOf = (person: number): number => [0, 0, 0, 0, 1, 1, 2, 2, 2, 3][person % 10] ?? 0;
const feesOf = (person: number, visit: number): number => 500 * ((person * 7 + visit * 3 + districtOf(person)) % 4);

/** Rows and fees of districts, counted in the clear. */
export function plainSums(districts: readonly number[], persons = PERSONS): Readonly<Record<string, number>> {
  let [rows, fees] = [0, 0];
  for (let person = 0; person < persons; person++) {
    if (!districts.includes(districtOf(person))) continue;
    rows += VISITS;
    for (let visit = 0; visit < VISITS; visit++) fees += feesOf(person, visit);
  }
  return { rows, fees };
}

const FIELDS = [
  realField("person", "text", "direct"),
  realField("district", "text", "quasi"),
  realField("fees", "integer", "quasi"),
];

/** The table as a file that its domain can read. */
export async function writeTable(home: string, persons: number) {
  const file = join(home, "table.csv");
  const lines = Array.from({ length: persons * VISITS }, (_, i) => {
    const [person, visit] = [Math.floor(i / VISITS), i % VISITS];
    return `P${person},${CODES[districtOf(person)] ?? ""},${feesOf(person, visit)}`;
  });
  await writeFile(file, `${["person,district,fees", ...lines].join("\n")}\n`);
  return { file, resource: RESOURCE, title: "Fees", source: "visits", fields: FIELDS };
}
