/** Why a column was classified as it was, in the words of its reader. A reason holds a declared fact or a share, never a value.
 *  @module */
import type { ColumnKind } from "./column-rules.ts";

/** One reason. */
export type Reason =
  | { readonly code: "values"; readonly kind: ColumnKind; readonly percent: number }
  | { readonly code: "mixed"; readonly kind: ColumnKind; readonly percent: number }
  | { readonly code: "inside-text"; readonly percent: number }
  | { readonly code: "hint"; readonly kind: string }
  | { readonly code: "unknown-division"; readonly percent: number }
  | { readonly code: "nearly-unique" | "stored-type" | "strict-default" | "no-values" | "few-values" }
  | { readonly code: "sensitive-personal-information" | "personal-information" | "organisation" | "key-site" };

/** A reason in both languages. */
export function reasonWords(reason: Reason): { readonly en: string; readonly zh: string } {
  switch (reason.code) {
    case "values":
      return {
        en: `${reason.percent} % of the sampled values are of type ${reason.kind}`,
        zh: `抽样值中 ${reason.percent}% 符合类型 ${reason.kind}`,
      };
    case "mixed":
      return {
        en: `${reason.percent} % of the sampled values are of type ${reason.kind}: mixed, a person has to decide`,
        zh: `抽样值中 ${reason.percent}% 符合类型 ${reason.kind}：内容混杂，须人工判定`,
      };
    case "inside-text":
      return {
        en: `${reason.percent} % of the sampled texts have an identifier inside them`,
        zh: `抽样文本中 ${reason.percent}% 内含标识符`,
      };
    case "hint":
      return { en: `the column's name says ${reason.kind}`, zh: `列名表明 ${reason.kind}` };
    case "unknown-division":
      return {
        en: `${reason.percent} % begin with a county that the table does not know (a warning only)`,
        zh: `${reason.percent}% 的行政区划代码不在表内（仅警告）`,
      };
    case "nearly-unique":
      return { en: "nearly every value is distinct: it points at one row", zh: "几乎每个值都不同：可指向单行" };
    case "stored-type":
      return { en: "known by the stored type alone", zh: "仅依存储类型判定" };
    case "strict-default":
      return {
        en: "nothing is known of it: the stricter role and grade until an officer decides",
        zh: "无法判断：在人工确定前取较严的角色与级别",
      };
    case "no-values":
      return { en: "no row has a value", zh: "没有任何值" };
    case "few-values":
      return { en: "too few distinct values to judge names by", zh: "不同值过少，不足以判断是否为姓名" };
    case "sensitive-personal-information":
      return {
        en: "sensitive personal information (GB/T 35273 annex B): general-4",
        zh: "个人敏感信息（GB/T 35273 附录 B）：一般数据 4 级",
      };
    case "personal-information":
      return {
        en: "personal information (GB/T 35273 annex A): general-3",
        zh: "个人信息（GB/T 35273 附录 A）：一般数据 3 级",
      };
    case "organisation":
      return { en: "names an organisation: general-3", zh: "可定位企业或组织：一般数据 3 级" };
    case "key-site":
      return {
        en: "places of sites that the column's name calls key ones: important, until an officer decides",
        zh: "列名表明为重点目标的位置：暂按重要数据，由人工确定",
      };
  }
}
