/** `sluice domain sample` on two public tables, against figures that are computed here from the file alone. */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { RiskReport, type Policy, type ResourceField } from "@sluice/protocol";
import { generateKey } from "@sluice/evidence";
import { beforeEach, describe, expect, test } from "vitest";
import { sluice, temporaryDirectory } from "../packages/cli/test/captured-io.ts";
import { realField } from "./real-table.ts";
import { bucket, classFigures, writtenRows } from "./sample-figures.ts";

const DATA = process.env["SLUICE_DATA_DIR"];
const slow = process.env["SLOW"] === "1";
if (slow && DATA === undefined) {
  process.stdout.write("skipped: samples of public tables, because SLUICE_DATA_DIR is not set\n");
}

let domain: string;
let root: string;
beforeEach(async () => {
  root = await temporaryDirectory();
  domain = join(root, "domain");
  const { keyId } = await generateKey();
  const pins = ["agency", "department", "gateway", "recovery"].flatMap((who) => [`--${who}-key`, keyId]);
  await sluice(["domain", "init", domain, "--domain", "open-data", "--plain-keys", ...pins]);
});

async function importRows(name: string, fields: readonly ResourceField[], rows: readonly string[][]): Promise<void> {
  const file = join(root, `${name}.csv`);
  const all = [realField("row_number", "integer", "direct"), ...fields];
  const lines = rows.map((cells, i) => [String(i), ...cells].join(","));
  await writeFile(file, `${all.map((field) => field.name).join(",")}\n${lines.join("\n")}\n`);
  await writeFile(join(root, "fields.json"), JSON.stringify(all));
  const imported = await sluice([
    "domain",
    "import",
    file,
    "--resource",
    name,
    "--data",
    domain,
    "--fields",
    join(root, "fields.json"),
  ]);
  expect(imported.code).toBe(0);
}

async function reportOn(policy: Policy, ...more: string[]): Promise<{ code: number; report: RiskReport }> {
  const file = join(root, "policy.json");
  await writeFile(file, JSON.stringify(policy));
  const args = [
    "domain",
    "sample",
    domain,
    policy.resource,
    "--policy",
    file,
    "--key",
    "row_number",
    "--json",
    ...more,
  ];
  const { code, stdout } = await sluice(args);
  return { code, report: RiskReport.parse((JSON.parse(stdout) as { report: unknown }).report) };
}

async function writtenKeys(file: string, columns: readonly string[]): Promise<string[]> {
  return (await writtenRows(file, columns)).map((cells) => cells.join("/"));
}

