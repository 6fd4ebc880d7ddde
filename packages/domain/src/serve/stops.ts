/** What a stop does at once: runs and calls that it concerns end, in the turn in which it was kept. Whoever is admitted
 *  afterwards finds it in the state.
 *  @module */
import type { KeyId, Sha256Hex } from "@sluice/protocol";
import type { DomainContext } from "./context.ts";

type Working = Pick<DomainContext, "runner" | "activeCalls">;

/** Ends what is done under a grant that was taken back. */
export function stopGrant({ runner, activeCalls }: Working, grant: Sha256Hex): void {
  runner.cancelGrant(grant);
  activeCalls.stop((call) => call.grant === grant);
}

/** Ends what a party with a suspended key has asked for. */
export function stopKey({ runner, activeCalls }: Working, keyId: KeyId): void {
  runner.cancelKey(keyId);
  activeCalls.stop((call) => call.keyId === keyId);
}

/** Ends everything. */
export function stopAll({ runner, activeCalls }: Working): void {
  runner.cancelAll();
  activeCalls.stop(() => true);
}
