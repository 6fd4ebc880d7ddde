/** Bundles, released models, runs and built products.
 *  @module */
import {
  JobManifest,
  ReleasedModel,
  Run,
  SignedRequest,
  SignedSnapshot,
  type Bytes,
  type Instant,
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
  /** Name of the folder of its delta table, beside the index; null when it has none. */
  readonly delta: string | null;
  /** Isolation layers of the build behind it; none when no user code ran. */
  readonly layers: string[];
}

/** A snapshot before the one that is served. */
export interface FormerProduct extends ServedProduct {
  /** It answers before this instant. */
  readonly until: Instant;
}

/** A folder that nothing serves from any more, and what it answered for. */
export interface ReplacedFolder {
  readonly folder: string;
  readonly snapshotHash: Sha256Hex;
}

/** Folders that a product answers from. */
export function foldersOf({ index, delta }: Pick<ServedProduct, "index" | "delta">): string[] {
  return [index, delta].filter((folder) => folder !== null);
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

  /** Names of the folders that are served from, also for snapshots whose time has run out. */
  servedIndexes(): string[] {
    return this.#db
      .prepare(
        `SELECT folder FROM (SELECT directory AS folder FROM product UNION SELECT delta FROM product
           UNION SELECT directory FROM product_before UNION SELECT delta FROM product_before) WHERE folder <> ''`,
      )
      .all()
      .map((row) => String(row["folder"]));
  }

  /** Serves `product` in place of what was served as this version, which answers until `graceUntil`, if that is given. Part of the
   *  caller's transaction. Returns the folders that nothing serves from any more. */
  replaceProduct(product: ServedProduct, graceUntil: Instant | null): ReplacedFolder[] {
    const now = this.product(product.product, product.version);
    const folders = this.#foldersOf(product);
    this.#db.prepare("DELETE FROM product_before WHERE product = ? AND version = ?").run(...versionOf(product));
    if (now !== null && graceUntil !== null) {
      this.#db
        .prepare(
          `INSERT INTO product_before SELECT product, version, snapshot_hash, snapshot, directory, delta, layers, ?
             FROM product WHERE product = ? AND version = ?`,
        )
        .run(graceUntil, ...versionOf(product));
    }
    this.putProduct(product);
    return this.#unserved(folders);
  }

  /** Forgets what is served as this version, and what came before it. Part of the caller's transaction. Returns the folders that
   *  nothing serves from any more. */
  removeProduct(product: Pick<ServedProduct, "product" | "version">): ReplacedFolder[] {
    const folders = this.#foldersOf(product);
    for (const table of ["product_before", "product"]) {
      this.#db.prepare(`DELETE FROM ${table} WHERE product = ? AND version = ?`).run(...versionOf(product));
    }
    return this.#unserved(folders);
  }

  /** Folders that the version answers from, also for the snapshot before; one may be there twice. */
  #foldersOf({ product, version }: Pick<ServedProduct, "product" | "version">): ReplacedFolder[] {
    return [this.product(product, version), this.productBefore(product, version)].flatMap((served) =>
      served === null ? [] : foldersOf(served).map((folder) => ({ folder, snapshotHash: served.snapshotHash })),
    );
  }

  /** Those of `folders` that nothing serves from, each once. */
  #unserved(folders: readonly ReplacedFolder[]): ReplacedFolder[] {
    const served = new Set(this.servedIndexes());
    return folders.filter(({ folder }, i) => {
      return !served.has(folder) && folders.findIndex((other) => other.folder === folder) === i;
    });
  }

  /** What the version answered from before the snapshot that it serves, and until when it does; or null. */
  productBefore(product: string, version: number): FormerProduct | null {
    const row = this.#db
      .prepare("SELECT * FROM product_before WHERE product = ? AND version = ?")
      .get(product, version);
    return row === undefined ? null : { ...readProduct(row), until: String(row["until_at"]) };
  }

  /** Marks the versions of a product that is updated by deltas for compaction, and returns them. */
  mark(product: string): number[] {
    return this.#db
      .prepare(
        `UPDATE product SET compact = 1 WHERE product = ? AND (snapshot ->> '$.body.type' = 'lookup-snapshot'
           OR snapshot ->> '$.body.parameters.method' = 'filter') RETURNING version`,
      )
      .all(product)
      .map((row) => Number(row["version"]));
  }

  /** What is marked for compaction. */
  marked(): ServedProduct[] {
    return this.#db.prepare("SELECT * FROM product WHERE compact = 1").all().map(readProduct);
  }

  /** Keeps a product. A mark for compaction goes with the index that it was for. */
  putProduct(product: ServedProduct): void {
    this.#db
      .prepare(
        `INSERT INTO product (product, version, snapshot_hash, snapshot, directory, delta, layers) VALUES (?, ?, ?, ?, ?, ?, ?)
         ON CONFLICT (product, version) DO UPDATE SET snapshot_hash = excluded.snapshot_hash, snapshot = excluded.snapshot,
           compact = CASE WHEN directory = excluded.directory THEN compact ELSE 0 END,
           directory = excluded.directory, delta = excluded.delta, layers = excluded.layers`,
      )
      .run(
        product.product,
        product.version,
        product.snapshotHash,
        JSON.stringify(product.snapshot),
        product.index ?? "",
        product.delta ?? "",
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

function versionOf({ product, version }: Pick<ServedProduct, "product" | "version">): [string, number] {
  return [product, version];
}

function readRun(row: Record<string, unknown>): Run {
  return Run.parse(JSON.parse(String(row["document"])));
}

function readProduct(row: Record<string, unknown>): ServedProduct {
  const snapshotHash = String(row["snapshot_hash"]);
  const folder = (column: string): string | null => (row[column] === "" ? null : String(row[column]));
  return {
    product: String(row["product"]),
    version: Number(row["version"]),
    snapshotHash,
    snapshot: SignedSnapshot.parse(JSON.parse(String(row["snapshot"]))),
    index: folder("directory"),
    delta: folder("delta"),
    layers: (JSON.parse(String(row["layers"])) as unknown[]).map(String),
  };
}