describe.runIf(slow && DATA !== undefined)("on public tables", () => {
  test("Adult: k = 5 without stated circumstances is level 2, k = 10 passes with the figures of the file", async () => {
    const text = await readFile(join(DATA ?? "", "adult", "adult.data"), "utf8");
    const [header = "", ...lines] = text.trim().split("\n");
    const names = header.trim().split(",");
    const rows = lines.map((line) => line.trim().split(",")).filter((cells) => cells.length === names.length);
    const column = (name: string, cells: readonly string[]): string => cells[names.indexOf(name)] ?? "";
    const taken = ["age", "education_num", "marital", "sex", "hr_per_week", "income"];
    await importRows(
      "adult",
      [
        realField("age", "integer", "quasi"),
        realField("education_num", "integer", "quasi"),
        realField("marital", "text", "quasi"),
        realField("sex", "text", "quasi"),
        realField("hr_per_week", "integer", "other"),
        realField("income", "text", "sensitive"),
      ],
      rows.map((cells) => taken.map((name) => column(name, cells))),
    );
    const policy: Policy = {
      version: 1,
      resource: "adult",
      columns: {
        age: { role: "quasi", transform: { kind: "bucket", width: 20, min: 20, max: 60 } },
        education_num: { role: "quasi", transform: { kind: "bucket", width: 4, min: 1, max: 16 } },
        marital: { role: "quasi", transform: { kind: "generalize", length: 7 } },
        sex: { role: "quasi", transform: { kind: "keep" } },
        hr_per_week: { role: "other", transform: { kind: "bucket", width: 5, min: 0, max: 80 } },
        income: { role: "sensitive", transform: { kind: "keep" } },
      },
      sample: { rows: 6_000, strata: ["income"] },
      k: 10,
      suppressionLimit: 0.1,
    };
    const out = join(root, "rows.csv");
    const { code, report } = await reportOn(policy, "--out", out);
    expect([code, report.level, report.verdict]).toEqual([0, 3, "passed"]);
    const table = rows.map((cells) =>
      [
        bucket(Number(column("age", cells)), 20, 20, 60),
        bucket(Number(column("education_num", cells)), 4, 1, 16),
        column("marital", cells).slice(0, 7),
        column("sex", cells),
      ].join("/"),
    );
    const plain = classFigures(await writtenKeys(out, taken.slice(0, 4)), table);
    expect(report.classRisk.mean).toBeCloseTo(plain.mean, 5);
    expect(report.attackers.journalist?.highest).toBeCloseTo(plain.journalist, 5);
    expect(report.attackers.marketer).toBeCloseTo(plain.marketer, 5);
    expect(report.utility.fidelity).toBeGreaterThan(0.9);
    const milder = await reportOn({ ...policy, k: 5 });
    expect([milder.code, milder.report.level]).toEqual([1, 2]);
    const context = { control: "high", motive: "low", acquaintances: 0 } as const;
    expect((await reportOn({ ...policy, k: 5, gate: { context } })).report).toMatchObject({
      level: 3,
      verdict: "passed",
    });
  }, 60_000);

  test("German credit: a small table passes at k = 5 and cannot reach k = 100, which is told with the largest k in reach", async () => {
    const text = await readFile(join(DATA ?? "", "german-credit", "german.data"), "utf8");
    const rows = text
      .trim()
      .split("\n")
      .map((line) => line.trim().split(/\s+/u));
    await importRows(
      "german",
      [
        realField("age", "integer", "quasi"),
        realField("housing", "text", "quasi"),
        realField("amount", "integer", "sensitive"),
        realField("bad", "integer", "sensitive"),
      ],
      rows.map((cells) => [12, 14, 4, 20].map((i) => cells[i] ?? "")),
    );
    const policy: Policy = {
      version: 1,
      resource: "german",
      columns: {
        age: { role: "quasi", transform: { kind: "bucket", width: 15, min: 15, max: 60 } },
        housing: { role: "quasi", transform: { kind: "keep" } },
        amount: { role: "sensitive", transform: { kind: "bucket", width: 50, min: 0, max: 20_000 } },
        bad: { role: "sensitive", transform: { kind: "keep" } },
      },
      sample: { rows: 800, strata: ["bad"] },
      k: 5,
      suppressionLimit: 0.1,
    };
    const out = join(root, "rows.csv");
    const { code, report } = await reportOn(policy, "--out", out);
    expect([code, report.level]).toEqual([0, 3]);
    const table = rows.map((cells) => `${bucket(Number(cells[12]), 15, 15, 60)}/${cells[14] ?? ""}`);
    const plain = classFigures(await writtenKeys(out, ["age", "housing"]), table);
    expect(report.classRisk.mean).toBeCloseTo(plain.mean, 5);
    expect(report.attackers.journalist?.highest).toBeCloseTo(plain.journalist, 5);
    const far = await reportOn({ ...policy, k: 100, suppressionLimit: 0.05 });
    expect(far.code).toBe(1);
    expect(far.report.gate.find(({ rule }) => rule === "suppression")).toMatchObject({ passed: false });
    expect((await reportOn({ ...policy, k: far.report.bestK ?? 0, suppressionLimit: 0.05 })).code).toBe(0);
    expect((await reportOn({ ...policy, k: (far.report.bestK ?? 0) + 1, suppressionLimit: 0.05 })).code).toBe(1);
  }, 60_000);
});
