/** Who signed a document, verified offline: each signature alone, and all of them against the pinned keys with the
 *  same rule by which the domain decides.
 *  @module */
import { signersOf, verifySigned } from "@sluice/evidence/verify";
import { isSluiceError, type KeyId, type Signature, type SignedType } from "@sluice/protocol";
import { keyFingerprint } from "./chinese-figures.ts";
import type { Cell, Check, Section, Words } from "./page.ts";

/** A key that must have signed, as the trust file pins it. */
export interface PinnedSigner {
  readonly role: Words;
  readonly keyId: KeyId;
}

/** Whom the reader trusts: nobody in particular (`null`), or these; an empty list when the domain is not pinned. */
export type SignerPins = readonly PinnedSigner[] | null;

/** The outcome, and the table that shows it. */
export interface SignatureCheck {
  readonly check: Check;
  readonly section: Section;
}

const TITLE: Words = { zh: "签名", en: "Signatures, verified offline" };
const COLUMNS: readonly Words[] = [
  { zh: "签名人", en: "signer" },
  { zh: "密钥指纹", en: "key" },
  { zh: "验签结果", en: "result" },
];

/** Checks the signatures on `document`; one without any is a draft. */
export async function checkSignatures(
  document: { readonly body: { type: SignedType }; readonly signatures: readonly Signature[] },
  pins: SignerPins,
): Promise<SignatureCheck> {
  const { body, signatures } = document;
  const rows: (readonly Cell[])[] = [];
  const wrong: string[] = [];
  for (const signature of signatures) {
    const good = (await signersOf({ body, signatures: [signature] })).length === 1;
    if (!good) wrong.push(signerName(signature.keyId, pins));
    rows.push([
      signerCell(signature.keyId, pins),
      { text: keyFingerprint(signature.keyId), code: true },
      good ? { text: "有效" } : { text: "无效：内容或签名被改动过", level: "bad" },
    ]);
  }
  for (const { role, keyId } of pins ?? []) {
    if (signatures.some((signature) => signature.keyId === keyId)) continue;
    rows.push([{ text: role.zh }, { text: keyFingerprint(keyId), code: true }, { text: "未签名", level: "bad" }]);
  }
  const section = { title: TITLE, columns: COLUMNS, rows };
  return { section, check: wrong.length > 0 ? invalid(wrong) : await decide(document, pins) };
}

/** A signature that does not fit the bytes: whoever is named, the document is not what they signed. */
function invalid(signers: readonly string[]): Check {
  const zh = `签名无效（${signers.join("、")}）：本文件不可采信`;
  return { level: "bad", words: { zh, en: "A signature is not valid: do not rely on this document" } };
}

function signerName(keyId: KeyId, pins: SignerPins): string {
  return pins?.find((pin) => pin.keyId === keyId)?.role.zh ?? `密钥 ${keyFingerprint(keyId)}`;
}

function signerCell(keyId: KeyId, pins: SignerPins): Cell {
  if (pins === null) return { text: "未核对（没有信任文件）", level: "caution" };
  const pinned = pins.filter((pin) => pin.keyId === keyId);
  if (pinned.length === 0) return { text: "不在信任文件中", level: "bad" };
  return { text: pinned.map(({ role }) => role.zh).join("、") };
}

/** What valid signatures are worth to a reader who trusts `pins`. */
async function decide(
  { body, signatures }: { readonly body: { type: SignedType }; readonly signatures: readonly Signature[] },
  pins: SignerPins,
): Promise<Check> {
  // Whoever names the keys that must have signed asks for a document that is signed.
  if (signatures.length === 0) return pins === null ? DRAFT : { ...DRAFT, level: "bad" };
  if (pins === null) return UNPINNED;
  if (pins.length === 0) return UNKNOWN_DOMAIN;
  try {
    const required = pins.map(({ keyId }) => [keyId]);
    await verifySigned({ body, signatures: [...signatures] }, { required });
  } catch (error) {
    if (!isSluiceError(error, "ERR_SIGNATURE")) throw error;
    return WRONG_SIGNERS;
  }
  const roles = pins.map(({ role }) => role.zh).join("、");
  return { level: "good", words: { zh: `签名有效：${roles}已签`, en: "Signed by the pinned keys" } };
}

const DRAFT: Check = {
  level: "caution",
  words: { zh: "草案：尚未签名，不产生任何授权", en: "Draft: not signed, allows nothing" },
};
const UNPINNED: Check = {
  level: "caution",
  words: {
    zh: "签名完好，但未核对签名人身份（请加信任文件 --trust）",
    en: "Signatures are intact; who the signers are was not checked (no --trust)",
  },
};
const UNKNOWN_DOMAIN: Check = {
  level: "bad",
  words: { zh: "信任文件中没有这个数据域，无法认定签名人", en: "The domain is not in the trust file" },
};
const WRONG_SIGNERS: Check = {
  level: "bad",
  words: {
    zh: "签名人不齐或不符，数据域会拒绝本文件",
    en: "The signers are not the pinned ones: the domain refuses this document",
  },
};
