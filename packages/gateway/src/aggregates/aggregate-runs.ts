/** Relays of aggregations over several domains: hands each round's messages to the domains, waits for theirs as long as the agreement
 *  says, and goes on without those that did not answer. The gateway learns sizes and who was there; a restart goes on.
 *  @module */
import { verifyBytes } from "@sluice/evidence";
import { AggregateRelay, type ClosedRound } from "@sluice/mpc/aggregate/relay";
import {
  AGGREGATE_ROUNDS,
  encodeAggregateRound,
  isSluiceError,
  MAX_SESSION_FRAME_BYTES,
  type AggregateLoss,
  type Bytes,
  type Sha256Hex,
} from "@sluice/protocol";
import { setTimeout as pause } from "node:timers/promises";
import type { GatewayContext } from "../context.ts";
import type { DomainRequest } from "../domains/domain-link.ts";
import {
  endAggregate,
  messagesOf,
  moveAggregate,
  putMessage,
  runningAggregates,
  type HeldAggregate,
} from "../state/aggregate-store.ts";

/** Time between two attempts to reach a domain. */
const RETRY_MS = 250;
/** What passes by itself: the domain is asked again while its round lasts. */
const PASSING = ["ERR_UNREACHABLE", "ERR_TIMEOUT", "ERR_POOL_FULL"] as const;

type RelayContext = Pick<GatewayContext, "state" | "domains" | "link" | "clock" | "closing">;

/** Relays the aggregations of one gateway. */
export class AggregateRuns {
  readonly #context: RelayContext;
  readonly #onFault: (error: unknown) => void;
  readonly #running = new Map<Sha256Hex, Promise<void>>();

  constructor(context: RelayContext, onFault: (error: unknown) => void) {
    this.#context = context;
    this.#onFault = onFault;
  }

  /** Aggregations that are relayed now. */
  get size(): number {
    return this.#running.size;
  }

  /** Goes on with what a gateway before has begun. */
  async resume(): Promise<void> {
    for (const held of await runningAggregates(this.#context.state.db)) this.start(held);
  }

  /** Relays an aggregation that is kept, unless it is relayed already. */
  start(held: HeldAggregate): void {
    if (held.state !== "running" || this.#running.has(held.aggregate)) return;
    const run = this.#relay(held)
      .catch((error: unknown) => {
        if (!this.#context.closing.aborted) this.#onFault(error);
      })
      .finally(() => this.#running.delete(held.aggregate));
    this.#running.set(held.aggregate, run);
  }

  /** Waits for what is under way; `closing` of the context ends it. */
  async close(): Promise<void> {
    await Promise.all(this.#running.values());
  }

  async #relay(held: HeldAggregate): Promise<void> {
    const { db } = this.#context.state;
    const { aggregate } = held;
    const lost = [...held.lost];
    const relay = await AggregateRelay.open(held.agreement.body.plan, async (keyId, bytes, signature) =>
      verifyBytes(keyId.startsWith("sm2:") ? "sm2" : "ed25519", keyId, bytes, signature),
    );
    let before: ClosedRound | null = null;
    for (const round of AGGREGATE_ROUNDS.keys()) {
      for (const { message } of await messagesOf(db, aggregate, round)) await relay.accept(message);
      if (round >= held.place) {
        const until = this.#endOfRound(held);
        const asking = relay.awaited.map(async (party) => {
          const failed = await this.#collect(relay, held, { round, party, before, until });
          if (failed !== null) lost.push(failed);
        });
        await Promise.all(asking);
        if (this.#context.closing.aborted) return;
      }
      try {
        before = relay.close();
      } catch (error) {
        if (!isSluiceError(error, "ERR_AGGREGATE_TOO_FEW")) throw error;
        await endAggregate(db, aggregate, { lost, reason: error.code });
        return;
      }
      if (round >= held.place) await moveAggregate(db, aggregate, { round: round + 1, lost });
    }
    await this.#deliver(held, before, lost);
  }

  /** Gets one domain's message of a round and keeps it; or says how the domain was lost. */
  async #collect(
    relay: AggregateRelay,
    held: HeldAggregate,
    { round, party, before, until }: { round: number; party: number; before: ClosedRound | null; until: AbortSignal },
  ): Promise<AggregateLoss | null> {
    return await this.#losing(held, { round, party }, async (domain) => {
      const request: DomainRequest =
        before === null ? { method: "POST", path: "/v1/aggregates", json: held.agreement } : hearing(held, before);
      const message = await this.#ask(domain, request, until);
      await relay.accept(message);
      await putMessage(this.#context.state.db, { aggregate: held.aggregate, round }, { party, message });
    });
  }

  /** Hands out the last round: with it each survivor opens the sum. */
  async #deliver(held: HeldAggregate, last: ClosedRound | null, lost: AggregateLoss[]): Promise<void> {
    if (last === null) return;
    const until = this.#endOfRound(held);
    const failures = await Promise.all(
      last.to.map(
        async (party) =>
          await this.#losing(held, { round: AGGREGATE_ROUNDS.length, party }, async (domain) => {
            await this.#ask(domain, hearing(held, last), until);
          }),
      ),
    );
    if (this.#context.closing.aborted) return;
    lost.push(...failures.filter((failed) => failed !== null));
    const opened = failures.some((failed) => failed === null);
    const reason = opened ? null : (failures.find((failed) => failed !== null)?.reason ?? null);
    await endAggregate(this.#context.state.db, held.aggregate, { lost, reason });
  }

  async #losing(
    held: HeldAggregate,
    { round, party }: { readonly round: number; readonly party: number },
    work: (domain: string) => Promise<void>,
  ): Promise<AggregateLoss | null> {
    const domain = held.agreement.body.plan.parties[party]?.party ?? "";
    try {
      await work(domain);
      return null;
    } catch (error) {
      if (!isSluiceError(error)) throw error;
      return { domain, round: AGGREGATE_ROUNDS[round] ?? "open", reason: error.code };
    }
  }

  /** The answer of a domain; while it is away it is asked again. @throws the domain's refusal; ERR_UNREACHABLE and such when time is over */
  async #ask(domain: string, request: DomainRequest, until: AbortSignal): Promise<Bytes> {
    const { domains, link } = this.#context;
    for (;;) {
      try {
        const asked = { ...request, maxAnswerBytes: MAX_SESSION_FRAME_BYTES, signal: until };
        return await link.bytes(domains.get(domain), { ...asked, timeoutMs: MAX_STEP_MS });
      } catch (error) {
        if (until.aborted || !isSluiceError(error, ...PASSING)) throw error;
        await pause(RETRY_MS, undefined, { signal: until, ref: false }).catch(() => {});
        if (until.aborted) throw error;
      }
    }
  }

  #endOfRound({ agreement }: HeldAggregate): AbortSignal {
    const { roundSeconds, deadline } = agreement.body.terms;
    const left = Date.parse(deadline) - this.#context.clock.now().getTime();
    const ms = Math.max(0, Math.min(roundSeconds * 1_000, left));
    return AbortSignal.any([AbortSignal.timeout(ms), this.#context.closing]);
  }
}

/** Longest time for one answer within a round. */
const MAX_STEP_MS = 3_600_000;

function hearing({ aggregate }: HeldAggregate, { round, frames }: ClosedRound): DomainRequest {
  const path = `/v1/aggregates/${aggregate}/rounds/${round}`;
  return { method: "POST", path, binary: encodeAggregateRound(frames) };
}
