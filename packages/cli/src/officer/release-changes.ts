/** What one release names that another does not.
 *  @module */
import type { Release } from "@sluice/protocol";
import { hashFingerprint, minuteText } from "./chinese-figures.ts";
import { paramWords } from "./param-words.ts";
import type { Change, Words } from "./page.ts";

const HASHES = [
  ["bundle", { zh: "程序", en: "bundle" }, "程序已更换"],
  ["manifest", { zh: "申明", en: "manifest" }, "所读字段或输出的申明有改动"],
  ["model", { zh: "模型", en: "model" }, "模型参数已更换"],
  ["guardReport", { zh: "守卫", en: "guard" }, "守卫报告出自另一次运行"],
  ["grant", { zh: "授权", en: "grant" }, "改用另一份授权"],
] as const satisfies readonly (readonly [keyof Release, Words, string])[];

/** Every change from `before` to `after`. None widens or narrows by itself: the grant bounds all of them. */
export function releaseChanges(before: Release, after: Release): Change[] {
  const changes: Change[] = [];
  const replaced = (topic: Words, label: string, from: string, to: string): void => {
    if (from !== to) changes.push({ direction: "other", topic, text: `${label}：${from} → ${to}` });
  };
  const product = { zh: "产品", en: "product" };
  replaced(product, "数据域", before.domain, after.domain);
  replaced(product, "产品", before.product, after.product);
  replaced(product, "版本", `第 ${before.version} 版`, `第 ${after.version} 版`);
  for (const [member, topic, label] of HASHES) {
    if (before[member] === after[member]) continue;
    replaced(topic, label, shortHash(before[member]), shortHash(after[member]));
  }
  const words = (release: Release): string => paramWords(release.params) ?? "无";
  replaced({ zh: "参数", en: "params" }, "作业参数", words(before), words(after));
  replaced({ zh: "时间", en: "time" }, "出具时间", minuteText(before.at), minuteText(after.at));
  return changes;
}

function shortHash(hash: string | undefined): string {
  return hash === undefined ? "无" : hashFingerprint(hash);
}
