/** Both roles of a small session, and a caller of sessions over a running domain.
 *  @module */
import {
  BINARY_MEDIA_TYPE,
  decodeSessionReply,
  encodeSessionMessage,
  encodeSessionOpening,
  fromHex,
  isSluiceError,
  sha256Hex,
  SluiceError,
  type AnswerEnvelope,
  type Bytes,
  type Session,
  type SessionReply,
} from "@sluice/protocol";
import { postSession } from "@sluice/mpc/session/client";
import type { AnsweringProduct } from "./serving-forms-fixture.ts";
import { post, sealedCall, send, type Fixture, type SealedCall } from "./serving-fixture.ts";

/** Frames that the caller's role sends. */
export const FRAMES = 11;
/** What it gets for them. */
export const SUM = (FRAMES * (FRAMES + 1)) / 2;

/** Sends frames, and takes one that has the sum of their bytes. */
export class Asking implements Session {
  #sent = 0;
  step(frame?: Bytes): ReturnType<Session["step"]> {
    if (frame !== undefined) return Promise.resolve({ send: [], done: frame[0] });
    return Promise.resolve({ send: this.#sent < FRAMES ? [Uint8Array.of(++this.#sent)] : [] });
  }
}

/** The domain's side of it; a frame of zero is refused. */
export class Summing implements Session {
  #taken = 0;
  #sum = 0;
  step(frame?: Bytes): ReturnType<Session["step"]> {
    if (frame === undefined) return Promise.resolve({ send: [] });
    if (frame[0] === 0) throw new SluiceError("ERR_FRAME_MALFORMED", { field: "number", expected: "at least 1" });
    this.#sum += frame[0] ?? 0;
    if (++this.#taken < FRAMES) return Promise.resolve({ send: [] });
    return Promise.resolve({ send: [Uint8Array.of(this.#sum)], done: null });
  }
}

/** The code of what `work` throws. */
export const codeOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => "nothing",
    (error: unknown) => (isSluiceError(error) ? error.code : String(error)),
  );

/** A call that opens a session of `items` over the product's snapshot. */
export async function sessionCall(fixture: Fixture, product: AnsweringProduct, items: number): Promise<SealedCall> {
  const content = encodeSessionOpening({ snapshot: fromHex(product.snapshotHash), items });
  const bundle = await sha256Hex(product.code);
  const named = { operation: "psi.ids", grant: product.grant, product: product.product, bundle } as const;
  return await sealedCall(fixture, content, { ...named, key: fixture.parties.caller });
}

/** Opens the session of a call. @throws the domain's refusal */
export async function openCall(fixture: Fixture, one: SealedCall, envelope = one.envelope): Promise<SessionReply> {
  return decodeSessionReply(await send(fixture, "/v1/sessions", envelope));
}

/** Packets of a session that is open; keeps the receipt and the messages. */
async function posting(fixture: Fixture, one: SealedCall) {
  const seal = await one.session();
  let number = 0;
  const kept: { answer: AnswerEnvelope | null; messages: Bytes[] } = { answer: null, messages: [] };
  const sendPacket = async (packet: Bytes): Promise<Bytes> => {
    const own = number++;
    const message = encodeSessionMessage({ number: own, sealed: await seal.seal(own, packet) });
    kept.messages.push(message);
    const reply = decodeSessionReply(await post(fixture, `/v1/sessions/${one.callId}`, message, BINARY_MEDIA_TYPE));
    kept.answer ??= reply.answer;
    return await seal.open(own, reply.sealed);
  };
  return { kept, send: sendPacket };
}

/** Runs the caller's role over a session that is open. @throws what ends it early */
export async function runCall(
  fixture: Fixture,
  one: SealedCall,
  role: Session = new Asking(),
): Promise<{ done: unknown; answer: AnswerEnvelope | null; messages: Bytes[] }> {
  const { send: sendPacket, kept } = await posting(fixture, one);
  const done = await postSession(role, { id: fromHex(one.callId), post: sendPacket });
  return { done, ...kept };
}
