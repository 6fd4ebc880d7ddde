/** Members of a policy that ask for what is not done: refused, because a demand that is passed over would be signed,
 *  shown to officers, and never met.
 *  @module */
import { SluiceError, type Policy } from "@sluice/protocol";

/** What a policy may ask for that is not done, by pointer: the value it has, and those that are done. */
const NOT_DONE: readonly (readonly [pointer: string, asked: (policy: Policy) => unknown, done: readonly unknown[]])[] =
  [["/sample/method", ({ sample }) => sample.method, ["exact"]]];

/** @throws ERR_POLICY at the first member that asks for what is not done. */
export function checkDemands(policy: Policy): void {
  for (const [pointer, asked, done] of NOT_DONE) {
    const value = asked(policy);
    if (value === undefined || done.includes(value)) continue;
    const reason = done.length === 0 ? "expected no such member" : `expected ${done.join(" or ")}`;
    throw new SluiceError("ERR_POLICY", { pointer, reason });
  }
}
