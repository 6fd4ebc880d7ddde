/** Openings of sessions that may still go on: the receipt that comes with a later message is of one of them. They are kept apart
 *  from other calls, and each party has its own number of them, so that nobody's traffic takes another's place.
 *  @module */
import { SESSION_LIFETIME_MS, type Clock, type KeyId, type SignedRequest } from "@sluice/protocol";
import { MAX_ATTEMPTS } from "./recent-requests.ts";

/** Calls remembered of one party: a domain holds four sessions of a grant. */
export const MAX_PARTY_OPENINGS = 256;
/** How long after the last opening of a call its receipt may come: the session's time, and that in which its end is repeated. */
export const OPENING_MEMORY_MS = SESSION_LIFETIME_MS + 120_000;

interface Opening {
  readonly party: KeyId;
  readonly attempts: SignedRequest[];
  untilMs: number;
}

/** Remembers openings. */
export class SessionOpenings {
  readonly #clock: Clock;
  /** By call id; who was opened last comes last. */
  readonly #openings = new Map<string, Opening>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Remembers an opening; what the domain refuses is to be forgotten with the function that is returned. A call of another party's
   *  is not remembered: the domain refuses it. */
  add(request: SignedRequest, party: KeyId): () => void {
    const { callId } = request.body;
    const nowMs = this.#clock.now().getTime();
    this.#expire(nowMs);
    const before = this.#openings.get(callId);
    if (before !== undefined && before.party !== party) return () => {};
    const attempts = [...(before?.attempts ?? []), request].slice(0, MAX_ATTEMPTS);
    this.#openings.delete(callId);
    this.#makeRoom(party);
    const opening = { party, attempts, untilMs: nowMs + OPENING_MEMORY_MS };
    this.#openings.set(callId, opening);
    return () => {
      if (this.#openings.get(callId) !== opening) return;
      if (before === undefined) this.#openings.delete(callId);
      else this.#openings.set(callId, before);
    };
  }

  /** The attempts at opening a call, the first one first; none when it was opened by another party, in an earlier process, or too
   *  long ago. */
  find(callId: string, party: KeyId): readonly SignedRequest[] {
    this.#expire(this.#clock.now().getTime());
    const opening = this.#openings.get(callId);
    return opening?.party === party ? opening.attempts : [];
  }

  #expire(nowMs: number): void {
    for (const [callId, { untilMs }] of this.#openings) {
      if (untilMs > nowMs) return;
      this.#openings.delete(callId);
    }
  }

  #makeRoom(party: KeyId): void {
    const own = [...this.#openings].filter(([, opening]) => opening.party === party);
    const [oldest] = own;
    if (own.length >= MAX_PARTY_OPENINGS && oldest !== undefined) this.#openings.delete(oldest[0]);
  }
}
