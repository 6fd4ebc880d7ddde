/** The register of everything that left, or is served, by source table: so that a new table can be held against what was
 *  shown before, under whichever scene, party, snapshot or sample. What a table showed is in a sealed file that a row names.
 *  Nothing is forgotten: whoever read a table may have kept it.
 *  @module */
import type { FieldName, Instant, Name, ProductForm, Sha256Hex } from "@sluice/protocol";
import type { StateDatabase } from "./database.ts";

/** An output of a run that ended well. */
export interface RegisteredOutput {
  readonly callId: string;
  readonly resource: Name;
  /** Column that names the persons: sets by different columns cannot be compared. */
  readonly column: FieldName;
  /** Of a build, what it serves; of a development run, metrics and models of a sample. */
  readonly kind: "development" | ProductForm;
  readonly grant: Sha256Hex;
  readonly product: Name;
  readonly version: number;
  /** Of the source table. */
  readonly snapshot: Sha256Hex;
  readonly at: Instant;
  /** Name of the file of whom it showed or was computed on; null when it is not compared. */
  readonly shown: string | null;
  /** The model that a development run released, or that scores are made by. */
  readonly model: Sha256Hex | null;
  /** What the output could carry at most, whatever its job meant by it. */
  readonly bits: number;
}

/** Table of outputs. */
export class OutputRegister {
  readonly #db: StateDatabase;

  constructor(db: StateDatabase) {
    this.#db = db;
  }

  /** Notes an output, in place of what an earlier attempt at the same run noted. Part of the caller's transaction, so that
   *  nothing answers that is not registered. */
  put(output: RegisteredOutput): void {
    this.#db
      .prepare(
        `INSERT INTO output_register (call_id, resource, key_column, kind, grant_hash, product, version, snapshot, at, shown, model, bits)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
         ON CONFLICT (call_id) DO UPDATE SET snapshot = excluded.snapshot, at = excluded.at, shown = excluded.shown,
           model = excluded.model, bits = excluded.bits`,
      )
      .run(
        output.callId,
        output.resource,
        output.column,
        output.kind,
        output.grant,
        output.product,
        output.version,
        output.snapshot,
        output.at,
        output.shown,
        output.model,
        output.bits,
      );
  }

  /** Outputs over a resource that were registered before the run `callId`, or all of them, the oldest first. */
  before(resource: Name, callId: string): RegisteredOutput[] {
    return this.#db
      .prepare(
        `SELECT * FROM output_register WHERE resource = ?1
           AND id < coalesce((SELECT id FROM output_register WHERE call_id = ?2), 9223372036854775807) ORDER BY id`,
      )
      .all(resource, callId)
      .map(readOutput);
  }

  /** The output of a run, or null. */
  ofRun(callId: string): RegisteredOutput | null {
    const row = this.#db.prepare("SELECT * FROM output_register WHERE call_id = ?").get(callId);
    return row === undefined ? null : readOutput(row);
  }

  /** What a product version serves now, or null. */
  served(product: Name, version: number): RegisteredOutput | null {
    const row = this.#db
      .prepare(
        `SELECT * FROM output_register WHERE product = ? AND version = ? AND kind <> 'development' ORDER BY at DESC, id DESC LIMIT 1`,
      )
      .get(product, version);
    return row === undefined ? null : readOutput(row);
  }

  /** Names of every file of what was shown. */
  names(): Set<string> {
    const rows = this.#db.prepare("SELECT shown FROM output_register WHERE shown IS NOT NULL").all();
    return new Set(rows.map((row) => String(row["shown"])));
  }
}

function readOutput(row: Record<string, unknown>): RegisteredOutput {
  const text = (column: string): string => String(row[column]);
  return {
    callId: text("call_id"),
    resource: text("resource"),
    column: text("key_column"),
    kind: text("kind") as RegisteredOutput["kind"],
    grant: text("grant_hash"),
    product: text("product"),
    version: Number(row["version"]),
    snapshot: text("snapshot"),
    at: text("at"),
    shown: row["shown"] === null ? null : text("shown"),
    model: row["model"] === null ? null : text("model"),
    bits: Number(row["bits"]),
  };
}
