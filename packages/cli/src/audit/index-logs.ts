/** Logs and anchors on an export's index page.
 *  @module */
import { amountText, keyFingerprint, minuteText } from "../officer/chinese-figures.ts";
import { html, type Markup } from "../officer/markup.ts";
import { code, right, section, type Cell } from "./index-section.ts";
import type { Summary } from "./summary.ts";

/** The copied logs. */
export function logSection({ logs }: Summary): Markup {
  const rows = logs.map(({ name, origin, entries, firstKept, logKey }): Cell[] => [
    ownerOf(name),
    code(origin),
    right(
      firstKept === undefined
        ? amountText(String(entries), "条")
        : html`${amountText(String(entries), "条")}<small>已清理：编号 ${String(firstKept)} 之前的条目不再保存</small>`,
    ),
    code(keyFingerprint(logKey)),
  ]);
  return section("日志", "Logs", {
    head: ["所属", "名称", "条目", "公钥指纹"],
    rows,
    empty: "没有",
    remark:
      "从第一条到所附检查点的全部条目与哈希瓦片（C2SP tlog-tiles；已清理的条目除外，以日志签名的 pruned 为准），条目为加盐承诺值，不含数据",
  });
}

/** The records of anchors; nothing when no anchor is pinned. A webhook's last hash is to be compared on the chain. */
export function anchorSection({ anchors }: Summary): Markup | "" {
  if (anchors.length === 0) return "";
  const rows = anchors.map(({ log, anchor, kind, records, newest }): Cell[] => [
    ownerOf(log),
    html`<bdi>${anchor}</bdi><small>${kind === "timestamp" ? "时间戳 RFC 3161" : "链上存证 webhook"}</small>`,
    right(amountText(String(records), "次")),
    newest === null ? "没有" : right(amountText(String(newest.size), "条")),
    newest === null ? "—" : minuteText(newest.at),
    newest === null ? "—" : code(newest.checkpointSha256),
  ]);
  return section("外部存证", "Anchors", {
    head: ["日志", "存证方", "记录", "最近一次：条目", "时间", "检查点 SHA-256"],
    rows,
    empty: "没有",
    remark:
      "存证之后被截短或改写的日志，核验时即被指出。时间戳可离线核验；链上存证的回执本身不证明什么，" +
      "须在可信的链节点上查到同一哈希值",
  });
}

function ownerOf(log: string): string {
  return log === "gateway" ? "网关" : `数域 ${log}`;
}
