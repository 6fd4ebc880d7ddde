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

/** Runs whose events are kept; the oldest ended ones go first. */
const MAX_KEPT_RUNS = 256;

interface KeptRun {
  readonly events: NumberedEvent[];
  ended: boolean;
  readonly watchers: Set<() => void>;
}

/** Events of the runs of this process. */
export class RunEvents {
  readonly #runs = new Map<string, KeptRun>();

  /** Adds an event and wakes the watchers. */
  emit(callId: string, event: RunEvent): void {
    const run = this.#run(callId);
    if (run.ended || run.events.length >= MAX_EVENTS) return;
    run.events.push({ id: run.events.length + 1, event });
    if (event.kind === "state" && (event.state === "completed" || event.state === "failed")) run.ended = true;
    for (const wake of run.watchers) wake();
  }

  /** Events of a run so far in this process. */
  past(callId: string): readonly NumberedEvent[] {
    return this.#runs.get(callId)?.events ?? [];
  }

  /** Events after id `after`, as they come, until the run ends or `signal` aborts. An id that is not reached here is of an
   *  earlier process: its reader gets the run from the start, and so its end. */
  async *watch(callId: string, after: number, signal: AbortSignal): AsyncGenerator<NumberedEvent> {
    const run = this.#run(callId);
    let wake = (): void => {};
    const onChange = (): void => wake();
    run.watchers.add(onChange);
    signal.addEventListener("abort", onChange, { once: true });
    try {
      for (let next = after > run.events.length ? 0 : after; !signal.aborted;) {
        for (const numbered of run.events.slice(next)) {
          next = numbered.id;
          yield numbered;
        }
        if (run.ended) return;
        if (run.events.length > next) continue;
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    } finally {
      run.watchers.delete(onChange);
      signal.removeEventListener("abort", onChange);
    }
  }

  #run(callId: string): KeptRun {
    let run = this.#runs.get(callId);
    if (run === undefined) {
      run = { events: [], ended: false, watchers: new Set() };
      this.#runs.set(callId, run);
      this.#forgetEnded();
    }
    return run;
  }

  /** Drops the oldest ended runs beyond MAX_KEPT_RUNS. */
  #forgetEnded(): void {
    for (const [callId, run] of this.#runs) {
      if (this.#runs.size <= MAX_KEPT_RUNS) return;
      if (run.ended && run.watchers.size === 0) this.#runs.delete(callId);
    }
  }
}
