/** The verdict on a folder as text, in Chinese and English, for `verify.mjs`.
 *  @module */
import { manifestText, type FolderReport } from "@sluice/evidence/verify";
import { SluiceError } from "@sluice/protocol";
import { visibleText } from "../officer/visible-text.ts";
import { failureWords } from "./failure-words.ts";
import { pinRows } from "./pin-rows.ts";

/** Failures that the text lists. */
const MAX_PRINTED = 20;

/** The lines. */
export function verdictText(report: FolderReport): string {
  const { manifest, trust, logs, anchors, receipts, failures, failed, ok } = report;
  const lines: string[] = [];
  if (manifest === null) lines.push("没有 manifest.json：只核验凭证与日志  no manifest.json: receipts and logs only");
  else {
    lines.push(`期间 period: [${manifest.from}, ${manifest.to})`);
    lines.push(`文件 files: ${Object.keys(manifest.files).length + 1}`);
    lines.push(`摘要（与公函所载比对）digest, compare with the letter: ${manifestText(manifest).digest}`);
  }
  for (const { name, entries, firstKept, ok: whole } of logs) {
    const pruned = firstKept === undefined ? "" : prunedText(firstKept);
    lines.push(
      `日志 log ${visibleText(name)}: ${whole ? `${entries} 条 entries, 相符 verified` : "不相符 NOT verified"}${pruned}`,
    );
  }
  for (const one of anchors) {
    const of = `${visibleText(one.anchor)} / ${visibleText(one.log)}`;
    lines.push(`外部存证 anchor ${of}: ${one.verified} / ${one.checked} 相符 verified${anchoredText(one)}`);
  }
  lines.push(`凭证 receipts: ${receipts.verified} / ${receipts.checked} 相符 verified`);
  if (trust !== null) {
    lines.push("公钥（随文件夹而来，请与另行取得的比对）keys, which came with the folder: compare them with yours");
    for (const { whose, use, key } of pinRows(trust)) lines.push(`  ${whose.zh} ${use.zh} ${use.en}: ${key}`);
  }
  for (const { file, error } of failures.slice(0, MAX_PRINTED)) {
    const { zh, en } = failureWords(error);
    lines.push(`✗ ${visibleText(file)}`, `    ${zh}`, `    ${error.code}: ${en}`);
  }
  if (failed > MAX_PRINTED) lines.push(`  … 另有 ${failed - MAX_PRINTED} 项  and ${failed - MAX_PRINTED} more`);
  const [first] = failures;
  if (first !== undefined) lines.push(`第一个不相符的文件 first failing file: ${visibleText(first.file)}`);
  lines.push(ok ? "全部相符  everything verifies" : "并非全部相符  NOT everything verifies");
  return `${lines.join("\n")}\n`;
}

function prunedText(firstKept: number): string {
  return `；已清理，编号 ${firstKept} 之前的条目不再保存 pruned: entries before ${firstKept} are no longer kept`;
}

/** The last state that an anchor has, and, of a webhook, what a person has to find on the chain. */
function anchoredText({ kind, newest }: FolderReport["anchors"][number]): string {
  if (newest === null) return "";
  const state = `；最近一次 last: ${newest.size} 条 entries, ${newest.at}`;
  return kind === "timestamp" ? state : `${state}，请在链上查找 look on the chain for ${newest.checkpointSha256}`;
}

/** The lines when nothing could be verified at all. */
export function stoppedText(error: unknown): string {
  if (!(error instanceof SluiceError)) return `无法核验  cannot verify: ${visibleText(String(error))}\n`;
  const { zh, en } = failureWords(error);
  return `无法核验  cannot verify\n    ${zh}\n    ${error.code}: ${en}\n`;
}
