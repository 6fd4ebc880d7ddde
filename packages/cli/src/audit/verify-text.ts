/** VERIFY.md of an export: how a stranger verifies it.
 *  @module */
import type { TrustPins } from "@sluice/evidence/verify";
import { pinRows } from "../verifier/pin-rows.ts";
import type { VerifierFile } from "../verifier/verifier-files.ts";
import type { Period } from "./collect.ts";

/** The text. */
export function verifyText({ from, to }: Period, trust: TrustPins, verifier: readonly VerifierFile[]): string {
  const pins = pinRows(trust).map(({ whose, use, key }) => {
    const owner = whose.zh.includes(" ") ? whose.zh : `${whose.zh} ${whose.en}`;
    return `| ${owner} | ${use.zh} ${use.en} | \`${key}\` |\n`;
  });
  const hashes = verifier.map(({ name, sha256 }) => `    ${sha256}  ${name}\n`);
  return `# 核验本文件夹 / Verify this folder

期间 / period: [${from}, ${to}), UTC.

无需联网、无需账号、无需向任何人索取数据。三种方式，结论相同：

1. 用浏览器打开 \`verify.html\`（Chrome / Edge 137、Firefox 129、Safari 17 或更新），选择本文件夹；单份凭证与 \`trust.json\` 也可以。
2. 有 Node 20 或更新版本时，在本文件夹中执行（不需安装任何东西）：

\`\`\`
node verify.mjs
\`\`\`

3. 装有 sluice 时，在上一级目录执行（DIR 为本文件夹的名字；有另行取得的公钥文件时加 \`--trust FILE\`，即以它为准）：

\`\`\`
sluice verify DIR
\`\`\`

全部相符时输出 \`everything verifies\`，退出码为 0；否则退出码为 1，并指出第一个不相符的文件。核验内容：

1. 每个文件的 SHA-256 与 \`manifest.json\` 一致，没有多出或缺少的文件；
2. 每份凭证由数据域的密钥签名、由网关的密钥签名记账，并在数据域和网关的日志中（包含证明）；开发试算与正式构建的凭证可以没有网关的记账与证明；
3. 每份日志完整：条目、哈希瓦片与签名的检查点一致，各凭证的检查点同属一份日志（一致性）；
4. 每份授权由数源部门与实施机构签名，每份发布许可由数源部门签名，每份凭证所依据的授权都在；
   所附请求由凭证所载的调用方签名，主体名录由实施机构签名${anchorText(trust)}

场景、产品、运行、评审与索引页没有签名，只由 \`manifest.json\` 的摘要保证与交付时一致：请与公函所载的摘要比对。
Scenes, products, runs, reviews and the index page carry no signature: the digest of \`manifest.json\` alone covers them.

## 核验程序从哪里来 / Where the verifier comes from

**与文件夹一同交来的核验程序，只和文件夹本身一样可信**：能改动文件的人也能改动 \`verify.mjs\` 与 \`verify.html\`。请从另一渠道取得：
安装同一版本的 sluice，执行 \`sluice audit verifier --out 目录\` 得到逐字节相同的两个文件；或比对 SHA-256
（Linux \`sha256sum\`，Windows \`certutil -hashfile 文件 SHA256\`）与 \`sluice audit verifier\` 所示：

${hashes.join("")}
A verifier that came with the folder is only as trustworthy as the folder. Get it independently: \`sluice audit verifier\`
of the same version prints these hashes and writes the same bytes.

## 公钥 / Keys

\`trust.json\` 与本文件夹一同交付，请用另行取得的公钥（当面、公函或公开发布）比对下表。

| 所属 whose | 用途 use | 公钥 key |
|---|---|---|
${pins.join("")}
Open \`verify.html\` in a browser and choose this folder, or run \`node verify.mjs\` in it, or \`sluice verify DIR\` above it:
offline, with nothing else. Exit code 0 and \`everything verifies\`, or 1 and the first file that does not. Compare the keys
above with those you obtained elsewhere: the pins came with the folder. A receipt proves what was logged, not that an answer is
right. Refused requests have no receipt.
The digest in \`manifest.json\` names the folder as it was handed over; write it into the letter that goes with it.
`;
}

/** What is verified of anchors, and what a person has to compare. */
function anchorText({ anchors = {} }: TrustPins): string {
  const kinds = new Set(Object.values(anchors).map(({ kind }) => kind));
  if (kinds.size === 0) return "。";
  const chain = kinds.has("webhook")
    ? "\n\n链上存证（webhook）的回执本身不证明什么：请在自己信任的链节点上，查到 `anchors/` 各记录中的\n" +
      "`checkpointSha256`，逐字比对。A webhook's answer proves nothing by itself: find `checkpointSha256` of the records under\n" +
      "`anchors/` on a node of the chain that you trust."
    : "";
  return `；\n5. 每条外部存证记录完整，时间戳由 \`trust.json\` 所列 CA 证书下的签发方签名，日志与存证时的检查点一致（未被截短、改写）。${chain}`;
}
