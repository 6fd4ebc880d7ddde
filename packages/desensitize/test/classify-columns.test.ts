import fc from "fast-check";
import { residentIdCheckDigit } from "@sluice/protocol";
import { expect, test } from "vitest";
import { classifyColumns, reasonWords, type ColumnFinding, type ColumnSample } from "../src/index.ts";

/** Finding of one column of these values. */
function classify(name: string, values: readonly string[], more: Partial<ColumnSample> = {}): ColumnFinding {
  const distinct = new Set(values).size;
  const [finding] = classifyColumns([{ name, type: "text", values, filled: values.length, distinct, ...more }]);
  if (finding === undefined) throw new TypeError("one finding for each column");
  return finding;
}

/** `count` values made of their number. */
function made(count: number, make: (i: number) => string): string[] {
  return Array.from({ length: count }, (_, i) => make(i));
}

const residentIds = made(120, (i) => {
  const head = `110105${1950 + (i % 50)}0${1 + (i % 9)}${10 + (i % 18)}${String(i).padStart(3, "0")}`;
  return head + residentIdCheckDigit(head);
});
const mobiles = made(120, (i) => `138${String(10_000_000 + i * 7919)}`);
const names = made(
  120,
  (i) => `${"王李张刘陈杨黄吴赵周"[i % 10] ?? ""}${"伟芳娜敏静丽强磊军洋勇艳"[Math.floor(i / 10)] ?? ""}`,
);

test("identity numbers, telephones and names are direct identifiers of a person, under any name", () => {
  expect(classify("c1", residentIds)).toMatchObject({
    kind: "resident-id",
    role: "direct",
    grade: "general-4",
    category: "sensitive-personal",
    confidence: 1,
    mixed: false,
  });
  expect(classify("c2", mobiles)).toMatchObject({ kind: "mobile-number", role: "direct", grade: "general-3" });
  expect(classify("c3", mobiles, { type: "integer" })).toMatchObject({ kind: "mobile-number", role: "direct" });
  expect(classify("c4", names)).toMatchObject({ kind: "person-name", role: "direct", category: "personal" });
  expect(
    classify(
      "c5",
      made(60, (i) => `user${i}@example.com`),
    ),
  ).toMatchObject({ kind: "e-mail", role: "direct" });
  expect(
    classify(
      "c6",
      made(60, (i) => `京A${10_000 + i}`),
    ),
  ).toMatchObject({ kind: "plate", role: "direct" });
  expect(
    classify(
      "c7",
      made(60, (i) => `人民路${i + 1}号`),
    ),
  ).toMatchObject({ kind: "address", role: "direct" });
});

test("identity numbers are known in groups, with unseen characters between, and as numbers of which a double kept the most", () => {
  const groups = [
    "110105 19491231 002X",
    "110105-19491231-002X",
    "110105\u200b19491231002X",
    "１１０１０５1949123100 2x",
  ];
  expect(classify("c", groups)).toMatchObject({ kind: "resident-id", role: "direct", grade: "general-4" });
  const doubles = residentIds.map((id) => Number(id.replace("X", "0")).toExponential());
  const found = classify("c", doubles, { type: "decimal" });
  expect(found).toMatchObject({ kind: "resident-id", role: "direct", grade: "general-4", mixed: false });
  expect(found.reasons.map(({ code }) => code)).not.toContain("unknown-division");
  const some = [...doubles.slice(0, 10), ...made(190, (i) => String(i / 7))];
  expect(classify("c", some, { type: "decimal" })).toMatchObject({ kind: "resident-id", mixed: true });
  const serials = made(2_000, (i) => String(470_000_000_000_000_000 + i * 7_919_311_000_003));
  expect(classify("c", serials, { type: "decimal" })).toMatchObject({ kind: "number", mixed: false });
  // As text, the check character decides.
  const wrong = residentIds.map((id) => id.slice(0, 17) + (id.endsWith("1") ? "2" : "1"));
  expect(classify("c", wrong)).toMatchObject({ kind: "unique-key", mixed: false });
});

test("a part of a column of numbers that are mobile numbers makes it mixed, where nothing else is as long", () => {
  // As numbers, landlines lose the nought in front.
  const landlines = made(300, (i) => `20${80_000_000 + i}`);
  expect(classify("c", [...landlines, ...mobiles.slice(0, 100)], { type: "integer" })).toMatchObject({
    kind: "mobile-number",
    mixed: true,
    role: "direct",
  });
  expect(classify("c", [...landlines, "13482771234"], { type: "integer" })).toMatchObject({
    kind: "number",
    mixed: false,
  });
});

