/** Events of running jobs, for those who watch. Ids count from 1 within a run, so that a reader who was cut
 *  off goes on after the last one it saw.
 *  @module */
import type { RunEvent } from "@sluice/protocol";

/** One event with its id. */
export interface NumberedEvent {
  readonly id: number;
  readonly event: RunEvent;
}

/** Most events kept per run; a run's log and progress are bounded below it. */
const MAX_EVENTS = 2_048;

/** Events of the runs of this process. */
export class RunEvents {
  readonly #runs = new Map<string, { events: NumberedEvent[]; ended: boolean; waiting: Set<() => void> }>();

  /** Adds an event and wakes the watchers. */
  emit(callId: string, event: RunEvent): void {
    const run = this.#run(callId);
    if (run.ended || run.events.length >= MAX_EVENTS) return;
    run.events.push({ id: run.events.length + 1, event });
    if (event.kind === "state" && (event.state === "completed" || event.state === "failed")) run.ended = true;
    for (const wake of run.waiting) wake();
    run.waiting.clear();
  }

  /** Events of a run so far in this process. */
  past(callId: string): readonly NumberedEvent[] {
    return this.#runs.get(callId)?.events ?? [];
  }

  /** Events after id `after`, as they come, until the run ends or `signal` aborts. */
  async *watch(callId: string, after: number, signal: AbortSignal): AsyncGenerator<NumberedEvent> {
    const run = this.#run(callId);
    let next = after;
    while (!signal.aborted) {
      for (const numbered of run.events.slice(next)) {
        next = numbered.id;
        yield numbered;
      }
      if (run.ended) return;
      await new Promise<void>((resolve) => {
        run.waiting.add(resolve);
        signal.addEventListener("abort", () => resolve(), { once: true });
      });
    }
  }

  #run(callId: string): { events: NumberedEvent[]; ended: boolean; waiting: Set<() => void> } {
    let run = this.#runs.get(callId);
    if (run === undefined) {
      run = { events: [], ended: false, waiting: new Set() };
      this.#runs.set(callId, run);
    }
    return run;
  }
}
