/** Messages of a round as a party or a relay takes them: of this plan, from a party that may still speak, once, signed with its
 *  key. What a party has received it hashes into the transcript, which its next message names.
 *  @module */
import {
  AGGREGATE_ROUNDS,
  aggregateSigningBytes,
  concatBytes,
  decodeAggregate,
  equalBytes,
  sha256,
  SluiceError,
  utf8,
  type AggregateMessage,
  type AggregatePlan,
  type AggregateRound,
  type Bytes,
  type KeyId,
} from "@sluice/protocol";

/** Whether `signature` is one of `keyId` over `bytes`. */
export type VerifySignature = (keyId: KeyId, bytes: Bytes, signature: Bytes) => Promise<boolean>;

/** A plan with its hash, and how signatures are verified. */
export interface PlanContext {
  readonly plan: AggregatePlan;
  readonly hash: Bytes;
  readonly verify: VerifySignature;
}

/** Messages by their sender's number, ascending. */
export type RoundMessages<R extends AggregateRound> = ReadonlyMap<number, AggregateMessage<R>>;

/** One message. @throws ERR_FRAME_MALFORMED, ERR_FRAME_TOO_LARGE, ERR_AGGREGATE_ROUND, ERR_SIGNATURE */
export async function readMessage<R extends AggregateRound>(
  { plan, hash, verify }: PlanContext,
  round: R,
  frame: Bytes,
): Promise<AggregateMessage<R>> {
  const message = decodeAggregate(frame, round);
  const sender = plan.parties[message.head.party];
  if (!equalBytes(message.head.plan, hash)) throw misplaced(plan, message.head.party, "it is of another plan");
  if (sender === undefined) throw misplaced(plan, message.head.party, "the plan has no such party");
  if (!(await verify(sender.key, aggregateSigningBytes(message.signed), message.signature))) {
    throw new SluiceError("ERR_SIGNATURE", { type: `aggregate ${round}`, signer: sender.party });
  }
  return message;
}

/** All messages of a round: each sender among `allowed`, none twice, all having received what `transcript` says.
 *  @throws as `readMessage` does; ERR_AGGREGATE_TOO_FEW */
export async function readRound<R extends AggregateRound>(
  context: PlanContext,
  { round, allowed, transcript }: { round: R; allowed: ReadonlySet<number>; transcript: Bytes },
  frames: readonly Bytes[],
): Promise<RoundMessages<R>> {
  const { plan } = context;
  if (frames.length > allowed.size) {
    throw new SluiceError("ERR_FRAME_MALFORMED", { field: "frames", expected: `at most ${allowed.size}` });
  }
  const read = new Map<number, AggregateMessage<R>>();
  for (const frame of frames) {
    const message = await readMessage(context, round, frame);
    const { party } = message.head;
    if (!allowed.has(party)) throw misplaced(plan, party, "it has dropped out");
    if (read.has(party)) throw misplaced(plan, party, "it has spoken in this round");
    if (!equalBytes(message.head.transcript, transcript)) {
      throw misplaced(plan, party, "it has received other messages than this party");
    }
    read.set(party, message);
  }
  if (read.size < plan.threshold) {
    throw new SluiceError("ERR_AGGREGATE_TOO_FEW", { present: read.size, needed: plan.threshold });
  }
  return new Map([...read].toSorted(([a], [b]) => a - b));
}

/** The transcript after a round. */
export async function nextTranscript<R extends AggregateRound>(
  transcript: Bytes,
  round: R,
  messages: RoundMessages<R>,
): Promise<Bytes> {
  const digests = await Promise.all([...messages.values()].map(async ({ signed }) => await sha256(signed)));
  const head = Uint8Array.of(AGGREGATE_ROUNDS.indexOf(round) + 1, digests.length);
  return await sha256(concatBytes(utf8("sluice/aggregate/transcript/v1"), head, transcript, ...digests));
}

/** The refusal of a message that does not belong where it came. */
export function misplaced(plan: AggregatePlan, party: number, reason: string): SluiceError {
  return new SluiceError("ERR_AGGREGATE_ROUND", { party: plan.parties[party]?.party ?? String(party), reason });
}
