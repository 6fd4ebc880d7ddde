/** Anchors the published checkpoints of one log, each anchor at most once in its interval. Nothing waits for it: it reads what
 *  strangers see. What an anchor did not take is tried again in the next interval, with what is published then.
 *  @module */
import { setTimeout as pause } from "node:timers/promises";
import { fromUtf8, toHex, type Checkpoint, type Clock, type Random } from "@sluice/protocol";
import { openCheckpoint, type LogIdentity } from "../checkpoint.ts";
import type { DirectoryLog } from "../directory-log.ts";
import { CHECKPOINT_PATH } from "../tile-path.ts";
import type { Anchor, AnchorFault, AnchorOutcome } from "./anchor.ts";
import type { ConfiguredAnchor, Environment } from "./anchor-config.ts";
import type { AnchorNetwork } from "./anchor-post.ts";
import { AnchorStore } from "./anchor-store.ts";

/** Longest time from the end of an interval to the look for a new checkpoint. */
const MAX_TICK_MS = 30_000;

/** What an anchor does now, told when it changes. */
export type AnchorNews =
  | { readonly anchor: string; readonly state: "anchored" }
  | { readonly anchor: string; readonly state: "failed"; readonly fault: AnchorFault };

/** What a keeper works with. */
export interface AnchorKeeperOptions {
  readonly anchors: readonly ConfiguredAnchor[];
  /** Where records lie. */
  readonly directory: string;
  readonly log: Pick<DirectoryLog, "readPublished">;
  readonly identity: LogIdentity;
  readonly clock: Clock;
  readonly random: Random;
  readonly fetch: AnchorNetwork["fetch"];
  readonly env: Environment;
  readonly onNews: (news: AnchorNews) => void;
  /** Hears of what is no failure of an anchor: a full disk, a damaged record. */
  readonly onFault: (error: unknown) => void;
}

/** Anchors until it is closed. */
export interface AnchorKeeper {
  /** Does what is due now; resolves when it is done. Never rejects. */
  look(): Promise<void>;
  /** Cuts off what is in progress. */
  close(): Promise<void>;
}

/** Begins. */
export function keepAnchors(options: AnchorKeeperOptions): AnchorKeeper {
  const closing = new AbortController();
  const network: AnchorNetwork = {
    fetch: options.fetch,
    random: options.random,
    pause: (ms, signal) => pause(ms, undefined, { signal, ref: false }),
  };
  const lines = options.anchors.map((anchor) => new AnchorLine(anchor, options, network, closing.signal));
  const look = async (): Promise<void> => void (await Promise.all(lines.map((line) => line.look())));
  const shortest = Math.min(...options.anchors.map(({ intervalMs }) => intervalMs));
  const ticks =
    lines.length === 0 ? undefined : setInterval(() => void look(), Math.min(shortest, MAX_TICK_MS)).unref();
  void look();
  return {
    look,
    async close() {
      clearInterval(ticks);
      closing.abort();
      await look();
    },
  };
}

/** One anchor of the log. */
class AnchorLine {
  readonly #anchor: ConfiguredAnchor;
  readonly #options: AnchorKeeperOptions;
  readonly #store: AnchorStore;
  readonly #client: Anchor;
  readonly #signal: AbortSignal;
  /** What was anchored last; undefined until the disk was read. */
  #newest: { readonly size: number; readonly rootHash: string } | null | undefined;
  /** Interval of the last try. */
  #tried: number | undefined;
  #told: string | undefined;
  #faulted = false;
  #looking: Promise<void> | undefined;

  constructor(anchor: ConfiguredAnchor, options: AnchorKeeperOptions, network: AnchorNetwork, signal: AbortSignal) {
    this.#anchor = anchor;
    this.#options = options;
    this.#store = new AnchorStore(options.directory, anchor.name, anchor.kind);
    this.#client = anchor.connect({ network, clock: options.clock, env: options.env });
    this.#signal = signal;
  }

  look(): Promise<void> {
    this.#looking ??= this.#look()
      .then(() => void (this.#faulted = false))
      .catch((error: unknown) => {
        if (!this.#faulted) this.#options.onFault(error);
        this.#faulted = true;
      })
      .finally(() => (this.#looking = undefined));
    return this.#looking;
  }

  async #look(): Promise<void> {
    if (this.#signal.aborted) return;
    if (this.#newest === undefined) {
      const record = await this.#store.newest();
      this.#newest = record;
      if (record !== null) this.#tried = this.#intervalOf(Date.parse(record.at));
    }
    const interval = this.#intervalOf(this.#options.clock.now().getTime());
    if (interval === this.#tried) return;
    const published = await this.#published();
    if (published === null || published.size === 0) return;
    const before = this.#newest ?? { size: 0, rootHash: "" };
    const isLost = published.size < before.size || (published.size === before.size && !this.#isRoot(published));
    if (published.size === before.size && !isLost) return;
    this.#tried = interval;
    const outcome = isLost ? ({ kind: "failed", fault: "ahead" } as const) : await this.#publish(published);
    if (outcome.kind === "failed" && outcome.fault === "cancelled") return;
    this.#tell(outcome);
  }

  async #publish(published: Checkpoint): Promise<AnchorOutcome> {
    const { identity, clock } = this.#options;
    // Under its key, the anchor takes the same text once, whatever became of the first try.
    const again = async (text: string): Promise<boolean> => {
      const pending = await openCheckpoint(text, identity).catch(() => null);
      return pending !== null && pending.size === published.size && sameRoot(pending, published);
    };
    const text = await this.#store.begin(published.text, again);
    const given = { ...published, text };
    const outcome = await this.#client.publish(given, { signal: this.#signal });
    if (outcome.kind === "failed") return outcome;
    await this.#store.keep(given, outcome, clock);
    this.#newest = { size: given.size, rootHash: toHex(given.rootHash) };
    return outcome;
  }

  async #published(): Promise<Checkpoint | null> {
    const bytes = await this.#options.log.readPublished(CHECKPOINT_PATH);
    return bytes === null ? null : openCheckpoint(fromUtf8(bytes), this.#options.identity);
  }

  #isRoot({ rootHash }: Checkpoint): boolean {
    return toHex(rootHash) === this.#newest?.rootHash;
  }

  #intervalOf(ms: number): number {
    return Math.floor(ms / this.#anchor.intervalMs);
  }

  #tell(outcome: AnchorOutcome): void {
    const { name: anchor } = this.#anchor;
    const state = outcome.kind === "anchored" ? "anchored" : outcome.fault;
    if (state === this.#told) return;
    this.#told = state;
    this.#options.onNews(
      outcome.kind === "anchored" ? { anchor, state: "anchored" } : { anchor, state: "failed", fault: outcome.fault },
    );
  }
}

function sameRoot(a: Checkpoint, b: Checkpoint): boolean {
  return toHex(a.rootHash) === toHex(b.rootHash);
}
