/** What one grant allows that another does not: fields, quotas, term, parties, policy and the rest, each change with
 *  whether it widens or narrows what is allowed.
 *  @module */
import { quotaOf } from "@sluice/evidence/verify";
import { canonicalText, Operation, type Grant, type GrantParty, type Policy } from "@sluice/protocol";
import { amountText, hashFingerprint, keyFingerprint, minuteText } from "./chinese-figures.ts";
import { consentWords, priceWords, selectionTermsWords } from "./grant-terms.ts";
import { OPERATION_WORDS, unitWord } from "./operation-words.ts";
import type { Change, Words } from "./page.ts";
import { policyChanges } from "./policy-changes.ts";

/** A grant with the policy it names, where that is at hand. */
export interface GrantWithPolicy {
  readonly body: Grant;
  readonly policy: Policy | null;
}

const TOPICS = {
  scope: { zh: "范围", en: "scope" },
  fields: { zh: "字段", en: "fields" },
  policy: { zh: "脱敏", en: "policy" },
  operations: { zh: "用法", en: "operations" },
  quotas: { zh: "配额", en: "quotas" },
  term: { zh: "期限", en: "term" },
  parties: { zh: "主体", en: "parties" },
  purpose: { zh: "用途", en: "purpose" },
  basis: { zh: "依据", en: "legal basis" },
  price: { zh: "价格", en: "price" },
  restrictions: { zh: "使用限制", en: "restrictions" },
} as const satisfies Record<string, Words>;

const ORDER: Readonly<Record<Change["direction"], number>> = { wider: 0, other: 1, narrower: 2 };

/** Every change from `before` to `after`, what widens first. */
export function grantChanges(before: GrantWithPolicy, after: GrantWithPolicy): Change[] {
  const [old, now] = [before.body, after.body];
  const changes = [
    ...scopeChanges(old, now),
    ...fieldChanges(old, now),
    ...disclosureChanges(before, after),
    ...operationChanges(old, now),
    ...quotaChanges(old, now),
    ...selectionChanges(old, now),
    ...termChanges(old, now),
    ...partyChanges(old, now),
    ...wordChanges(old, now),
    ...restrictionChanges(old, now),
  ];
  return changes.toSorted((a, b) => ORDER[a.direction] - ORDER[b.direction]);
}

function change(direction: Change["direction"], topic: keyof typeof TOPICS, text: string): Change {
  return { direction, topic: TOPICS[topic], text };
}

function scopeChanges(old: Grant, now: Grant): Change[] {
  const pairs = [
    ["数据域", old.domain, now.domain],
    ["数据资源", old.resource, now.resource],
    ["场景", old.scene.scene, now.scene.scene],
    ["场景名称", old.scene.title, now.scene.title],
    ["查询键", old.key, now.key],
  ] as const;
  return [...pairs.flatMap(([label, from, to]) => replaced("scope", label, from, to)), ...joinChanges(old, now)];
}

/** Another column to join by widens what callers may try. */
function joinChanges({ joinFields: old = [] }: Grant, { joinFields: now = [] }: Grant): Change[] {
  return [
    ...now.filter((name) => !old.includes(name)).map((name) => change("wider", "scope", `增加关联键 ${name}`)),
    ...old.filter((name) => !now.includes(name)).map((name) => change("narrower", "scope", `去掉关联键 ${name}`)),
  ];
}

function replaced(topic: keyof typeof TOPICS, label: string, from: string, to: string): Change[] {
  return from === to ? [] : [change("other", topic, `${label}：由「${from}」改为「${to}」`)];
}

function fieldChanges(old: Grant, now: Grant): Change[] {
  const needs = new Map(old.fields.map(({ name, need }) => [name, need]));
  const kept = new Set(now.fields.map(({ name }) => name));
  return [
    ...now.fields.flatMap(({ name, need }) => {
      const former = needs.get(name);
      if (former === undefined) return [change("wider", "fields", `增加字段 ${name}，理由：${need}`)];
      return replaced("fields", `字段 ${name} 的理由`, former, need);
    }),
    ...old.fields
      .filter(({ name }) => !kept.has(name))
      .map(({ name }) => change("narrower", "fields", `去掉字段 ${name}`)),
  ];
}

/** Column by column where both policies are at hand; by their hashes otherwise. */
function disclosureChanges(before: GrantWithPolicy, after: GrantWithPolicy): Change[] {
  if (before.body.policy === after.body.policy) return [];
  if (before.policy !== null && after.policy !== null) {
    const granted = [...before.body.fields, ...after.body.fields].map(({ name }) => name);
    const changes = policyChanges(before.policy, after.policy, new Set(granted));
    return changes.map(({ direction, text }) => change(direction, "policy", text));
  }
  const [from, to] = [hashFingerprint(before.body.policy), hashFingerprint(after.body.policy)];
  return [change("other", "policy", `脱敏策略已更换（${from} → ${to}）；缺一份策略文件，无法逐字段对比`)];
}