test("an organisation's code is no personal information", () => {
  const codes = ["91350100M000100Y43", "9144030071526726XG", "91330100799655058B"];
  expect(classify("c", codes)).toMatchObject({ kind: "social-credit-code", role: "direct", category: "organisation" });
});

test("identity numbers of which some pass Luhn are identity numbers: the strongest check decides", () => {
  // About one of ten passes Luhn's check; none of that counts.
  expect(classify("card", residentIds).kind).toBe("resident-id");
});

test("columns that look like names or telephones and are none stay what they are", () => {
  const nations = made(500, (i) => ["汉族", "满族", "回族", "土家族", "高山族"][i % 5] ?? "");
  expect(classify("nation", nations)).toMatchObject({ kind: "nation", role: "quasi" });
  const regions = made(500, (i) => ["安徽省", "江苏省", "黄石市", "石家庄市", "高安", "万载县"][i % 6] ?? "");
  expect(classify("Region", regions)).toMatchObject({ kind: "region", role: "quasi" });
  const directions = made(500, (i) => ["南 北", "东南", "西", "东 西", "南"][i % 5] ?? "");
  expect(classify("Direction", directions)).toMatchObject({ kind: "code", role: "quasi" });
  // Ten digits of a parcel, as in the Ames table: some begin as an area code and a subscriber do.
  const parcels = made(500, (i) => `05${27 + (i % 9)}${105_000 + i * 11}`);
  expect(classify("PID", parcels)).toMatchObject({ kind: "unique-key", mixed: false });
  const companies = made(200, (i) => `${"王李张刘"[i % 4] ?? ""}氏${i}贸易有限公司`);
  expect(classify("name", companies).kind).toBe("unique-key");
  // Few surnames do not make a column of names: fifty distinct values at least.
  expect(
    classify(
      "c",
      made(500, (i) => ["王伟", "李娜", "张敏"][i % 3] ?? ""),
    ).kind,
  ).toBe("code");
});

test("a hint lowers the share, and lets forms without a check character count", () => {
  const partly = [...names.slice(0, 35), ...made(65, (i) => `客户${i}`)];
  expect(classify("c", partly)).toMatchObject({ kind: "unique-key" });
  expect(classify("姓名", partly)).toMatchObject({ kind: "person-name", role: "direct", mixed: false });
  const numbers = made(100, (i) => String(20_240_000 + i));
  expect(classify("c", numbers, { type: "integer" })).toMatchObject({ kind: "number", role: "quasi" });
  expect(classify("住院号", numbers, { type: "integer" })).toMatchObject({
    kind: "medical-record",
    grade: "general-4",
  });
  expect(classify("c", numbers, { title: "住院号", type: "integer" }).kind).toBe("medical-record");
  expect(
    classify(
      "passport_no",
      made(100, (i) => `E${10_000_000 + i}`),
    ).kind,
  ).toBe("passport");
  expect(
    classify(
      "tel",
      made(100, (i) => `0106234${1_000 + i}`),
    ).kind,
  ).toBe("landline");
  // A company's name column has no hint of persons.
  expect(classify("company_name", partly)).toMatchObject({ kind: "unique-key" });
});

test("a part that identifies makes a column mixed: strict, and a person has to decide", () => {
  const some = [...residentIds.slice(0, 10), ...made(190, (i) => `未登记${i % 7}`)];
  expect(classify("remark", some)).toMatchObject({
    kind: "resident-id",
    mixed: true,
    role: "direct",
    grade: "general-4",
  });
  const inside = [...made(90, () => "电话已核实，无需回访"), ...made(10, (i) => `来电 ${mobiles[i] ?? ""} 要求回访`)];
  expect(classify("remark", inside)).toMatchObject({ mixed: true, role: "direct", grade: "general-4" });
  const cases = [...made(60, () => "住院"), ...mobiles.slice(0, 40)];
  expect(classify("性别", cases)).toMatchObject({ mixed: true, role: "direct", grade: "general-4" });
  // A few values that are repeated do not make a column of addresses, and a few distinct ones do not hide in repeats.
  const places = [...made(60, (i) => `人民路${i + 1}号`), ...made(900, () => "不详")];
  expect(classify("c", places)).toMatchObject({ kind: "address", role: "direct" });
  const spots = [...made(30, (i) => `116.39${100 + i},39.91${100 + i}`), ...made(70, () => "无")];
  expect(classify("c", spots)).toMatchObject({ kind: "coordinates", mixed: true, role: "direct" });
  // One of a thousand is a slip of the hand; random cards pass Luhn one time in ten.
  expect(classify("c", [...residentIds.slice(0, 1), ...made(999, (i) => `代码${i % 9}`)]).mixed).toBe(false);
  const orders = made(1_000, (i) => `62${String((i * 7_919_311) % 1e14).padStart(14, "0")}`);
  expect(classify("order", orders)).toMatchObject({ kind: "unique-key", mixed: false });
  const codes = made(1_000, (i) => String(10_000_000_000 + ((i * 79_193_117) % 89_999_999_999)));
  expect(classify("code", codes)).toMatchObject({ kind: "unique-key", mixed: false });
  const amounts = [...codes.filter((code) => !code.startsWith("1")).slice(0, 300), ...mobiles.slice(0, 100)];
  expect(classify("amount", amounts)).toMatchObject({ kind: "mobile-number", mixed: true });
  expect(classify("amount", amounts, { type: "integer" })).toMatchObject({ kind: "number", mixed: false });
  expect(classify("amount", codes, { type: "integer" })).toMatchObject({ kind: "number", mixed: false });
});

