/** A release as the department's officer reads it: verified, held against its grant and the development run that it
 *  rests on, and explained.
 *  @module */
import type { TrustPins } from "@sluice/evidence/verify";
import {
  documentHash,
  FORM_OPERATIONS,
  formOf,
  type Grant,
  type ProductForm,
  type Release,
  type Run,
} from "@sluice/protocol";
import { dayText, hashFingerprint, minuteText } from "./chinese-figures.ts";
import type { GrantDocument, ReleaseDocument } from "./documents.ts";
import { FORM_NAMES, FORM_REMARKS, formAttention, productWords, type Asker } from "./form-words.ts";
import { grantPins, namedPolicy, termCheck, verdictOf } from "./grant-page.ts";
import { callerWords } from "./grant-terms.ts";
import { columnWords, namesOf, plainNames, type Names, type NameSources } from "./names.ts";
import { qualifiedLead, type Check, type Figure, type OfficerPage } from "./page.ts";
import { keepsModel, modelFigure, NETWORK_ATTENTION } from "./network-words.ts";
import { lockfileWords } from "../lockfile-text.ts";
import { releaseChanges } from "./release-changes.ts";
import { fitOfRun, fitSection, type RunFit } from "./release-fit.ts";
import { guardCounts, runSections } from "./release-run.ts";
import { paramWords } from "./param-words.ts";
import { checkSignatures } from "./signature-check.ts";

/** A release with what an officer has beside it. */
export interface ReleaseToShow {
  readonly release: ReleaseDocument;
  readonly grant?: GrantDocument;
  readonly run?: Run;
  readonly previous?: ReleaseDocument;
  readonly trust?: TrustPins;
  /** Files with names for parties and columns. */
  readonly names?: NameSources;
  readonly now: Date;
}

/** The page of a release. */
export async function releasePage(shown: ReleaseToShow): Promise<OfficerPage> {
  const { release, grant, run, previous, trust, now } = shown;
  const { body } = release;
  const hash = await documentHash(body);
  const pins = grantPins(trust, body.domain)?.slice(0, 1) ?? null; // the department alone signs a release
  const signatures = await checkSignatures(release, pins);
  const fit = run === undefined ? null : await fitOfRun(body, run, grant?.body);
  const checks = [
    signatures.check,
    ...(await grantChecks(shown)),
    fit === null ? RUN_MISSING : fitCheck(fit),
    ...(previous === undefined ? [] : [await previousCheck(previous, body, trust)]),
  ];
  const matching = fit?.every(({ fits }) => fits) === true ? run : undefined;
  const policy = grant === undefined ? null : await namedPolicy(grant.body, grant.policy);
  const verdict = verdictOf(checks);
  const names = grant === undefined ? null : await namesFor(grant.body, shown);
  const product: ShownProduct = {
    grant: grant?.body,
    names,
    run: matching,
    form: matching?.manifest === undefined ? null : formOf(matching.manifest),
  };
  return {
    kind: { zh: "数据产品发布许可 · 核阅页", en: "Release, as its officer reads it" },
    heading: `${body.product} 第 ${body.version} 版`,
    lead: qualifiedLead(releaseLead(body, product), verdict, release.signatures.length > 0),
    verdict,
    checks,
    figures: figures(body, product),
    comparison:
      previous === undefined
        ? null
        : {
            against: `${previous.body.product} 第 ${previous.body.version} 版，${minuteText(previous.body.at)}`,
            changes: releaseChanges(previous.body, body),
          },
    attention: attention(run, fit, product),
    allows: allows(body, product),
    forbids: forbids(body, product),
    sections: [
      ...(matching === undefined ? [] : runSections(matching, policy, { names, grant: grant?.body })),
      fitSection(body, fit),
      signatures.section,
      identifiers(body, hash, matching),
    ],
    hash,
    printedAt: minuteText(now.toISOString()),
  };
}

/** What is known of the product that the release lets loose. */
interface ShownProduct {
  readonly grant: Grant | undefined;
  readonly names: Names | null;
  /** The development run, when it fits the release. */
  readonly run: Run | undefined;
  readonly form: ProductForm | null;
}

function namesFor(grant: Grant, { names, trust }: ReleaseToShow): Promise<Names> | Names {
  return names === undefined ? plainNames(grant) : namesOf(grant, names, trust);
}

const RUN_MISSING: Check = {
  level: "caution",
  words: { zh: "未附开发运行（--report），看不到程序和守卫结论", en: "No run: what the bundle does is not shown" },
};

function fitCheck(fit: readonly RunFit[]): Check {
  const wrong = fit.filter(({ fits }) => !fits).map(({ item }) => item);
  return wrong.length === 0
    ? { level: "good", words: { zh: "开发运行与许可逐项一致", en: "The run is the one the release names" } }
    : {
        level: "bad",
        words: { zh: `开发运行与许可不符：${wrong.join("、")}`, en: "The run is not the one the release names" },
      };
}

