/** What an answer with noise takes of its caller's privacy budget over a state of the source table, in the transaction that charges for
 *  the call: counts and sums have one budget together.
 *  @module */
import { microEpsilon, SluiceError, type Asking } from "@sluice/protocol";
import type { CountHolder } from "../../state/count-spends.ts";
import type { ServedProduct } from "../../state/work.ts";
import type { DomainContext } from "../context.ts";
import { misplaced } from "./product-form.ts";

/** The price of one answer. */
export interface NoisePrice {
  /** Millionths of ε. */
  readonly cost: number;
  /** ε of all answers of one caller, as a decimal. */
  readonly budget: string;
}

/** Spends it. @throws ERR_COUNT_BUDGET; ERR_SNAPSHOT when another build took its place meanwhile, perhaps of another state of the table */
export function chargeNoise(
  context: DomainContext,
  served: ServedProduct,
  { cost, budget }: NoisePrice,
  { keyId, callId }: Asking,
  now: Date,
): void {
  if (context.work.product(served.product, served.version)?.snapshotHash !== served.snapshotHash) {
    throw new SluiceError("ERR_SNAPSHOT");
  }
  const spend = { callId, cost, budget: microEpsilon(budget), at: now.toISOString() };
  if (context.counts.spend(holderOf(context, served, keyId), spend)) return;
  throw new SluiceError("ERR_COUNT_BUDGET", { budget });
}

/** The party that asks, whatever its key is called, and the state of the table that the set was made from. */
function holderOf(context: DomainContext, served: ServedProduct, keyId: string): CountHolder {
  const { product, version, snapshot } = served;
  const caller = context.documents.grant(snapshot.body.grant)?.grant.body.callers.find((one) => one.keyId === keyId);
  const output = context.register.served(product, version);
  if (caller === undefined || output === null) throw misplaced(snapshot.body.type);
  return { party: caller.party, resource: output.resource, source: output.snapshot };
}
