/** The witnesses of a domain's log, and what they make of its standing. A process that begins is admitted to work when the
 *  quorum has cosigned a checkpoint with its start: a witness never cosigns a tree that lacks what it cosigned before, so
 *  a directory that was restored from a backup gets no quorum. A witness that says it knows a longer log, or another, and
 *  shows a checkpoint that this log signed, stops work for good; what nobody signed stops it while there is no quorum.
 *  @module */
import { setTimeout } from "node:timers/promises";
import {
  judgeCosignatures,
  type Cosign,
  type DirectoryLog,
  type LogWitnesses,
  type WitnessOutcome,
} from "@sluice/evidence";
import {
  isSluiceError,
  SluiceError,
  type Bytes,
  type Checkpoint,
  type Clock,
  type EvidenceLog,
} from "@sluice/protocol";
import type { Standing } from "./standing.ts";

/** Time from the first try to the second, which doubles each time. */
export const DEFAULT_WITNESS_RETRY_MS = 1_000;
const MAX_RETRY_MS = 60_000;

/** What a watch needs beside the witnesses. */
export interface WatchOptions {
  readonly standing: Standing;
  readonly clock: Clock;
  /** Holds a checkpoint that somebody shows against the log. @throws when this domain did not sign it */
  readonly judge: (checkpoint: string) => Promise<void>;
}

/** Watches the witnesses of one log. */
export class WitnessWatch {
  readonly #standing: Standing;
  readonly #witnesses: LogWitnesses | undefined;
  readonly #clock: Clock;
  readonly #judge: WatchOptions["judge"];
  #log: DirectoryLog | undefined;
  #retryMs = DEFAULT_WITNESS_RETRY_MS;
  #retrying = false;
  /** Whether a witness spoke against the checkpoint that is asked about now; what it showed. */
  #contradiction: { shown: string[] } | null = null;
  #turn: Promise<unknown> = Promise.resolve();
  readonly #closing = new AbortController();

  /** `witnesses` are undefined where there is no policy. */
  constructor(witnesses: LogWitnesses | undefined, { standing, clock, judge }: WatchOptions) {
    this.#standing = standing;
    this.#clock = clock;
    this.#judge = judge;
    this.#witnesses = witnesses;
  }

  /** Asks the witnesses about a checkpoint, one checkpoint after another, and notes what it means. */
  get cosign(): Cosign | undefined {
    const witnesses = this.#witnesses;
    if (witnesses === undefined) return undefined;
    return (checkpoint, view) => {
      const asked = this.#turn.then(() => this.#ask(witnesses, checkpoint, view));
      this.#turn = asked.catch(() => undefined);
      return asked.then(({ text }) => text);
    };
  }

  /** Notes what one witness said. */
  noteOutcome({ outcome, size, checkpoint }: WitnessOutcome): void {
    // A longer checkpoint of this very log may have been submitted beside.
    const contradicts = outcome === "inconsistent" || (outcome === "ahead" && (size ?? 0) > (this.#log?.size ?? 0));
    if (!contradicts || this.#log === undefined) return;
    this.#contradiction ??= { shown: [] };
    if (checkpoint !== undefined) this.#contradiction.shown.push(checkpoint);
  }

  /** Refuses work until the quorum has cosigned all that `log` holds now. Asks once before it returns, then again in the
   *  background for as long as it takes. */
  async begin(log: DirectoryLog, retryMs = DEFAULT_WITNESS_RETRY_MS): Promise<void> {
    this.#log = log;
    this.#retryMs = retryMs;
    if (this.#witnesses === undefined || this.#standing.rolledBack !== null) return;
    this.#standing.needWitnesses(log.size, this.#clock.now());
    await this.#tryOnce(log);
    this.#keepTrying(log);
  }

  /** The log as receipts prove their place in it when answers wait for witnesses: its checkpoints are cosigned by the
   *  quorum, one for all who ask meanwhile. @throws ERR_NOT_WITNESSED from `checkpoint` when there is no quorum */
  witnessedLog(log: DirectoryLog, domain: string): EvidenceLog {
    let next: Promise<Checkpoint> | undefined;
    let running: Promise<unknown> = Promise.resolve();
    const checkpoint = (): Promise<Checkpoint> => {
      next ??= running.then(() => {
        next = undefined;
        const round = this.#cosigned(log, domain);
        running = round.catch(() => undefined);
        return round;
      });
      return next;
    };
    return {
      origin: log.origin,
      append: (entry) => log.append(entry),
      checkpoint,
      inclusion: (index, size) => log.inclusion(index, size),
      consistency: (from, to) => log.consistency(from, to),
      close: () => log.close(),
    };
  }

  /** Stops trying. */
  close(): void {
    this.#closing.abort();
  }

  async #cosigned(log: DirectoryLog, domain: string): Promise<Checkpoint> {
    const witnesses = this.#witnesses;
    const checkpoint = await log.checkpoint();
    const asked = this.#turn.then(async () =>
      witnesses === undefined ? null : this.#ask(witnesses, checkpoint, this.#view(log, checkpoint)),
    );
    this.#turn = asked.catch(() => undefined);
    const answer = await asked;
    if (answer?.satisfied === true) return { ...checkpoint, text: answer.text };
    throw new SluiceError("ERR_NOT_WITNESSED", { domain, since: "this answer" });
  }

  #view(
    log: DirectoryLog,
    { size }: Checkpoint,
  ): { consistency: (from: number) => Promise<Bytes[]>; signal: AbortSignal } {
    return { consistency: (from) => log.consistency(from, size), signal: this.#closing.signal };
  }

  async #ask(
    { policy, cosign }: LogWitnesses,
    checkpoint: Checkpoint,
    view: Parameters<Cosign>[1],
  ): Promise<{ text: string; satisfied: boolean }> {
    const text = await cosign(checkpoint, view);
    const contradiction = this.#contradiction;
    this.#contradiction = null;
    // Nobody vouches for the text but its signature: what this log did not sign proves nothing.
    for (const shown of contradiction?.shown ?? []) await this.#judge(shown).catch(() => undefined);
    const { satisfied } = await judgeCosignatures(policy, text);
    if (satisfied) this.#standing.witnessed(checkpoint.size);
    else if (contradiction !== null && this.#log !== undefined) this.#doubt(this.#log);
    return { text, satisfied };
  }

  /** Work waits for the quorum again. */
  #doubt(log: DirectoryLog): void {
    if (this.#standing.isWitnessed) this.#standing.needWitnesses(log.size, this.#clock.now());
    this.#keepTrying(log);
  }

  #keepTrying(log: DirectoryLog): void {
    if (this.#retrying) return;
    this.#retrying = true;
    this.#retry(log, this.#retryMs)
      .catch(() => undefined)
      .finally(() => {
        this.#retrying = false;
      });
  }

  async #tryOnce(log: DirectoryLog): Promise<void> {
    const checkpoint = await log.checkpoint();
    await this.cosign?.(checkpoint, this.#view(log, checkpoint));
  }

  async #retry(log: DirectoryLog, retryMs: number): Promise<void> {
    const { signal } = this.#closing;
    for (let delayMs = retryMs; !this.#standing.isWitnessed; delayMs = Math.min(2 * delayMs, MAX_RETRY_MS)) {
      if (this.#standing.rolledBack !== null) return;
      try {
        await setTimeout(delayMs, undefined, { signal, ref: false });
        await this.#tryOnce(log);
      } catch (error) {
        // A log that cannot sign any more is told to whoever calls next; a domain that closes asks nobody.
        if (signal.aborted || isSluiceError(error)) return;
        throw error;
      }
    }
  }
}
