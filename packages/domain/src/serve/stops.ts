/** What a stop does at once: runs and calls that it concerns end, in the turn in which it was kept. Whoever is admitted
 *  afterwards finds it in the state.
 *  @module */
import type { Sha256Hex } from "@sluice/protocol";
import type { ServedProduct } from "../state/work.ts";
import { isBarred, type Admitted } from "./admit.ts";
import type { DomainContext } from "./context.ts";

type Working = Pick<DomainContext, "runner" | "activeCalls">;

/** Ends what is done under a grant that was taken back. */
export function stopGrant(context: Working, grant: Sha256Hex): void {
  stop(context, ({ held }) => held.hash === grant);
}

/** Ends what was asked for with a key that its party may not use any more: it is suspended, or was replaced. */
export function stopBarred(context: Working & Pick<DomainContext, "documents">): void {
  stop(context, (admitted) => isBarred(context, admitted));
}

/** Ends the sessions over what a build has replaced; one that has its receipt gives out what it has. */
export function stopReplaced(
  { activeCalls, sessions, answers }: Pick<DomainContext, "activeCalls" | "sessions" | "answers">,
  { product, version }: Pick<ServedProduct, "product" | "version">,
): void {
  activeCalls.stop(
    ({ request }) =>
      request.product === product &&
      request.version === version &&
      sessions.holds(request.callId) &&
      answers.get(request.callId) === null,
  );
}

/** Ends everything. */
export function stopAll(context: Working): void {
  stop(context, () => true);
}

function stop({ runner, activeCalls }: Working, concerned: (admitted: Admitted) => boolean): void {
  runner.cancel(concerned);
  activeCalls.stop(concerned);
}
