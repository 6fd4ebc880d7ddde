/** Verifying receipts offline, from pinned keys alone. A receipt proves what was logged, not that an
 *  answer is right.
 *  @module */
import {
  EvidencedReceipt,
  isSluiceError,
  KeyId,
  LogOrigin,
  Name,
  Sm2KeyId,
  SluiceError,
  type LogProof,
} from "@sluice/protocol";
import { z } from "zod";
import { logIdentity, type PinnedLog } from "./checkpoint.ts";
import { verifyLogProof } from "./log-proof.ts";
import { verifySigned } from "./signed-document.ts";

/** Keys of one domain. */
export const DomainPins = z.strictObject({
  receiptKey: KeyId,
  logKey: KeyId,
  /** Key of the SM2 line of its log's checkpoints, which are then required to have one. */
  logSm2Key: Sm2KeyId.optional(),
  logOrigin: LogOrigin,
  departmentKey: KeyId,
});
export type DomainPins = z.infer<typeof DomainPins>;

/** What a verifier trusts, obtained outside the system: fingerprints of keys and names of logs. */
export const TrustPins = z.strictObject({
  domains: z.record(Name, DomainPins),
  gateway: z.strictObject({ logKey: KeyId, logSm2Key: Sm2KeyId.optional(), logOrigin: LogOrigin }),
  agencyKey: KeyId,
});
export type TrustPins = z.infer<typeof TrustPins>;

/** Passes when the domain's pinned key signed the receipt, and the domain's log, and the gateway's where a
 *  proof of it is there, hold the commitment to the *signed* receipt. @throws ERR_RECEIPT */
export async function verifyReceipt(evidenced: EvidencedReceipt, trust: TrustPins): Promise<void> {
  const parsed = EvidencedReceipt.safeParse(evidenced);
  if (!parsed.success) throw refused("it does not have the documented form");
  const { receipt, domainLog, gatewayLog } = parsed.data;
  const { domain } = receipt.body;
  const pins = Object.hasOwn(trust.domains, domain) ? trust.domains[domain] : undefined;
  if (pins === undefined) throw refused("its domain is not pinned");
  try {
    await verifySigned(receipt, { required: [[pins.receiptKey]] });
  } catch (cause) {
    if (!isSluiceError(cause, "ERR_SIGNATURE")) throw cause;
    throw refused("the domain's key did not sign it", cause);
  }
  await inLog("domain", domainLog, pins);
  if (gatewayLog !== undefined) await inLog("gateway", gatewayLog, trust.gateway);

  async function inLog(owner: string, proof: LogProof, log: PinnedLog): Promise<void> {
    try {
      await verifyLogProof(proof, receipt, logIdentity(log));
    } catch (cause) {
      if (!isSluiceError(cause, "ERR_LOG")) throw cause;
      throw refused(`in the ${owner}'s log, ${String(cause.details["reason"])}`, cause);
    }
  }
}

function refused(reason: string, cause?: unknown): SluiceError {
  return new SluiceError("ERR_RECEIPT", { reason }, { cause });
}
