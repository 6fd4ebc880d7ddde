/** Follows runs to their end whether or not somebody reads them, also after a restart: what a run cost is booked, and a
 *  built product serves. One timer looks at a bounded number of open runs at a time, in turn.
 *  @module */
import { isSluiceError } from "@sluice/protocol";
import type { GatewayContext } from "../context.ts";
import { dropRun, openRuns, type HeldRun } from "../state/run-store.ts";
import { observeRun } from "./run-observer.ts";

/** Time between two looks, unless a deployment says otherwise. */
export const FOLLOW_INTERVAL_MS = 5_000;
/** Runs of one look; the next look goes on after them. */
const MAX_RUNS_PER_LOOK = 64;

type FollowContext = Pick<GatewayContext, "state" | "domains" | "link" | "book" | "products" | "changes" | "closing">;

/** Follows the runs of one gateway. */
export class RunFollower {
  readonly #context: FollowContext;
  readonly #onFault: (error: unknown) => void;
  readonly #timer: NodeJS.Timeout;
  /** Runs whose fault was told. */
  readonly #told = new Set<string>();
  #after = "";
  #looking: Promise<void> | undefined;

  constructor(context: FollowContext, intervalMs: number, onFault: (error: unknown) => void) {
    this.#context = context;
    this.#onFault = onFault;
    this.#timer = setInterval(() => {
      // A look that takes longer than the interval is not joined by another.
      this.#looking ??= this.#look()
        .catch(onFault)
        .finally(() => {
          this.#looking = undefined;
        });
    }, intervalMs).unref();
  }

  /** Stops following. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#looking;
  }

  async #look(): Promise<void> {
    const runs = await openRuns(this.#context.state.db, this.#after, MAX_RUNS_PER_LOOK);
    this.#after = runs.length < MAX_RUNS_PER_LOOK ? "" : (runs.at(-1)?.callId ?? "");
    const byDomain = Map.groupBy(runs, ({ domain }) => domain);
    await Promise.all([...byDomain.values()].map((own) => this.#lookInto(own)));
  }

  /** Looks at runs of one domain, one after another. */
  async #lookInto(runs: readonly HeldRun[]): Promise<void> {
    for (const held of runs) {
      if (this.#context.closing.aborted) return;
      try {
        await this.#follow(held);
        this.#told.delete(held.callId);
      } catch (error) {
        // A domain that is away is asked again at the next look.
        if (isSluiceError(error, "ERR_UNREACHABLE", "ERR_TIMEOUT", "ERR_CANCELLED")) return;
        if (!this.#told.has(held.callId)) this.#onFault(error);
        this.#told.add(held.callId);
      }
    }
  }

  /** Forgets a run that its domain does not have: it was kept before the domain was asked, and never came there. A
   *  submission of the same run is not under way meanwhile. */
  async #follow(held: HeldRun): Promise<void> {
    await this.#context.changes.run(`run ${held.callId}`, async () => {
      try {
        await observeRun(this.#context, held);
      } catch (error) {
        if (!isSluiceError(error, "ERR_NOT_FOUND") || error.details["kind"] !== "run") throw error;
        await dropRun(this.#context.state.db, held.callId);
      }
    });
  }
}
