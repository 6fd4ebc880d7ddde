/** `sluice domain classify`: what it prints of a file and of a resource, and how a decision is taken.
 *  @module */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { generateKey } from "@sluice/evidence";
import { beforeAll, expect, test } from "vitest";
import { sluice, temporaryDirectory } from "./captured-io.ts";

const { SLUICE_DATA_DIR: data } = process.env;
const long = test.runIf(process.env["SLOW"] === "1" && data !== undefined);

let keyId: string;
beforeAll(async () => {
  ({ keyId } = await generateKey());
});

/** A domain with `text` imported as `people`; its directory and the file. */
async function domainWith(text: string): Promise<{ domain: string; file: string }> {
  const root = await temporaryDirectory();
  const domain = join(root, "hrss");
  const file = join(root, "people.csv");
  await writeFile(file, text);
  const pins = ["agency", "department", "gateway", "recovery"].flatMap((who) => [`--${who}-key`, keyId]);
  expect((await sluice(["domain", "init", domain, "--domain", "hrss", "--plain-keys", ...pins])).code).toBe(0);
  expect((await sluice(["domain", "import", file, "--resource", "people", "--data", domain])).code).toBe(0);
  return { domain, file };
}

/** Telephones, names and ages of sixty. */
const PEOPLE = [
  "sjh,xm,age,remark",
  ...Array.from(
    { length: 60 },
    (_, i) => `138${10_000_000 + i},王${String.fromCodePoint(0x4f1f + i)},${20 + i},canary${i % 3}`,
  ),
  "",
].join("\n");

test("a file and a resource are classified alike, with reasons in both languages and without a value", async () => {
  const { domain, file } = await domainWith(PEOPLE);
  for (const args of [[file], [domain, "people"]]) {
    const { code, stdout, stderr } = await sluice(["domain", "classify", ...args]);
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toMatch(/^COLUMN +STORED +FOUND +CONFIDENCE +ROLE +GRADE +NOTE\n/);
    expect(stdout).toMatch(/^sjh +text +mobile-number +0\.95 +direct +general-3$/m);
    expect(stdout).toMatch(/^xm +text +person-name +\d\.\d\d +direct +general-3$/m);
    expect(stdout).toMatch(/^age +integer +number +0\.30 +quasi +general-3$/m);
    expect(stdout).toContain(
      "100 % of the sampled values are of type mobile-number；抽样值中 100% 符合类型 mobile-number",
    );
    expect(stdout).not.toMatch(/1381000|canary/);
    const json = await sluice(["domain", "classify", ...args, "--json"]);
    expect(JSON.parse(json.stdout)).toMatchObject({ columns: { length: 4 } });
    expect(json.stdout).not.toMatch(/1381000|canary/);
  }
});

test("an officer decides by name, and the decision is shown from then on", async () => {
  const { domain } = await domainWith(PEOPLE);
  const decide = (...options: string[]) => sluice(["domain", "classify", domain, "people", ...options]);
  const decided = await decide("--override", "age=quasi,general-2,公开统计口径, 已核", "--officer", "李科长");
  expect(decided.stderr).toBe("");
  expect(decided.stdout).toBe("people.age: quasi, general-2; decided by 李科长\n");
  expect((await decide("--exclude", "remark=business-secret", "--officer", "李科长")).stdout).toContain(
    "excluded (business-secret)",
  );
  const { stdout } = await decide();
  expect(stdout).toMatch(/^age +integer +number +0\.30 +quasi +general-2 +decided by 改判 李科长$/m);
  expect(stdout).toMatch(/^remark .+ excluded 已排除 \(business-secret\), decided by 改判 李科长$/m);
  const { columns } = JSON.parse((await decide("--json")).stdout) as { columns: { decision: unknown }[] };
  expect(columns[2]?.decision).toMatchObject({ officer: "李科长", reason: "公开统计口径, 已核" });
  expect((await decide("--include", "remark=误判", "--officer", "李科长")).stdout).not.toContain("excluded");
});

test("what a person may get wrong is said, and changes nothing", async () => {
  const { domain, file } = await domainWith(PEOPLE);
  const wrong: [string[], number, string][] = [
    [[domain, "people", "--override", "age=quasi,general-2"], 2, "--officer is missing"],
    [[domain, "people", "--override", "age=owner,general-2", "--officer", "李"], 2, "expected a role"],
    [[domain, "people", "--override", "age=quasi,general-9", "--officer", "李"], 2, "expected a grade"],
    [[domain, "people", "--exclude", "age=boring", "--officer", "李"], 2, "expected a kind"],
    [[domain, "people", "--include", "age", "--exclude", "age=state-secret", "--officer", "李"], 2, "expected one of"],
    [[domain, "people", "--override", "=quasi,general-2", "--officer", "李"], 2, "expected FIELD"],
    [[file, "--override", "age=quasi,general-2", "--officer", "李"], 2, "expected DIR and RESOURCE"],
    [[domain, "people", "more"], 2, "expected FILE, or DIR and RESOURCE"],
    [[domain, "people", "--include", "nobody", "--officer", "李"], 1, "ERR_NOT_FOUND"],
    [[domain, "nothing"], 1, "ERR_NOT_FOUND"],
    [[`${file}.no`], 1, "ERR_TABLE_FILE"],
  ];
  for (const [args, code, words] of wrong) {
    const outcome = await sluice(["domain", "classify", ...args]);
    expect(outcome).toMatchObject({ code, stdout: "" });
    expect(outcome.stderr).toContain(words);
  }
  expect((await sluice(["domain", "classify", domain, "people"])).stdout).not.toContain("decided by");
});

long("the raw Adult and German credit tables have no identifier", async () => {
  const root = await temporaryDirectory();
  const german = await readFile(join(data ?? "", "german-credit/german.data"), "utf8");
  const rows = german
    .split("\n")
    .map((line) => line.trim().split(/\s+/u).join(","))
    .filter((line) => line !== "");
  const header = Array.from({ length: 21 }, (_, i) => `a${i + 1}`).join(",");
  const file = join(root, "german.csv");
  await writeFile(file, `${[header, ...rows].join("\n")}\n`);
  for (const [table, length] of [
    [join(data ?? "", "adult/adult.data"), 15],
    [file, 21],
  ] as const) {
    const { stdout, stderr } = await sluice(["domain", "classify", table, "--json"]);
    expect(stderr).toBe("");
    const { columns } = JSON.parse(stdout) as { columns: { field: { role: string }; finding: { mixed: boolean } }[] };
    expect(columns).toHaveLength(length);
    expect(columns.filter(({ field, finding }) => field.role === "direct" || finding.mixed)).toEqual([]);
  }
});
