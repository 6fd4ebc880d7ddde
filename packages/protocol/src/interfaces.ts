/** The interfaces that packages are built against. Each has one owner and may have several implementations.
 *  @module */
import type { Bytes } from "./bytes.ts";
import type { ColumnBatch } from "./columns.ts";
import type { ErrorCode } from "./errors.ts";
import type { ProductForm } from "./form.ts";
import type { Grant, Operation } from "./grant.ts";
import type { KeyId, Sha256Hex, SuiteId } from "./identifiers.ts";
import type { JobManifest, JobRead } from "./job.ts";
import type { ReleasedModel } from "./model.ts";
import type { ParamValues } from "./params.ts";

/** Randomness is injected; it is seeded in tests and in generated demo data only. */
export interface Random {
  /** `length` bytes. */
  bytes(length: number): Bytes;
}

/** The clock is injected. */
export interface Clock {
  now(): Date;
}

/** Expands a public or secret seed to a stream; AES-128-CTR or the like. */
export interface Prg {
  expand(seed: Bytes, length: number): Promise<Bytes>;
}

/** Signing and hashing of one suite. Private keys stay behind it and are named by their public key. */
export interface CryptoSuite {
  readonly id: SuiteId;
  hash(bytes: Bytes): Promise<Bytes>;
  /** @throws ERR_NOT_FOUND when this suite holds no private key of that name. */
  sign(keyId: KeyId, bytes: Bytes): Promise<Bytes>;
  verify(keyId: KeyId, bytes: Bytes, signature: Bytes): Promise<boolean>;
}

/** One reason against a use; `details` are declared facts. */
export interface Denial {
  readonly code: ErrorCode;
  readonly details: Readonly<Record<string, string | number>>;
}

/** What a use would do, for `evaluateGrant`. */
export interface Use {
  readonly operation: Operation;
  readonly domain: string;
  readonly purpose?: string;
  readonly keyId: KeyId;
  /** Columns a job reads. */
  readonly fields: readonly string[];
}

/** Outcome of the pure grant decision: every failed reason, never only the first. */
export type GrantDecision = { ok: true } | { ok: false; reasons: Denial[]; wouldPass: Grant };

/** Position of an entry in a log. */
export interface LogPosition {
  readonly index: number;
}

/** A signed checkpoint of a log. */
export interface Checkpoint {
  readonly origin: string;
  readonly size: number;
  readonly rootHash: Bytes;
  /** Signed-note text. */
  readonly text: string;
}

/** An append-only log in a public format. `append` returns when the entry is durable. */
export interface EvidenceLog {
  readonly origin: string;
  append(entry: Bytes): Promise<LogPosition>;
  /** Signed checkpoint over at least every entry whose `append` has returned. */
  checkpoint(): Promise<Checkpoint>;
  inclusion(index: number, size: number): Promise<Bytes[]>;
  consistency(from: number, to: number): Promise<Bytes[]>;
  close(): Promise<void>;
}

/** Runs named tasks on worker threads; plain data in, plain data out. */
export interface TaskPool {
  /** @throws ERR_POOL_FULL, ERR_POOL_WORKER, ERR_CANCELLED */
  run<T>(task: string, input: unknown, options: { signal?: AbortSignal; transfer?: ArrayBuffer[] }): Promise<T>;
  close(): Promise<void>;
}

/** Which of the job's functions runs: `describe` yields the manifest. */
export type JobEntry = "describe" | "develop" | "produce";

/** A job as it goes into the sandbox: code and the columns it may read. */
export interface SealedJob {
  readonly bundle: Bytes;
  readonly entry: JobEntry;
  readonly environment: "development" | "production";
  /** Absent for `describe`. */
  readonly table?: ColumnBatch;
  /** As the manifest declares it; whole columns unless given. */
  readonly read?: JobRead;
  /** The released model, for `produce`. */
  readonly model?: ReleasedModel;
  /** Values of every declared param. */
  readonly params?: ParamValues;
  /** Seed of the job's `Math.random`; recorded. */
  readonly seed: number;
  readonly limits: { readonly wallTimeLimitMs: number; readonly memoryLimitBytes: number };
}

/** What a job tells while it runs. Log lines and metrics leave development runs only. */
export type JobEvent =
  | { kind: "progress"; percent: number }
  | { kind: "log"; line: string }
  | { kind: "metric"; name: string; value: number };

/** Outcome of a run. `output` is bytes that user code chose: decode it only in a process without data. */
export type RunOutcome =
  | { ok: true; output: Bytes; layers: string[]; wallMs: number }
  | { ok: false; code: ErrorCode; details: Record<string, string | number>; layers: string[]; wallMs: number };

/** What a decoder made of an output. `form` is for the checker to read, strictly: it is right only if nothing took the
 *  decoder over. */
export type DecodeOutcome =
  | { ok: true; form: Bytes; layers: string[]; wallMs: number }
  | { ok: false; code: ErrorCode; details: Record<string, string | number>; layers: string[] };

/** Runs untrusted code, one single-use process per job. */
export interface SandboxRunner {
  /** Isolation layers that a run here would have, found by probing. */
  layers(): Promise<string[]>;
  run(job: SealedJob, options: { signal?: AbortSignal; onEvent?: (event: JobEvent) => void }): Promise<RunOutcome>;
  /** Brings the output of a run into canonical form, in a single-use process without data. `manifest` is what the output
   *  must fit; null when it is the answer to `describe`. */
  decode(output: Bytes, manifest: JobManifest | null, options?: { signal?: AbortSignal }): Promise<DecodeOutcome>;
  close(): Promise<void>;
}

/** Who asks a product, and in which call. */
export interface Asking {
  readonly keyId: KeyId;
  readonly callId: string;
}

/** A product form inside a domain: made from what the guard let through, then answers frames. `Source` is what a build has
 *  to offer, `Served` what stays in the domain. A frame is measured before its units are spent, and answered after. */
export interface ProductServer<Source, Served> {
  readonly form: ProductForm;
  /** Makes what is served. @throws ERR_CANCELLED */
  build(source: Source, signal: AbortSignal): Promise<Served>;
  /** Units that a frame spends. @throws what is wrong with the frame */
  measure(served: Served, operation: Operation, frame: Bytes): bigint | Promise<bigint>;
  /** The answer to a frame that was measured and paid for. @throws ERR_CANCELLED, ERR_POOL_FULL, ERR_POOL_WORKER */
  answer(served: Served, operation: Operation, frame: Bytes, signal: AbortSignal, asking: Asking): Promise<Bytes>;
}

/** One atomic spend: `already` when this call id was charged before. */
export interface UseLedger {
  spend(
    callId: string,
    grantHash: Sha256Hex,
    operation: Operation,
    quantity: bigint,
  ): Promise<"spent" | "already" | Denial>;
}

/** A job's manifest with the hash of the exact bundle it came from. */
export interface DescribedBundle {
  readonly bundle: Sha256Hex;
  readonly manifest: JobManifest;
}
