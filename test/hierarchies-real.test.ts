/** The Adult table with the hierarchies that ARX publishes for it, as somebody types it: import, classification, an officer's
 *  decision, samples by full-domain search and by boxes. Samples are judged from the written rows and the published files alone.
 *  Runs with SLOW=1, where SLUICE_DATA_DIR names a folder with `adult/adult_arx_30162.csv`.
 *  @module */
import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { generateKey } from "@sluice/evidence";
import type { Policy, ResourceField, RiskReport } from "@sluice/protocol";
import { expect, test } from "vitest";
import { sluice, temporaryDirectory } from "../packages/cli/test/captured-io.ts";
import { ADULT_COLUMNS, adultTree, arxLines } from "../packages/desensitize/test/adult-hierarchies.ts";
import { realField } from "./real-table.ts";
import { classFigures, writtenRows } from "./sample-figures.ts";

const DATA = process.env["SLUICE_DATA_DIR"] ?? "";
const slow = process.env["SLOW"] === "1";
const available = DATA !== "" && existsSync(join(DATA, "adult", "adult_arx_30162.csv"));
if (slow && !available) process.stdout.write("skipped: the Adult table of ARX, because SLUICE_DATA_DIR has none\n");

/** Quasi-identifiers; the salary class is what a job would learn. */
const QUASI = ADULT_COLUMNS.filter((column) => column !== "salary-class");
const K = 5;
const SAMPLE_ROWS = 6_000;

/** Name of a field for a column of the file. */
const fieldName = (column: string): string => column.replaceAll("-", "_");

const FIELDS: ResourceField[] = ADULT_COLUMNS.map((column) => {
  const field = realField(fieldName(column), "text", column === "salary-class" ? "sensitive" : "quasi");
  const hierarchy = slow && available ? adultTree(DATA, column) : undefined;
  return hierarchy === undefined ? field : { ...field, hierarchy };
});

/** Lines of the published hierarchy of a column: from the value to `*`. */
const published = (column: string): string[][] => arxLines(DATA, `adult_hierarchy_${column}.csv`);

function policy(model: NonNullable<Policy["model"]>): Policy {
  const shown = FIELDS.map(({ name, role }) => [name, { role, transform: { kind: "keep" } }] as const);
  return {
    version: 1,
    resource: "adult",
    columns: Object.fromEntries(shown),
    sample: { rows: SAMPLE_ROWS, strata: ["salary_class"] },
    k: K,
    suppressionLimit: 0.05,
    model,
    gate: { context: { control: "high", motive: "low", acquaintances: 0 } },
  };
}

