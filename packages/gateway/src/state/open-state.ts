/** The control plane's database: PGlite on disk with real fsync, migrated, checkpointed on a timer. The caller
 *  holds the directory's lock: PGlite itself lets a second process in and loses its writes silently.
 *  @module */
import { existsSync } from "node:fs";
import { rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { PGlite } from "@electric-sql/pglite";
import { Kysely, PGliteDialect, sql } from "kysely";
import { Migrator } from "kysely/migration";
import { DURABLE_START_PARAMETERS, DurableFileSystem } from "./durable-file-system.ts";
import { MIGRATIONS } from "./migrations.ts";
import type { Tables } from "./tables.ts";

/** PostgreSQL in single-user mode never checkpoints by itself; its log would grow without end. */
export const CHECKPOINT_INTERVAL_MS = 60_000;
/** Rows after which a checkpoint does not wait for the timer. */
export const CHECKPOINT_ROWS = 20_000;

/** Where the database lies, below the gateway's directory. */
export const STATE_DIRECTORY = "state";
const NEW_STATE_DIRECTORY = "state.new";
const INT8_OID = 20;

/** The database, open. */
export interface State {
  readonly db: Kysely<Tables>;
  /** Tells of `rows` rows written, towards the next checkpoint. */
  wrote(rows: number): void;
  /** Writes every table anew, so that nothing is left of rows that were changed or deleted: neither in tables and
   *  statistics nor in the write-ahead log. */
  rewrite(): Promise<void>;
  close(): Promise<void>;
}

/** Options of `openState`. */
export interface StateOptions {
  /** Makes an open file durable; Node's `fsyncSync` unless a fault test says otherwise. */
  readonly fsync?: (descriptor: number) => void;
  /** Called when a background checkpoint fails. */
  readonly onFault?: (error: unknown) => void;
}

/** Opens the database below `directory`, creating and migrating it. A creation that was cut off is begun again. */
export async function openState(directory: string, options: StateOptions = {}): Promise<State> {
  const path = join(directory, STATE_DIRECTORY);
  if (!existsSync(path)) {
    // Created aside and renamed, so that `state` is never a half-made cluster.
    const fresh = join(directory, NEW_STATE_DIRECTORY);
    await rm(fresh, { recursive: true, force: true });
    await (await openCluster(fresh, options)).destroy();
    await rename(fresh, path);
  }
  return new OpenState(await openCluster(path, options), options);
}

async function openCluster(path: string, { fsync }: StateOptions): Promise<Kysely<Tables>> {
  const pglite = new PGlite({
    fs: new DurableFileSystem(path, fsync),
    startParams: DURABLE_START_PARAMETERS,
    // The same as node-postgres with `types.setTypeParser(20, BigInt)`.
    parsers: { [INT8_OID]: BigInt },
  });
  await pglite.waitReady;
  const db = new Kysely<Tables>({ dialect: new PGliteDialect({ pglite }) });
  await migrate(db);
  return db;
}

/** Brings the schema up to date. @throws the database's error */
export async function migrate(db: Kysely<Tables>): Promise<void> {
  const migrator = new Migrator({ db, provider: { getMigrations: () => Promise.resolve({ ...MIGRATIONS }) } });
  const { error } = await migrator.migrateToLatest();
  if (error !== undefined) throw error;
}

class OpenState implements State {
  readonly db: Kysely<Tables>;
  readonly #onFault: (error: unknown) => void;
  readonly #timer: NodeJS.Timeout;
  #rows = 0;
  #running: Promise<void> | undefined;

  constructor(db: Kysely<Tables>, options: StateOptions) {
    this.db = db;
    this.#onFault = options.onFault ?? (() => {});
    this.#timer = setInterval(() => this.#start(), CHECKPOINT_INTERVAL_MS).unref();
  }

  wrote(rows: number): void {
    this.#rows += rows;
    if (this.#rows >= CHECKPOINT_ROWS) this.#start();
  }

  async rewrite(): Promise<void> {
    await this.#running;
    // The log's segments would otherwise be used again under new names, with their old bytes.
    await sql`set wal_recycle = off`.execute(this.db);
    await sql`analyze`.execute(this.db);
    const tables = await sql<{ name: string }>`select tablename as name from pg_tables
      where schemaname = 'public'`.execute(this.db);
    // Statistics hold frequent values of columns.
    for (const name of [...tables.rows.map((row) => row.name), "pg_catalog.pg_statistic"]) {
      await sql`vacuum full ${sql.table(name)}`.execute(this.db);
    }
    await sql`select pg_switch_wal()`.execute(this.db);
    await this.#checkpoint();
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#running;
    await this.#checkpoint();
    await this.db.destroy();
  }

  #start(): void {
    if (this.#running !== undefined || this.#rows === 0) return;
    this.#running = this.#checkpoint()
      .catch(this.#onFault)
      .finally(() => {
        this.#running = undefined;
      });
  }

  async #checkpoint(): Promise<void> {
    this.#rows = 0;
    await sql`checkpoint`.execute(this.db);
  }
}
