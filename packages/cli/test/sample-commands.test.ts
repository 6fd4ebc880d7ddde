/** Commands by which officers look at samples: on good input and on every kind of bad input. @module */
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { generateKey } from "@sluice/evidence";
import { documentHash, documentText, RiskReport, type Certificate, type Policy } from "@sluice/protocol";
import { beforeEach, expect, test } from "vitest";
import { riskPage } from "../src/risk-page/page.ts";
import { sluice, temporaryDirectory } from "./captured-io.ts";

const FIELDS = [
  { name: "person", title: "编号", type: "text", role: "direct", grade: "general-3" },
  { name: "region", title: "地区", type: "text", role: "quasi", grade: "general-3" },
  { name: "note", title: "备注", type: "text", role: "other", grade: "general-1" },
];
const POLICY: Policy = {
  version: 1,
  resource: "people",
  columns: {
    region: { role: "quasi", transform: { kind: "keep" } },
    note: { role: "other", transform: { kind: "keep" } },
  },
  sample: { rows: 200, strata: [] },
  k: 21,
  suppressionLimit: 0.1,
};

let root: string;
let domain: string;

beforeEach(async () => {
  root = await temporaryDirectory();
  domain = join(root, "hrss");
  const { keyId } = await generateKey();
  const pins = ["agency", "department", "gateway", "recovery"].flatMap((who) => [`--${who}-key`, keyId]);
  expect((await sluice(["domain", "init", domain, "--domain", "hrss", "--plain-keys", ...pins])).code).toBe(0);
});

/** Imports 400 persons; `note` gives what stands in the column that is kept. */
async function importPeople(note: (i: number) => string = (i) => `n${i % 3}`): Promise<void> {
  const file = join(root, "people.csv");
  const rows = Array.from({ length: 400 }, (_, i) => `p${i},R${i % 4},${note(i)}\n`);
  await writeFile(file, `person,region,note\n${rows.join("")}`);
  await writeFile(join(root, "fields.json"), JSON.stringify(FIELDS));
  const args = ["--resource", "people", "--data", domain, "--fields", join(root, "fields.json")];
  expect((await sluice(["domain", "import", file, ...args])).code).toBe(0);
}

async function sample(policy: object, ...more: string[]): ReturnType<typeof sluice> {
  const file = join(root, "policy.json");
  await writeFile(file, JSON.stringify(policy));
  return sluice(["domain", "sample", domain, "people", "--policy", file, ...more]);
}
const KEY = ["--key", "person"];

test("a sample that passes is told with its figures, and its rows are written where they are asked for, with an event", async () => {
  await importPeople();
  const [out, html, report] = [join(root, "rows.csv"), join(root, "r.html"), join(root, "r.json")];
  const { code, stdout } = await sample(POLICY, ...KEY, "--out", out, "--html", html, "--report", report, "--json");
  expect(code).toBe(0);
  const told = JSON.parse(stdout) as { report: RiskReport; certificate: Certificate };
  expect(RiskReport.parse(told.report)).toMatchObject({ verdict: "passed", level: 3, counts: { sourceRows: 400 } });
  expect(told.certificate).toMatchObject({ level: 3, sampleRows: 200 });
  expect(await readFile(report, "utf8")).toBe(documentText(told.report));
  expect((await readFile(out, "utf8")).trimEnd().split("\r\n")).toHaveLength(201);
  expect(await readFile(html, "utf8")).toContain("通过");
  using db = new DatabaseSync(join(domain, "state.sqlite"), { readOnly: true });
  expect(
    db
      .prepare("SELECT kind FROM event ORDER BY id")
      .all()
      .map(({ kind }) => kind),
  ).toEqual(["import", "sample-written"]);
  const text = await sample(POLICY, ...KEY);
  expect([text.code, text.stdout]).toEqual([0, expect.stringContaining("通过 / passed")]);
});

test("one that does not pass is told with what would mend it, exit code 1, and no row is written", async () => {
  await importPeople((i) => `n${i}`);
  const out = join(root, "rows.csv");
  const cases: [Partial<Policy>, string][] = [
    [{ k: 150, suppressionLimit: 0 }, "k:"],
    [
      {
        sharing: "public",
        k: 2,
        columns: { ...POLICY.columns, note: { role: "quasi", transform: { kind: "generalize", length: 2 } } },
      },
      "overall-risk",
    ],
    [{ gate: { minRows: 201 } }, "min-rows"],
  ];
  for (const [change, rule] of cases) {
    const { code, stdout } = await sample({ ...POLICY, ...change }, ...KEY, "--out", out);
    expect([rule, code, stdout]).toEqual([rule, 1, expect.stringContaining(`→ ${rule}`)]);
  }
  expect((await readdir(root)).filter((name) => name.includes("rows"))).toEqual([]);
});

test("an identifier in a column that was declared harmless is told by column and kind, level 1, and by no value", async () => {
  await importPeople((i) => (i === 211 ? "ask 13912345678" : "none"));
  const policy = { ...POLICY, sample: { rows: 400, strata: [] } };
  const html = join(root, "r.html");
  const { code, stdout, stderr } = await sample(policy, ...KEY, "--json", "--html", html);
  const { report } = JSON.parse(stdout) as { report: RiskReport };
  expect([code, report.level, report.residual]).toMatchObject([
    1,
    1,
    [{ column: "note", kind: "mobile-number", values: 1 }],
  ]);
  const page = await readFile(html, "utf8");
  expect(page).toContain("<code>mobile-number</code> × 1");
  const text = await sample(policy, ...KEY);
  expect(text.stdout).toMatch(/note +mobile-number × 1/u);
  expect(stdout + stderr + page + text.stdout).not.toContain("13912345678");
});

