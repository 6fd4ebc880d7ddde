/** Rules of the four jurisdictions whose plans this project was drawn from. Three of them give no formulas: what they leave to the price
 *  policy of state and province stands here with Futian's values, each marked as assumed.
 *  @module */
import type { Label } from "../figure.ts";
import { FUTIAN_2025 } from "./futian.ts";
import { RuleParameters, type RuleSet } from "./rule-set.ts";

/** Every rule of Futian, assumed for a jurisdiction whose plan does not give it. */
function assumedFrom(why: Label): RuleParameters {
  return RuleParameters.parse(
    Object.fromEntries(Object.entries(FUTIAN_2025.parameters).map(([name, rule]) => [name, { ...rule, assumed: why }])),
  );
}

/** Huangshi (黄石): free for governance and welfare, otherwise a guided price under the policy of state and province. */
export const HUANGSHI_2025: RuleSet = {
  id: "huangshi-2025",
  title: {
    zh: "黄石市公共数据资源授权运营实施方案（征求意见稿）",
    en: "Huangshi plan for authorised operation (draft)",
  },
  level: "city",
  jurisdictions: ["huangshi"],
  from: "2025-01-01",
  parameters: {
    ...assumedFrom({
      zh: "黄石方案从国家和省价格政策，未给公式；暂用福田规则",
      en: "Huangshi refers to the price policy of state and province and gives no formula; Futian's rule stands in",
    }),
    freePurposes: { value: ["public-governance", "public-welfare"], source: "001 二(五)4" },
  },
};

/** Shuozhou (朔州): an approved highest income a year, its excess into the public pool, differentiated and published prices. */
export const SHUOZHOU_2025: RuleSet = {
  id: "shuozhou-2025",
  title: {
    zh: "朔州市公共数据资源授权运营实施方案（试行，征求意见稿）",
    en: "Shuozhou plan for authorised operation (draft)",
  },
  level: "city",
  jurisdictions: ["shuozhou"],
  from: "2025-01-01",
  parameters: {
    ...assumedFrom({
      zh: "朔州方案未给公式；暂用福田规则",
      en: "Shuozhou gives no formula; Futian's rule stands in",
    }),
    profitRate: { value: { method: "approved" }, source: "002 (三)1" },
    periodYears: { value: 1, source: "002 (三)1" },
    excessIncome: { value: "public-pool", source: "002 (三)1" },
    smallFirmDiscount: { value: "required", source: "002 (三)2" },
    publicityBeforeUse: { value: true, source: "002 (三)2" },
    treasuryFee: { value: "required", source: "002 (四)" },
  },
};

/** Jingdezhen (景德镇): free for governance and welfare, otherwise a service fee under the price policy of state and province. */
export const JINGDEZHEN_2025: RuleSet = {
  id: "jingdezhen-2025",
  title: {
    zh: "景德镇市公共数据资源授权运营实施方案（试行，征求意见稿）",
    en: "Jingdezhen plan for authorised operation (draft)",
  },
  level: "city",
  jurisdictions: ["jingdezhen"],
  from: "2025-11-01",
  parameters: {
    ...assumedFrom({
      zh: "景德镇方案从国家和省价格政策，未给公式；暂用福田规则",
      en: "Jingdezhen refers to the price policy of state and province and gives no formula; Futian's rule stands in",
    }),
    freePurposes: { value: ["public-governance", "public-welfare"], source: "004 (六)" },
  },
};

/** All rule sets that come with the package. */
export const RULE_SETS: readonly RuleSet[] = [FUTIAN_2025, HUANGSHI_2025, SHUOZHOU_2025, JINGDEZHEN_2025];
