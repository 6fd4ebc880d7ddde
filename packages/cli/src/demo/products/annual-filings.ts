/** 企业年报分析: a data set of annual reports that is never launched, because their quality is below the department's rules.
 *  @module */
import type { City } from "../city/tables.ts";
import { ENTERPRISE_KEY, filingsPolicy } from "../sample-desk.ts";
import type { SceneSpec } from "../scene.ts";

/** The scene. Its sample is the one that officers drew: classes with ranges of their own. */
export function annualFilings(data: City): SceneSpec {
  return {
    domain: "market",
    department: "market-department",
    title: "企业年报分析 Annual reports of enterprises",
    purpose: "annual-filings",
    free: { purpose: "public-governance", uses: ["statistics"], agreement: "gy-2026-5" },
    value: "Planners see which trades grow where, a year before the census does.",
    application: {
      economicValue: "Land for trades that grow is planned in time.",
      socialValue: "Jobs come to where people live.",
      businessModel: "A public duty without a price; a data set every year.",
      dataRationale: "Rows of a sample in which at least five enterprises share what is shown of them.",
    },
    form: "dataset",
    callers: ["planning-bureau"],
    restrictions: ["Delete the rows when the plan is published."],
    key: ENTERPRISE_KEY,
    fields: [
      { name: "region", need: "where" },
      { name: "industry", need: "which trade" },
      { name: "employees", need: "how large" },
      { name: "revenue", need: "in steps of 500,000 yuan: how it grows" },
    ],
    policy: filingsPolicy(data),
    probe: { granted: "employees", outside: "contact" },
  };
}
