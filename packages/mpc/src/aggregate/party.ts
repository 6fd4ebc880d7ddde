/** A domain's part in an aggregation: five messages, each after it has seen those of the others, then the sum. Every survivor
 *  computes the sum itself; whoever carries the messages learns sizes and who dropped out. Secure against a relay that lies and drops,
 *  together with as many parties as the plan says.
 *  A party ends with the first thing that is wrong, and forgets its secrets; they are never stored, so a restart is a drop-out.
 *  @see Bonawitz et al. (CCS 2017), figure 4, with its consistency check
 *  @module */
import {
  AGGREGATE_FIELDS,
  aggregateSigningBytes,
  concatBytes,
  encodeAggregate,
  equalBytes,
  toHex,
  type AggregateBodies,
  type AggregateRound,
  type Bytes,
  type SealedFor,
} from "@sluice/protocol";
import { systemRandom } from "../random.ts";
import { agree, agreementKey, agreementSecret } from "./agreement.ts";
import { decodeElements, encodeElements } from "./field.ts";
import { dealShares, dealtShares, type Dealing, type HeldShares } from "./dealing.ts";
import { gatherShares } from "./gathering.ts";
import { askRegister, joinPlan } from "./joining.ts";
import { addOwnMask, addPairMask, type MaskBinding } from "./masking.ts";
import { misplaced, nextTranscript, readRound, type PlanContext, type RoundMessages } from "./messages.ts";
import { withNoise } from "./noise.ts";
import { openSum, type Received } from "./open-sum.ts";
import type { AggregatePartyOptions, AggregateSum } from "./party-options.ts";
import { PairSealing } from "./pair-sealing.ts";
import { elementBytes, randomElement, type Share } from "./shamir.ts";

export {
  memoryAggregateRegister,
  type AggregateEntry,
  type AggregateRefusal,
  type AggregateRegister,
} from "./register.ts";
export type { AggregateIdentity, AggregatePartyOptions, AggregateSum } from "./party-options.ts";
export type { AggregateNoise } from "./noise.ts";
export type { VerifySignature } from "./messages.ts";

const STEPS = ["advert", "shares", "masked", "survivors", "unmask", "open"] as const;
type Step = (typeof STEPS)[number] | "ended";

/** One party of one aggregation. */
export class AggregateParty {
  readonly #options: AggregatePartyOptions;
  readonly #context: PlanContext;
  readonly #own: number;
  readonly #random;
  #next: Step = "advert";
  #ended = false;
  #transcript: Bytes;
  /** This party's last message, without its signature. */
  #said: Bytes = new Uint8Array(0);
  /** What this party seals under, and opens, for each other party. */
  #sealing: PairSealing | undefined;
  #sealingSecret: Bytes = new Uint8Array(0);
  #maskingSecret: Bytes = new Uint8Array(0);
  #seed: Bytes = new Uint8Array(0);
  #adverts: RoundMessages<"advert"> = new Map();
  #advertsTranscript: Bytes = new Uint8Array(0);
  #shares: RoundMessages<"shares"> = new Map();
  #masked: RoundMessages<"masked"> = new Map();
  readonly #held = new Map<number, HeldShares>();

  private constructor(options: AggregatePartyOptions, context: PlanContext, own: number) {
    this.#options = options;
    this.#context = context;
    this.#own = own;
    this.#random = options.random ?? systemRandom;
    this.#transcript = context.hash;
  }

  /** Takes part, if the register allows it. Nothing has been sent when it throws.
   *  @throws ERR_AGGREGATE_PLAN, ERR_AGGREGATE_VALUE when the vector is not one of the plan's, ERR_AGGREGATE_REFUSED */
  static async join(options: AggregatePartyOptions): Promise<AggregateParty> {
    const { context, own } = await joinPlan(options);
    return new AggregateParty({ ...options, plan: context.plan }, context, own);
  }

