/** What was verified of each loose document.
 *  @module */
import type { VerifiedDocument } from "@sluice/evidence/verify";
import type { Words } from "../src/officer/page.ts";
import { element, table, words } from "./elements.ts";
import type { LooseReport } from "./loose-documents.ts";

const KINDS: Readonly<Record<VerifiedDocument["kind"], Words>> = {
  receipt: { zh: "凭证", en: "receipt" },
  grant: { zh: "授权", en: "grant" },
  release: { zh: "发布许可", en: "release" },
};

const PARTS: Readonly<Record<VerifiedDocument["verified"][number], string>> = {
  form: "格式",
  domain: "数据域",
  "domain-signature": "数据域签名",
  party: "调用方承诺",
  snapshot: "快照承诺",
  "domain-log": "数据域日志",
  booking: "网关记账",
  "gateway-log": "网关日志",
  policy: "脱敏策略",
  signatures: "签名",
};

/** The table. */
export function documentTable({ documents }: LooseReport): Node {
  const rows = documents.map(({ file, kind, name, verified, erased }) => {
    const gone = erased.map((part) => PARTS[part]).join("、");
    const held = verified.map((part) => PARTS[part]).join("、");
    const zh = gone === "" ? held : `${held}；已抹除：${gone}`;
    const en = erased.length === 0 ? verified.join(", ") : `${verified.join(", ")}; erased: ${erased.join(", ")}`;
    return [element("code", "", file), words(KINDS[kind]), element("code", "", name), words({ zh, en })];
  });
  const columns = [
    { zh: "文件", en: "File" },
    { zh: "种类", en: "Kind" },
    { zh: "编号", en: "Name" },
    { zh: "相符的部分", en: "What holds" },
  ];
  return table({ zh: "逐份结果", en: "Each document" }, columns, rows);
}
