/** What a domain last knew of each of its workers, told when it changes and no more often.
 *  @module */

/** One worker. */
export interface WorkerStanding {
  /** Its address, as the link has it. */
  readonly url: string;
  /** Partitions that it holds, as far as is known. */
  readonly partitions: number;
  /** Whether it answered last. */
  readonly up: boolean;
}

/** Tells standings that are new. */
export class WorkerStandings {
  readonly #tell: (standing: WorkerStanding) => void;
  readonly #told = new Map<string, Omit<WorkerStanding, "url">>();

  constructor(tell: (standing: WorkerStanding) => void) {
    this.#tell = tell;
  }

  /** Takes what is known now. */
  note(standings: readonly WorkerStanding[]): void {
    for (const { url, partitions, up } of standings) {
      const told = this.#told.get(url);
      if (told?.partitions === partitions && told.up === up) continue;
      this.#told.set(url, { partitions, up });
      this.#tell({ url, partitions, up });
    }
  }
}
