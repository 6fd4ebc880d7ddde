/** Whether a party takes part: the plan holds, names its key, its vector fits, and its register allows it.
 *  @module */
import {
  aggregateRowBounds,
  aggregateSubject,
  canonicalBytes,
  parseAggregatePlan,
  sha256,
  SluiceError,
  toHex,
} from "@sluice/protocol";
import type { PlanContext } from "./messages.ts";
import type { AggregatePartyOptions } from "./party-options.ts";

/** The plan, parsed, and the party's number in it, once the register has admitted the plan.
 *  @throws ERR_AGGREGATE_PLAN, ERR_AGGREGATE_VALUE, ERR_AGGREGATE_REFUSED; RangeError when the plan has noise and there is no source */
export async function joinPlan(options: AggregatePartyOptions): Promise<{ context: PlanContext; own: number }> {
  const plan = parseAggregatePlan(options.plan);
  const own = plan.parties.findIndex(({ key }) => key === options.identity.keyId);
  if (own < 0) throw new SluiceError("ERR_AGGREGATE_REFUSED", { reason: "the plan does not name its key" });
  if (plan.noise !== undefined && options.noise === undefined) throw new RangeError("a plan with noise needs a source");
  checkVector(options.vector, aggregateRowBounds(plan.statistic), plan.rowsAtMost);
  const hash = await sha256(canonicalBytes(plan));
  const context = { plan, hash, verify: options.verify };
  await askRegister(options, context, "admit", [...plan.parties.keys()]);
  return { context, own };
}

/** Asks the register about parties of the plan. @throws ERR_AGGREGATE_REFUSED */
export async function askRegister(
  { register }: Pick<AggregatePartyOptions, "register">,
  { plan, hash }: PlanContext,
  what: "admit" | "settle",
  parties: readonly number[],
): Promise<void> {
  const keys = parties.map((party) => plan.parties[party]?.key ?? "").toSorted();
  const reason = await register[what]({ plan: toHex(hash), subject: await aggregateSubject(plan), parties: keys });
  if (reason !== null) throw new SluiceError("ERR_AGGREGATE_REFUSED", { reason });
}

/** Every element within what so many rows can give: then no sum wraps around. */
function checkVector(vector: readonly bigint[], bounds: readonly number[], rowsAtMost: number): void {
  const fits = vector.every((value, i) => {
    const bound = BigInt(bounds[i] ?? 0) * BigInt(rowsAtMost);
    return value <= bound && -value <= bound;
  });
  if (vector.length === bounds.length && fits) return;
  throw new SluiceError("ERR_AGGREGATE_VALUE", { column: "vector", expected: "a vector within the plan's bounds" });
}
