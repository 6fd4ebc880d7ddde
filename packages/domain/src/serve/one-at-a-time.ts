/** Work under one name, one after another: a retry that comes while its first attempt is computed waits for its answer
 *  instead of computing it beside.
 *  @module */

/** Queues by name. */
export class OneAtATime {
  readonly #last = new Map<string, Promise<unknown>>();

  /** Runs `work` when everything that came before under `name` has ended, however it ended. */
  async run<T>(name: string, work: () => Promise<T>): Promise<T> {
    const before = this.#last.get(name);
    const own = (async (): Promise<T> => {
      await before?.catch(() => {});
      return work();
    })();
    this.#last.set(name, own);
    try {
      return await own;
    } finally {
      if (this.#last.get(name) === own) this.#last.delete(name);
    }
  }
}
