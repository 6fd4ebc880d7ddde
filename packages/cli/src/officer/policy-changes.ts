/** What one desensitisation policy shows that another does not.
 *  @module */
import { canonicalText, type Policy } from "@sluice/protocol";
import { percentText, amountText } from "./chinese-figures.ts";
import type { Change } from "./page.ts";
import { gateWords } from "./gate-words.ts";
import { ROLE_WORDS, roleOf, transformDirection, transformOf, transformWords } from "./policy-words.ts";

type PolicyChange = Pick<Change, "direction" | "text">;

/** Changes from `before` to `after`: of the columns in `fields`, and of the sample. */
export function policyChanges(before: Policy, after: Policy, fields: ReadonlySet<string>): PolicyChange[] {
  return [...[...fields].flatMap((name) => columnChanges(before, after, name)), ...sampleChanges(before, after)];
}

function columnChanges(before: Policy, after: Policy, name: string): PolicyChange[] {
  const changes: PolicyChange[] = [];
  const [from, to] = [transformOf(before, name), transformOf(after, name)];
  if (canonicalText(from) !== canonicalText(to)) {
    const text = `字段 ${name}：由「${transformWords(from)}」改为「${transformWords(to)}」`;
    changes.push({ direction: transformDirection(from, to), text });
  }
  const [oldRole, role] = [roleOf(before, name), roleOf(after, name)];
  if (oldRole !== null && role !== null && oldRole !== role) {
    const text = `字段 ${name} 的类别：由${ROLE_WORDS[oldRole]}改为${ROLE_WORDS[role]}`;
    changes.push({ direction: "other", text });
  }
  return changes;
}

function sampleChanges(before: Policy, after: Policy): PolicyChange[] {
  const changes: PolicyChange[] = [];
  const compare = (from: number, to: number, text: string, widerWhenLarger: boolean): void => {
    if (from !== to) changes.push({ direction: to > from === widerWhenLarger ? "wider" : "narrower", text });
  };
  const [old, now] = [before.sample, after.sample];
  const rows = `开发抽样：${amountText(BigInt(old.rows), "行")} → ${amountText(BigInt(now.rows), "行")}`;
  compare(old.rows, now.rows, rows, true);
  compare(before.k, after.k, `每组最少行数 k：${before.k} → ${after.k}`, false);
  const [oldLimit, limit] = [before.suppressionLimit, after.suppressionLimit];
  if (oldLimit !== limit) {
    changes.push({ direction: "other", text: `最多舍去的行：${percentText(oldLimit)} → ${percentText(limit)}` });
  }
  if (canonicalText(old.strata) !== canonicalText(now.strata)) {
    const text = `抽样分层：由「${old.strata.join("、") || "不分层"}」改为「${now.strata.join("、") || "不分层"}」`;
    changes.push({ direction: "other", text });
  }
  if ((old.method ?? "exact") !== (now.method ?? "exact")) {
    const text = now.method === "hash" ? "抽样方法：由定额分层改为密钥散列" : "抽样方法：由密钥散列改为定额分层";
    changes.push({ direction: "other", text });
  }
  const gate = ({ sharing = "controlled", gate: rules = {} }: Policy): string => canonicalText({ sharing, rules });
  if (gate(before) !== gate(after)) {
    changes.push({ direction: "other", text: `样本把关：由「${gateWords(before)}」改为「${gateWords(after)}」` });
  }
  return changes;
}