test("what hurts a person is known by the column's name only, and important data by an explicit word", () => {
  const values = made(200, (i) => String(i % 7));
  expect(classify("诊断编码", values)).toMatchObject({ role: "sensitive", grade: "general-4" });
  expect(classify("income", values, { type: "decimal" })).toMatchObject({ role: "sensitive", grade: "general-3" });
  expect(classify("性别", values)).toMatchObject({ role: "quasi", category: "personal" });
  const places = made(100, (i) => `${116 + i / 1_000},${39.123 + i / 1_000}`.replace(/^116,/u, "116.000,"));
  expect(classify("坐标", places)).toMatchObject({ kind: "coordinates", grade: "general-4" });
  expect(classify("变电站坐标", places)).toMatchObject({ kind: "coordinates", grade: "important" });
});

test("nothing is found to be core, or less than general-3", () => {
  const samples = [residentIds, mobiles, names, ["1", "2"], [], ["x".repeat(3_000)]];
  const found = samples.flatMap((values) => ["c", "核设施坐标", "name"].map((name) => classify(name, values).grade));
  expect(found.filter((grade) => !["general-3", "general-4", "important"].includes(grade))).toEqual([]);
});

test("a column without values, a flag and a date are what their type says", () => {
  expect(classify("c", [])).toMatchObject({ kind: "empty", confidence: 0 });
  expect(classify("c", ["true", "false"], { type: "boolean" })).toMatchObject({ kind: "flag", role: "sensitive" });
  expect(classify("c", ["2026-01-01"], { type: "date" })).toMatchObject({ kind: "date", role: "quasi" });
});

test("text of which nearly every value is distinct names something; numbers do where their name says so", () => {
  const texts = made(100, (i) => `Person ${String.fromCharCode(97 + (i % 26))}${i}`);
  expect(classify("c", texts)).toMatchObject({ kind: "unique-key", role: "direct", grade: "general-4" });
  const numbers = made(100, (i) => String(i));
  expect(classify("weight", numbers, { type: "integer" })).toMatchObject({ kind: "number", role: "quasi" });
  expect(classify("record_id", numbers, { type: "integer" })).toMatchObject({ kind: "unique-key", role: "direct" });
});

test("revoked divisions are known, and unknown ones are a warning", () => {
  const odd = made(60, (i) => {
    const head = `110199${1950 + i}0101${String(i).padStart(3, "0")}`;
    return head + residentIdCheckDigit(head);
  });
  const finding = classify("c", odd);
  expect(finding).toMatchObject({ kind: "resident-id", role: "direct" });
  expect(finding.reasons).toContainEqual({ code: "unknown-division", percent: 100 });
});

test("a finding holds no value, and each reason has words in both languages", () => {
  const columns = [residentIds, mobiles, names, [...residentIds.slice(0, 9), ...made(90, (i) => `机密${i}`)]];
  for (const values of columns) {
    const finding = classify("备注", values);
    const text = JSON.stringify([finding, finding.reasons.map(reasonWords)]);
    expect(values.filter((value) => text.includes(value))).toEqual([]);
    for (const reason of finding.reasons) {
      const { en, zh } = reasonWords(reason);
      expect(en).toMatch(/[a-z]/);
      expect(zh).toMatch(/\p{Script=Han}/u);
    }
  }
});

test("any values are classified without an exception, and hostile ones in bounded steps", () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: "binary", maxLength: 40 }), { maxLength: 20 }), (values) => {
      expect(classify("c", values).confidence).toBeGreaterThanOrEqual(0);
    }),
    { numRuns: 30 },
  );
  const hostile = ["😀", "\ud800", "\0", "﷽", "a@", "1-", "京A", "0-", "1:"].map((piece) => piece.repeat(500_000));
  expect(classify("c", hostile)).toMatchObject({ role: expect.any(String) as string });
});
