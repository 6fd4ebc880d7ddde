/** Enterprises of the demo city (市监局): social credit codes with right check characters (GB 32100), and whether the
 *  register lists the enterprise as abnormal, which follows from the other columns.
 *  @module */
import { socialCreditCheckCharacter, type Hierarchy } from "@sluice/protocol";
import { characters } from "./names.ts";
import { REFERENCE_DATE, type Population } from "./persons.ts";
import { SeededRandom, type Weighted } from "./random.ts";
import { REGION_HIERARCHY, REGIONS, regionTitle } from "./regions.ts";
import { field, type CityTable } from "./table.ts";

/** Industry codes of GB/T 4754 with a word for the name. */
const INDUSTRIES: [Weighted<readonly [code: string, word: string]>, ...Weighted<readonly [string, string]>[]] = [
  [["F5212", "超市"], 16],
  [["F5271", "商贸"], 14],
  [["H6210", "餐饮管理"], 13],
  [["I6513", "软件"], 9],
  [["L7259", "广告"], 7],
  [["C1810", "服饰"], 8],
  [["C3360", "五金制品"], 6],
  [["E4813", "建设工程"], 7],
  [["G5430", "运输"], 6],
  [["O8010", "汽车服务"], 5],
  [["K7020", "物业服务"], 4],
  [["M7320", "工程技术"], 5],
];
/** How an industry becomes coarser: its division, its section. */
export const INDUSTRY_HIERARCHY: Hierarchy = { kind: "prefix", lengths: [3, 1] };
const WORDS = characters("鑫瑞恒泰宏源嘉盛华安博远智创天成云启星禾润德");
/** Weights of the organisation code's check character (GB 11714). */
const ORGANISATION_WEIGHTS = [3, 7, 9, 10, 5, 8, 4, 2] as const;
const DAY_MS = 86_400_000;
const PERSONS_PER_ENTERPRISE = 8;

const FIELDS = [
  field("social_credit_code", "统一社会信用代码", "text", "direct", "general-2"),
  field("name", "企业名称", "text", "direct", "general-1"),
  field("legal_representative", "法定代表人", "text", "direct", "general-3"),
  field("legal_representative_id", "法定代表人身份号码", "text", "direct", "general-4"),
  field("industry", "行业代码", "text", "quasi", "general-1", INDUSTRY_HIERARCHY),
  field("region", "住所区划代码", "text", "quasi", "general-1", REGION_HIERARCHY),
  field("founded", "成立日期", "date", "quasi", "general-1", { kind: "date", units: ["year", "decade"] }),
  field("registered_capital", "注册资本（万元）", "decimal", "other", "general-1"),
  field("employees", "参保人数", "integer", "other", "general-2"),
  field("abnormal", "列入经营异常名录", "boolean", "sensitive", "general-2"),
];

/** The table of the market regulator: one row per enterprise. The canaries are the representatives of the first ones. */
export function enterprises(seed: string, population: Population): CityTable {
  const { persons, canaryIndexes } = population;
  const count = Math.max(canaryIndexes.length, Math.floor(persons.length / PERSONS_PER_ENTERPRISE));
  return {
    domain: "market",
    resource: "enterprises",
    title: "企业登记与经营异常名录",
    source: "市场监督管理局",
    fields: FIELDS,
    header: FIELDS.map(({ name }) => name),
    *rows() {
      const random = new SeededRandom(seed, "enterprises");
      const offset = random.int(0, 99_999_999);
      for (let i = 0; i < count; i++) {
        const representative = persons[canaryIndexes[i] ?? random.int(0, persons.length - 1)];
        yield row(random, organisationCode(i, offset), representative?.name ?? "", representative?.residentId ?? "");
      }
    },
  };
}

function row(random: SeededRandom, organisation: string, representative: string, representativeId: string): string[] {
  const region = random.weighted(REGIONS);
  const [industry, word] = random.weighted(INDUSTRIES);
  const years = 25 * random.float() ** 2;
  const founded = new Date(REFERENCE_DATE.getTime() - Math.floor(years * 365.25) * DAY_MS);
  const capital = Math.round(10 * 10 ** (3 * random.float()));
  const employees = Math.floor(2 * Math.exp(1.2 * Math.abs(random.normal())));
  const logOdds =
    -0.9 - 0.1 * years - 0.35 * Math.log(employees + 1) - 0.25 * Math.log10(capital) + (employees < 3 ? 0.8 : 0);
  const characters = `91${region}${organisation}`;
  return [
    characters + socialCreditCheckCharacter(characters),
    `${regionTitle(region)}${random.pick(WORDS)}${random.pick(WORDS)}${word}有限公司`,
    representative,
    representativeId,
    industry,
    region,
    founded.toISOString().slice(0, 10),
    capital.toFixed(2),
    String(employees),
    String(random.chance(1 / (1 + Math.exp(-logOdds)))),
  ];
}

/** Nine characters of an organisation, different for every `index` below 10^8: 48271 has no factor in common with 10. */
function organisationCode(index: number, offset: number): string {
  const digits = String((index * 48_271 + offset) % 100_000_000).padStart(8, "0");
  const sum = ORGANISATION_WEIGHTS.reduce((total, weight, i) => total + weight * Number(digits[i]), 0);
  const check = 11 - (sum % 11);
  return digits + (check === 11 ? "0" : check === 10 ? "X" : String(check));
}
