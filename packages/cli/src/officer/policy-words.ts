/** A desensitisation policy in words: what happens to a column before any program or person sees it.
 *  @module */
import type { FieldRole, Policy, Transform } from "@sluice/protocol";
import { amountText, percentText } from "./chinese-figures.ts";

/** What a column can do to a person. */
export const ROLE_WORDS: Readonly<Record<FieldRole, string>> = {
  direct: "直接标识",
  quasi: "间接标识",
  sensitive: "敏感",
  other: "一般",
};

/** What is done to the column. */
export function transformWords(transform: Transform): string {
  switch (transform.kind) {
    case "drop":
      return "不提供";
    case "keep":
      return "原值提供，不作处理";
    case "mask":
      return maskWords(transform);
    case "token":
      return `换成代号${transform.hash === "sm3" ? "（SM3）" : ""}：同值同号，密钥不出数据域，看不出原文`;
    case "generalize":
      return `只留前 ${transform.length} 个字符，其余去掉`;
    case "bucket":
      return bucketWords(transform);
    case "hierarchy":
      return `按目录所列层次归并到第 ${transform.level} 层`;
    case "dateShift":
      return `日期整体平移，最多前后 ${transform.maxDays} 天；同一人的日期平移相同天数，间隔不变`;
    case "noise":
      return noiseWords(transform);
    case "fpe":
      return `换成同格式的假${FPE_WORDS[transform.format]}（FF1，${transform.cipher === "sm4" ? "SM4" : "AES"}）：同值同号，密钥不出数据域，不合格式的值置空，可能与他人的真实号码巧合`;
    case "fake":
      return `换成仿真${FAKE_WORDS[transform.of]}：同值同号，与原值无关，可能与他人的真实信息巧合`;
  }
}

function maskWords({ keepFirst, keepLast }: Extract<Transform, { kind: "mask" }>): string {
  const shown = [keepFirst > 0 ? `前 ${keepFirst} 位` : "", keepLast > 0 ? `后 ${keepLast} 位` : ""].filter(Boolean);
  return shown.length === 0 ? "全部遮盖为 *，只看得出长短" : `只留${shown.join("和")}，其余遮盖为 *`;
}

function bucketWords({ width, min, max }: Extract<Transform, { kind: "bucket" }>): string {
  const ends = `低于 ${min} 计为 ${min}，${max} 及以上并入最高档`;
  return `每 ${width} 一档，只给出档的下限（${ends}）`;
}

const FAKE_WORDS = {
  name: "姓名",
  mobile: "手机号",
  address: "地址",
  organization: "单位名称",
  plate: "车牌号",
} as const;

const FPE_WORDS = { "resident-id": "身份证号", mobile: "手机号", "bank-card": "银行卡号", digits: "数字串" } as const;

function noiseWords({ amplitude, per, min, max }: Extract<Transform, { kind: "noise" }>): string {
  const whose = per === "row" ? "每行各加" : "同一人的各行加同样的";
  const ends = [min === undefined ? "" : `不低于 ${min}`, max === undefined ? "" : `不高于 ${max}`].filter(Boolean);
  return `${whose}固定扰动，最多 ±${amplitude}${ends.length === 0 ? "" : `，${ends.join("、")}`}（不是差分隐私）`;
}

/** Whether the column shows as exactly as it is stored: kept, or in steps no coarser than whole numbers. */
export function showsOriginal(transform: Transform): boolean {
  return transform.kind === "keep" || (transform.kind === "bucket" && transform.width <= 1);
}

/** The transform of `name`; a column without a rule is dropped. */
export function transformOf(policy: Policy, name: string): Transform {
  return (Object.hasOwn(policy.columns, name) ? policy.columns[name] : undefined)?.transform ?? { kind: "drop" };
}

/** The role the policy gives to `name`, or null. */
export function roleOf(policy: Policy, name: string): FieldRole | null {
  return (Object.hasOwn(policy.columns, name) ? policy.columns[name] : undefined)?.role ?? null;
}

/** The sample that developers' programs run on. */
export function sampleWords({ sample, k, suppressionLimit }: Policy): string {
  const strata = sample.strata.length === 0 ? "" : `，按 ${sample.strata.join("、")} 分层`;
  const rows = amountText(BigInt(sample.rows), "行");
  const hash = sample.method === "hash" ? "，按密钥散列取样，行数可能略少" : "";
  return `最多抽样 ${rows}${strata}${hash}；间接标识的每种组合至少 ${k} 行，为此最多舍去 ${percentText(suppressionLimit)} 的行`;
}

/** Whether a program is shown more by `after` than by `before`; `other` when they cannot be ordered. */
export function transformDirection(before: Transform, after: Transform): "wider" | "narrower" | "other" {
  const known = (wider: boolean): "wider" | "narrower" => (wider ? "wider" : "narrower");
  if (before.kind !== after.kind) {
    if (before.kind === "drop" || after.kind === "drop") return known(before.kind === "drop");
    if (before.kind === "keep" || after.kind === "keep") return known(after.kind === "keep");
    return "other";
  }
  if (before.kind === "generalize" && after.kind === "generalize") return known(after.length > before.length);
  if (before.kind === "mask" && after.kind === "mask") {
    const [first, last] = [after.keepFirst - before.keepFirst, after.keepLast - before.keepLast];
    return first * last < 0 ? "other" : known(first + last > 0);
  }
  if (before.kind === "bucket" && after.kind === "bucket" && before.min === after.min && before.max === after.max) {
    return known(after.width < before.width);
  }
  if (before.kind === "hierarchy" && after.kind === "hierarchy") return known(after.level < before.level);
  if (before.kind === "dateShift" && after.kind === "dateShift") return known(after.maxDays < before.maxDays);
  if (before.kind === "noise" && after.kind === "noise" && (before.per === after.per || after.per === undefined)) {
    return before.amplitude === after.amplitude ? "other" : known(after.amplitude < before.amplitude);
  }
  return "other";
}
