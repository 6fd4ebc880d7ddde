/** How the quasi-identifiers of the generated people become coarser.
 *  @module */
import { Hierarchy } from "@sluice/protocol";
import { NATIONS } from "./people-words.ts";

const tree = (...levels: Record<string, string>[]): Hierarchy => Hierarchy.parse({ kind: "tree", levels });
const alike = (group: string, values: readonly string[]): Record<string, string> =>
  Object.fromEntries(values.map((value) => [value, group]));

/** By column; the others are shown as they are or not at all. */
export const PEOPLE_HIERARCHIES: Readonly<Record<string, Hierarchy>> = {
  birth_year: Hierarchy.parse({ kind: "intervals", min: 1900, max: 2020, widths: [5, 10, 20, 40] }),
  region: Hierarchy.parse({ kind: "prefix", lengths: [4, 2] }),
  nation: tree({ 汉族: "汉族", ...alike("少数民族", NATIONS) }),
  education: tree({
    ...alike("高中及以下", ["小学", "初中", "高中"]),
    ...alike("大专及以上", ["大专", "本科", "硕士", "博士"]),
  }),
  occupation: tree({
    ...alike("体力劳动", ["工人", "农民", "个体经营"]),
    ...alike("脑力劳动", ["职员", "教师", "公务员", "技术人员", "医护", "军人"]),
    ...alike("不在业", ["学生", "退休", "其他"]),
  }),
};
