/** `verify.html`: one page with its script and its style inside, which a browser opens from the disk. Its policy admits
 *  exactly these two and nothing from anywhere else.
 *  @module */
import { html, type Markup } from "../officer/markup.ts";
import { PAGE_STYLE } from "../officer/page-style.ts";
import { VERIFIER_STYLE } from "./verifier-style.ts";

/** The page around `script`. `hashSource` gives the expression of a policy that admits a text. */
export function verifierPage(script: string, hashSource: (text: string) => string): string {
  const style = [PAGE_STYLE, VERIFIER_STYLE].map((part) => String(part).replaceAll(/<\/?style>/g, "")).join("");
  const policy = [
    "default-src 'none'",
    `script-src ${hashSource(script)}`,
    `style-src ${hashSource(style)}`,
    "base-uri 'none'",
    "form-action 'none'",
  ].join("; ");
  return `<!doctype html>
<html lang="zh-CN">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="referrer" content="no-referrer">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>数闸离线核验 · Sluice offline verification</title>
<style>${style}</style>
</head>
<body>
${String(BODY)}
<script>${script}</script>
</body>
</html>
`;
}

const BODY: Markup = html`<main>
  <header>
    <div>
      <p>公共数据授权运营 · 审计资料 <span lang="en">Audit export</span></p>
      <h1>离线核验 <span lang="en">Offline verification</span></h1>
    </div>
    <p class="number">不联网，文件不离开本机<br /><span lang="en">No network; files stay on this machine</span></p>
  </header>
  <noscript>
    <div class="verdict bad">
      <span class="mark" aria-hidden="true">✗</span>
      <div>
        <strong>浏览器没有运行本页的程序，无法核验</strong>
        请允许脚本，或在文件夹中执行 <code>node verify.mjs</code>。
        <span lang="en">Allow scripts, or run <code>node verify.mjs</code> in the folder.</span>
      </div>
    </div>
  </noscript>
  <section id="choose">
    <h2>选择资料 <span lang="en">Choose what to verify</span></h2>
    <p>把文件夹拖到这里，或者： <span lang="en">Drop the folder here, or:</span></p>
    <p class="buttons">
      <label class="button"
        >选择文件夹 <span lang="en">Choose the folder</span> <input type="file" id="folder" webkitdirectory multiple
      /></label>
      <label class="button plain"
        >选择单份文件与 trust.json <span lang="en">A receipt, grant or release with trust.json</span>
        <input type="file" id="files" multiple accept=".json,application/json"
      /></label>
    </p>
    <p class="remark-line">
      浏览器可能询问是否“上传”文件：本页没有联网的权限，文件只在本机读取。
      <span lang="en">The browser may ask about “uploading”: this page has no right to any network.</span>
    </p>
  </section>
  <div id="progress" role="status" aria-live="polite"></div>
  <div id="outcome" tabindex="-1" aria-live="polite"></div>
  <footer>
    <p>
      <b>与文件夹一同交来的核验程序，只和文件夹本身一样可信。</b>请从另一渠道取得
      <code>verify.html</code>（安装同一版本的 sluice，执行 <code>sluice audit verifier</code>），或比对其
      SHA-256：Linux <code>sha256sum verify.html</code>，Windows
      <code>certutil -hashfile verify.html SHA256</code>。公钥同样须与另行取得的比对。
    </p>
    <p lang="en">
      A verifier that came with the folder is only as trustworthy as the folder. Get it elsewhere, with
      <code>sluice audit verifier</code> of the same version, or compare its SHA-256. Compare the keys, too.
    </p>
    <p>
      凭证证明“记录了什么”，不证明“结果是否正确”。
      <span lang="en">A receipt proves what was logged, not that an answer is right.</span>
    </p>
  </footer>
</main>`;
