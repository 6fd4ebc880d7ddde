/** Whether a receipt is about the very call that was made, and stands in both logs.
 *  @module */
import { openReference, REFERENCES, verifyReceipt, type TrustPins } from "@sluice/evidence/verify";
import {
  OPERATION_UNITS,
  sha256Hex,
  type AnswerEnvelope,
  type EvidencedReceipt,
  type KeyId,
  type Random128,
  type Sha256Hex,
} from "@sluice/protocol";
import { asClient, refusal } from "./refusal.ts";
import type { UseSubject } from "./signed-use.ts";

/** What the receipt of one call has to say. */
export interface ExpectedReceipt extends UseSubject {
  readonly callId: Random128;
  /** Hash of the signed release behind the product. */
  readonly release: Sha256Hex;
  /** Hash of the snapshot that was asked. */
  readonly snapshot: Sha256Hex;
  readonly party: KeyId;
  /** Hashes of the requests of every attempt: the domain answers one of them. */
  readonly requests: ReadonlySet<Sha256Hex>;
  /** Units spent, in the unit of the operation. */
  readonly amount: string;
}

/** Checks an answer against its receipt, and the receipt against what was asked, the pinned keys and both logs.
 *  @throws ERR_ANSWER_ALTERED when the frame is not the signed one, ERR_RECEIPT for everything else */
export async function checkAnswer(answer: AnswerEnvelope, expected: ExpectedReceipt, trust: TrustPins): Promise<void> {
  const { receipt, gatewayLog, booking } = answer.receipt;
  const differing = await asClient(() => differingMember(answer.receipt, expected));
  if (differing !== null) throw refusal("ERR_RECEIPT", { reason: `its ${differing} is not the one that was asked` });
  if (gatewayLog === undefined) throw refusal("ERR_RECEIPT", { reason: "the proof of the gateway's log is missing" });
  if (booking === undefined) throw refusal("ERR_RECEIPT", { reason: "the gateway's booking is missing" });
  await asClient(() => verifyReceipt(answer.receipt, trust));
  if (receipt.body.answer !== (await sha256Hex(answer.frame))) throw refusal("ERR_ANSWER_ALTERED");
}

/** Name of the first member that is not as expected, or null. */
function differingMember(evidenced: EvidencedReceipt, expected: ExpectedReceipt): string | null {
  const receipt = evidenced.receipt.body;
  const members = ["callId", "operation", "domain", "grant", "product", "version", "bundle", "release"] as const;
  for (const member of members) if (receipt[member] !== expected[member]) return member;
  for (const member of REFERENCES) if (openReference(evidenced, member) !== expected[member]) return member;
  if (!expected.requests.has(receipt.request)) return "request";
  const { unit, amount } = receipt.quantity;
  return unit === OPERATION_UNITS[expected.operation] && amount === expected.amount ? null : "quantity";
}
