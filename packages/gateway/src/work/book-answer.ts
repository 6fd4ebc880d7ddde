/** Books the receipt of an answer before the answer goes on to its caller.
 *  @module */
import {
  documentHash,
  sha256Hex,
  type AnswerEnvelope,
  type Party,
  type Sha256Hex,
  type SignedRequest,
  type UseRequest,
} from "@sluice/protocol";
import type { GatewayContext } from "../context.ts";
import { checkReceiptFits } from "../rules/receipt-fit.ts";

/** The use that an answer is of. */
export interface BookedUse {
  readonly request: UseRequest;
  readonly party: Party;
  readonly attempts?: readonly SignedRequest[];
}

/** The answer with its receipt booked. `attempts` are requests of this call that are remembered elsewhere. @throws ERR_RECEIPT when the receipt is not of this use */
export async function bookAnswer(
  context: GatewayContext,
  { receipt: evidenced, frame }: AnswerEnvelope,
  { request, party, attempts = [] }: BookedUse,
): Promise<AnswerEnvelope> {
  const { receipt, openings, domainLog } = evidenced;
  const { description } = context.domains.get(request.domain);
  const expected = { request, party: party.keyId, answer: await sha256Hex(frame) };
  await checkReceiptFits({ receipt, openings, domainLog }, expected, description);
  const original =
    context.requests.find(request.callId, receipt.body.request) ?? (await attemptOf(attempts, receipt.body.request));
  const booked = await context.book.book({ receipt, openings, domainLog }, original);
  // Its build may have been ordered elsewhere, or not been looked at yet: a receipt shows that it serves.
  await context.products.markServing(request.product, request.version);
  return { receipt: booked, frame };
}

async function attemptOf(attempts: readonly SignedRequest[], hash: Sha256Hex): Promise<SignedRequest | null> {
  for (const attempt of attempts) if ((await documentHash(attempt.body)) === hash) return attempt;
  return null;
}
