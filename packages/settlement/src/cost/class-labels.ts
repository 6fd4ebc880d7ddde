/** What the classes of cost are called, and the row by which each is shared.
 *  @module */
import type { Label } from "../figure.ts";
import type { CostClass } from "./cost-line.ts";

/** Name, rule row, and whether it is a cost of acquiring data (数据获取) or of operating (数据运营). */
export const COST_CLASSES: Readonly<
  Record<CostClass, { readonly label: Label; readonly row: string; readonly part: "acquisition" | "operating" }>
> = {
  "acquisition-push": {
    label: { zh: "数据资源获取成本（数据推送）", en: "acquisition by push" },
    row: "G8",
    part: "acquisition",
  },
  "acquisition-query": {
    label: { zh: "数据资源获取成本（数据查询接口）", en: "acquisition by query interface" },
    row: "G9",
    part: "acquisition",
  },
  development: { label: { zh: "数据治理及开发成本", en: "governance and development" }, row: "G10", part: "operating" },
  circulation: { label: { zh: "流通成本", en: "circulation" }, row: "G11", part: "operating" },
  "operating-common": { label: { zh: "公共的运营成本", en: "common operation" }, row: "G12", part: "operating" },
  "operating-specific": {
    label: { zh: "特定产品和服务的运营成本", en: "operation of one product" },
    row: "G12",
    part: "operating",
  },
};