function operationChanges(old: Grant, now: Grant): Change[] {
  return Operation.options.flatMap((operation) => {
    const [had, has] = [old.operations.includes(operation), now.operations.includes(operation)];
    if (had === has) return [];
    const { zh } = OPERATION_WORDS[operation];
    return [change(has ? "wider" : "narrower", "operations", has ? `增加用法：${zh}` : `取消用法：${zh}`)];
  });
}

function quotaChanges(old: Grant, now: Grant): Change[] {
  return Operation.options.flatMap((operation) => {
    const [from, to] = [quotaOf(old, operation), quotaOf(now, operation)];
    if (from === to) return [];
    const unit = unitWord(operation);
    const text = `${OPERATION_WORDS[operation].zh}：${amountText(from, unit)} → ${amountText(to, unit)}`;
    return [change(to > from ? "wider" : "narrower", "quotas", text)];
  });
}

/** More selections or a larger ε let callers learn more; one of each is told as wider, since neither makes up for the other. */
function selectionChanges({ selections: old }: Grant, { selections: now }: Grant): Change[] {
  if (canonicalText(old ?? null) === canonicalText(now ?? null)) return [];
  const words = (terms: typeof old): string => (terms === undefined ? "无" : selectionTermsWords(terms));
  const [most, epsilon] = [(now?.most ?? 0) - (old?.most ?? 0), Number(now?.epsilon ?? 0) - Number(old?.epsilon ?? 0)];
  const direction = most > 0 || epsilon > 0 ? "wider" : "narrower";
  return [change(direction, "quotas", `隐藏选择：${words(old)} → ${words(now)}`)];
}

function termChanges(old: Grant, now: Grant): Change[] {
  return (["notBefore", "notAfter"] as const).flatMap((end) => {
    const [from, to] = [Date.parse(old[end]), Date.parse(now[end])];
    if (old[end] === now[end]) return [];
    const label = end === "notBefore" ? "起" : "止";
    const text = `${label}：${minuteText(old[end])} → ${minuteText(now[end])}`;
    if (Number.isNaN(from) || Number.isNaN(to)) return [change("other", "term", text)];
    return [change((end === "notAfter") === to > from ? "wider" : "narrower", "term", text)];
  });
}

function partyChanges(old: Grant, now: Grant): Change[] {
  return [
    ...onePartyChange("运营机构", old.operator, now.operator),
    ...onePartyChange("开发主体", old.developer, now.developer),
    ...now.callers.filter((caller) => !isAmong(caller, old.callers)).map((caller) => callerChange("wider", caller)),
    ...old.callers.filter((caller) => !isAmong(caller, now.callers)).map((caller) => callerChange("narrower", caller)),
  ];
}

function isAmong({ party, keyId }: GrantParty, callers: readonly GrantParty[]): boolean {
  return callers.some((other) => other.party === party && other.keyId === keyId);
}

function callerChange(direction: "wider" | "narrower", { party, keyId }: GrantParty): Change {
  const verb = direction === "wider" ? "增加" : "去掉";
  return change(direction, "parties", `${verb}使用方 ${party}（密钥 ${keyFingerprint(keyId)}）`);
}

function onePartyChange(label: string, from: GrantParty, to: GrantParty): Change[] {
  if (from.party !== to.party) return replaced("parties", label, from.party, to.party);
  const [old, now] = [keyFingerprint(from.keyId), keyFingerprint(to.keyId)];
  return from.keyId === to.keyId ? [] : [change("other", "parties", `${label} ${to.party} 换了密钥：${old} → ${now}`)];
}

/** A restriction that falls away widens what users may do. */
function restrictionChanges({ restrictions: old = [] }: Grant, { restrictions: now = [] }: Grant): Change[] {
  return [
    ...old.filter((text) => !now.includes(text)).map((text) => change("wider", "restrictions", `取消：${text}`)),
    ...now.filter((text) => !old.includes(text)).map((text) => change("narrower", "restrictions", `增加：${text}`)),
  ];
}

function wordChanges(old: Grant, now: Grant): Change[] {
  return [
    ...replaced("purpose", "用途", old.scene.purpose, now.scene.purpose),
    ...replaced("purpose", "价值说明", old.scene.value, now.scene.value),
    ...(canonicalText(old.consent) === canonicalText(now.consent)
      ? []
      : replaced("basis", "法律依据", consentWords(old.consent), consentWords(now.consent))),
    ...(canonicalText(old.price) === canonicalText(now.price)
      ? []
      : replaced("price", "价格", priceWords(old.price), priceWords(now.price))),
  ];
}