async function grantChecks({ release, grant, trust, now }: ReleaseToShow): Promise<Check[]> {
  if (grant === undefined) {
    return [
      {
        level: "caution",
        words: { zh: "未附授权（--grant），看不到用途、字段和期限", en: "No grant: purpose and term are not shown" },
      },
    ];
  }
  if ((await documentHash(grant.body)) !== release.body.grant || grant.body.domain !== release.body.domain) {
    const zh = "所附授权不是许可所指的那一份";
    return [{ level: "bad", words: { zh, en: "The grant is not the one the release names" } }];
  }
  const { check } = await checkSignatures(grant, grantPins(trust, grant.body.domain));
  const { level, words } = check;
  return [{ level, words: { zh: `所附授权：${words.zh}`, en: `The grant: ${words.en}` } }, termCheck(grant.body, now)];
}

async function previousCheck(previous: ReleaseDocument, body: Release, trust: TrustPins | undefined): Promise<Check> {
  const pins = grantPins(trust, previous.body.domain)?.slice(0, 1) ?? null;
  const { check } = await checkSignatures(previous, pins);
  if (check.level === "bad") {
    const { zh, en } = check.words;
    return { level: "bad", words: { zh: `上一版许可：${zh}`, en: `The previous release: ${en}` } };
  }
  return previous.body.product === body.product && previous.body.domain === body.domain
    ? { level: "good", words: { zh: "上一版是同一产品，可以对比", en: "The previous release is of the same product" } }
    : {
        level: "caution",
        words: { zh: "上一版是另一个产品，对比仅供参考", en: "The previous release is of another product" },
      };
}

/** What the domain itself makes of the declaration of the run's bundle; null when the bundle makes what it serves. */
function declaredBy(run: Run | undefined): { readonly lead: string; readonly work: string } | null {
  const kinds = new Set(Object.values(run?.manifest?.outputs ?? {}).map(({ kind }) => kind));
  if (kinds.has("noisy-table")) {
    return { lead: "制表，不运行程序，", work: "按申报对全部行分组、求和、加噪，|：不运行程序，扣除隐私预算" };
  }
  if (kinds.has("hidden-selection")) {
    return { lead: "分组求和，不运行程序，", work: "按申报对全部行分组、求和，|：不运行程序，各组之和留在域内" };
  }
  if (kinds.has("sum")) {
    return {
      lead: "取数，不运行程序，",
      work: "按申报取出每人的合计并截断、盲化其标识，|：不运行程序，只答加噪的合计与人数",
    };
  }
  if (kinds.has("dataset")) {
    return {
      lead: "交付脱敏样本，不运行程序，",
      work: "按申报抽取授权政策下的认证样本（与开发样本同一批人），|：不运行程序，样本不过关卡即不建",
    };
  }
  return null;
}

function releaseLead({ domain, product, version, bundle }: Release, shown: ShownProduct): string {
  const { grant, run, form } = shown;
  const scene = grant === undefined ? "所指授权" : `授权「${grant.scene.title}」`;
  const declared = declaredBy(run);
  const what =
    form === "score" && !keepsModel(run)
      ? `允许数据域 ${domain} 以这一份模型（程序简号 ${hashFingerprint(bundle)}）`
      : declared !== null
        ? `允许数据域 ${domain} 按这一份申报（程序简号 ${hashFingerprint(bundle)}）${declared.lead}`
        : `允许数据域 ${domain} 对全部数据行运行这一份程序（简号 ${hashFingerprint(bundle)}），`;
  const answers = run?.manifest === undefined ? "" : `：${productWords(run.manifest, run.model, askerOf(shown))}`;
  return `${what}建成产品 ${product} 第 ${version} 版${answers}。只在${scene}的期限、配额和主体范围内作答；原始数据不出域。`;
}

function askerOf({ grant, names }: ShownProduct): Asker {
  if (grant === undefined || names === null) return { callers: "授权所列使用方", key: "授权所列查询键" };
  return { callers: `使用方 ${callerWords(grant, names)} `, key: columnWords(grant.key, names) };
}

