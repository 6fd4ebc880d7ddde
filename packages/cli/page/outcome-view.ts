/** The outcome as a person reads it: the verdict first, then what does not verify and why, then the rest.
 *  @module */
import { manifestText, type FolderReport } from "@sluice/evidence/verify";
import type { Operation } from "@sluice/protocol";
import { keyFingerprint, minuteText } from "../src/officer/chinese-figures.ts";
import { OPERATION_WORDS } from "../src/officer/operation-words.ts";
import type { Level, Words } from "../src/officer/page.ts";
import { failureWords } from "../src/verifier/failure-words.ts";
import { pinRows } from "../src/verifier/pin-rows.ts";
import { element, table, words } from "./elements.ts";

const MARKS: Readonly<Record<Level, string>> = { good: "✓", caution: "!", bad: "✗" };
/** Failures on the page. */
const MAX_SHOWN = 200;

/** A verdict with a sentence below it. */
export function banner(level: Level, verdict: Words, ...below: (Node | string)[]): HTMLElement {
  const mark = element("span", "mark", MARKS[level]);
  mark.setAttribute("aria-hidden", "true");
  return element(
    "div",
    `verdict ${level}`,
    mark,
    element("div", "", element("strong", "", words(verdict)), element("p", "", ...below)),
  );
}

/** Everything about a report. `loose`: what was verified of single documents, without the logs that they name. */
export function outcomeView(report: FolderReport, name: string, loose: Node | null): Node[] {
  return [
    verdictOf(report, loose !== null),
    figures(report, name, loose !== null),
    failureTable(report),
    ...(loose === null ? [] : [loose]),
    logTable(report),
    anchorTable(report),
    receiptTable(report),
    keyTable(report),
  ];
}

function verdictOf({ ok, failures, failed, manifest }: FolderReport, loose: boolean): HTMLElement {
  const [first] = failures;
  if (!ok && first !== undefined) {
    const { zh, en } = failureWords(first.error);
    return banner(
      "bad",
      { zh: `有 ${failed} 项不相符，不可采信`, en: `${failed} do not verify: do not rely on this` },
      words({ zh: `首先是 ${first.file}：${zh}`, en: `First ${first.file}: ${en}` }),
    );
  }
  if (manifest !== null) {
    return banner("good", { zh: "全部相符", en: "Everything verifies" }, words(COMPARE));
  }
  const verdict = loose
    ? { zh: "所选文件相符；未附日志，未整体核验", en: "These documents verify; the logs were not given" }
    : {
        zh: "凭证与日志相符；没有 manifest.json，不是完整的审计资料",
        en: "Receipts and logs verify; no manifest.json",
      };
  return banner("caution", verdict, words(COMPARE));
}

const COMPARE: Words = {
  zh: "前提：下表公钥与您另行取得的一致。",
  en: "Provided that the keys below are those that you obtained elsewhere.",
};

const DOCUMENTS: Words = { zh: "文件", en: "Documents" };

function figures({ manifest, receipts, logs }: FolderReport, name: string, loose: boolean): HTMLElement {
  const boxes: [Words, string][] = [
    [loose ? DOCUMENTS : { zh: "凭证", en: "Receipts" }, `${receipts.verified} / ${receipts.checked}`],
  ];
  if (!loose) boxes.push([{ zh: "日志", en: "Logs" }, `${logs.filter(({ ok }) => ok).length} / ${logs.length}`]);
  if (manifest !== null) {
    boxes.push([{ zh: "文件", en: "Files" }, String(Object.keys(manifest.files).length + 1)]);
    boxes.push([{ zh: "期间", en: "Period" }, `${minuteText(manifest.from)} 至 ${minuteText(manifest.to)}`]);
  }
  if (name !== "") boxes.push([{ zh: "文件夹", en: "Folder" }, name]);
  return element(
    "div",
    "figures",
    ...boxes.map(([label, value]) =>
      element("div", "", element("span", "label", words(label)), element("b", "", value)),
    ),
  );
}

function failureTable({ failures, failed }: FolderReport): Node {
  const rows = failures
    .slice(0, MAX_SHOWN)
    .map(({ file, error }) => [element("code", "", file), words(failureWords(error))]);
  const more = failed > MAX_SHOWN ? `，此处列出前 ${MAX_SHOWN} 项` : "";
  const title = { zh: `不相符的文件（${failed} 项${more}）`, en: "What does not verify" };
  const remark = element("p", "remark-line", words(SYSTEM_FILES));
  const list = table(title, [{ zh: "文件", en: "File" }, { zh: "原因", en: "Why" }], rows); // prettier-ignore
  if (rows.length > 0) list.appendChild(remark);
  return list;
}

