/** One production call of many messages: opened by a signed use, gone on with by sealed messages, and believed only with its
 *  receipt, which states what both sides have counted.
 *  @module */
import { FAREWELL_MS, MeasuredSession, postSession, type SessionKeeping } from "@sluice/mpc/session/client";
import { restoreQuery, sealQuery, type SentQuery } from "@sluice/evidence/seal";
import {
  decodeSessionSummary,
  encodeSessionMessage,
  encodeSessionOpening,
  encodeSessionPacket,
  equalBytes,
  fromHex,
  MAX_SESSION_FRAMES_IN_FLIGHT,
  sealingContext,
  SESSION_LIFETIME_MS,
  SluiceError,
  toHex,
  type BegunCall,
  type Bytes,
  type EvidencedReceipt,
  type Random,
  type Session,
} from "@sluice/protocol";
import { keep, unusable, type CallJournal, type KeptCall } from "./call-journal.ts";
import { OpenCall } from "./open-call.ts";
import type { CallOptions } from "./options.ts";
import type { ProductionContext, ProductionUse } from "./production-call.ts";
import { checkAnswer } from "./receipt-check.ts";
import { asClient, refusal } from "./refusal.ts";
import { isTransient } from "./retry.ts";
import { random128 } from "./signed-use.ts";

const SEED_BYTES = 32;
/** No process begins with a message of a higher number. */
const MAX_FIRST_NUMBER = 2 ** 32 - 2 ** 20;
/** Among fewer numbers a process that goes on with a call does not choose its first. */
const MIN_CHOICE = 2 ** 20;
/** A call that has only begun. */
const NOTHING_YET: Omit<KeptCall, "begun"> = {
  requests: new Set(),
  opened: false,
  number: -1,
  acknowledged: 0,
  received: [],
};

/** What a session yields. */
export interface SessionOutcome {
  /** What the caller's role computed. */
  readonly done: unknown;
  readonly receipt: EvidencedReceipt;
}

/** What is run. */
export interface SessionRun {
  /** The caller's role of a session of that id, which draws all its randomness from the seed. */
  readonly role: (session: Bytes, seed: Bytes) => Promise<Session>;
  /** Padded size of the list. */
  readonly items: number;
  /** Tells lists apart, and what else makes the role again; with a journal. */
  readonly kept: Pick<BegunCall, "list" | "facts">;
}

/** Options of a call of many messages. */
export interface SessionCallOptions extends CallOptions {
  /** Where to keep what another process needs to go on with the call. */
  readonly journal?: CallJournal | undefined;
}

/** Runs the caller's role over a session whose list has `items` entries, padded. A cut is survived by sending again, and with a
 *  journal the end of this process; what ends the session early leaves its units spent.
 *  @throws ERR_SESSION_ENDED, ERR_SESSION_LIMIT, ERR_RECEIPT, ERR_ANSWER_ALTERED, ERR_CANCELLED, what the role throws and what the peers refuse */
export async function runSessionCall(
  context: ProductionContext,
  use: ProductionUse,
  { role, items, kept: { list, facts } }: SessionRun,
  { signal, journal }: SessionCallOptions,
): Promise<SessionOutcome> {
  const callId = random128(context.random);
  const opening = encodeSessionOpening({ snapshot: fromHex(use.snapshot), items });
  const sealed = await asClient(() => sealQuery(use.sealKey, opening, sealingContext({ ...use, callId })));
  const { params: _, ...subject } = use;
  const seed = toHex(context.random.bytes(SEED_BYTES));
  const query = toHex(await sealed.save());
  const begun: BegunCall = { version: 1, callId, use: subject, items, list, facts, seed, query };
  await keep(journal, { kind: "begun", begun });
  return await goOn(context, { ...NOTHING_YET, begun, first: 0 }, role, { signal, journal });
}

/** Goes on with a call that a journal holds. @throws as `runSessionCall` */
export async function resumeSessionCall(
  context: ProductionContext,
  kept: KeptCall,
  role: SessionRun["role"],
  options: SessionCallOptions,
): Promise<SessionOutcome> {
  return await goOn(context, { ...kept, first: laterNumber(kept.number, context.random) }, role, options);
}

/** A call in this process, whose first message has the number `first`. */
type HeldCall = KeptCall & { readonly first: number };

