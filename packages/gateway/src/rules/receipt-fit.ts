/** Whether a receipt is of the call that was made. The gateway passes on no answer whose receipt does not verify.
 *  @module */
import { logIdentity, openReference, verifyLogProof, verifySignedAt } from "@sluice/evidence";
import {
  isSluiceError,
  OPERATION_UNITS,
  SluiceError,
  type DomainDescription,
  type EvidencedReceipt,
  type KeyId,
  type Sha256Hex,
  type UseRequest,
} from "@sluice/protocol";

/** What the receipt must say besides the request's own members. */
export interface ExpectedReceipt {
  readonly request: UseRequest;
  /** Key that signed the request. */
  readonly party: KeyId;
  /** Hash of the answer frame, or of the guard's report; not checked when undefined. */
  readonly answer: Sha256Hex | undefined;
}

const SAME_MEMBERS = ["callId", "operation", "domain", "grant", "product", "version", "bundle"] as const;

/** Passes when the domain's pinned keys vouch for the receipt and it names this call. The hash of the request is
 *  not compared: a retried call has the receipt of its first attempt. @throws ERR_RECEIPT */
export async function checkReceiptFits(
  { receipt, openings, domainLog }: Pick<EvidencedReceipt, "receipt" | "openings" | "domainLog">,
  { request, party, answer }: ExpectedReceipt,
  { receiptKey, ...log }: Pick<DomainDescription, "receiptKey" | "logKey" | "logSm2Key" | "logOrigin">,
): Promise<void> {
  const { body } = receipt;
  const wrong = SAME_MEMBERS.find((member) => body[member] !== request[member]);
  if (wrong !== undefined) throw refused(`its ${wrong} is not the call's`);
  if (body.quantity.unit !== OPERATION_UNITS[request.operation]) throw refused("its unit is not the operation's");
  if (openReference({ receipt, openings }, "party") !== party) throw refused("its party is not the call's");
  if (openReference({ receipt, openings }, "snapshot") === null) throw refused("it does not open its snapshot");
  if (answer !== undefined && body.answer !== answer) throw refused("its answer is not the one that came with it");
  try {
    await verifySignedAt(receipt, receiptKey, body.at);
    await verifyLogProof(domainLog, receipt, logIdentity(log));
  } catch (cause) {
    if (!isSluiceError(cause, "ERR_SIGNATURE", "ERR_LOG")) throw cause;
    throw refused(
      cause.code === "ERR_LOG" ? "the domain's log does not hold it" : "the domain's key did not sign it",
      cause,
    );
  }
}

function refused(reason: string, cause?: unknown): SluiceError {
  return new SluiceError("ERR_RECEIPT", { reason }, { cause });
}
