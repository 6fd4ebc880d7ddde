/** What a sample must pass before a developer's program is given it, in words: the sharing mode, and the circumstances that the
 *  department vouches for.
 *  @module */
import { DEFAULT_ACQUAINTANCES } from "@sluice/desensitize";
import type { Policy } from "@sluice/protocol";
import { percentText } from "./chinese-figures.ts";

const SHARING = {
  public: "完全公开共享",
  controlled: "受控公开共享",
  enclave: "领地公开共享（看不到任何一行，也看不到程序的输出行）",
} as const;
const DEGREE = { high: "高", mid: "中", low: "低" } as const;

/** One sentence without its full stop. */
export function gateWords({ sharing = "controlled", gate }: Policy): string {
  const { context, minRows, maxSuppression } = gate ?? {};
  const rules = [
    ...(minRows === undefined ? [] : [`至少 ${minRows} 行`]),
    ...(maxSuppression === undefined ? [] : [`舍去的行不超过 ${percentText(maxSuppression)}`]),
  ];
  return `样本按${SHARING[sharing]}把关，须达到 3 级（GB/T 42460）${rules.map((rule) => `、${rule}`).join("")}；${contextWords(context)}`;
}

function contextWords(context: NonNullable<Policy["gate"]>["context"]): string {
  if (context === undefined) return `情形未写明，按能看到样本的人有 ${DEFAULT_ACQUAINTANCES} 个熟人从严计算`;
  const { control, motive, prevalence, acquaintances = DEFAULT_ACQUAINTANCES } = context;
  const chance =
    prevalence === undefined ? "某人在样本中的概率按抽样占比" : `某人在样本中的概率 ${percentText(prevalence)}`;
  return `部门担保的情形：管控${DEGREE[control]}、动机与能力${DEGREE[motive]}、熟人 ${acquaintances} 个、${chance}`;
}
