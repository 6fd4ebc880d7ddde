/** What the workshop is asked for, and what comes of it.
 *  @module */
import type {
  Bytes,
  CheckedOutput,
  ColumnBatch,
  ErrorCode,
  GuardFinding,
  GuardReport,
  JobEvent,
  JobManifest,
  ModelEvidence,
  ParamValues,
  ReleasedModel,
  SealedJob,
  Sha256Hex,
} from "@sluice/protocol";

/** A run to be made. */
export interface GuardedRun {
  /** The bundle. */
  readonly code: Bytes;
  /** Its manifest, as `describe` gave it. */
  readonly manifest: JobManifest;
  readonly entry: "develop" | "produce";
  readonly environment: "development" | "production";
  /** Exactly the manifest's input columns, or more: others are not shown to the job. */
  readonly table: ColumnBatch;
  /** Number of the person or thing that each row is about, below the number of rows; without it, each row is about
   *  another. The guard counts by it; keys themselves go nowhere. */
  readonly subjects?: Uint32Array;
  /** Columns that the policy calls sensitive. */
  readonly sensitive?: readonly string[];
  /** Rows of persons outside of a sample, with the same columns: the guard measures models against them, and user code never has
   *  them. */
  readonly heldOut?: ColumnBatch;
  /** Bits that outputs over the source table carried before. */
  readonly bitsBefore?: number;
  /** Two words for each person, by number, the same in every run over the source table; with it, outputs are held against
   *  `shown`: what earlier ones of the source showed. */
  readonly tags?: Uint32Array;
  readonly shown?: Uint32Array;
  /** The released model, for `produce` of a job that releases one. */
  readonly model?: ReleasedModel;
  /** Values of every param that the manifest declares. */
  readonly params?: ParamValues;
  /** Under which the report names a model that stays, so that it confirms no guess of its weights; a run that makes one needs it. */
  readonly salt?: Sha256Hex;
  readonly seed: number;
  readonly limits: SealedJob["limits"];
  readonly signal?: AbortSignal;
  readonly onEvent?: (event: JobEvent) => void;
}

/** What became of a run. Refusals are values: they are what the run's parties are told. */
export type GuardedOutcome =
  | {
      ok: true;
      output: CheckedOutput;
      report: Omit<GuardReport, "at">;
      /** What was measured of released models, for an inspector in the domain. */
      evidence?: ModelEvidence[];
      /** Whom a table shows, or metrics and a model are of: to be kept, and given to the runs after it. */
      shown?: Uint32Array;
      layers: string[];
      wallMs: number;
    }
  | {
      ok: false;
      code: ErrorCode;
      details: Record<string, string | number>;
      refusedBy: "sandbox" | "guard";
      /** Present when the guard judged the output. */
      findings?: GuardFinding[];
      evidence?: ModelEvidence[];
      layers: string[];
    };
