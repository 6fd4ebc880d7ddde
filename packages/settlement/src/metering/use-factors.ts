/** The five forms of use (使用方式) and the factors by which each is counted: calls; months × monitored objects; rows × fields × days;
 *  dimensions × labels; dimensions × reports (003 六(四)).
 *  @module */
import { z } from "zod";
import type { Label } from "../figure.ts";
import { CountText } from "../input.ts";

/** Most months of monitoring, and most days of access, that one line of a year's use can have. */
const MAX_MONTHS = 12;
const MAX_DAYS = 366;

function countUpTo(max: number) {
  return CountText.refine((text) => Number(text) <= max, `a whole number of at most ${max} in a year`);
}

/** Factors of each form, as one line of an estimate gives them. */
export const USE_FACTORS = {
  api: z.strictObject({ calls: CountText }),
  alert: z.strictObject({ months: countUpTo(MAX_MONTHS), objects: CountText }),
  dataset: z.strictObject({ rows: CountText, fields: CountText, days: countUpTo(MAX_DAYS) }),
  label: z.strictObject({ dimensions: CountText, labels: CountText }),
  report: z.strictObject({ dimensions: CountText, reports: CountText }),
} as const;

/** A form of use. */
export type Form = keyof typeof USE_FACTORS;

/** All forms, as the plan lists them. */
export const FORMS = Object.keys(USE_FACTORS) as readonly Form[];

/** Use that was measured as a product of its factors already, as a receipt states it. */
export const MeasuredUse = z.strictObject({ quantity: CountText });

/** What each form is called, and what its unit is. */
export const FORM_LABELS: Readonly<Record<Form, { readonly name: Label; readonly unit: Label; readonly row: string }>> =
  {
    api: { name: { zh: "API调用", en: "API calls" }, unit: { zh: "次", en: "call" }, row: "F1" },
    alert: { name: { zh: "预警推送", en: "alerts" }, unit: { zh: "月·个", en: "object-month" }, row: "F2" },
    dataset: { name: { zh: "数据集", en: "dataset" }, unit: { zh: "条·项·天", en: "row-field-day" }, row: "F3" },
    label: { name: { zh: "输出标签", en: "labels" }, unit: { zh: "个·个", en: "label" }, row: "F4" },
    report: { name: { zh: "分析报告", en: "reports" }, unit: { zh: "个·份", en: "report dimension" }, row: "F5" },
  };

/** What each factor is called. */
export const FACTOR_LABELS: Readonly<Record<string, Label>> = {
  calls: { zh: "API调用次数（次）", en: "calls" },
  months: { zh: "监测期限（月）", en: "months of monitoring" },
  objects: { zh: "监测数量（个）", en: "monitored objects" },
  rows: { zh: "数据集条数（条）", en: "rows" },
  fields: { zh: "数据集项数（项）", en: "fields" },
  days: { zh: "使用时长（天）", en: "days of access" },
  labels: { zh: "标签数量（个）", en: "labels" },
  reports: { zh: "报告数量（份）", en: "reports" },
  quantity: { zh: "计量数量", en: "measured use" },
};

/** The two meanings of `dimensions`. */
export const DIMENSION_LABELS: Readonly<Partial<Record<Form, Label>>> = {
  label: { zh: "标签维度量（个）", en: "label dimensions" },
  report: { zh: "分析维度量（个）", en: "dimensions of analysis" },
};
