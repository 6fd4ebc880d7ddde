/** What one party seals for each other party, and opens from it: the keys agreed upon by their adverts, and the shares under them.
 *  @module */
import { AGGREGATE_SECRET_BYTES, concatBytes, type Bytes, type SealedFor } from "@sluice/protocol";
import { agree, agreementSecret, openFrom, sealFor } from "./agreement.ts";
import { misplaced, type PlanContext, type RoundMessages } from "./messages.ts";
import { elementBytes, elementOf, type Share } from "./shamir.ts";

/** One of the rounds with sealed shares, and the transcript that it is bound to. */
type Place = { readonly round: "shares" | "unmask"; readonly transcript: Bytes };

/** The keys of one party of one aggregation. */
export class PairSealing {
  readonly #context: PlanContext;
  readonly #own: number;
  readonly #keys = new Map<number, Bytes>();

  private constructor(context: PlanContext, own: number) {
    this.#context = context;
    this.#own = own;
  }

  /** Agrees with every other party; wipes `secret`. @throws ERR_AGGREGATE_ROUND */
  static async agree(
    context: PlanContext,
    own: number,
    secret: Bytes,
    adverts: RoundMessages<"advert">,
  ): Promise<PairSealing> {
    const sealing = new PairSealing(context, own);
    const key = await agreementSecret(secret);
    secret.fill(0);
    for (const [party, { body }] of adverts) {
      if (party === own) continue;
      sealing.#keys.set(party, await agree(key, body.sealingKey, context.plan.parties[party]?.party ?? ""));
    }
    return sealing;
  }

  /** `shares`, sealed for party `to`. */
  async seal(place: Place, to: number, shares: readonly Share[]): Promise<SealedFor> {
    const content = concatBytes(...shares.map(({ value }) => elementBytes(value)));
    const sealed = await sealFor(this.#keyOf(to), { ...place, plan: this.#context.hash, from: this.#own, to }, content);
    content.fill(0);
    return { to, sealed };
  }

  /** As many elements as `count` that party `from` has sealed for this one. @throws ERR_AGGREGATE_ROUND */
  async open(place: Place, from: number, shares: readonly SealedFor[], count: number): Promise<bigint[]> {
    const { plan, hash } = this.#context;
    const sealed = shares.find(({ to }) => to === this.#own)?.sealed;
    if (sealed === undefined) throw misplaced(plan, from, "it has sealed nothing for this party");
    const at = { ...place, plan: hash, from, to: this.#own };
    const content = await openFrom(this.#keyOf(from), at, sealed, plan.parties[from]?.party ?? "");
    if (content.length !== count * AGGREGATE_SECRET_BYTES)
      throw misplaced(plan, from, "it gives another number of shares");
    return Array.from({ length: count }, (_, i) => {
      const value = elementOf(content.subarray(i * AGGREGATE_SECRET_BYTES, (i + 1) * AGGREGATE_SECRET_BYTES));
      if (value === null) throw misplaced(plan, from, "its shares are no elements");
      return value;
    });
  }

  /** Wipes the keys. */
  forget(): void {
    for (const key of this.#keys.values()) key.fill(0);
    this.#keys.clear();
  }

  #keyOf(party: number): Bytes {
    const key = this.#keys.get(party);
    if (key === undefined) throw misplaced(this.#context.plan, party, "it has no key");
    return key;
  }
}
