/** Divisions (GB/T 2260) that people of the demo city live in and come from: a large city, its neighbours, and the
 *  provinces its newcomers were born in. Shares are skewed, as they are.
 *  @module */
import type { Hierarchy } from "@sluice/protocol";
import type { Weighted } from "./random.ts";

/** How a division becomes coarser: its city, its province. */
export const REGION_HIERARCHY: Hierarchy = { kind: "prefix", lengths: [4, 2] };

/** Where people are insured: 6-digit codes of the city's districts and of places near by, with their shares. */
export const REGIONS: [Weighted<string>, ...Weighted<string>[]] = [
  ["330102", 130],
  ["330105", 115],
  ["330106", 110],
  ["330108", 60],
  ["330109", 150],
  ["330110", 120],
  ["330111", 40],
  ["330203", 60],
  ["330205", 25],
  ["330212", 40],
  ["330302", 35],
  ["330303", 20],
  ["330402", 25],
  ["330411", 15],
  ["330502", 20],
  ["330602", 25],
  ["330603", 12],
  ["330702", 20],
  ["330802", 8],
  ["331002", 12],
  ["331102", 6],
];

/** Where people were first registered, for the head of their identity numbers. */
export const BIRTHPLACES: [Weighted<string>, ...Weighted<string>[]] = [
  ["340102", 20],
  ["340802", 14],
  ["341002", 9],
  ["360102", 16],
  ["361102", 12],
  ["410102", 15],
  ["411302", 11],
  ["420102", 12],
  ["430102", 9],
  ["320102", 10],
  ["350102", 6],
  ["510104", 8],
  ["520102", 5],
  ["610102", 4],
];

/** Short name of a region for the names of its enterprises. */
export function regionTitle(code: string): string {
  return TITLES[code.slice(0, 4)] ?? "云溪";
}

const TITLES: Record<string, string> = {
  "3301": "杭州",
  "3302": "宁波",
  "3303": "温州",
  "3304": "嘉兴",
  "3305": "湖州",
  "3306": "绍兴",
  "3307": "金华",
  "3308": "衢州",
  "3310": "台州",
  "3311": "丽水",
};
