/** What a party of an aggregation needs from its domain.
 *  @module */
import type { AggregatePlan, Bytes, KeyId, Random } from "@sluice/protocol";
import type { VerifySignature } from "./messages.ts";
import type { AggregateNoise } from "./noise.ts";
import type { AggregateRegister } from "./register.ts";

/** The key that the plan names: the one that the domain signs receipts with. */
export interface AggregateIdentity {
  readonly keyId: KeyId;
  sign(bytes: Bytes): Promise<Bytes>;
}

/** Options of a party. */
export interface AggregatePartyOptions {
  /** As every party agreed to it. */
  readonly plan: AggregatePlan;
  /** What this party adds: `aggregateVector` of its rows. */
  readonly vector: readonly bigint[];
  readonly identity: AggregateIdentity;
  readonly verify: VerifySignature;
  readonly register: AggregateRegister;
  /** Needed when the plan has noise. */
  readonly noise?: AggregateNoise;
  readonly random?: Random;
}

/** What an aggregation gives every survivor. */
export interface AggregateSum {
  /** Names of those whose vectors it is of. */
  readonly survivors: readonly string[];
  /** Each element's sum, noise included. */
  readonly sum: readonly bigint[];
  /** Names of those that gave wrong shares in the end; the sum was opened without these. */
  readonly wrongShares: readonly string[];
}
