/** `sluice domain quality`: rules set by an officer, measured at once and at every import.
 *  @module */
import { DatabaseSync } from "node:sqlite";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { generateKey } from "@sluice/evidence";
import { afterAll, beforeAll, expect, test } from "vitest";
import { sluice } from "./captured-io.ts";

let domain: string;
let root: string;

async function importPeople(resource: string, lines: readonly string[]): Promise<string> {
  const file = join(root, `${resource}.csv`);
  await writeFile(file, [...lines, ""].join("\n"));
  const { code, stdout, stderr } = await sluice([
    "domain",
    "import",
    file,
    "--resource",
    resource,
    "--data",
    domain,
    "--json",
  ]);
  expect([code, stderr]).toEqual([0, ""]);
  return stdout;
}

const people = (missing: number): string[] => [
  "job,region",
  ...Array.from({ length: 200 }, (_, i) => `${i < missing ? "?" : `canary${i}`},${i % 3}`),
];

async function rulesFile(document: unknown): Promise<string> {
  const file = join(root, "rules.json");
  await writeFile(file, JSON.stringify(document));
  return file;
}

const RULES = {
  version: 1,
  publish: true,
  rules: [
    { type: "completeness", field: "job", missing: ["?"], minShare: 0.9 },
    { type: "accuracy", check: "member", field: "region", of: { resource: "regions", field: "code" }, minShare: 1 },
  ],
};
const quality = (...options: string[]) => sluice(["domain", "quality", domain, "people", ...options]);

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "sluice-quality-"));
  domain = join(root, "hrss");
  const { keyId } = await generateKey();
  const pins = ["agency", "department", "gateway", "recovery"].flatMap((who) => [`--${who}-key`, keyId]);
  expect((await sluice(["domain", "init", domain, "--domain", "hrss", "--plain-keys", ...pins])).code).toBe(0);
  await importPeople("regions", ["code", "0", "1", "2"]);
  await importPeople("people", people(50));
});

afterAll(() => rm(root, { recursive: true, force: true }));

test("an officer's rules are measured at once, and each import measures again what it concerns", async () => {
  const none = await quality();
  expect([none.code, none.stderr]).toEqual([1, expect.stringContaining("quality rules of")]);
  const failed = await quality("--rules", await rulesFile(RULES), "--officer", "李科长", "--reason", "上线标准");
  expect([failed.code, failed.stderr]).toEqual([1, ""]);
  expect(failed.stdout).toContain(
    "people: score 得分 87.50 of 100, FAILED: no product is launched on it 不达标，不得上线产品\n",
  );
  expect(failed.stdout).toContain("rules by 规则设定人 李科长");
  expect(failed.stdout).toMatch(/^completeness 完整性 +job +150 +200 +75\.0000 % +90\.0000 % +FAILED$/m);
  expect(failed.stdout).toMatch(/^accuracy 准确性 member +region +200 +200 +100\.0000 % +100\.0000 % +passed$/m);
  expect(failed.stdout).not.toContain("canary");

  const imported = JSON.parse(await importPeople("people", people(8))) as { quality: unknown };
  expect(imported.quality).toMatchObject({ score: 100, types: { completeness: 100, accuracy: 100 } });
  const kept = (): unknown => {
    const db = new DatabaseSync(join(domain, "state.sqlite"), { readOnly: true });
    const row = db.prepare("SELECT document FROM quality_measurement WHERE resource = 'people'").get();
    db.close();
    return JSON.parse(String(row?.["document"]));
  };
  expect(kept()).toMatchObject({
    outcomes: [
      { passed: 192, judged: 200 },
      { passed: 200, judged: 200 },
    ],
  });
  await importPeople("regions", ["code", "0", "1"]);
  expect(kept()).toMatchObject({ outcomes: [{ passed: 192 }, { passed: 134, judged: 200 }] });
  await importPeople("regions", ["code", "0", "1", "2"]);
  const passed = await quality("--json");
  expect(passed.code).toBe(0);
  expect(JSON.parse(passed.stdout)).toMatchObject({ officer: "李科长", verdict: { passed: true, score: 98 } });

  const again = await sluice(["domain", "import", join(root, "people.csv"), "--resource", "people", "--data", domain]);
  expect(again.stdout).toMatch(
    /^people: about 200 rows, 2 columns\nquality 质量: 100 of 100 \(completeness 完整性 100 %, accuracy 准确性 100 %\), measured 20.+Z\n/,
  );

  const dropped = await quality("--no-rules", "--officer", "李科长");
  expect([dropped.code, dropped.stdout]).toEqual([0, "people: no rules 已取消质量规则\n"]);
  expect(JSON.parse(await importPeople("people", people(50)))).not.toHaveProperty("quality");
  const db = new DatabaseSync(join(domain, "state.sqlite"), { readOnly: true });
  const events = db.prepare("SELECT kind, subject FROM event WHERE kind = 'quality-rules'").all();
  db.close();
  expect(events).toHaveLength(2);
  expect(JSON.stringify(events)).not.toContain("李");
});

test("what a person may get wrong is said, and changes nothing", async () => {
  const rule = RULES.rules[0];
  const wrong: [unknown, string][] = [
    [{ ...RULES, rules: [rule, { ...rule, field: "nobody" }] }, "/rules/1"],
    [{ ...RULES, rules: [] }, "/rules"],
    [{ ...RULES, rules: [{ ...rule, minShare: 2 }] }, "/rules/0"],
    [
      {
        ...RULES,
        rules: [
          { type: "accuracy", check: "member", field: "job", of: { resource: "nowhere", field: "code" }, minShare: 1 },
        ],
      },
      "/rules/0",
    ],
  ];
  for (const [document, expected] of wrong) {
    const { code, stderr } = await quality("--rules", await rulesFile(document), "--officer", "李");
    expect([code, stderr]).toEqual([1, expect.stringContaining(expected)]);
  }
  const file = await rulesFile(RULES);
  expect((await quality("--rules", file)).stderr).toContain("--officer is missing");
  expect((await quality("--rules", file, "--no-rules", "--officer", "李")).code).toBe(2);
  expect((await quality("--rules", file, "--officer", "a\u0007")).stderr).toContain("/officer");
  expect((await quality()).stderr).toContain("quality rules of");
});
