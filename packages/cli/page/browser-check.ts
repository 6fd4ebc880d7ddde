/** Whether this browser can verify signatures at all. Said before anything is verified: a browser without Ed25519 would
 *  call every receipt forged.
 *  @module */
import { verifyEd25519 } from "@sluice/evidence/verify";
import { fromHex } from "@sluice/protocol";
import type { Words } from "../src/officer/page.ts";

/** RFC 8032 §7.1, test 1: a signature over nothing. */
const KEY_ID = "ed25519:11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";
const SIGNATURE = fromHex(
  "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
);

/** What is missing here, or null when nothing is. */
export async function missingHere(): Promise<Words | null> {
  if (!("crypto" in globalThis) || crypto.subtle === undefined) {
    return {
      zh: "浏览器没有为本页提供加密功能（WebCrypto）。请把 verify.html 存到本机磁盘后打开，或改用 node verify.mjs。",
      en: "This browser gives the page no WebCrypto. Open verify.html from a local disk, or run node verify.mjs.",
    };
  }
  try {
    if (await verifyEd25519(KEY_ID, new Uint8Array(0), SIGNATURE)) return null;
  } catch {
    // Told below: the algorithm is not known.
  }
  return {
    zh: "此浏览器不支持 Ed25519 签名，无法核验。请使用 Chrome / Edge 137、Firefox 129、Safari 17 或更新版本，或改用 node verify.mjs。",
    en: "This browser has no Ed25519. Use Chrome / Edge 137, Firefox 129, Safari 17 or later, or run node verify.mjs.",
  };
}
