/** A grant as its officer reads it: verified, explained, and held against the previous one.
 *  @module */
import { quotaOf, type TrustPins } from "@sluice/evidence/verify";
import { documentHash, Operation, type Grant, type Policy } from "@sluice/protocol";
import { amountText, dayText, daysBetween, hashFingerprint, minuteText, shortAmount } from "./chinese-figures.ts";
import type { GrantDocument } from "./documents.ts";
import { grantChanges } from "./grant-changes.ts";
import { applicationSections } from "./application.ts";
import { fieldSection, grantAttention } from "./grant-fields.ts";
import { grantAllows, grantForbids, grantLead } from "./grant-meaning.ts";
import {
  identifierSection,
  partySection,
  priceWords,
  quotaSection,
  restrictionSection,
  termSection,
} from "./grant-terms.ts";
import { namesOf, plainNames, type Names, type NameSources } from "./names.ts";
import { OPERATION_WORDS, unitWord } from "./operation-words.ts";
import { qualifiedLead, worstLevel, type Check, type Comparison, type Figure, type OfficerPage } from "./page.ts";
import { checkSignatures, type SignerPins } from "./signature-check.ts";

/** A grant with what an officer has beside it. */
export interface GrantToShow {
  readonly grant: GrantDocument;
  /** The policy from a file of its own; otherwise the one that came with the grant. */
  readonly policy?: Policy;
  readonly previous?: GrantDocument;
  readonly trust?: TrustPins;
  /** Files with names for parties and columns. */
  readonly names?: NameSources;
  readonly now: Date;
}

/** Who must have signed a grant of `domain`. */
export function grantPins(trust: TrustPins | undefined, domain: string): SignerPins {
  if (trust === undefined) return null;
  const pins = Object.hasOwn(trust.domains, domain) ? trust.domains[domain] : undefined;
  if (pins === undefined) return [];
  return [
    { role: { zh: "数源部门", en: "source department" }, keyId: pins.departmentKey },
    { role: { zh: "实施机构", en: "agency" }, keyId: trust.agencyKey },
  ];
}

/** The page of a grant. */
export async function grantPage({
  grant,
  policy,
  previous,
  trust,
  names: sources,
  now,
}: GrantToShow): Promise<OfficerPage> {
  const { body } = grant;
  const names = sources === undefined ? plainNames(body) : await namesOf(body, sources, trust);
  const hash = await documentHash(body);
  const signatures = await checkSignatures(grant, grantPins(trust, body.domain));
  const given = policy ?? grant.policy;
  const named = await namedPolicy(body, given);
  const checks = [
    signatures.check,
    policyCheck(given, named),
    termCheck(body, now),
    ...(previous === undefined ? [] : [await previousCheck(previous, body, trust)]),
  ];
  const verdict = verdictOf(checks);
  return {
    kind: { zh: "公共数据授权 · 核阅页", en: "Grant, as its officer reads it" },
    heading: body.scene.title,
    lead: qualifiedLead(grantLead(body, names), verdict, grant.signatures.length > 0),
    verdict,
    checks,
    figures: figures(body, names),
    comparison: previous === undefined ? null : await compare(previous, body, named),
    attention: [...grantAttention(body, named, names), ...ALWAYS_ATTENTION],
    allows: grantAllows(body, named, names),
    forbids: grantForbids(body),
    sections: [
      fieldSection(body, named, names),
      partySection(body, names),
      quotaSection(body, names),
      ...restrictionSection(body),
      termSection(body, names),
      ...(grant.application === undefined ? [] : applicationSections(grant.application)),
      signatures.section,
      identifierSection(body, hash),
    ],
    hash,
    printedAt: minuteText(now.toISOString()),
  };
}

const ALWAYS_ATTENTION = ["出域的模型参数视同公开；已答出的查询结果收不回，事后使用靠协议和监管约束"];

/** The worst check stands for all. */
export function verdictOf(checks: readonly Check[]): Check {
  const level = worstLevel(checks);
  const first = checks.find((check) => check.level === level);
  return first ?? { level, words: { zh: "没有可核对的内容", en: "Nothing to check" } };
}

