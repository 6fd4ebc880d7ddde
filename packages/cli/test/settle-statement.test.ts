/** `sluice settle statement`: from records, from use that was summed, and from verified receipts; what does not fit is named.
 *  @module */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { checkIssued } from "@sluice/settlement";
import { expect, test } from "vitest";
import { sluice, temporaryDirectory } from "./captured-io.ts";
import { writeEvidenceDirectory } from "./evidence-directory.ts";

const PRODUCT = {
  id: "credit",
  title: { zh: "信用", en: "credit" },
  form: "api",
  year: "2026",
  resources: [],
  uses: ["public-service"],
  estimate: [{ calls: "1000000" }],
};
const TARIFF = {
  id: "t",
  product: "credit",
  from: "2026-01",
  span: "year",
  tiers: [
    { above: "0", price: "0.50" },
    { above: "100", price: "0.333" },
  ],
};
function filingOf(product: string, filedOn: string) {
  return { id: "f", jurisdiction: "futian", filedOn, ceilings: [{ product, ceiling: "0.50" }] };
}

const FILE = {
  kind: "settlement",
  jurisdiction: "futian",
  products: [PRODUCT],
  licences: [{ id: "l", caller: "bank", product: "credit", purpose: "finance" }],
  tariffs: [TARIFF],
  filings: [filingOf("credit", "2025-12-15")],
  uses: [{ caller: "bank", product: "credit", quantity: "104", before: "0" }],
};

async function fileWith(changes: object = {}): Promise<{ directory: string; file: string }> {
  const directory = await temporaryDirectory();
  const file = join(directory, "settlement.json");
  await writeFile(file, JSON.stringify({ ...FILE, ...changes }));
  return { directory, file };
}

test("summed use becomes an issued statement, a page and a workbook", async () => {
  const { directory, file } = await fileWith();
  const at = (name: string) => join(directory, name);
  const outputs = ["--out", at("s.json"), "--html", at("s.html"), "--xlsx", at("s.xlsx")];
  const made = await sluice(["settle", "statement", file, "--month", "2026-11", ...outputs]);
  expect([made.code, made.stderr]).toEqual([0, ""]);
  // 100 at 0.50 and 4 at 0.333 are 51.332.
  expect(made.stdout).toMatch(/^bank +credit +api +finance +104 +0 +51\.33$/m);
  const issued = await checkIssued(JSON.parse(await readFile(at("s.json"), "utf8")));
  expect(issued.statement).toMatchObject({ total: "51.33", rules: { jurisdiction: "futian", sets: ["futian-2025"] } });
  expect(made.stdout).toContain(issued.digest);
  const page = await readFile(at("s.html"), "utf8");
  for (const text of ["51.332 → 2 位小数，四舍五入", issued.digest, "futian-2025"]) expect(page).toContain(text);
  expect((await readFile(at("s.xlsx"))).subarray(0, 2).toString()).toBe("PK");
  const again = await sluice(["settle", "statement", file, "--month", "2026-11", "--out", at("s.json")]);
  expect([again.code, again.stderr]).toEqual([2, expect.stringContaining("exists")]);
});

test("records count a call once, in its month of Shanghai, and a caller sees his lines", async () => {
  const { directory, file } = await fileWith({ uses: undefined });
  const record = (id: string, at: string, outcome = "answered") => ({
    id,
    caller: "bank",
    product: "credit",
    at,
    outcome,
    use: { calls: "1" },
  });
  const records = join(directory, "records.json");
  const list = [
    record("a", "2026-11-30T15:59:59.999Z"),
    record("a", "2026-11-30T16:00:00.000Z"),
    record("b", "2026-10-31T16:00:00.000Z"),
    record("c", "2026-10-31T15:59:59.999Z"),
    record("d", "2026-11-02T00:00:00.000Z", "failed"),
  ];
  await writeFile(records, JSON.stringify(list));
  const made = await sluice(["settle", "statement", file, "--month", "2026-11", "--records", records, "--json"]);
  expect(JSON.parse(made.stdout)).toMatchObject({
    statement: { lines: [{ quantity: "2", amount: "1.00" }], total: "1.00" },
  });
  const licences = [...FILE.licences, { ...FILE.licences[0], id: "s", caller: "shop" }];
  await writeFile(file, JSON.stringify({ ...FILE, licences, uses: undefined }));
  for (const caller of ["bnak", "Bank A"]) {
    const out = join(directory, "typo.json");
    const words = ["settle", "statement", file, "--month", "2026-11", "--records", records, "--caller", caller];
    const mistyped = await sluice([...words, "--out", out]);
    expect([mistyped.code, mistyped.stdout, mistyped.stderr]).toEqual([
      1,
      "",
      expect.stringContaining("ERR_SETTLEMENT_MISSING"),
    ]);
    await expect(readFile(out)).rejects.toThrow("ENOENT");
  }
  const other = await sluice([
    "settle",
    "statement",
    file,
    "--month",
    "2026-11",
    "--records",
    records,
    "--caller",
    "shop",
    "--json",
  ]);
  expect(JSON.parse(other.stdout)).toMatchObject({ statement: { lines: [], total: "0.00" } });
});

