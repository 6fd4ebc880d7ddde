/** Postal addresses: at least two levels of division that follow one another, or a street and a number in it.
 *  @module */
import { divisionNames } from "./facts/division-names.ts";
import { normalForm } from "@sluice/protocol";

/** Longest name of a division that is looked for. */
const MAX_NAME_CHARS = 15;
/** A road, street, village or estate within a few characters before a number with its word. */
const STREET = /[路街道巷弄村里园庄镇乡]/u;
const NUMBER = /[0-9一二三四五六七八九十百甲乙丙]{1,6}(?:号|弄|幢|栋|座|室|单元|组|楼|层)/u;

/** Levels of division at the beginning of `text`, from province to county: 0 to 3. */
export function divisionLevels(text: string): number {
  const address = normalForm(text).replaceAll(/\s/gu, "");
  const { provinces, prefectures, counties } = divisionNames();
  let at = 0;
  let levels = 0;
  for (const names of [provinces, prefectures, counties]) {
    const length = longestName(names, address, at);
    if (length === 0) continue;
    levels++;
    at += length;
  }
  return levels;
}

/** Whether `text` is an address. The name of a division alone is a region, and no address. */
export function isAddress(text: string): boolean {
  const address = normalForm(text);
  if (address.length < 4 || !/\p{Script=Han}/u.test(address)) return false;
  const street = STREET.exec(address);
  if (street !== null && NUMBER.test(address.slice(street.index + 1))) return true;
  return divisionLevels(address) >= 2;
}

function longestName(names: ReadonlySet<string>, text: string, at: number): number {
  for (let length = Math.min(MAX_NAME_CHARS, text.length - at); length >= 2; length--) {
    if (names.has(text.slice(at, at + length))) return length;
  }
  return 0;
}
