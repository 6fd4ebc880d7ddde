/** The keys of `trust.json`, as a person compares them.
 *  @module */
import { certificateFingerprints, type TrustPins } from "@sluice/evidence/verify";
import { KeyValidity } from "@sluice/protocol";
import type { Words } from "../officer/page.ts";

/** One key. */
export interface PinRow {
  readonly whose: Words;
  readonly use: Words;
  /** The key id, which is the whole public key; of a certificate, its SHA-256. */
  readonly key: string;
}

const USES: Readonly<Record<string, Words>> = {
  agencyKey: { zh: "签名", en: "signatures" },
  departmentKey: { zh: "数源部门签名", en: "department" },
  key: { zh: "记账签名", en: "bookings" },
  receiptKey: { zh: "凭证签名", en: "receipts" },
  logKey: { zh: "日志检查点", en: "log" },
  logSm2Key: { zh: "日志检查点（国密）", en: "log, SM2" },
};
const KEY_ID = /^(?:ed25519|sm2):/;

/** Every pinned key: also of a kind that has no words here, by its name. */
export function pinRows({ agencyKey, gateway, domains, anchors = {} }: TrustPins): PinRow[] {
  return [
    ...rowsOf({ zh: "实施机构", en: "agency" }, { agencyKey }),
    ...rowsOf({ zh: "网关", en: "gateway" }, gateway),
    ...Object.entries(domains).flatMap(([name, pins]) => rowsOf({ zh: `数据域 ${name}`, en: `domain ${name}` }, pins)),
    ...Object.entries(anchors).flatMap(([name, pin]) => (pin.kind === "timestamp" ? caRows(name, pin.caPem) : [])),
  ];
}

/** CA certificates of a time-stamp authority. */
function caRows(name: string, caPem: string): PinRow[] {
  const whose = { zh: `存证方 ${name}`, en: `anchor ${name}` };
  const use = { zh: "CA 证书 SHA-256", en: "CA certificate, SHA-256" };
  return certificateFingerprints(caPem).map((key) => ({ whose, use, key }));
}

function rowsOf(whose: Words, pins: object): PinRow[] {
  return Object.entries(pins).flatMap(([member, value]: [string, unknown]) =>
    [value].flat().flatMap((entry: unknown): PinRow[] => {
      const use = USES[member] ?? { zh: member, en: member };
      if (typeof entry === "string" && KEY_ID.test(entry)) return [{ whose, use, key: entry }];
      const validity = KeyValidity.safeParse(entry);
      return validity.success ? [{ whose, use: timed(use, validity.data), key: validity.data.keyId }] : [];
    }),
  );
}

/** The use of a key that does not count at all times. */
function timed({ zh, en }: Words, { from, until }: KeyValidity): Words {
  const zhTerm = [from === undefined ? "" : `自 ${from}`, until === undefined ? "" : `至 ${until}`].filter(Boolean);
  const enTerm = [from === undefined ? "" : `from ${from}`, until === undefined ? "" : `until ${until}`].filter(
    Boolean,
  );
  return enTerm.length === 0 ? { zh, en } : { zh: `${zh}（${zhTerm.join(" ")}）`, en: `${en} (${enTerm.join(" ")})` };
}