function figures(release: Release, { grant, run, form }: ShownProduct): Figure[] {
  const version: Figure = {
    label: { zh: "产品版本", en: "Version" },
    value: `第 ${release.version} 版`,
    remark: `${minuteText(release.at)}出具`,
  };
  const term: Figure[] =
    grant === undefined
      ? []
      : [{ label: { zh: "授权至", en: "Grant until" }, value: dayText(grant.notAfter), remark: "随授权到期停止" }];
  if (run === undefined) return [version, ...term];
  const { passed, changed, review, refused } = guardCounts(run);
  const waiting = review === 0 ? "" : `${review} 项须人工审查，`;
  return [
    version,
    ...(form === null
      ? []
      : [{ label: { zh: "产品形态", en: "Form" }, value: FORM_NAMES[form], remark: FORM_REMARKS[form] }]),
    {
      label: { zh: "输出守卫", en: "Guard" },
      value: refused > 0 ? "不放行" : review > 0 ? "须人工审查" : "放行",
      remark: `${passed} 项通过，${changed} 项修整，${waiting}${refused} 项不放行`,
    },
    {
      label: { zh: "模型参数", en: "Model parameters" },
      ...modelFigure(run),
    },
    ...term,
  ];
}

function attention(run: Run | undefined, fit: readonly RunFit[] | null, { form }: ShownProduct): string[] {
  const unread = "未附开发运行：请先看守卫结论和程序所读字段，再签名";
  if (run === undefined || fit?.every(({ fits }) => fits) !== true) return [unread];
  const { review, refused } = guardCounts(run);
  return [
    ...(refused === 0 ? [] : [`输出守卫有 ${refused} 项不予放行`]),
    ...(review === 0 ? [] : [`输出守卫有 ${review} 项自动判断不了，须人工审查：请在数据域查看查验报告后再签`]),
    "获准的程序仍可能把数据的痕迹写进输出：守卫限制个数、位数和词表，不能完全杜绝；请看清程序再签",
    ...(run.model === undefined ? [] : ["模型参数随许可出域，视同公开"]),
    ...(keepsModel(run) ? [NETWORK_ATTENTION] : form === null ? [] : formAttention(FORM_OPERATIONS[form]).slice(0, 1)),
  ];
}

function allows(release: Release, shown: ShownProduct): string[] {
  const { run, form } = shown;
  const fields = run?.manifest === undefined ? "" : `，只读 ${Object.keys(run.manifest.input).length} 个已脱敏字段`;
  const model = release.model === undefined ? "" : "用这一份模型";
  const product = `产品 ${release.product} 第 ${release.version} 版`;
  const answers =
    run?.manifest === undefined
      ? "授权所列使用方在配额和期限内按授权的用法使用该产品"
      : `${productWords(run.manifest, run.model, askerOf(shown))}；限于配额和期限`;
  if (form === "score" && !keepsModel(run)) {
    return [`${model}在数据域 ${release.domain} 内建成${product}：只对密文评分，不再运行程序，不读任何数据行`, answers];
  }
  const declared = declaredBy(run);
  if (declared !== null) {
    return [`数据域 ${release.domain} ${declared.work.replace("|", `建成${product}`)}`, answers];
  }
  return [
    `这一份程序（逐字节认定）在数据域 ${release.domain} 内对全部行运行${fields}`,
    `${model}建成${product}，结果留在数据域内`,
    answers,
  ];
}

function forbids({ grant, model }: Release, { form, run }: ShownProduct): string[] {
  const bulk: string =
    form === "report"
      ? "取走原始数据，或报告以外的统计"
      : form === "dataset"
        ? "取走原始数据，或所列样本以外的行和字段；期满之后再取"
        : "取走原始数据，或整批取走结果：结果只按申请作答";
  return [
    "程序改动一个字节：须重新开发、审查、签许可",
    ...(model === undefined ? [] : ["换用另一个模型，或改动参数"]),
    ...(keepsModel(run) ? ["取走留域模型的参数，或给任何人看：模型只用来评分"] : []),
    `扩大授权（${hashFingerprint(grant)}）的字段、主体、配额、用途和期限：许可不增加任何授权`,
    bulk,
    "授权到期或撤销之后继续运行",
  ];
}

function identifiers(release: Release, hash: string, run: Run | undefined): OfficerPage["sections"][number] {
  const rows = [
    ["本许可的编号（哈希）", hash],
    ["授权（哈希）", release.grant],
    ["程序（作业包哈希）", release.bundle],
    ...(run?.manifest === undefined
      ? []
      : [["依赖锁定文件（程序自报，复建可核）", lockfileWords(run.manifest.lockfile)] as const]),
    ["申明（哈希）", release.manifest],
    ...(release.model === undefined ? [] : [["模型（哈希）", release.model] as const]),
    ...(release.params === undefined
      ? []
      : [["参数（正式运行一律用这些值）", paramWords(release.params) ?? "无"] as const]),
    ["守卫报告（哈希）", release.guardReport],
  ] as const;
  return {
    title: { zh: "完整编号", en: "Full identifiers" },
    columns: [
      { zh: "事项", en: "item" },
      { zh: "内容", en: "content" },
    ],
    rows: rows.map(([item, text]) => [{ text: item }, { text, code: true }]),
  };
}
