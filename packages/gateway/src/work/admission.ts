/** Admission of production calls: a bound on each party's rate, and for each kind of work on how many calls are in flight,
 *  how many wait, and how much memory those hold. Kinds do not share places: lists never stand before lookups.
 *  @module */
import { OPERATION_UNITS, SluiceError, type Clock, type Operation } from "@sluice/protocol";
import { WaitingRoom, type RoomLimits } from "./waiting-room.ts";

/** Kinds of calls, as the domains' worker pools have them; and messages of calls of many, which mostly wait. */
export const WORK_KINDS = ["lookup", "psi", "score", "session"] as const;
export type WorkKind = (typeof WORK_KINDS)[number];

/** Limits of admission. */
export interface AdmissionLimits extends Readonly<Record<WorkKind, RoomLimits>> {
  /** Calls of one party per second, sustained; bursts reach twice as many. */
  readonly callsPerSecond: number;
}

const MIB = 1_048_576;
/** Limits unless a deployment says otherwise: what waits holds at most 320 MiB. */
export const DEFAULT_ADMISSION: AdmissionLimits = {
  callsPerSecond: 2_000,
  lookup: { maxConcurrent: 64, maxWaiting: 1_024, maxWaitingBytes: 64 * MIB },
  psi: { maxConcurrent: 16, maxWaiting: 64, maxWaitingBytes: 128 * MIB },
  score: { maxConcurrent: 16, maxWaiting: 64, maxWaitingBytes: 64 * MIB },
  session: { maxConcurrent: 32, maxWaiting: 64, maxWaitingBytes: 64 * MIB },
};

/** A call that asks for its turn. */
export interface AskingCall {
  readonly kind: WorkKind;
  /** Name of the party that makes it. */
  readonly party: string;
  /** Memory that it holds while it waits. */
  readonly sizeBytes: number;
  /** Gives the call up while it waits; a call in flight is not cut off. */
  readonly signal?: AbortSignal;
}

interface Bucket {
  tokens: number;
  atMs: number;
}

/** The kind of a production call. @throws ERR_GRANT_OPERATION for runs and aggregations */
export function workKindOf(operation: Operation): WorkKind {
  switch (OPERATION_UNITS[operation]) {
    case "oprf-element":
    case "pir-query":
    case "report":
    case "row-field-day":
    case "selection":
      return "lookup";
    case "psi-element":
      return "psi";
    case "score-row":
    case "selection-sum":
      return "score";
    case "run":
    case "aggregation":
      throw new SluiceError("ERR_GRANT_OPERATION", { operation });
  }
}

/** Admits calls within the limits. */
export class Admission {
  readonly #callsPerSecond: number;
  readonly #clock: Clock;
  readonly #rooms: Readonly<Record<WorkKind, WaitingRoom>>;
  readonly #buckets = new Map<string, Bucket>();

  constructor({ callsPerSecond, lookup, psi, score, session }: AdmissionLimits, clock: Clock) {
    this.#callsPerSecond = callsPerSecond;
    this.#clock = clock;
    this.#rooms = {
      lookup: new WaitingRoom(lookup),
      psi: new WaitingRoom(psi),
      score: new WaitingRoom(score),
      session: new WaitingRoom(session),
    };
  }

  /** How busy each kind is. */
  load(): {
    readonly kind: WorkKind;
    readonly active: number;
    readonly waiting: number;
    readonly waitingBytes: number;
  }[] {
    return WORK_KINDS.map((kind) => {
      const { active, waiting, waitingBytes } = this.#rooms[kind];
      return { kind, active, waiting, waitingBytes };
    });
  }

  /** Runs `call` when its turn comes. @throws ERR_RATE_LIMIT, ERR_POOL_FULL, ERR_CANCELLED, or what `call` throws */
  async run<T>(asking: AskingCall, call: () => Promise<T>): Promise<T> {
    this.#takeToken(asking.party);
    const room = this.#rooms[asking.kind];
    await room.enter(asking);
    try {
      return await call();
    } finally {
      room.leave();
    }
  }

  /** One token per call, refilled with time (a token bucket). */
  #takeToken(party: string): void {
    const callsPerSecond = this.#callsPerSecond;
    const capacity = callsPerSecond * 2;
    const nowMs = this.#clock.now().getTime();
    const bucket = this.#buckets.get(party) ?? { tokens: capacity, atMs: nowMs };
    const elapsedMs = Math.max(0, nowMs - bucket.atMs);
    bucket.tokens = Math.min(capacity, bucket.tokens + (elapsedMs / 1_000) * callsPerSecond);
    bucket.atMs = nowMs;
    this.#buckets.set(party, bucket);
    if (bucket.tokens < 1) throw new SluiceError("ERR_RATE_LIMIT", { party, callsPerSecond });
    bucket.tokens -= 1;
  }
}
