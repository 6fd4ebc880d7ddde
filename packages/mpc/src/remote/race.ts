/** One question to several workers that all know the answer: one is asked, the next when the first fails, or when it is slow
 *  and a second request is allowed; the first answer counts, and whoever still computes is told to stop. Whatever a worker
 *  refuses with is its failure, of the question too: who asks has judged that, and a worker may lie.
 *  @module */
import { SluiceError } from "@sluice/protocol";
import type { Hedging } from "./hedging.ts";
import type { Timers } from "./timers.ts";

/** Whom to ask, and how. */
export interface Race<Worker, T> {
  /** In the order in which they are asked. */
  readonly workers: readonly Worker[];
  readonly ask: (worker: Worker, signal: AbortSignal) => Promise<T>;
  /** Hears of each failure. */
  readonly onFailure: (worker: Worker, error: unknown) => void;
  readonly hedging: Hedging;
  readonly timers: Timers;
  readonly signal: AbortSignal;
}

/** The first answer. @throws what the last worker threw; the reason of `signal` */
export async function firstAnswer<Worker, T>(race: Race<Worker, T>): Promise<T> {
  const { workers, ask, onFailure, hedging, timers, signal } = race;
  const { promise, resolve, reject } = Promise.withResolvers<T>();
  const waiting = [...workers];
  const asked = new Map<AbortController, number>();
  let isSettled = false;

  const settle = (how: () => void): void => {
    if (isSettled) return;
    isSettled = true;
    takeBack();
    signal.removeEventListener("abort", cancel);
    for (const controller of asked.keys()) controller.abort(new SluiceError("ERR_CANCELLED"));
    how();
  };
  const cancel = (): void => settle(() => reject(signal.reason));
  const askOne = async (worker: Worker, controller: AbortController): Promise<void> => {
    try {
      const value = await ask(worker, controller.signal);
      // Whoever is told to stop now took at least so long: left out, slow answers would look rare.
      if (!isSettled) for (const sinceMs of asked.values()) hedging.answered(timers.nowMs() - sinceMs);
      settle(() => resolve(value));
    } catch (error) {
      asked.delete(controller);
      if (isSettled) return;
      onFailure(worker, error);
      if (asked.size === 0 && !askNext()) settle(() => reject(error));
    }
  };
  const askNext = (): boolean => {
    const worker = waiting.shift();
    if (worker === undefined) return false;
    const controller = new AbortController();
    asked.set(controller, timers.nowMs());
    void askOne(worker, controller);
    return true;
  };

  hedging.asked();
  const takeBack = timers.after(hedging.delayMs(), () => {
    if (asked.size === 1 && waiting.length > 0 && hedging.take()) askNext();
  });
  signal.addEventListener("abort", cancel, { once: true });
  if (signal.aborted) cancel();
  else if (!askNext()) settle(() => reject(new SluiceError("ERR_UNREACHABLE", { peer: "a worker of the partition" })));
  return await promise;
}
