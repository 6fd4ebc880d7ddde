/** By what callers join their lists with a set, in an officer's words.
 *  @module */
import type { DeclaredKeys, KeyType } from "@sluice/protocol";

const TYPE_WORDS = {
  text: "原文逐字",
  name: "名称",
  "resident-id": "居民身份证号",
  "credit-code": "统一社会信用代码",
  mobile: "手机号码",
  integer: "整数",
  date: "日期",
} as const satisfies Record<KeyType, string>;

/** Columns and types of `keys`; `key` alone, the grant's, where a set has none. */
export function joinWords(keys: DeclaredKeys | undefined, key: string): string {
  if (keys === undefined) return key;
  const parts = keys.map((parts) =>
    parts.map(({ field = key, type }) => `${field}（${TYPE_WORDS[type]}）`).join("加 "),
  );
  return parts.join("，或按 ");
}
