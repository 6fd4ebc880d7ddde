/** Group commit: whatever arrives while one commit is in flight goes into the next, in one transaction. No timer:
 *  a lone item waits for nothing.
 *  @module */
import { SluiceError } from "@sluice/protocol";

/** Items in one transaction. */
export const MAX_GROUP_ITEMS = 256;
/** Items that may wait; more are refused. */
export const MAX_WAITING_ITEMS = 16_384;

interface Waiting<Item, Result> {
  readonly item: Item;
  readonly resolve: (result: Result) => void;
  readonly reject: (error: unknown) => void;
}

/** Commits items in groups, in order of arrival. `commit` is one transaction: all of its items or none. */
export class GroupCommitter<Item, Result> {
  readonly #commit: (items: readonly Item[]) => Promise<Result[]>;
  #waiting: Waiting<Item, Result>[] = [];
  #running: Promise<void> | undefined;

  constructor(commit: (items: readonly Item[]) => Promise<Result[]>) {
    this.#commit = commit;
  }

  /** The item's result, once its group is durable. @throws ERR_POOL_FULL, or what `commit` threw for this item */
  submit(item: Item): Promise<Result> {
    return new Promise((resolve, reject) => {
      if (this.#waiting.length >= MAX_WAITING_ITEMS) {
        reject(new SluiceError("ERR_POOL_FULL", { maxQueue: MAX_WAITING_ITEMS }));
        return;
      }
      this.#waiting.push({ item, resolve, reject });
      this.#running ??= this.#run();
    });
  }

  /** Ends when nothing waits any more. */
  async close(): Promise<void> {
    while (this.#running !== undefined) await this.#running;
  }

  async #run(): Promise<void> {
    // Lets the submitters of this turn join the first group.
    await Promise.resolve();
    while (this.#waiting.length > 0) {
      const group = this.#waiting.slice(0, MAX_GROUP_ITEMS);
      this.#waiting = this.#waiting.slice(group.length);
      if (await this.#settle(group)) continue;
      if (group.length > 1) for (const one of group) await this.#settle([one]);
    }
    // In the same turn as the check above: an item that comes later starts the next run.
    this.#running = undefined;
  }

  /** Commits a group. A group of several that fails is left open, so that one bad item does not fail the others. */
  async #settle(group: readonly Waiting<Item, Result>[]): Promise<boolean> {
    try {
      const results = await this.#commit(group.map(({ item }) => item));
      if (results.length !== group.length) throw new RangeError("a commit gives one result per item");
      for (const [i, { resolve }] of group.entries()) resolve(results[i] as Result);
      return true;
    } catch (error) {
      if (group.length === 1) for (const { reject } of group) reject(error);
      return false;
    }
  }
}
