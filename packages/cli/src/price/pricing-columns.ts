/** Words that stand beside figures: what a product or a line of the accounts is called, its evidence, why it is left out.
 *  @module */
import { COST_CLASSES, FORM_LABELS, type CostedLine, type ProductPrice } from "@sluice/settlement";
import type { WordColumn } from "./figure-table.ts";

/** What names a product. */
export const PRODUCT_WORDS: readonly WordColumn<ProductPrice>[] = [
  { heading: "编号", of: ({ cost }) => cost.product.id },
  { heading: "产品", of: ({ cost }) => cost.product.title.zh },
  { heading: "形态", of: ({ cost }) => FORM_LABELS[cost.product.form].name.zh },
];

/** What names a line of the accounts, and what is said of it. */
export const COST_WORDS = {
  before: [
    { heading: "编号", of: ({ line }) => line.id },
    { heading: "明细", of: ({ line }) => line.title.zh },
    { heading: "类别", of: ({ line }) => COST_CLASSES[line.class].label.zh },
  ],
  after: [
    { heading: "凭证", of: ({ line }) => line.evidence },
    { heading: "不计入的原因", of: ({ excess }) => excess?.reason.zh ?? "" },
  ],
} as const satisfies Record<string, readonly WordColumn<CostedLine>[]>;
