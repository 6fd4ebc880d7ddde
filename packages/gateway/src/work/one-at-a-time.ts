/** Work that must not overlap with itself, in order of arrival.
 *  @module */

/** Runs tasks one after another per name; different names run side by side. */
export class OneAtATime {
  readonly #tails = new Map<string, Promise<unknown>>();

  /** Runs `task` after every earlier task of that name has ended, however it ended. */
  async run<T>(name: string, task: () => Promise<T>): Promise<T> {
    const before = this.#tails.get(name) ?? Promise.resolve();
    const own = before.then(task, task);
    this.#tails.set(name, own);
    try {
      return await own;
    } finally {
      if (this.#tails.get(name) === own) this.#tails.delete(name);
    }
  }
}
