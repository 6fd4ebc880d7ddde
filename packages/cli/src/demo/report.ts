/** The report of the walk, and how its steps are shown: lines that replace themselves on a terminal, plain
 *  lines in a pipe.
 *  @module */
import type { Certificate, ErrorCode, ProductForm, RefusedBy } from "@sluice/protocol";
import type { DeskWork } from "./desks.ts";
import type { StatementResult } from "./statement.ts";

/** One step of the walk. */
export interface StepResult {
  readonly name: string;
  readonly ok: boolean;
  readonly ms: number;
}

/** Calls of one product, checked against the plain computation on the raw rows. */
export interface CallResult {
  readonly kind: CallKind;
  /** Whether every answer equals the plain computation. */
  readonly correct: boolean;
  /** What was asked: lookups, entries of lists, rows to score, reports. */
  readonly count: number;
  /** Median time of one call. */
  readonly p50Ms: number;
}

/** Kinds of production query. */
export type CallKind = "lookup" | Exclude<ProductForm, "label-lookup"> | "noisy-report";

/** Level of GB/T 42460 below which no sample is handed out. */
export const MIN_SAMPLE_LEVEL = 3;

/** A job on synthetic rows, on its developer's machine, before any grant. */
export interface DryRun {
  readonly product: string;
  /** Synthetic rows that each function read. */
  readonly rows: number;
  /** What a domain would have refused of each function; null where it would have let the output on. */
  readonly entries: readonly { readonly entry: "develop" | "produce"; readonly code: ErrorCode | null }[];
}

/** What a product's developer was given, as its certificate says. */
export interface SampleResult extends Pick<Certificate, "sampleRows" | "suppressedRows" | "k" | "fidelity"> {
  readonly product: string;
  /** The development run: `sluice domain report DIR RUN` shows the department how its sample was measured. */
  readonly run: string;
  /** Level of GB/T 42460, and the R that it follows from. */
  readonly level: number;
  readonly overallRisk: number;
}

/** What a product took of a table's privacy budget, as the receipt of its build says. */
export interface PrivacyPrice {
  readonly product: string;
  readonly microRho: number;
  /** Whether that is the declared price. */
  readonly ok: boolean;
}

/** One thing that had to be refused. */
export interface RefusalResult {
  readonly case: string;
  /** Code of the refusal; `none` when it was not refused. */
  readonly code: string;
  readonly refusedBy: RefusedBy | "nobody";
  /** Whether the expected process refused with the expected code. */
  readonly ok: boolean;
}

/** The last line of `npm start -- --json`. */
export interface DemoReport {
  readonly ok: boolean;
  readonly steps: StepResult[];
  /** What departments did with their tables when the city was made; absent for one that was there. */
  readonly desks?: DeskWork;
  /** Whether the profile that was looked at is what a plain count gives; absent where none is published. */
  readonly profile?: { readonly resource: string; readonly persons: number; readonly correct: boolean };
  /** Absent where no profile was looked at, or no product of its table was yet to be made. */
  readonly dryRun?: DryRun;
  /** Samples of the products that were made in this walk. */
  readonly samples: SampleResult[];
  readonly privacy: PrivacyPrice[];
  readonly calls: CallResult[];
  readonly refusals: RefusalResult[];
  readonly receipts: { readonly issued: number; readonly verified: number };
  /** What the calls come to; absent where none was made. */
  readonly statement?: StatementResult;
  readonly canaries: { readonly planted: number; readonly foundOutside: number };
}

/** Where the walk writes what a person reads. */
export interface Output {
  readonly isTerminal: boolean;
  write(text: string): void;
}

/** Runs steps, times them and shows them. */
export class Narrator {
  readonly steps: StepResult[] = [];
  readonly #output: Output;
  #shown = "";

  constructor(output: Output) {
    this.#output = output;
  }

  /** Runs one step. Its error ends the walk, after it was shown. */
  async step<T>(name: string, title: string, work: (progress: (text: string) => void) => Promise<T>): Promise<T> {
    const started = performance.now();
    this.#show(`… ${title}`);
    try {
      const result = await work((text) => this.#show(`… ${title}: ${text}`));
      this.#end(name, true, started, title);
      return result;
    } catch (error) {
      this.#end(name, false, started, title);
      throw error;
    }
  }

  /** A line that stays. */
  say(text: string): void {
    this.#clear();
    this.#output.write(`${text}\n`);
  }

  #end(name: string, ok: boolean, started: number, title: string): void {
    const ms = Math.round(performance.now() - started);
    this.steps.push({ name, ok, ms });
    this.say(`${ok ? "✓" : "✗"} ${title} (${(ms / 1_000).toFixed(1)} s)`);
  }

  #show(text: string): void {
    if (!this.#output.isTerminal || text === this.#shown) return;
    this.#clear();
    this.#shown = text.slice(0, 100);
    this.#output.write(this.#shown);
  }

  #clear(): void {
    if (this.#shown !== "") this.#output.write("\r\u001B[2K");
    this.#shown = "";
  }
}

/** Median of at least one number. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? 0;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? 0) + upper) / 2;
}
