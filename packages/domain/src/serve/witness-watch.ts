/** The witnesses of a domain's log, and what they make of its standing. A process that begins is admitted to work when the
 *  quorum has cosigned a checkpoint with its start: a witness never cosigns a tree that lacks what it cosigned before, so
 *  a directory that was restored from a backup gets no quorum. A witness that knows a longer log, or another, stops work.
 *  @module */
import { setTimeout } from "node:timers/promises";
import {
  judgeCosignatures,
  type Cosign,
  type DirectoryLog,
  type LogWitnesses,
  type WitnessOutcome,
} from "@sluice/evidence";
import { isSluiceError, SluiceError, type Bytes, type Checkpoint, type EvidenceLog } from "@sluice/protocol";
import type { Standing } from "./standing.ts";

/** Time from the first try to the second, which doubles each time. */
export const DEFAULT_WITNESS_RETRY_MS = 1_000;
const MAX_RETRY_MS = 60_000;

/** Why a domain refuses work whose log is shorter than a witness knows it. */
const WITNESS_AHEAD = "a witness has cosigned more entries than the log has";
/** Why a domain refuses work whose log is not the one that a witness knows. */
const WITNESS_FORK = "a witness has cosigned another history of the log";

/** Watches the witnesses of one log. */
export class WitnessWatch {
  readonly #standing: Standing;
  readonly #witnesses: LogWitnesses | undefined;
  #log: DirectoryLog | undefined;
  #turn: Promise<unknown> = Promise.resolve();
  readonly #closing = new AbortController();

  /** `witnesses` are undefined where there is no policy. */
  constructor(standing: Standing, witnesses: LogWitnesses | undefined) {
    this.#standing = standing;
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
  noteOutcome({ outcome, size }: WitnessOutcome): void {
    if (outcome === "inconsistent") this.#standing.refuse(WITNESS_FORK);
    // A longer checkpoint of this very log may have been submitted beside.
    if (outcome === "ahead" && (size ?? 0) > (this.#log?.size ?? Number.MAX_SAFE_INTEGER)) {
      this.#standing.refuse(WITNESS_AHEAD);
    }
  }

  /** Refuses work until the quorum has cosigned all that `log` holds now. Asks once before it returns, then again in the
   *  background for as long as it takes. */
  async begin(log: DirectoryLog, now: Date, retryMs: number): Promise<void> {
    this.#log = log;
    if (this.#witnesses === undefined || this.#standing.rolledBack !== null) return;
    this.#standing.needWitnesses(log.size, now);
    await this.#tryOnce(log);
    this.#retry(log, retryMs).catch(() => undefined);
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
    const { satisfied } = await judgeCosignatures(policy, text);
    if (satisfied) this.#standing.witnessed(checkpoint.size);
    return { text, satisfied };
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
