/** Names of persons in Chinese characters. There is no checksum: what one value says is weak, so a column is judged by the
 *  share of its distinct values, see `classifyColumns`.
 *  @module */
import { divisionNames } from "./facts/division-names.ts";
import { NATIONS } from "./facts/nations.ts";
import { COMPOUND_SURNAMES, NOT_NAMES, SURNAMES } from "./facts/surnames.ts";
import { normalForm } from "@sluice/protocol";

/** Words at the end of places, bodies, roads, trades and things. */
const NO_NAME_ENDS =
  /(?:省|市|区|县|州|盟|旗|镇|乡|村|街|路|道|巷|弄|里|站|店|厂|部|局|院|所|司|馆|科|系|处|厅|队|组|族|室|楼|园|桥|港|湾|岛|岸|河|湖|镜|表|机|器|业|类|型|级|色|费|款|率|量|员|师|长|工|公司|集团|银行|学校|中心|协会|街道)$/u;

/** Whether `text` may be a person's name: one of the hundred most frequent surnames before one or two characters, a surname of
 *  two characters before one or two, or parts joined by · as names of several nations are written. Divisions, nations, and words
 *  that end as places, bodies and things do are none. */
export function isPersonName(text: string): boolean {
  const name = normalForm(text).replaceAll(/[•・‧∙]/gu, "·");
  if (/^\p{Script=Han}{1,8}(?:·\p{Script=Han}{1,8}){1,3}$/u.test(name)) return true;
  if (!/^\p{Script=Han}{2,4}$/u.test(name) || NO_NAME_ENDS.test(name)) return false;
  if (!isNameShaped(name) || NOT_NAMES.has(name) || NATIONS.has(name)) return false;
  const { provinces, prefectures, counties } = divisionNames();
  return !provinces.has(name) && !prefectures.has(name) && !counties.has(name);
}

function isNameShaped(name: string): boolean {
  const characters = Array.from(name);
  const [first = "", second = ""] = characters;
  if (COMPOUND_SURNAMES.has(first + second)) return characters.length >= 3;
  // Four characters only with the surnames of both families.
  return SURNAMES.has(first) && (characters.length <= 3 || SURNAMES.has(second));
}
