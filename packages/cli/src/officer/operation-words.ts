/** Operations of a grant in words.
 *  @module */
import { OPERATION_UNITS, type Operation, type Unit } from "@sluice/protocol";
import type { Words } from "./page.ts";

/** One operation. */
export interface OperationWords extends Words {
  /** Which party of the grant does it. */
  readonly who: "developer" | "operator" | "caller";
  /** Its name among the large figures; absent for what is only a step of another. */
  readonly figure?: Words;
}

/** Every operation. */
export const OPERATION_WORDS: Readonly<Record<Operation, OperationWords>> = {
  develop: { zh: "开发试算（在脱敏样本上）", en: "develop", who: "developer" },
  build: { zh: "正式构建（在数据域内、对全部行）", en: "build", who: "operator" },
  "lookup.evaluate": {
    zh: "匿踪查询：逐条查询",
    en: "lookup.evaluate",
    who: "caller",
    figure: { zh: "最多查询", en: "Lookups" },
  },
  "lookup.query": { zh: "匿踪查询：取回结果", en: "lookup.query", who: "caller" },
};

const UNIT_WORDS: Readonly<Record<Unit, string>> = { run: "次", "oprf-element": "条", "pir-query": "次" };

/** The measure word of what `operation` spends. */
export function unitWord(operation: Operation): string {
  return UNIT_WORDS[OPERATION_UNITS[operation]];
}

/** One unit of a price. */
export function priceUnitWord(unit: Unit): string {
  return { run: "每次运行", "oprf-element": "每条查询", "pir-query": "每次取回" }[unit];
}
