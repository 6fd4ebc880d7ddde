/** Parties, quotas, term, legal basis and price of a grant: the tables an officer reads.
 *  @module */
import { quotaOf } from "@sluice/evidence/verify";
import { Operation, type Grant } from "@sluice/protocol";
import { amountText, daysBetween, hashFingerprint, keyFingerprint, minuteText } from "./chinese-figures.ts";
import { OPERATION_WORDS, priceUnitWord, unitWord } from "./operation-words.ts";
import type { Names } from "./names.ts";
import type { Section } from "./page.ts";

const ITEM = { zh: "事项", en: "item" } as const;
const CONTENT = { zh: "内容", en: "content" } as const;

/** The parties, with the role each has under this grant. */
export function partyRows(grant: Grant): { role: string; party: string; keyId: string }[] {
  return [
    { role: "运营机构", ...grant.operator },
    { role: "开发主体", ...grant.developer },
    ...grant.callers.map((caller) => ({ role: "使用方", ...caller })),
  ];
}

/** Who may act, each with its key. */
export function partySection(grant: Grant, names: Names): Section {
  return {
    title: { zh: "谁", en: "Who: the parties and their keys" },
    columns: [
      { zh: "角色", en: "role" },
      { zh: "主体", en: "party" },
      { zh: "密钥指纹", en: "key" },
    ],
    rows: partyRows(grant).map(({ role, party, keyId }) => [
      { text: role },
      { text: titled(names.party({ party, keyId }), party) },
      { text: keyFingerprint(keyId), code: true },
    ]),
    remark: "只认密钥：每次使用都须用下列密钥签名，名单外的人拿到本文件也不能用",
  };
}

function titled(title: string, identifier: string): string {
  return title === identifier ? identifier : `${title}（${identifier}）`;
}

/** How often each operation may be done. */
export function quotaSection(grant: Grant, names: Names): Section {
  const shown = Operation.options.filter(
    (operation) => grant.operations.includes(operation) || quotaOf(grant, operation) > 0n,
  );
  return {
    title: { zh: "多少次", en: "How often: quotas over the whole term" },
    columns: [
      { zh: "用法", en: "operation" },
      { zh: "由谁", en: "by" },
      { zh: "上限", en: "quota" },
    ],
    rows: [
      ...shown.map((operation) => {
        const words = OPERATION_WORDS[operation];
        return [
          { text: words.zh },
          { text: whoWords(grant, words.who, names) },
          { text: quotaWords(grant, operation) },
        ];
      }),
      ...(grant.selections === undefined
        ? []
        : [
            [
              { text: "隐藏选择求和" },
              { text: "每个使用方、每个产品" },
              { text: selectionTermsWords(grant.selections) },
            ],
          ]),
    ],
    remark: "整个授权期内合计；用完即停，不自动追加",
  };
}

/** What hidden selections each caller has. */
export function selectionTermsWords({ most, epsilon }: NonNullable<Grant["selections"]>): string {
  return `至多登记 ${most} 个选择；对同一期数据的全部合计（连同计数）ε ≤ ${epsilon}`;
}

function quotaWords(grant: Grant, operation: Operation): string {
  const quota = quotaOf(grant, operation);
  if (!grant.operations.includes(operation)) return `${amountText(quota, unitWord(operation))}（未列入用法，不能使用）`;
  return quota === 0n ? "0（没有配额，不能使用）" : amountText(quota, unitWord(operation));
}

/** Names of the parties that do an operation. */
function whoWords(grant: Grant, who: "developer" | "operator" | "caller", names: Names): string {
  return who === "caller" ? callerWords(grant, names) : names.party(grant[who]);
}

const CALLERS_NAMED = 3;

/** The callers: the first few by name. */
export function callerWords({ callers }: Grant, names: Names): string {
  const all = [...new Map(callers.map((caller) => [caller.party, names.party(caller)])).values()];
  const first = all.slice(0, CALLERS_NAMED).join("、");
  return all.length > CALLERS_NAMED ? `${first} 等 ${all.length} 家` : first;
}

/** Why, on what ground, until when, at what price. */
export function termSection(grant: Grant, names: Names): Section {
  const { scene } = grant;
  const rows = [
    ["用途", scene.purpose],
    ["价值（申请方所述）", scene.value],
    ["法律依据", consentWords(grant.consent)],
    ["起", `${minuteText(grant.notBefore)}（北京时间）`],
    ["止", `${minuteText(grant.notAfter)}（北京时间），到时即停${termDays(grant)}`],
    ["价格", priceWords(grant.price)],
    ["场景编号", scene.scene],
    ["数据域 / 数据资源", `${grant.domain} / ${titled(names.resource, grant.resource)}`],
  ] as const;
  return {
    title: { zh: "为什么、凭什么、到何时、多少钱", en: "Why, legal basis, term, price" },
    columns: [ITEM, CONTENT],
    rows: rows.map(([item, content]) => [{ text: item }, { text: content }]),
  };
}

function termDays({ notBefore, notAfter }: Grant): string {
  const days = daysBetween(notBefore, notAfter);
  return days === null ? "" : `；共 ${days} 天`;
}

/** What users of answers must keep to; nothing when the grant sets nothing. */
export function restrictionSection({ restrictions = [] }: Grant): Section[] {
  if (restrictions.length === 0) return [];
  return [
    {
      title: { zh: "使用限制", en: "Restrictions: what users of answers must keep to" },
      columns: [
        { zh: "序号", en: "no." },
        { zh: "内容", en: "rule" },
      ],
      rows: restrictions.map((text, i) => [{ text: String(i + 1) }, { text }]),
      remark: "使用方的每次签名都指明本授权，即为接受；程序不能代为执行，靠协议和监管",
    },
  ];
}

/** The ground on which rows of persons are in the product. */
export function consentWords(consent: Grant["consent"]): string {
  return consent.kind === "legal-basis"
    ? `依法处理：${consent.basis}`
    : `本人同意：只用字段 ${consent.field} 记载为已同意的人`;
}

/** What it costs. */
export function priceWords(price: Grant["price"]): string {
  return price.kind === "free" ? `无偿（${price.reason}）` : `${priceUnitWord(price.unit)} ${price.amount} 元`;
}

/** Full identifiers, for those who compare them character by character. */
export function identifierSection(grant: Grant, hash: string): Section {
  const keys = partyRows(grant).map(({ role, party, keyId }) => [`${role} ${party}`, keyId] as const);
  const rows = [["本授权的编号（哈希）", hash], ["脱敏策略（哈希）", grant.policy], ...keys] as const;
  return {
    title: { zh: "完整编号", en: "Full identifiers" },
    columns: [ITEM, CONTENT],
    rows: rows.map(([item, text]) => [{ text: item }, { text, code: true }]),
    remark: `正文所列指纹为密钥首尾各 8 位；本授权简号 ${hashFingerprint(hash)}`,
  };
}
