/** VERIFY.md of an export: how a stranger verifies it.
 *  @module */
import type { TrustPins } from "@sluice/evidence/verify";
import type { Period } from "./collect.ts";

/** The text. */
export function verifyText({ from, to }: Period, trust: TrustPins): string {
  const pins = Object.entries(trust.domains).map(
    ([domain, { departmentKey, receiptKey, logKey, logSm2Key }]) =>
      `| ${domain} | 数源部门 department | \`${departmentKey}\` |\n` +
      `| ${domain} | 凭证 receipts | \`${receiptKey}\` |\n| ${domain} | 日志 log | \`${logKey}\` |\n${sm2Row(domain, logSm2Key)}`,
  );
  return `# 核验本文件夹 / Verify this folder

期间 / period: [${from}, ${to}), UTC.

在本文件夹的上一级目录执行，无需联网、无需账号、无需向任何人索取数据（DIR 为本文件夹的名字）：

\`\`\`
sluice verify DIR
\`\`\`

全部相符时输出 \`everything verifies\`，退出码为 0；否则退出码为 1，并指出第一个不相符的文件。核验内容：

1. 每个文件的 SHA-256 与 \`manifest.json\` 一致，没有多出或缺少的文件；
2. 每份凭证由数据域的密钥签名、由网关的密钥签名记账，并在数据域和网关的日志中（包含证明）；
3. 每份日志完整：条目、哈希瓦片与签名的检查点一致，各凭证的检查点同属一份日志（一致性）；
4. 每份授权由数源部门与实施机构签名，每份发布许可由数源部门签名，每份凭证所依据的授权都在。

先核对公钥：\`trust.json\` 与本文件夹一同交付，请用另行取得的公钥（当面、公函或公开发布）比对下表。

| 所属 whose | 用途 use | 公钥 key |
|---|---|---|
| 实施机构 agency | 签名 signatures | \`${trust.agencyKey}\` |
| 网关 gateway | 记账签名 bookings | \`${trust.gateway.key}\` |
| 网关 gateway | 日志 log | \`${trust.gateway.logKey}\` |
${sm2Row("网关 gateway", trust.gateway.logSm2Key)}${pins.join("")}
Run \`sluice verify DIR\` in the directory above this one: offline, with nothing else. Exit code 0 and \`everything
verifies\`, or 1 and the first file that does not. Compare the keys above with those you obtained elsewhere: the pins came with the
folder. A receipt proves what was logged, not that an answer is right. Refused requests have no receipt.
The digest in \`manifest.json\` names the folder as it was handed over; write it into the letter that goes with it.
`;
}

function sm2Row(owner: string, logSm2Key: string | undefined): string {
  return logSm2Key === undefined ? "" : `| ${owner} | 日志国密签名 log, SM2 | \`${logSm2Key}\` |\n`;
}