test("the report of a certificate is read after another import, as it was, by the hash that the certificate names", async () => {
  await importPeople();
  const written = await sample(POLICY, ...KEY, "--out", join(root, "rows.csv"), "--json");
  const { report, certificate } = JSON.parse(written.stdout) as { report: RiskReport; certificate: Certificate };
  const hash = certificate.report ?? "";
  await importPeople((i) => `n${i % 5}`);
  const now = JSON.parse((await sample(POLICY, ...KEY, "--json")).stdout) as { report: RiskReport };
  expect(await documentHash(now.report)).not.toBe(hash);

  const then = await sluice(["domain", "report", domain, hash, "--json", "--report", join(root, "then.json")]);
  expect(then.code).toBe(0);
  const past = RiskReport.parse((JSON.parse(then.stdout) as { report: unknown }).report);
  expect([past, await documentHash(past)]).toEqual([report, hash]);
  expect(await readFile(join(root, "then.json"), "utf8")).toBe(documentText(report));
  // The second sample was looked at, and shown to nobody.
  const kept = await sluice(["domain", "report", domain, "kept", "--json"]);
  expect(JSON.parse(kept.stdout)).toMatchObject({
    reports: [{ hash, resource: "people", policy: certificate.policy }],
  });
  expect((await sluice(["domain", "report", domain, "kept"])).stdout).toContain(hash);
  // It has counts of the table: sealed as tables are.
  const sealed = await readFile(join(domain, "reports", hash));
  expect(sealed.includes("sourceRows")).toBe(false);

  const other = await sluice(["domain", "report", domain, "0".repeat(64)]);
  expect([other.code, other.stderr]).toEqual([1, expect.stringContaining("ERR_NOT_FOUND")]);
  sealed[40] = (sealed[40] ?? 0) ^ 1;
  await writeFile(join(domain, "reports", hash), sealed);
  expect((await sluice(["domain", "report", domain, hash])).stderr).toContain("ERR_SEALED_FILE");
});

test("mistakes are told before anything is read", async () => {
  await importPeople();
  const cases: [string[], string][] = [
    [[], "name the column that tells persons apart"],
    [["--key", "no such"], '"--key" expected the name of a column'],
    [[...KEY, "--fields", "region,,note"], '"--fields" expected names'],
    [[...KEY, "--fields", "person"], "ERR_POLICY"],
    [["--key", "absent"], "ERR_POLICY_COLUMN"],
    [[...KEY, "--out", join(root, "none", "rows.csv")], "ERR_DIRECTORY_UNWRITABLE"],
  ];
  for (const [more, message] of cases) expect((await sample(POLICY, ...more)).stderr).toContain(message);
  expect((await sample({ ...POLICY, resource: "other" }, ...KEY)).stderr).toContain("for resource other");
  expect((await sample({ ...POLICY, kk: 1 }, ...KEY)).stderr).toContain("ERR_POLICY");
  expect((await sample({ ...POLICY, sample: { rows: 401, strata: [] } }, ...KEY)).stderr).toContain("ERR_SAMPLE_SIZE");
  const kept = join(root, "kept.csv");
  await writeFile(kept, "kept");
  expect((await sample(POLICY, ...KEY, "--out", kept)).stderr).toContain("it replaces no file");
  expect(await readFile(kept, "utf8")).toBe("kept");
  const noRun = await sluice(["domain", "report", domain, "0".repeat(32)]);
  expect([noRun.code, noRun.stderr]).toEqual([1, expect.stringContaining("ERR_NOT_FOUND")]);
  expect((await sluice(["domain", "report", domain, "run"])).stderr).toContain("32 hexadecimal digits");
});

test("the page escapes whatever a report holds, runs nothing and fetches nothing", async () => {
  await importPeople();
  const { stdout } = await sample(POLICY, ...KEY, "--json");
  const { report } = JSON.parse(stdout) as { report: RiskReport };
  const hostile = `"><script>alert(1)</script><img src=x onerror=alert(2)>&\u202e`;
  const named: RiskReport = {
    ...report,
    resource: hostile,
    quasiIdentifiers: [hostile],
    residual: [{ column: hostile, kind: hostile, values: 3 }],
    transformFailures: [{ column: hostile, values: 1, share: 0.5 }],
    versions: { desensitize: hostile, engine: hostile },
    gate: report.gate.map((result) => ({ ...result, passed: false, columns: [hostile] })),
    utility: { ...report.utility, columns: report.utility.columns.map((column) => ({ ...column, name: hostile })) },
    ...(report.minimalUniques === undefined
      ? {}
      : { minimalUniques: { ...report.minimalUniques, columns: [hostile, hostile] } }),
    verdict: "refused",
  };
  const page = riskPage(named);
  expect(page).not.toMatch(/<script|<img|\u202e/u);
  expect(page.match(/<[a-z][^>]*\son[a-z]+=/giu)).toBeNull();
  expect(page.replaceAll(/xmlns="[^"]*"/gu, "")).not.toMatch(/https?:|url\(/u);
  expect(page).toContain("default-src 'none'");
  expect(page.match(/NaN|undefined|Infinity/u)).toBeNull();
});
