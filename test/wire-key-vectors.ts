/** Vectors of typed keys: canonical forms, values that have none, and entries of keys of one part and several.
 *  @module */
import { canonicalKey, joinEntry, type JoinKeys, type KeyType } from "@sluice/protocol";

/** Values by type, those that have a form and those that have none. */
const VALUES: Readonly<Record<KeyType, readonly string[]>> = {
  text: ["x", " X ", "é", "e\u0301", "１", "👨‍👩‍👧", ""],
  name: [
    "张三",
    " 张　三\t",
    "张\u200b三",
    "ＡＢＣ  Ltd",
    "Straße",
    "ẞ",
    "e\u0301",
    "阿不都・买买提",
    "abdul • majid",
    "豈",
    "𠮷野",
    "שָׁלוֹם",
    "각",
    "ｶﾞ",
    "İ",
    " \u3000",
    "a\u0000b",
    "\u{2fffe}",
    "长".repeat(501),
  ],
  "resident-id": [
    "11010519491231002X",
    "11010519491231002x",
    "１１０１０５１９４９１２３１００２ｘ",
    "110105 19491231-002X",
    "440524188001010014",
    "110105491231002",
    "110105194912310021",
    "11010519490231002X",
    "99010519491231002X",
    "11010519491231002Y",
    "1101051949123100",
    "",
  ],
  "credit-code": [
    "91350100M000100Y43",
    "91350100m000100y43",
    "９１３５０１００ M000-100Y43",
    "91350100M000100Y44",
    "9135O100M000100Y43",
    "97350100M000100Y43",
    "91990100M000100Y43",
    "91350100M000100Y4",
    " ",
  ],
  mobile: [
    "13800138000",
    "+86 138-0013-8000",
    "0086(138)00138000",
    "8613800138000",
    "١٣٨٠٠١٣٨٠٠٠",
    "12800138000",
    "1380013800",
    "1380013800O",
    "",
  ],
  integer: ["42", "0042", "+42", "-0", "-007", "９", "9".repeat(38), "9".repeat(39), "1,000", "1 0", "1.0", ""],
  date: [
    "2026-01-31",
    "20260131",
    "2026/1/31",
    "2026.01.31",
    "2026年1月31日",
    "2024-02-29",
    "2023-02-29",
    "0000-01-01",
    "31/01/2026",
    "2026-01/31",
    "2026-01-31 00:00",
    "",
  ],
};

const KEYS: JoinKeys = [
  [{ field: "id_card", type: "resident-id" }],
  [
    { field: "name", type: "name" },
    { field: "phone", type: "mobile" },
  ],
];
const ENTRIES: readonly (readonly [keys: JoinKeys, key: number, values: readonly string[]])[] = [
  [KEYS, 0, ["11010519491231002x"]],
  [KEYS, 1, ["张　三", "+8613800138000"]],
  [KEYS, 1, ['a "b" \\ c', "13800138000"]],
  [[[{ field: "id_card", type: "text" }]], 0, [" as it is "]],
  [[[{ field: "id_card", type: "mobile" }]], 0, ["13800138000"]],
  [
    [
      [
        { field: "a", type: "text" },
        { field: "b", type: "text" },
      ],
    ],
    0,
    ["ab", "c"],
  ],
  [[[{ field: "a", type: "text" }], [{ field: "b", type: "text" }]], 1, ["x"]],
];

/** Forms, faults and entries. */
export function makeKeyVectors() {
  const outcomes = Object.entries(VALUES).flatMap(([type, texts]) =>
    texts.map((text) => ({ type: type as KeyType, text, outcome: canonicalKey(type as KeyType, text) })),
  );
  return {
    valid: outcomes.flatMap(({ type, text, outcome }) => (outcome.ok ? [[type, text, outcome.key] as const] : [])),
    invalid: outcomes.flatMap(({ type, text, outcome }) => (outcome.ok ? [] : [[type, text, outcome.fault] as const])),
    entries: ENTRIES.map(([keys, key, values]) => {
      const outcome = joinEntry(keys, keys[key] ?? [], values);
      if (!outcome.ok) throw new Error("each of them has an entry");
      return { keys, key, values, entry: outcome.entry };
    }),
  };
}