const SYSTEM_FILES: Words = {
  zh: "操作系统自动生成的文件（.DS_Store、Thumbs.db、desktop.ini）可以删除后重新核验；其余请原样保留，并要求重新提供。",
  en: "Files that the system made may be deleted; keep everything else as it is and ask for the export again.",
};

function logTable({ logs }: FolderReport): Node {
  const rows = logs.map(({ name, origin, entries, firstKept, ok }) => [
    name === "gateway" ? "网关" : `数据域 ${name}`,
    element("code", "", origin),
    entriesCell(ok ? `${entries} 条` : "—", firstKept),
    mark(ok),
  ]);
  const columns = [
    { zh: "所属", en: "Whose" },
    { zh: "名称", en: "Origin" },
    { zh: "条目", en: "Entries" },
    { zh: "结果", en: "Outcome" },
  ];
  return table({ zh: "日志", en: "Logs" }, columns, rows);
}

function entriesCell(entries: string, firstKept: number | undefined): HTMLElement {
  if (firstKept === undefined) return element("span", "", entries);
  const pruned = {
    zh: `；已清理，编号 ${firstKept} 之前的不再保存`,
    en: `pruned: entries before ${firstKept} are no longer kept`,
  };
  return element("span", "", entries, words(pruned));
}

function anchorTable({ anchors }: FolderReport): Node {
  const rows = anchors.map(({ log, anchor, kind, checked, verified, newest }) => [
    log === "gateway" ? "网关" : `数据域 ${log}`,
    anchor,
    `${verified} / ${checked}`,
    newest === null ? "—" : `${newest.size} 条，${minuteText(newest.at)}`,
    newest === null ? "—" : element("code", "key", newest.checkpointSha256),
    kind === "webhook" && checked > 0 && checked === verified
      ? words(ON_CHAIN)
      : mark(checked > 0 && checked === verified),
  ]);
  const columns = [
    { zh: "日志", en: "Log" },
    { zh: "存证方", en: "Anchor" },
    { zh: "记录", en: "Records" },
    { zh: "最近一次", en: "Last" },
    { zh: "检查点 SHA-256", en: "Checkpoint" },
    { zh: "结果", en: "Outcome" },
  ];
  return table({ zh: "外部存证", en: "Anchors" }, columns, rows);
}

const ON_CHAIN: Words = { zh: "与日志相符；请在链上查找该哈希值", en: "fits the log: look for the hash on the chain" };

function receiptTable({ operations }: FolderReport): Node {
  const rows = Object.entries(operations).map(([operation, { checked, verified }]) => [
    words(OPERATION_WORDS[operation as Operation]),
    String(checked),
    String(verified),
    mark(checked === verified),
  ]);
  const columns = [
    { zh: "用法", en: "Operation" },
    { zh: "核验", en: "Checked" },
    { zh: "相符", en: "Verified" },
    { zh: "结果", en: "Outcome" },
  ];
  return table({ zh: "凭证", en: "Receipts" }, columns, rows);
}

function mark(ok: boolean): HTMLElement {
  return element(
    "span",
    ok ? "good" : "bad",
    words(ok ? { zh: "✓ 相符", en: "verified" } : { zh: "✗ 不相符", en: "no" }),
  );
}

function keyTable({ trust, manifest }: FolderReport): Node {
  const rows = (trust === null ? [] : pinRows(trust)).map(({ whose, use, key }) => [
    words(whose),
    words(use),
    element("b", "fingerprint", keyFingerprint(key)),
    element("code", "key", key),
  ]);
  if (manifest !== null) {
    const digest = { zh: "全部文件", en: "everything" };
    const use = { zh: "摘要，与公函比对", en: "digest, in the letter" };
    rows.push([words(digest), words(use), element("span", ""), element("code", "key", manifestText(manifest).digest)]);
  }
  const columns = [
    { zh: "所属", en: "Whose" },
    { zh: "用途", en: "Use" },
    { zh: "指纹", en: "Fingerprint" },
    { zh: "全文", en: "In full" },
  ];
  return table({ zh: "请与另行取得的比对", en: "Compare with what you obtained elsewhere" }, columns, rows);
}
