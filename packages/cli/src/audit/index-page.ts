/** The index page of an export: what a regulator reads first. One HTML file, no script, nothing fetched, every string
 *  escaped; the evidence is the files beside it.
 *  @module */
import type { Grant, KeyId } from "@sluice/protocol";
import { amountText, dayText, keyFingerprint, minuteText } from "../officer/chinese-figures.ts";
import { FORM_WORDS } from "../officer/form-words.ts";
import { priceWords } from "../officer/grant-terms.ts";
import { html, type Markup } from "../officer/markup.ts";
import { OPERATION_WORDS, unitWord } from "../officer/operation-words.ts";
import { PAGE_STYLE } from "../officer/page-style.ts";
import type { Period } from "./collect.ts";
import { anchorSection, logSection } from "./index-logs.ts";
import { code, right, section, type Cell } from "./index-section.ts";
import type { Summary, UsageLine } from "./summary.ts";

/** Reviews and failed runs on the page; the files hold all. */
const MAX_LISTED = 500;

/** The page. */
export function indexPage(summary: Summary, { from, to }: Period, madeAt: string): string {
  const usage = summary.usage();
  const document = html`<!doctype html>
    <html lang="zh-CN">
      <head>
        <meta charset="utf-8" />
        <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'" />
        <meta name="referrer" content="no-referrer" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>公共数据授权运营 · 审计资料 ${dayText(from)}</title>
        ${PAGE_STYLE} ${AUDIT_STYLE}
      </head>
      <body>
        <main>
          <header>
            <div>
              <p>公共数据授权运营 · 审计资料 <span lang="en">Audit export</span></p>
              <h1>${minuteText(from)} 至 ${minuteText(to)}</h1>
            </div>
            <p class="number">${minuteText(madeAt)} 生成<br />北京时间；起含止不含</p>
          </header>
          <div class="figures">
            ${figure("凭证", "Receipts", amountText(String(summary.receipts), "份"))}
            ${figure("数域", "Domains", `${distinct(usage, "domain")} 个`)}
            ${figure("产品", "Products", `${distinct(usage, "product")} 个`)}
            ${figure("调用方", "Callers", `${distinct(usage, "caller")} 家`)}
            ${figure("未成功", "Rejected or failed", `${rejections(summary).length} 项`)}
          </div>
          ${usageSection(summary, usage)} ${grantSection(summary)} ${productSection(summary)} ${reviewSection(summary)}
          ${rejectionSection(summary)} ${logSection(summary)} ${anchorSection(summary)} ${fileSection()}
          <footer>
            本页由所附文件汇总而成，只供查阅；以 receipts/、grants/ 等文件及其签名为准。用浏览器打开 verify.html
            即可离线核验，方法见 VERIFY.md。凭证证明“记录了什么”，不证明“结果是否正确”；本文件夹不含任何数据行。
          </footer>
        </main>
      </body>
    </html> `;
  return document.toString();
}

const AUDIT_STYLE: Markup = html`<style>
  main {
    max-width: 297mm;
  }
  h1 {
    font-size: 22px;
  }
  .amount {
    white-space: nowrap;
    font-variant-numeric: tabular-nums;
  }
  td small {
    display: block;
    color: var(--soft);
    font-size: 11px;
    overflow-wrap: break-word;
  }
  td code {
    white-space: nowrap;
  }
  @page {
    size: A4 landscape;
  }
</style>`;

function figure(zh: string, en: string, value: string): Markup {
  return html`<div>
    <span class="label">${zh} <span lang="en">${en}</span></span
    ><b>${value}</b>
  </div>`;
}

function distinct(usage: readonly UsageLine[], member: "domain" | "product" | "caller"): string {
  return String(new Set(usage.flatMap((line) => line[member] ?? [])).size);
}

function usageSection(summary: Summary, usage: readonly UsageLine[]): Markup {
  const rows = usage.map((line): Cell[] => {
    const grant = summary.grant(line.grant);
    return [
      line.domain,
      named(grant?.scene.title ?? "（网关没有这份授权）", grant?.scene.scene ?? ""),
      named(line.product, versionText(line.version)),
      callerCell(summary, line.caller),
      OPERATION_WORDS[line.operation].zh,
      right(amountText(String(line.calls), "次")),
      right(amountText(line.amount, unitWord(line.operation))),
      priceWords(line.price),
    ];
  });
  return section("用量", "Usage", {
    head: ["数域", "场景", "产品", "调用方", "用法", "凭证", "用量", "价格规则"],
    rows,
    empty: "期间内没有凭证",
    remark: "按数域、授权、产品版本、调用方、用法与价格规则合计；单价以授权为准，金额不在本页计算",
  });
}

function callerCell(summary: Summary, caller: KeyId | null): Markup {
  if (caller === null) return named("（已删除）", "对调用方的指向已按删除要求销毁");
  return named(summary.title(caller) ?? "（未登记）", keyFingerprint(caller));
}