async function goOn(
  context: ProductionContext,
  kept: HeldCall,
  role: SessionRun["role"],
  { signal, journal }: SessionCallOptions,
): Promise<SessionOutcome> {
  const { callId, use, query } = kept.begun;
  let call: OpenCall | undefined;
  try {
    const sealed = restoreQuery(fromHex(query));
    call = new OpenCall(context, { ...use, callId }, { sealed, journal, requests: kept.requests });
    return await heldSession(context, { kept, sealed, call }, role, { signal, journal });
  } catch (error) {
    if (!outlives(error, call)) await keep(journal, { kind: "over" });
    throw error;
  }
}

/** Faults of this process or of the way leave the session as it is: cancelling too, since whoever keeps a journal may go on. */
function outlives(error: unknown, call: OpenCall | undefined): boolean {
  if (call?.ended === true) return false;
  return !(error instanceof SluiceError) || error.code === "ERR_CANCELLED" || isTransient(error);
}

async function heldSession(
  context: ProductionContext,
  { kept, sealed, call }: { readonly kept: HeldCall; readonly sealed: SentQuery; readonly call: OpenCall },
  role: SessionRun["role"],
  { signal, journal }: SessionCallOptions,
): Promise<SessionOutcome> {
  const { begun } = kept;
  const { callId, use, items } = begun;
  const seal = await sealed.session(kept.first);
  let next = kept.first;
  const post = async (packet: Bytes, until: AbortSignal): Promise<Bytes> => {
    const own = next++;
    const message = encodeSessionMessage({ number: own, sealed: await seal.seal(own, packet) });
    const reply = await call.send(`/v1/sessions/${use.domain}/${callId}`, message, until);
    try {
      return await seal.open(own, reply.sealed);
    } catch (cause) {
      throw refusal("ERR_ANSWER_ALTERED", {}, cause);
    }
  };
  if (!kept.opened) {
    try {
      await call.open(signal);
    } catch (error) {
      if (journal === undefined && call.requests.size > 0 && outlives(error, call)) await giveUp(fromHex(callId), post);
      throw error;
    }
    await keep(journal, { kind: "opened" });
  }
  const measured = new MeasuredSession(await role(fromHex(callId), fromHex(begun.seed)), "caller", async () => {});
  const keeping: SessionKeeping | undefined =
    journal === undefined
      ? undefined
      : {
          past: kept.number < 0 ? null : kept,
          keep: (news) => keep(journal, { kind: "message", number: next, ...news }),
          outlives: (error) => outlives(error, call),
        };
  const lifetimeMs = SESSION_LIFETIME_MS;
  const done = await postSession(measured, { id: fromHex(callId), post, signal, keeping, lifetimeMs });
  const answer = call.answer ?? (await call.fetchAnswer(signal));
  await checkAnswer(answer, { ...use, callId, party: context.key.keyId, requests: call.requests }, context.trust);
  const summary = decodeSessionSummary(await asClient(() => sealed.openAnswer(answer.frame)));
  const { sentBytes, receivedBytes, digest } = await measured.totals();
  const same = summary.items === items && summary.callerBytes === sentBytes && summary.domainBytes === receivedBytes;
  if (!same || !equalBytes(summary.digest, digest)) {
    throw refusal("ERR_RECEIPT", { reason: "its session is not the one that was held" });
  }
  return { done, receipt: answer.receipt };
}

/** Tells the domain that nothing follows an opening that may have reached it. Never throws. */
async function giveUp(session: Bytes, post: (packet: Bytes, until: AbortSignal) => Promise<Bytes>): Promise<void> {
  const packet = { session, state: "abandoned", next: 0, room: MAX_SESSION_FRAMES_IN_FLIGHT, frames: [] } as const;
  await post(encodeSessionPacket(packet), AbortSignal.timeout(FAREWELL_MS)).catch(() => {});
}

/** Number of the first message of a process that goes on with a call: chosen by chance from a quarter of those that are left, so
 *  that the process whose journal it has, and another with a copy of it or an older state of it, hardly seal two messages under
 *  one number. What the journal says last proves nothing: an end of it that is lost is not noticed. */
function laterNumber(last: number, random: Random): number {
  // The one after the last may have said how the session ended.
  const lowest = last + 2;
  const choice = Math.floor((MAX_FIRST_NUMBER - lowest) / 4);
  if (choice < MIN_CHOICE) throw unusable("it was gone on with too often");
  return lowest + (new DataView(random.bytes(4).buffer).getUint32(0) % choice);
}
