/** What does not verify, and why, in Chinese beside the English of the catalogue.
 *  @module */
import { ANCHOR_FAULTS } from "@sluice/evidence/verify";
import type { SluiceError } from "@sluice/protocol";
import type { Words } from "../officer/page.ts";
import { visibleText } from "../officer/visible-text.ts";

/** Reasons as the verifying parts state them. */
const REASONS: Readonly<Record<string, string>> = {
  "it is missing": "文件缺失",
  "it is no file": "不是普通文件",
  "it cannot be read": "文件无法读取",
  "it does not have the documented form": "内容不符合规定的格式",
  "it was changed after it was written": "写成之后有改动",
  "its SHA-256 is not the one in the manifest": "SHA-256 与 manifest.json 所载不同，内容有改动",
  "the manifest does not list it": "manifest.json 中没有这个文件，是后来添加的",
  "it is not the receipt of the call of that name": "不是文件名所示调用的凭证",
  "it is not the request that its receipt names": "不是凭证所载的请求",
  "its receipt does not say whose it is": "凭证未附调用方，不应有这份请求",
  "the party of its receipt, and it alone, has not signed it": "不是由凭证所载的调用方、且仅由其签名",
  "there is no receipt of it": "没有对应的凭证",
  "a receipt rests on it": "有凭证以它为依据，但它不在文件夹中",
  "it is not the grant of that hash with its policy": "不是文件名所示的授权，或脱敏策略与授权不符",
  "it is not the release of that hash": "不是文件名所示的发布许可",
  "it is no JSON document": "不是 JSON 文件",
  "its bytes are not those that are written for it": "字节与规定的写法不同，内容有改动",
  "it has the documented form of no receipt, grant or release": "不是凭证、授权或发布许可",
  "its policy is not the one that it names": "脱敏策略与授权不符",
  "the pinned keys, and they alone, have not signed it": "不是由规定的密钥、且仅由它们签名",
  "its domain is not pinned": "trust.json 中没有该数据域的公钥",
  "its key is not pinned": "trust.json 中没有它的公钥",
  "the domain's key did not sign it": "数据域的密钥没有签过这份内容",
  "the proof of the gateway's log is missing": "缺少网关日志的包含证明",
  "the gateway's booking is missing": "缺少网关的记账签名",
  "the gateway's key did not sign its booking": "网关的密钥没有签过这份记账",
  "the gateway's booking is of another receipt": "网关的记账属于另一份凭证",
  "the opening of its party does not fit": "所附的调用方与凭证中的承诺值不符",
  "the opening of its snapshot does not fit": "所附的数据快照与凭证中的承诺值不符",
  "a proof does not have the documented form": "包含证明不符合规定的格式",
  "a proof is of another log": "包含证明属于另一份日志",
  "an inclusion proof does not lead to the checkpoint": "包含证明推算不出检查点",
  "there is no checkpoint": "没有检查点",
  "the checkpoint is not UTF-8": "检查点不是 UTF-8 文本",
  "a checkpoint is not signed by its SM2 key": "检查点没有日志国密密钥的有效签名",
  "a checkpoint is not signed by its key": "检查点没有日志密钥的有效签名",
  "a checkpoint does not have the documented form": "检查点不符合规定的格式",
  "the entries do not lead to the checkpoint": "由条目推算不出检查点",
  "a checkpoint is newer than the published one": "有检查点比所附日志更新，请在一分钟后重新取得日志",
  "a checkpoint is not one of the published tree": "检查点不属于这份日志，日志可能分叉",
  "its checkpoint lacks cosignatures that the policy asks for": "检查点缺少规定的见证人签名",
  "it is longer than allowed": "超过允许的长度",
  "it is pinned, and there is no record of it": "trust.json 列有该存证方，但没有它的存证记录",
  "it is not pinned for this log": "trust.json 没有为这份日志列出该存证方",
  "the key of this log is not pinned": "trust.json 中没有这份日志的公钥",
  "it is of another anchor, size or kind": "属于另一存证方、另一条目数或另一种类",
  "its SHA-256 is not the one in the record": "SHA-256 与存证记录所载不同，内容有改动",
  "it is no checkpoint of this log, signed by its key": "不是这份日志的密钥签名的检查点",
  "it is another checkpoint than the record says": "与存证记录所载的检查点不同",
  "the nonce is missing": "缺少时间戳请求的随机数",
  "the tiles do not lead to the checkpoint": "由哈希瓦片推算不出检查点",
  [ANCHOR_FAULTS.malformed]: "时间戳不符合 RFC 3161 的格式",
  [ANCHOR_FAULTS.rejected]: "时间戳机构没有签发",
  [ANCHOR_FAULTS["another-imprint"]]: "时间戳属于另一个检查点",
  [ANCHOR_FAULTS["another-nonce"]]: "时间戳答复的是另一次请求",
  [ANCHOR_FAULTS["another-policy"]]: "时间戳依据的是另一策略",
  [ANCHOR_FAULTS.certificate]: "签发证书不是时间戳专用证书，或不是签名中所指的证书",
  [ANCHOR_FAULTS.untrusted]: "签发证书不在 trust.json 所列 CA 之下，或当时不在有效期内",
  [ANCHOR_FAULTS.signature]: "时间戳的签名无效",
};