test("receipts are verified, and a statement that differs from them says where", async () => {
  const directory = await temporaryDirectory();
  const receipts = await writeEvidenceDirectory(directory, 8);
  const [first] = receipts;
  if (first === undefined) throw new Error("no receipts");
  const { product, at } = first.receipt.body;
  const month = at.slice(0, 7);
  const key = first.openings.party?.value ?? "";
  const content = {
    ...FILE,
    uses: undefined,
    callers: [{ id: "bank", keys: [key] }],
    products: [{ ...PRODUCT, id: product, year: at.slice(0, 4) }],
    licences: [
      {
        ...FILE.licences[0],
        product,
        purpose: "public-welfare",
        evidence: { approval: "a-1", "welfare-agreement": "w-1" },
        uses: ["teaching"],
      },
    ],
    tariffs: [],
    filings: [filingOf(product, `${Number(at.slice(0, 4)) - 1}-12-15`)],
  };
  const make = async (changes: object = {}) => {
    const file = join(directory, "settlement.json");
    await writeFile(file, JSON.stringify({ ...content, ...changes }));
    const words = ["settle", "statement", file, "--month", month, "--receipts", join(directory, "receipts")];
    return await sluice([...words, "--trust", join(directory, "trust.json")]);
  };
  const agreed = await make();
  expect([agreed.code, agreed.stderr]).toEqual([0, ""]);
  expect(agreed.stdout).toContain("2 receipts come to 0.00 yuan; 6 of other operations are not charged");
  const licences = [{ id: "l", caller: "bank", product, purpose: "finance" }];
  const dearer = await make({ licences, tariffs: [{ ...TARIFF, product, from: `${month.slice(0, 4)}-01` }] });
  expect(dearer.code).toBe(1);
  expect(dearer.stdout).toContain("DIFFERS from the receipts in 1 lines");
  const unknown = await make({ callers: [] });
  expect([unknown.code, unknown.stderr]).toEqual([1, expect.stringContaining("ERR_SETTLEMENT_MISSING")]);
  const file = join(directory, "receipts", `${first.receipt.body.callId}.json`);
  await writeFile(file, (await readFile(file, "utf8")).replace(at, "2020-01-01T00:00:00.000Z"));
  const changed = await make();
  expect(changed.code).not.toBe(0);
  expect(changed.stdout).toBe("");
});

test("what does not fit is named, and nothing is printed", async () => {
  const cases: [object, string][] = [
    [{ uses: [{ caller: "bank", product: "credit", quantity: "-1", before: "0" }] }, "uses/0/quantity"],
    [{ tariffs: [{ ...TARIFF, tiers: [{ above: "0", price: "NaN" }] }] }, "tariffs/0 (t)/tiers/0/price"],
    [{ products: [{ ...PRODUCT, year: "2025" }] }, "products/credit"],
    [{ licences: [] }, "licence of bank for credit"],
    [{ jurisdiction: "atlantis" }, "atlantis"],
    [{ kind: "letter" }, "file/kind"],
    [{ callers: [{ id: "a", keys: ["x"] }] }, "file/callers/0 (a)/keys/0"],
    [{ ruleSets: [{ id: "mine" }] }, "rule set"],
  ];
  for (const [changes, named] of cases) {
    const { file } = await fileWith(changes);
    const refused = await sluice(["settle", "statement", file, "--month", "2026-11"]);
    expect([refused.code, refused.stdout], named).toEqual([1, ""]);
    expect(refused.stderr).toContain(named);
  }
  const { file } = await fileWith();
  const month = await sluice(["settle", "statement", file, "--month", "2026-13"]);
  expect(month.code).toBe(1);
  const twice = await sluice(["settle", "statement", file, "--month", "2026-11", "--records", file]);
  expect([twice.code, twice.stderr]).toEqual([2, expect.stringContaining("one place")]);
});
