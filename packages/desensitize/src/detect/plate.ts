/** Plates of motor vehicles (机动车号牌), GA 36-2018: province, letter, five characters; six for new energy; 学, 警, 挂, 港 or 澳
 *  in the last place, 使 and 领 of missions.
 *  @module */
import { normalForm } from "@sluice/protocol";

const PROVINCES = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼";
// Without I and O, as on plates.
const SERIAL = "A-HJ-NP-Z0-9";
const PLATE = new RegExp(
  `^(?:[${PROVINCES}][A-HJ-Z](?:[${SERIAL}]{5}|[${SERIAL}]{4}[学警挂港澳]|[${SERIAL}]{6})|[${PROVINCES}]?[0-9]{6}[使领]|WJ[${PROVINCES}]?[0-9]{4}[${SERIAL}])$`,
  "u",
);

/** Whether `text` is a plate, with or without a dot, a space or a hyphen after its letter. */
export function isPlate(text: string): boolean {
  return PLATE.test(
    normalForm(text)
      .toUpperCase()
      .replaceAll(/[·•\s-]/gu, ""),
  );
}