test.runIf(slow && available)(
  "Adult: columns are classified, an officer decides, and samples by levels and by boxes are what the published hierarchies say",
  async () => {
    const root = await temporaryDirectory();
    const domain = join(root, "domain");
    const { keyId } = await generateKey();
    const pins = ["agency", "department", "gateway", "recovery"].flatMap((who) => [`--${who}-key`, keyId]);
    expect((await sluice(["domain", "init", domain, "--domain", "census", "--plain-keys", ...pins])).code).toBe(0);
    const [header = [], ...lines] = arxLines(DATA, "adult_arx_30162.csv");
    const rows = lines.map((line) => ADULT_COLUMNS.map((column) => line[header.indexOf(column)] ?? ""));
    const names = ["row_number", ...FIELDS.map(({ name }) => name)];
    const [csv, fields] = [join(root, "adult.csv"), join(root, "fields.json")];
    await writeFile(
      csv,
      `${[names, ...rows.map((row, i) => [String(i), ...row])].map((row) => row.join(",")).join("\n")}\n`,
    );
    await writeFile(fields, JSON.stringify([realField("row_number", "integer", "direct"), ...FIELDS]));
    const into = ["--resource", "adult", "--data", domain, "--fields", fields];
    expect(await sluice(["domain", "import", csv, ...into])).toMatchObject({ code: 0 });

    const decision = ["--officer", "Li", "--override", "occupation=sensitive,general-3,says what somebody earns"];
    expect((await sluice(["domain", "classify", domain, "adult", ...decision])).code).toBe(0);
    const { stdout } = await sluice(["domain", "classify", domain, "adult", "--json"]);
    const { columns } = JSON.parse(stdout) as {
      columns: {
        finding: { name: string; role: string; mixed: boolean };
        field: ResourceField;
        decision: object | null;
      }[];
    };
    expect(columns.map(({ finding }) => finding.name)).toEqual(names);
    expect(columns.slice(1).filter(({ finding }) => finding.role === "direct" || finding.mixed)).toEqual([]);
    expect(columns.find(({ field }) => field.name === "occupation")).toMatchObject({
      field: { role: "sensitive" },
      decision: { officer: "Li" },
    });
    const undo = ["--officer", "Li", "--override", "occupation=quasi,general-2"];
    expect((await sluice(["domain", "classify", domain, "adult", ...undo])).code).toBe(0);

    const sample = async (model: NonNullable<Policy["model"]>, resource: string) => {
      const [file, out] = [join(root, `${model.algorithm}.json`), join(root, `${model.algorithm}.csv`)];
      await writeFile(file, JSON.stringify({ ...policy(model), resource }));
      const drawn = [
        "domain",
        "sample",
        domain,
        resource,
        "--policy",
        file,
        "--key",
        "row_number",
        "--out",
        out,
        "--json",
      ];
      const { code, stdout: json } = await sluice(drawn);
      expect(code).toBe(0);
      return {
        report: (JSON.parse(json) as { report: RiskReport }).report,
        cells: await writtenRows(out, QUASI.map(fieldName)),
      };
    };

    // One level for each column: that of its published file in which all values are, and the table becomes coarser by it.
    const domainWide = await sample({ algorithm: "full-domain" }, "adult");
    const levels = QUASI.map((column, i) => {
      const values = new Set(domainWide.cells.map((row) => row[i]));
      const steps = published(column);
      return (steps[0] ?? []).findIndex((_, level) =>
        [...values].every((value) => steps.some((step) => step[level] === value)),
      );
    });
    expect(levels).not.toContain(-1);
    const recode = QUASI.map((column, i) => new Map(published(column).map((step) => [step[0], step[levels[i] ?? 0]])));
    const table = rows.map((row) =>
      recode.map((to, i) => to.get(row[ADULT_COLUMNS.indexOf(QUASI[i] ?? "sex")])).join("/"),
    );
    const plain = classFigures(
      domainWide.cells.map((row) => row.join("/")),
      table,
    );
    const { report } = domainWide;
    expect([plain.smallest >= K, report.level]).toEqual([true, 3]);
    expect(domainWide.cells.length).toBeGreaterThanOrEqual(0.95 * SAMPLE_ROWS);
    expect(report.classRisk.mean).toBeCloseTo(plain.mean, 5);
    expect(report.attackers.journalist?.highest).toBeCloseTo(plain.journalist, 5);
    expect(report.attackers.marketer).toBeCloseTo(plain.marketer, 5);

    // Boxes: no row leaves, every class has k rows, and there are more classes than levels give.
    // A table whose rows left by levels gives none by boxes, so it is imported once more.
    const again = ["--resource", "adult-boxes", "--data", domain, "--fields", fields];
    expect(await sluice(["domain", "import", csv, ...again])).toMatchObject({ code: 0 });
    const boxes = await sample({ algorithm: "mondrian" }, "adult-boxes");
    const classes = [...Map.groupBy(boxes.cells, (row) => row.join("/")).values()];
    expect(boxes.cells).toHaveLength(SAMPLE_ROWS);
    expect(Math.min(...classes.map((members) => members.length))).toBeGreaterThanOrEqual(K);
    expect(classes.length).toBeGreaterThan(new Set(domainWide.cells.map((row) => row.join("/"))).size);
  },
  240_000,
);
