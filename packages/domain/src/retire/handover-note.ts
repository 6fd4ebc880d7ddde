/** The note that lies on top of a handover.
 *  @module */
import { ringOf } from "@sluice/evidence";
import type { DomainConfig } from "../config.ts";

/** The note, in both languages. */
export function handoverNote(
  { domain, title, logOrigin, receiptKey, logKey }: DomainConfig,
  { at, manifest, unfit }: { readonly at: string; readonly manifest: string; readonly unfit: string | null },
): string {
  const [committed, committedZh] =
    unfit === null
      ? [
          'The last event, kind "retired", has the\nhash of manifest.json as its subject.',
          "日志最后一条 retired 事件即为 manifest.json 的摘要。",
        ]
      : [
          `Nothing in the log\ncommits to manifest.json: state and log did not belong together when the domain went out of use (${unfit}).\nWhat the state lacks of its log is not in these files.`,
          `停用时状态与日志不一致（${unfit}）：日志未登记本清单，交接材料可能缺少部分记录。`,
        ];
  const signers = ringOf(receiptKey).map(({ keyId }) => keyId);
  return `Domain ${domain} (${title}) went out of use at ${at}.
manifest.json: SHA-256 ${manifest}

What is here: signed documents, receipts and events, one in each line; manifest.json has the hash of each file. The folder
"log" beside this one is the tamper-evident log (C2SP tlog-tiles), origin ${logOrigin}, log key ${logKey}; receipts and
events are signed by ${signers.join(", then ")}. A line of receipts.jsonl or events.jsonl has the salt and the place of its entry in the
log: SHA-256("sluice/leaf/v1" || salt || SHA-256(canonical JSON of the document)). ${committed} Keep both folders for as long as the retention of logs asks, three years at least.

What is gone: every private key and secret of the domain, the data keys among them, and every table, index, sample, kept answer,
bundle, model, metric and log line of runs. What lay under the data keys cannot be opened again, wherever a copy of it is. Flash storage may keep the blocks of
removed key files: destroy or wipe the device, or remove it with its disk encryption key, if plain keys were ever on it. Backups
of the keys folder, and passphrases with them, have to be destroyed by whoever keeps them.

What remains to do: take the domain out of the gateway's register, tell partners and callers, revoke what was granted at the
gateway, and destroy backups.

数据域 ${domain}（${title}）已于 ${at} 停用退出。
本目录为交接材料：已签名的文件、凭证与事件（每行一份），manifest.json 载有各文件的摘要；同级的 log 目录为防篡改日志，须与
本目录一并保存不少于三年，供监管部门查验。${committedZh}
已销毁：全部私钥与密钥（含静态数据密钥）、数据表、索引、样本与留存应答；密钥销毁后，任何副本均无法再打开。固态硬盘可能残留
已删除的密钥块：如曾存放明文密钥，应销毁或整盘擦除。keys 目录的备份及其口令须由保管人另行销毁。
待办：在网关注销该数据域、通知合作方与使用方、撤销相关授权、销毁备份。
`;
}
