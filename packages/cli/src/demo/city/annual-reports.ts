/** Annual reports of the demo city's enterprises (年报): each enterprise fills in its own, and some mistype their code, so that
 *  the table is not as good as the register.
 *  @module */
import { INDUSTRY_HIERARCHY } from "./enterprises.ts";
import { REFERENCE_DATE } from "./persons.ts";
import { SeededRandom } from "./random.ts";
import { REGION_HIERARCHY } from "./regions.ts";
import { field, type CityTable } from "./table.ts";

/** One report of so many has a wrong check character, and so has a city of the fewest persons. */
const MISTYPED_EVERY = 40;
const FIRST_MISTYPED = 7;
/** Days before the reference date in which reports are filed. */
const FILING_DAYS = 180;
const DAY_MS = 86_400_000;

const FIELDS = [
  field("social_credit_code", "统一社会信用代码", "text", "direct", "general-2"),
  field("contact", "联络员", "text", "direct", "general-3"),
  field("region", "住所区划代码", "text", "quasi", "general-1", REGION_HIERARCHY),
  field("industry", "行业代码", "text", "quasi", "general-1", INDUSTRY_HIERARCHY),
  field("employees", "从业人数", "integer", "quasi", "general-2"),
  field("revenue", "营业收入（万元）", "decimal", "sensitive", "general-2"),
  field("filed", "报送日期", "date", "other", "general-1"),
];

/** One report of each enterprise of `register`. */
export function annualReports(seed: string, register: CityTable): CityTable {
  const [code, contact, region, industry, employees] = [
    "social_credit_code",
    "legal_representative",
    "region",
    "industry",
    "employees",
  ].map((name) => register.header.indexOf(name));
  return {
    domain: "market",
    resource: "annual-reports",
    title: "企业年度报告",
    source: "市场监督管理局",
    fields: FIELDS,
    header: FIELDS.map(({ name }) => name),
    *rows() {
      const random = new SeededRandom(seed, "annual-reports");
      let place = 0;
      for (const enterprise of register.rows()) {
        const of = (column: number | undefined): string => enterprise[column ?? -1] ?? "";
        const filed = new Date(REFERENCE_DATE.getTime() - random.int(0, FILING_DAYS) * DAY_MS);
        const revenue = (1 + Number(of(employees))) * 12 * Math.exp(0.7 * random.normal());
        yield [
          place % MISTYPED_EVERY === FIRST_MISTYPED ? mistyped(of(code)) : of(code),
          of(contact),
          of(region),
          of(industry),
          of(employees),
          revenue.toFixed(2),
          filed.toISOString().slice(0, 10),
        ];
        place++;
      }
    },
  };
}

/** The code with another check character. */
function mistyped(code: string): string {
  return `${code.slice(0, -1)}${code.endsWith("0") ? "1" : "0"}`;
}