/** Reasons that name a file or a log. */
const PATTERNS: readonly (readonly [RegExp, (name: string) => string])[] = [
  [/^it is missing, though (.+) is there$/, (name) => `文件缺失，而 ${name} 还在：审计资料必须有清单`],
  [/^(.+) is not whole$/, (name) => `${name} 不完整`],
  [/^(.+) does not follow from the entries$/, (name) => `${name} 与条目不符`],
  [/^(.+) cannot be read$/, (name) => `${name} 无法读取`],
  [/^the log has (\d+) entries, and had \d+ when/, (now) => `日志只有 ${now} 条，少于存证时的条目：存证之后被截短`],
  [/^the first (\d+) entries of the log are not those/, (size) => `日志前 ${size} 条与存证时不同：存证之后被改写`],
  [/^in the domain's log, (.+)$/, (reason) => `数据域日志：${reasonText(reason)}`],
  [/^in the gateway's log, (.+)$/, (reason) => `网关日志：${reasonText(reason)}`],
];

/** Both languages for one error. A reason without a Chinese text stays in English. */
export function failureWords(error: SluiceError): Words {
  // The file is named beside it.
  const english = error.code === "ERR_EXPORT" ? String(error.details["reason"]) : error.message;
  return { zh: visibleText(chinese(error)), en: visibleText(english) };
}

function chinese(error: SluiceError): string {
  const detail = (name: string): string => String(error.details[name] ?? "");
  const reason = reasonText(detail("reason"));
  const texts: Readonly<Record<string, string>> = {
    ERR_EXPORT: reason,
    ERR_RECEIPT: reason,
    ERR_DOCUMENT: reason,
    ERR_ANCHOR: `存证 ${detail("what")}：${reason}`,
    ERR_LOG: `日志 ${detail("origin")}：${reason}`,
    ERR_SIGNATURE: `签名不符：${detail("signer")} 的签名缺失、无效或不应有`,
    ERR_DIRECTORY_STATE: `这里没有可核验的资料（缺少 ${detail("expected")}）`,
    ERR_CANCELLED: "核验已取消",
  };
  return texts[error.code] ?? error.message;
}

function reasonText(reason: string): string {
  const known = Object.hasOwn(REASONS, reason) ? REASONS[reason] : undefined;
  if (known !== undefined) return known;
  for (const [pattern, text] of PATTERNS) {
    const [, name] = pattern.exec(reason) ?? [];
    if (name !== undefined) return text(name);
  }
  return reason;
}
