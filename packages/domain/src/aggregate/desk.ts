/** This domain's parts in aggregations that are under way. Secrets are in memory only: after a restart the domain is lost to what it
 *  was part of. A round that comes again exactly as before is answered as before; anything else ends the part.
 *  @module */
import { discreteGaussian, RandomWords } from "@sluice/desensitize";
import { verifyBytes } from "@sluice/evidence";
import { AggregateParty } from "@sluice/mpc/aggregate/party";
import {
  encodeAggregateRound,
  sha256Hex,
  SluiceError,
  type AggregateRound,
  type Bytes,
  type Sha256Hex,
  type SignedAggregate,
} from "@sluice/protocol";
import type { DomainContext } from "../serve/context.ts";
import { OneAtATime } from "../serve/one-at-a-time.ts";
import { admitAggregate, refuseUnlicensed, type AdmittedAggregate } from "./admit-aggregate.ts";
import { domainRegister, registerAggregate } from "./domain-register.ts";
import { domainVector } from "./domain-vector.ts";
import { keepResult } from "./result.ts";

/** Aggregations that one domain is part of at a time. */
export const MAX_OPEN_AGGREGATES = 16;
const NOTHING: Bytes = new Uint8Array();

interface OpenPart {
  readonly admitted: AdmittedAggregate;
  readonly party: AggregateParty;
  /** What was answered last, and to what. */
  last: { readonly asked: string; readonly answer: Bytes };
}

/** The parts of one domain. */
export class AggregateDesk {
  readonly #context: () => DomainContext;
  readonly #open = new Map<Sha256Hex, OpenPart>();
  /** Those that are about to be open: their places are taken before anything is awaited. */
  readonly #joining = new Set<Sha256Hex>();
  readonly #turns = new OneAtATime();
  readonly #closing = new AbortController();

  constructor(context: () => DomainContext) {
    this.#context = context;
  }

  /** Takes part; this domain's first message. Asked again, the same one.
   *  @throws what `admitAggregate`, `registerAggregate` and `domainVector` throw; ERR_POOL_FULL */
  async join(signed: SignedAggregate): Promise<Bytes> {
    const context = this.#context();
    const admitted = await admitAggregate(context, signed);
    return await this.#turns.run(admitted.hash, this.#closing.signal, async () => {
      const open = this.#open.get(admitted.hash);
      if (open !== undefined) return this.#again(admitted.hash, open, "join");
      this.#sweep();
      if (this.#open.size + this.#joining.size >= MAX_OPEN_AGGREGATES) {
        throw new SluiceError("ERR_POOL_FULL", { maxQueue: MAX_OPEN_AGGREGATES });
      }
      this.#joining.add(admitted.hash);
      try {
        return await this.#takePart(context, admitted);
      } finally {
        this.#joining.delete(admitted.hash);
      }
    });
  }

  async #takePart(context: DomainContext, admitted: AdmittedAggregate): Promise<Bytes> {
    await registerAggregate(context, admitted);
    const { agreement, held, hash } = admitted;
    const vector = await domainVector(context, held, agreement, this.#closing.signal);
    const words = new RandomWords(context.random);
    const party = await AggregateParty.join({
      plan: agreement.plan,
      vector,
      identity: context.keyring.receiptKey,
      verify: async (keyId, bytes, signature) =>
        await verifyBytes(keyId.startsWith("sm2:") ? "sm2" : "ed25519", keyId, bytes, signature),
      register: domainRegister(context, hash),
      noise: (variance) => {
        const sample = discreteGaussian(variance);
        return () => sample(words);
      },
      random: context.random,
    });
    const answer = await party.advert();
    this.#open.set(hash, { admitted, party, last: { asked: "join", answer } });
    return answer;
  }

  /** Hears what others said in a round; this domain's next message, or nothing when it has opened the sum.
   *  @throws ERR_AGGREGATE_REFUSED when it is no part of it (any more), and what the party's steps throw: then its part is over */
  async hear(agreement: Sha256Hex, round: AggregateRound, messages: readonly Bytes[]): Promise<Bytes> {
    const asked = `${round} ${await sha256Hex(encodeAggregateRound(messages))}`;
    return await this.#turns.run(agreement, this.#closing.signal, async () => {
      this.#sweep();
      const open = this.#open.get(agreement);
      if (open === undefined) {
        // Who has not heard that it has opened the sum asks again.
        if (round === "unmask" && this.#context().aggregates.result(agreement) !== null) return NOTHING;
        throw new SluiceError("ERR_AGGREGATE_REFUSED", { reason: "it is no part of it, or not any more" });
      }
      if (open.last.asked === asked) return this.#again(agreement, open, asked);
      try {
        refuseUnlicensed(this.#context(), open.admitted);
        const answer = await this.#step(open, round, messages);
        open.last = { asked, answer };
        if (round === "unmask") this.#end(agreement);
        return answer;
      } catch (error) {
        this.#end(agreement);
        throw error;
      }
    });
  }

  /** Ends every part. */
  close(): void {
    this.#closing.abort();
    for (const agreement of this.#open.keys()) this.#end(agreement);
  }

  async #step({ party, admitted }: OpenPart, round: AggregateRound, messages: readonly Bytes[]): Promise<Bytes> {
    switch (round) {
      case "advert":
        return await party.shares(messages);
      case "shares":
        return await party.masked(messages);
      case "masked":
        return await party.survivors(messages);
      case "survivors":
        return await party.unmask(messages);
      case "unmask":
        await keepResult(this.#context(), admitted, await party.open(messages));
        return NOTHING;
    }
  }

  #again(agreement: Sha256Hex, { last }: OpenPart, asked: string): Bytes {
    if (last.asked === asked) return last.answer;
    this.#end(agreement);
    throw new SluiceError("ERR_AGGREGATE_ROUND", {
      party: this.#context().config.domain,
      reason: "a step that is over was asked for again",
    });
  }

  /** Ends the parts whose time is over. */
  #sweep(): void {
    const now = this.#context().clock.now().getTime();
    for (const [agreement, { admitted }] of this.#open) {
      if (!(now < Date.parse(admitted.agreement.terms.deadline))) this.#end(agreement);
    }
  }

  #end(agreement: Sha256Hex): void {
    this.#open.get(agreement)?.party.end();
    this.#open.delete(agreement);
  }
}
