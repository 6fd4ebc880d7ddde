/** Receipts: made, kept, logged, proven — in this order, so that a receipt a caller holds is in the log
 *  and a call that was charged always gets one.
 *  @module */
import { commitment, createLogProof, referTo, signDocument } from "@sluice/evidence";
import {
  documentHash,
  fromHex,
  fromUtf8,
  GuardReport,
  OPERATION_UNITS,
  sha256Hex,
  toHex,
  type Bytes,
  type Certificate,
  type EvidencedReceipt,
  type Receipt,
  type Sha256Hex,
  type SignedReceipt,
} from "@sluice/protocol";
import type { KeptAnswer } from "../state/answers.ts";
import type { Admitted } from "./admit.ts";
import type { DomainContext } from "./context.ts";

const SALT_BYTES = 32;

/** What a receipt says beyond the request it answers. */
export interface Answered {
  readonly frame: Bytes;
  readonly amount: bigint;
  readonly snapshot: Sha256Hex;
  readonly release?: Sha256Hex;
  /** Certificate of the sample that a development run read. */
  readonly certificate?: Certificate;
  readonly layers: string[];
  /** Micro-rho that this call spent. */
  readonly privacyCost?: string;
  /** Whether only the receipt is kept: a retry of the call is refused, and what it answered is asked anew. */
  readonly unkept?: boolean;
}

/** Signs, keeps and logs the receipt of one call. When a concurrent retry was faster, its answer stands. */
export async function issueReceipt(
  context: DomainContext,
  admitted: Admitted,
  answered: Answered,
): Promise<KeptAnswer> {
  const { request, held } = admitted;
  const { grant, hash } = held;
  const { certificate } = answered;
  const { references, openings } = referTo({ party: admitted.keyId, snapshot: answered.snapshot }, context.random);
  const body: Receipt = {
    type: "receipt",
    callId: request.callId,
    operation: request.operation,
    domain: request.domain,
    grant: hash,
    scene: grant.body.scene.scene,
    policy: grant.body.policy,
    product: request.product,
    version: request.version,
    bundle: request.bundle,
    ...(answered.release === undefined ? {} : { release: answered.release }),
    ...(certificate === undefined ? {} : { certificate: await documentHash(certificate) }),
    ...references,
    request: context.uses.requestHash(request.callId) ?? admitted.requestHash,
    answer: await sha256Hex(answered.frame),
    quantity: { unit: OPERATION_UNITS[request.operation], amount: String(answered.amount) },
    price: grant.body.price,
    ...(answered.privacyCost === undefined ? {} : { privacyCost: answered.privacyCost }),
    layers: answered.layers,
    at: context.clock.now().toISOString(),
  };
  const receipt = await signDocument(body, context.keyring.receiptKey);
  const salt = toHex(context.random.bytes(SALT_BYTES));
  const faster = context.answers.get(request.callId);
  if (faster !== null) return faster;
  const kept: KeptAnswer = {
    callId: request.callId,
    frame: answered.frame,
    receipt,
    openings,
    certificate: certificate ?? null,
    salt,
    logIndex: null,
  };
  context.answers.put(answered.unkept === true ? { ...kept, frame: null } : kept);
  return kept;
}

/** The guard's report that a run's receipt is over; null once its retention has passed. */
export function keptReport(kept: KeptAnswer): GuardReport | null {
  return kept.frame === null ? null : GuardReport.parse(JSON.parse(fromUtf8(kept.frame)));
}

/** The receipt of a kept answer with its proof; logs it first if that was still to do. */
export async function prove(context: DomainContext, kept: KeptAnswer): Promise<EvidencedReceipt> {
  const index = kept.logIndex ?? (await logReceipt(context, kept.callId, kept.receipt, kept.salt));
  const { receipt, openings } = kept;
  return { receipt, openings, domainLog: await createLogProof(context.provenLog, index, fromHex(kept.salt)) };
}

/** In-flight appends by call id, so that concurrent retries log a receipt once. */
const appending = new WeakMap<DomainContext, Map<string, Promise<number>>>();

async function logReceipt(
  context: DomainContext,
  callId: string,
  receipt: SignedReceipt,
  salt: string,
): Promise<number> {
  let pending = appending.get(context);
  if (pending === undefined) appending.set(context, (pending = new Map()));
  const running = pending.get(callId);
  if (running !== undefined) return running;
  const append = (async () => {
    const { index } = await context.log.append(commitment(receipt, fromHex(salt)));
    context.answers.setLogIndex(callId, index);
    return index;
  })();
  pending.set(callId, append);
  try {
    return await append;
  } finally {
    pending.delete(callId);
  }
}