  /** Public keys for this aggregation. */
  async advert(): Promise<Bytes> {
    return await this.#step("advert", async () => {
      this.#sealingSecret = elementBytes(randomElement(this.#random));
      this.#maskingSecret = elementBytes(randomElement(this.#random));
      const [sealingKey, maskingKey] = [this.#sealingSecret, this.#maskingSecret].map(
        async (secret) => await agreementKey(await agreementSecret(secret)),
      );
      if (sealingKey === undefined || maskingKey === undefined) throw new RangeError("two keys");
      return await this.#say("advert", { sealingKey: await sealingKey, maskingKey: await maskingKey });
    });
  }

  /** Shares of this party's secrets, from everyone's adverts. @throws as `readRound` does */
  async shares(adverts: readonly Bytes[]): Promise<Bytes> {
    return await this.#step("shares", async () => {
      this.#adverts = await this.#hear("advert", adverts, new Set(this.#context.plan.parties.keys()));
      this.#advertsTranscript = this.#transcript;
      this.#checkKeys();
      this.#sealing = await PairSealing.agree(this.#context, this.#own, this.#sealingSecret, this.#adverts);
      this.#seed = elementBytes(randomElement(this.#random));
      const secrets = { seed: this.#seed, key: this.#maskingSecret, random: this.#random };
      const { body, kept } = await dealShares(this.#dealing(), secrets);
      this.#held.set(this.#own, kept);
      return await this.#say("shares", body);
    });
  }

  /** This party's vector with its noise, under its masks, from everyone's shares. @throws as `readRound` does */
  async masked(shares: readonly Bytes[]): Promise<Bytes> {
    return await this.#step("masked", async () => {
      this.#shares = await this.#hear("shares", shares, new Set(this.#adverts.keys()));
      const { plan } = this.#context;
      for (const [party, { body }] of this.#shares) {
        if (party !== this.#own) this.#held.set(party, await dealtShares(this.#dealing(), party, body));
      }
      const vector = withNoise(plan, this.#options.vector, this.#options.noise);
      const binding = this.#binding();
      await addOwnMask(binding, vector, { owner: this.#own, seed: this.#seed });
      const key = await agreementSecret(this.#maskingSecret);
      for (const [other, { body }] of this.#adverts) {
        if (other === this.#own || !this.#shares.has(other)) continue;
        const secret = await agree(key, body.maskingKey, this.#nameOf(other));
        await addPairMask(binding, vector, { owner: this.#own, other, secret });
        secret.fill(0);
      }
      this.#maskingSecret.fill(0);
      return await this.#say("masked", { vector: encodeElements(binding.field, vector) });
    });
  }

  /** Which vectors have arrived, signed once, from everyone's masked vectors. @throws as `readRound` does; ERR_AGGREGATE_REFUSED */
  async survivors(masked: readonly Bytes[]): Promise<Bytes> {
    return await this.#step("survivors", async () => {
      this.#masked = await this.#hear("masked", masked, new Set(this.#shares.keys()));
      const { plan } = this.#context;
      // Before anything is given out for a vector, it is one.
      const { length } = this.#options.vector;
      for (const { body } of this.#masked.values()) decodeElements(AGGREGATE_FIELDS[plan.field], body.vector, length);
      const survivors = [...this.#masked.keys()];
      await askRegister(this.#options, this.#context, "settle", survivors);
      return await this.#say("survivors", { survivors });
    });
  }

  /** For every other survivor, this party's share of each survivor's seed, and of the masking key of each party that is none:
   *  never both of one. Only when enough survivors signed the survivor set that this party signed. @throws as `readRound` does */
  async unmask(signed: readonly Bytes[]): Promise<Bytes> {
    return await this.#step("unmask", async () => {
      const transcript = this.#transcript;
      const heard = await this.#hear("survivors", signed, new Set(this.#masked.keys()));
      this.#transcript = transcript; // whoever signs it says the same: which of them were heard makes no difference
      const survivors = [...this.#masked.keys()].join();
      for (const [party, { body }] of heard) {
        if (body.survivors.join() !== survivors) throw misplaced(this.#context.plan, party, "it has other survivors");
      }
      const released = [...this.#released().values()];
      const shares: SealedFor[] = [];
      for (const party of this.#masked.keys()) {
        if (party !== this.#own)
          shares.push(await this.#sealed().seal({ round: "unmask", transcript }, party, released));
      }
      return await this.#say("unmask", { shares });
    });
  }

  /** The sum, from everyone's shares: wrong ones are left out as long as there are enough without them.
   *  @throws ERR_FRAME_MALFORMED, ERR_AGGREGATE_SHARE, ERR_AGGREGATE_TOO_FEW, ERR_AGGREGATE_VALUE */
  async open(unmasked: readonly Bytes[]): Promise<AggregateSum> {
    return await this.#step("open", async () => {
      const transcript = this.#transcript;
      const survivors = new Set(this.#masked.keys());
      const released = this.#released();
      const gathering = { ...this.#dealing(), transcript, dealt: this.#shares, survivors, released };
      const { given, wrong } = await gatherShares(gathering, unmasked);
      const received: Received = { adverts: this.#adverts, shares: this.#shares, masked: this.#masked };
      const sum = await openSum(this.#context, this.#binding(), received, given);
      this.#forget();
      const names = (parties: Iterable<number>): string[] => [...parties].map((party) => this.#nameOf(party));
      return { survivors: names(survivors), sum, wrongShares: names(wrong) };
    });
  }

  /** Ends this party's part, whichever step is next, and wipes its secrets: for the others it has dropped out. */
  end(): void {
    this.#ended = true;
    this.#next = "ended";
    this.#forget();
  }

  /** One step at a time, each once, in their order; the first that fails is the last. */
  async #step<T>(step: Exclude<Step, "ended">, work: () => Promise<T>): Promise<T> {
    if (this.#next !== step) throw misplaced(this.#context.plan, this.#own, `its step ${step} is over or not yet due`);
    this.#next = "ended";
    try {
      const result = await work();
      if (this.#ended) throw misplaced(this.#context.plan, this.#own, "it has ended");
      this.#next = STEPS[STEPS.indexOf(step) + 1] ?? "ended";
      return result;
    } catch (error) {
      this.#forget();
      throw error;
    }
  }

  /** What others said in a round, this party's own message among it. */
  async #hear<R extends AggregateRound>(round: R, frames: readonly Bytes[], allowed: ReadonlySet<number>) {
    const transcript = this.#transcript;
    const messages = await readRound(this.#context, { round, allowed, transcript }, frames);
    const own = messages.get(this.#own);
    if (own === undefined || !equalBytes(own.signed, this.#said)) {
      throw misplaced(this.#context.plan, this.#own, "its own message is missing or another");
    }
    this.#transcript = await nextTranscript(transcript, round, messages);
    return messages;
  }

  async #say<R extends AggregateRound>(round: R, body: AggregateBodies[R]): Promise<Bytes> {
    const head = { round, plan: this.#context.hash, party: this.#own, transcript: this.#transcript };
    const said = encodeAggregate(head, body);
    this.#said = said;
    return concatBytes(said, await this.#options.identity.sign(aggregateSigningBytes(said)));
  }

  /** Shares that may be given out: for each party that has shared, that of its seed or that of its key. */
  #released(): Map<number, Share> {
    const released = new Map<number, Share>();
    for (const party of this.#shares.keys()) {
      const held = this.#held.get(party);
      if (held === undefined) throw new RangeError("a share of each party");
      released.set(party, this.#masked.has(party) ? held.seed : held.key);
    }
    return released;
  }

  #sealed(): PairSealing {
    if (this.#sealing === undefined) throw new RangeError("shares are sealed after the adverts");
    return this.#sealing;
  }

  #checkKeys(): void {
    const keys = new Set<string>();
    for (const [party, { body }] of this.#adverts) {
      for (const key of [toHex(body.sealingKey), toHex(body.maskingKey)]) {
        if (keys.has(key)) throw misplaced(this.#context.plan, party, "its key is another party's");
        keys.add(key);
      }
    }
  }

  #dealing(): Dealing {
    const holders = [...this.#adverts.keys()];
    const sealing = this.#sealed();
    return { context: this.#context, own: this.#own, sealing, holders, transcript: this.#advertsTranscript };
  }

  #binding(): MaskBinding {
    const { plan, hash } = this.#context;
    return { field: AGGREGATE_FIELDS[plan.field], plan: hash, adverts: this.#advertsTranscript };
  }

  #nameOf(party: number): string {
    return this.#context.plan.parties[party]?.party ?? String(party);
  }

  #forget(): void {
    for (const secret of [this.#sealingSecret, this.#maskingSecret, this.#seed]) secret.fill(0);
    this.#sealing?.forget();
    this.#held.clear();
  }
}