function grantSection(summary: Summary): Markup {
  const rows = summary
    .grants()
    .map(([hash, grant]): Cell[] => [
      named(grant.scene.title, grant.scene.scene),
      named(grant.domain, grant.resource),
      html`<bdi>${grant.scene.purpose}</bdi>`,
      fieldsOf(grant),
      html`<span class="amount">${dayText(grant.notBefore)} 起<br />${dayText(grant.notAfter)} 止</span>`,
      priceWords(grant.price),
      code(hash.slice(0, 16)),
    ]);
  return section("场景与授权", "Scenes and grants", {
    head: ["场景", "数域", "用途", "字段", "期限", "价格规则", "授权编号"],
    rows,
    empty: "没有",
    remark: "全文与脱敏策略在 grants/，申请与评审在 scenes/",
  });
}

function fieldsOf({ fields }: Grant): string {
  return fields.map(({ name }) => name).join("、");
}

function productSection(summary: Summary): Markup {
  const rows = summary
    .products()
    .map((product): Cell[] => [
      named(product.product, versionText(product.version)),
      code(product.registrationCode),
      FORM_WORDS[product.form],
      product.domain,
      product.status === "serving" ? "服务中" : "已登记",
      code(product.release.slice(0, 16)),
      code(product.bundle.slice(0, 16)),
    ]);
  return section("产品", "Products", {
    head: ["产品", "登记号", "形态", "数域", "状态", "发布许可", "程序包"],
    rows,
    empty: "没有",
  });
}

function reviewSection(summary: Summary): Markup {
  const rows = summary.reviews
    .slice(0, MAX_LISTED)
    .map(({ kind, subject, review }): Cell[] => [
      kind === "scene" ? "场景" : "开发试算",
      kind === "scene" ? subject : code(subject.slice(0, 16)),
      named(review.person, review.party),
      verdict(review.verdict),
      minuteText(review.at),
      html`<bdi>${review.note === "" ? "—" : review.note}</bdi>`,
    ]);
  return section("评审", "Reviews", {
    head: ["对象", "名称或编号", "评审人", "结论", "时间", "意见"],
    rows,
    empty: "没有",
    ...capped(summary.reviews.length, "scenes/ 与 reviews/"),
  });
}

function verdict(value: "approve" | "reject"): Markup {
  return value === "approve" ? html`<span class="good">同意</span>` : html`<span class="bad">不同意</span>`;
}

function rejections(summary: Summary): Cell[][] {
  const rejected = summary.reviews
    .filter(({ review }) => review.verdict === "reject")
    .map(({ kind, subject, review }): Cell[] => [
      kind === "scene" ? "场景被否决" : "开发试算被否决",
      kind === "scene" ? subject : code(subject.slice(0, 16)),
      html`<bdi>${review.note === "" ? "—" : review.note}</bdi>`,
    ]);
  const failed = summary.failed.map((run): Cell[] => [
    `${OPERATION_WORDS[run.operation].zh}未成功`,
    named(`${run.product} ${versionText(run.version)}`, run.callId),
    run.failure === undefined ? "—" : code(run.failure.code),
  ]);
  return [...rejected, ...failed];
}

function rejectionSection(summary: Summary): Markup {
  const rows = rejections(summary);
  return section("被拒绝与未成功", "Rejected or failed", {
    head: ["事项", "对象", "意见或错误代码"],
    rows: rows.slice(0, MAX_LISTED),
    empty: "没有",
    remark: "只列留有凭证或评审的事项；被网关或数域当场拒绝的请求没有凭证，不在其中",
    ...(rows.length > MAX_LISTED ? capped(rows.length, "runs/ 与 reviews/") : {}),
  });
}

function fileSection(): Markup {
  const rows: [string, string][] = [
    ["verify.html、verify.mjs", "核验程序：用浏览器打开，或用 Node 执行；请另行取得或比对其 SHA-256"],
    ["VERIFY.md", "核验方法与公钥"],
    ["manifest.json", "每个文件的 SHA-256"],
    ["trust.json、parties.json", "核验所用公钥；实施机构签名的主体名录"],
    ["receipts/、requests/", "凭证（含两份日志的包含证明）；调用方签名的请求"],
    ["events/", "各数域日志中的事件：启动、导入、授权与停止、运行、构建、销毁；与凭证一起可解释日志的每一条"],
    ["grants/、scenes/", "授权与脱敏策略；场景申请与评审"],
    ["products/、releases/", "产品登记；数源部门签名的发布许可"],
    ["runs/、reviews/", "开发试算与正式构建的护栏报告、脱敏证书；评审记录"],
    ["logs/、anchors/", "网关与各数域的日志；其检查点的外部存证记录"],
  ];
  return section("文件", "Files", {
    head: ["位置", "内容"],
    rows: rows.map(([path, what]) => [code(path), what]),
    empty: "",
  });
}

function capped(count: number, where: string): { remark?: string } {
  return count <= MAX_LISTED ? {} : { remark: `共 ${count} 项，此处列出前 ${MAX_LISTED} 项，全部在 ${where}` };
}

function named(title: string, identifier: string): Markup {
  return html`<bdi>${title}</bdi><small>${identifier}</small>`;
}

function versionText(version: number): string {
  return `第 ${version} 版`;
}
