/** Time that passes when a test says so.
 *  @module */
import type { Timers } from "../src/remote/timers.ts";

/** Alarms ring in their order when `advance` reaches them. */
export class ManualTimers implements Timers {
  #nowMs = 0;
  readonly #alarms = new Map<() => void, number>();

  nowMs(): number {
    return this.#nowMs;
  }

  after(ms: number, alarm: () => void): () => void {
    const own = () => alarm();
    this.#alarms.set(own, this.#nowMs + ms);
    return () => this.#alarms.delete(own);
  }

  /** Alarms that would ring within `ms`. */
  due(ms: number): number {
    return [...this.#alarms.values()].filter((atMs) => atMs <= this.#nowMs + ms).length;
  }

  advance(ms: number): void {
    const endMs = this.#nowMs + ms;
    for (;;) {
      const [next] = [...this.#alarms].filter(([, atMs]) => atMs <= endMs).toSorted(([, a], [, b]) => a - b);
      if (next === undefined) break;
      this.#alarms.delete(next[0]);
      this.#nowMs = next[1];
      next[0]();
    }
    this.#nowMs = endMs;
  }
}