/** `policy` if it is the one that the grant names. */
export async function namedPolicy(grant: Grant, policy: Policy | null): Promise<Policy | null> {
  return policy !== null && (await documentHash(policy)) === grant.policy ? policy : null;
}

function policyCheck(given: Policy | null, named: Policy | null): Check {
  if (given === null) {
    return {
      level: "caution",
      words: { zh: "未附脱敏策略，不能说明字段如何处理", en: "No policy file: how fields are treated is not known" },
    };
  }
  return named === null
    ? {
        level: "bad",
        words: { zh: "所附脱敏策略不是授权所指的那一份", en: "The policy is not the one the grant names" },
      }
    : { level: "good", words: { zh: "脱敏策略与授权所指一致", en: "The policy is the one the grant names" } };
}

/** Where `now` is in the term. */
export function termCheck({ notBefore, notAfter }: Grant, now: Date): Check {
  const [start, end] = [Date.parse(notBefore), Date.parse(notAfter)];
  if (!(start < end)) {
    return { level: "bad", words: { zh: "授权期限不成立：止期不晚于起期", en: "The term ends before it starts" } };
  }
  if (now.getTime() < start) {
    const zh = `尚未生效：${minuteText(notBefore)}起`;
    return { level: "caution", words: { zh, en: "The term has not started" } };
  }
  if (now.getTime() >= end) {
    const zh = `已经到期：${minuteText(notAfter)}止`;
    return { level: "caution", words: { zh, en: "The term has ended" } };
  }
  return { level: "good", words: { zh: `在授权期内，至${dayText(notAfter)}`, en: "Within the term" } };
}

async function previousCheck(previous: GrantDocument, body: Grant, trust: TrustPins | undefined): Promise<Check> {
  const { check } = await checkSignatures(previous, grantPins(trust, previous.body.domain));
  if (check.level === "bad") {
    return {
      level: "bad",
      words: { zh: `上一版授权：${check.words.zh}`, en: `The previous grant: ${check.words.en}` },
    };
  }
  const same = previous.body.domain === body.domain && previous.body.scene.scene === body.scene.scene;
  return same
    ? { level: "good", words: { zh: "上一版属于同一场景，可以对比", en: "The previous grant is of the same scene" } }
    : {
        level: "caution",
        words: { zh: "上一版属于另一个场景，对比仅供参考", en: "The previous grant is of another scene" },
      };
}

async function compare(previous: GrantDocument, body: Grant, policy: Policy | null): Promise<Comparison> {
  const before = { body: previous.body, policy: await namedPolicy(previous.body, previous.policy) };
  const hash = hashFingerprint(await documentHash(previous.body));
  return {
    against: `${previous.body.scene.title}，${dayText(previous.body.notBefore)}起，简号 ${hash}`,
    changes: grantChanges(before, { body, policy }),
  };
}

function figures(grant: Grant, names: Names): Figure[] {
  const days = daysBetween(grant.notBefore, grant.notAfter);
  return [
    {
      label: { zh: "可用字段", en: "Fields" },
      value: `${grant.fields.length} 个`,
      remark: names.resource,
    },
    ...Operation.options.flatMap((operation): Figure[] => {
      const { figure } = OPERATION_WORDS[operation];
      if (figure === undefined || !grant.operations.includes(operation)) return [];
      const quota = quotaOf(grant, operation);
      const value = `${shortAmount(quota)} ${unitWord(operation)}`;
      return [{ label: figure, value, remark: `期内合计 ${amountText(quota, unitWord(operation))}` }];
    }),
    {
      label: { zh: "有效至", en: "Until" },
      value: dayText(grant.notAfter),
      remark: days === null ? "" : `共 ${days} 天，北京时间`,
    },
    {
      label: { zh: "价格", en: "Price" },
      value: grant.price.kind === "free" ? "无偿" : `${grant.price.amount} 元`,
      remark: grant.price.kind === "free" ? grant.price.reason : priceWords(grant.price),
    },
  ];
}
