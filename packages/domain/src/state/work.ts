/** Bundles, released models, runs and built products.
 *  @module */
import {
  JobManifest,
  ReleasedModel,
  Run,
  SignedRequest,
  SignedSnapshot,
  type Bytes,
  type Sha256Hex,
} from "@sluice/protocol";
import type { StateDatabase } from "./database.ts";

/** A product version that answers. */
export interface ServedProduct {
  readonly product: string;
  readonly version: number;
  readonly snapshotHash: Sha256Hex;
  readonly snapshot: SignedSnapshot;
  /** Name of the index, a folder below the domain's `indexes`; null when the snapshot and the state are all it needs. */
  readonly index: string | null;
  /** Isolation layers of the build behind it; none when no user code ran. */
  readonly layers: string[];
}

/** Tables of work. */
export class WorkStore {
  readonly #db: StateDatabase;

  constructor(db: StateDatabase) {
    this.#db = db;
  }

  putBundle(hash: Sha256Hex, code: Bytes, manifest: JobManifest): void {
    this.#db
      .prepare("INSERT INTO bundle (hash, code, manifest) VALUES (?, ?, ?) ON CONFLICT (hash) DO NOTHING")
      .run(hash, code, JSON.stringify(manifest));
  }

  bundle(hash: Sha256Hex): { code: Bytes; manifest: JobManifest } | null {
    const row = this.#db.prepare("SELECT code, manifest FROM bundle WHERE hash = ?").get(hash);
    if (row === undefined || !(row["code"] instanceof Uint8Array)) return null;
    return { code: row["code"], manifest: JobManifest.parse(JSON.parse(String(row["manifest"]))) };
  }

  putModel(hash: Sha256Hex, model: ReleasedModel): void {
    this.#db
      .prepare("INSERT INTO model (hash, document) VALUES (?, ?) ON CONFLICT (hash) DO NOTHING")
      .run(hash, JSON.stringify(model));
  }

  model(hash: Sha256Hex): ReleasedModel | null {
    const row = this.#db.prepare("SELECT document FROM model WHERE hash = ?").get(hash);
    return row === undefined ? null : ReleasedModel.parse(JSON.parse(String(row["document"])));
  }

  /** Inserts a run or replaces it. */
  putRun(run: Run, request: SignedRequest): void {
    this.#db
      .prepare(
        `INSERT INTO run (call_id, state, document, request) VALUES (?, ?, ?, ?)
         ON CONFLICT (call_id) DO UPDATE SET state = excluded.state, document = excluded.document`,
      )
      .run(run.callId, run.state, JSON.stringify(run), JSON.stringify(request));
  }

  run(callId: string): Run | null {
    const row = this.#db.prepare("SELECT document FROM run WHERE call_id = ?").get(callId);
    return row === undefined ? null : readRun(row);
  }

  /** Runs that had not ended when the process did. */
  unfinishedRuns(): { run: Run; request: SignedRequest }[] {
    return this.#db
      .prepare("SELECT document, request FROM run WHERE state IN ('submitted', 'running')")
      .all()
      .map((row) => ({ run: readRun(row), request: SignedRequest.parse(JSON.parse(String(row["request"]))) }));
  }

  /** Completed development runs of a bundle under a grant. */
  developmentRuns(bundle: Sha256Hex, grant: Sha256Hex): Run[] {
    return this.#db
      .prepare(
        `SELECT document FROM run WHERE state = 'completed' AND document ->> '$.operation' = 'develop'
           AND document ->> '$.bundle' = ? AND document ->> '$.grant' = ?`,
      )
      .all(bundle, grant)
      .map(readRun);
  }

  /** Names of the indexes that are served. */
  servedIndexes(): string[] {
    return this.#db
      .prepare("SELECT directory FROM product WHERE directory <> ''")
      .all()
      .map((row) => String(row["directory"]));
  }

  putProduct(product: ServedProduct): void {
    this.#db
      .prepare(
        `INSERT INTO product (product, version, snapshot_hash, snapshot, directory, layers) VALUES (?, ?, ?, ?, ?, ?)
         ON CONFLICT (product, version) DO UPDATE SET snapshot_hash = excluded.snapshot_hash, snapshot = excluded.snapshot,
           directory = excluded.directory, layers = excluded.layers`,
      )
      .run(
        product.product,
        product.version,
        product.snapshotHash,
        JSON.stringify(product.snapshot),
        product.index ?? "",
        JSON.stringify(product.layers),
      );
  }

  product(product: string, version: number): ServedProduct | null {
    const row = this.#db.prepare("SELECT * FROM product WHERE product = ? AND version = ?").get(product, version);
    return row === undefined ? null : readProduct(row);
  }

  /** Every version of every product that answers. */
  products(): ServedProduct[] {
    return this.#db.prepare("SELECT * FROM product").all().map(readProduct);
  }

  /** The highest version of a product that answers, or null. */
  latestProduct(product: string): ServedProduct | null {
    const row = this.#db.prepare("SELECT * FROM product WHERE product = ? ORDER BY version DESC LIMIT 1").get(product);
    return row === undefined ? null : readProduct(row);
  }
}

function readRun(row: Record<string, unknown>): Run {
  return Run.parse(JSON.parse(String(row["document"])));
}

function readProduct(row: Record<string, unknown>): ServedProduct {
  const snapshotHash = String(row["snapshot_hash"]);
  const directory = String(row["directory"]);
  return {
    product: String(row["product"]),
    version: Number(row["version"]),
    snapshotHash,
    snapshot: SignedSnapshot.parse(JSON.parse(String(row["snapshot"]))),
    index: directory === "" ? null : directory,
    layers: (JSON.parse(String(row["layers"])) as unknown[]).map(String),
  };
}
