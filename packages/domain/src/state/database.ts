/** The domain's state: grants, releases, uses, nonces, runs and answers, in one SQLite file. Every commit
 *  reaches the disk before it returns (WAL, `synchronous=FULL`), so that a quota spent stays spent.
 *  @module */
import { DatabaseSync } from "node:sqlite";
import { SluiceError } from "@sluice/protocol";

/** Steps from an empty file to the current schema; `user_version` counts the steps taken. */
const MIGRATIONS = [
  `CREATE TABLE party (party TEXT PRIMARY KEY, key_id TEXT NOT NULL, status TEXT NOT NULL, at TEXT NOT NULL, document TEXT NOT NULL) STRICT;
   CREATE INDEX party_key ON party (key_id);
   CREATE TABLE grants (hash TEXT PRIMARY KEY, document TEXT NOT NULL, policy TEXT NOT NULL) STRICT;
   CREATE TABLE revocation (grant_hash TEXT PRIMARY KEY, document TEXT NOT NULL) STRICT;
   CREATE TABLE release (hash TEXT PRIMARY KEY, product TEXT NOT NULL, version INTEGER NOT NULL, document TEXT NOT NULL,
     UNIQUE (product, version)) STRICT;
   CREATE TABLE nonce (key_id TEXT NOT NULL, nonce TEXT NOT NULL, expires_at TEXT NOT NULL, PRIMARY KEY (key_id, nonce)) STRICT, WITHOUT ROWID;
   CREATE INDEX nonce_expiry ON nonce (expires_at);
   CREATE TABLE spend (call_id TEXT PRIMARY KEY, grant_hash TEXT NOT NULL, operation TEXT NOT NULL, amount INTEGER NOT NULL,
     binding TEXT NOT NULL, request_hash TEXT NOT NULL, at TEXT NOT NULL) STRICT;
   CREATE TABLE quota (grant_hash TEXT NOT NULL, operation TEXT NOT NULL, used INTEGER NOT NULL, PRIMARY KEY (grant_hash, operation)) STRICT, WITHOUT ROWID;
   CREATE TABLE answer (call_id TEXT PRIMARY KEY, frame BLOB, receipt TEXT NOT NULL, salt TEXT NOT NULL, log_index INTEGER, at TEXT NOT NULL) STRICT;
   CREATE INDEX answer_unlogged ON answer (call_id) WHERE log_index IS NULL;
   CREATE TABLE bundle (hash TEXT PRIMARY KEY, code BLOB NOT NULL, manifest TEXT NOT NULL) STRICT;
   CREATE TABLE model (hash TEXT PRIMARY KEY, document TEXT NOT NULL) STRICT;
   CREATE TABLE run (call_id TEXT PRIMARY KEY, state TEXT NOT NULL, document TEXT NOT NULL, request TEXT NOT NULL) STRICT;
   CREATE TABLE product (product TEXT NOT NULL, version INTEGER NOT NULL, snapshot_hash TEXT NOT NULL UNIQUE, snapshot TEXT NOT NULL,
     directory TEXT NOT NULL, layers TEXT NOT NULL, PRIMARY KEY (product, version)) STRICT;
   CREATE TABLE clock (one INTEGER PRIMARY KEY CHECK (one = 1), latest TEXT NOT NULL) STRICT;`,
  `ALTER TABLE spend ADD COLUMN attempts INTEGER NOT NULL DEFAULT 1;`,
  `CREATE TABLE event (id INTEGER PRIMARY KEY, kind TEXT NOT NULL, subject TEXT, at TEXT NOT NULL, document TEXT, salt TEXT,
     log_index INTEGER) STRICT;
   CREATE INDEX event_unlogged ON event (id) WHERE log_index IS NULL;
   CREATE TABLE rollback (one INTEGER PRIMARY KEY CHECK (one = 1), reason TEXT, accepted_size INTEGER NOT NULL DEFAULT 0,
     grants_from TEXT) STRICT;`,
  `ALTER TABLE answer ADD COLUMN openings TEXT NOT NULL DEFAULT '{}';
   ALTER TABLE answer ADD COLUMN certificate TEXT;`,
  `CREATE INDEX event_at ON event (at);
   CREATE TABLE stopped_grant (hash TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;
   CREATE TABLE stopped_key (key_id TEXT PRIMARY KEY, at TEXT NOT NULL) STRICT, WITHOUT ROWID;
   CREATE TABLE status (one INTEGER PRIMARY KEY CHECK (one = 1), document TEXT NOT NULL) STRICT;`,
  `CREATE TABLE membership (name TEXT PRIMARY KEY, product TEXT NOT NULL, version INTEGER NOT NULL,
     form TEXT NOT NULL, grant_hash TEXT NOT NULL, resource TEXT NOT NULL, key_column TEXT NOT NULL, key_type TEXT NOT NULL,
     snapshot_hash TEXT NOT NULL, call_id TEXT NOT NULL, from_at TEXT NOT NULL, term_end TEXT NOT NULL, until_at TEXT, ended TEXT) STRICT;
   CREATE INDEX membership_resource ON membership (resource, from_at);
   CREATE INDEX membership_open ON membership (product, version) WHERE until_at IS NULL;
   CREATE TABLE subject_request (request TEXT PRIMARY KEY, kind TEXT NOT NULL, resource TEXT NOT NULL, tag BLOB NOT NULL,
     salt BLOB NOT NULL, received_at TEXT NOT NULL, due_at TEXT NOT NULL, answered_at TEXT) STRICT;`,
  `CREATE TABLE privacy_budget (resource TEXT PRIMARY KEY, budget INTEGER NOT NULL CHECK (budget >= 0), at TEXT NOT NULL) STRICT;
   CREATE TABLE privacy_spend (resource TEXT NOT NULL, entry INTEGER NOT NULL, question TEXT, cost INTEGER NOT NULL CHECK (cost >= 0),
     at TEXT NOT NULL, PRIMARY KEY (resource, entry)) STRICT, WITHOUT ROWID;
   CREATE UNIQUE INDEX privacy_question ON privacy_spend (resource, question) WHERE question IS NOT NULL;
   CREATE TRIGGER privacy_spend_stays BEFORE DELETE ON privacy_spend BEGIN SELECT RAISE(ABORT, 'a spend stays'); END;
   CREATE TRIGGER privacy_spend_as_written BEFORE UPDATE ON privacy_spend BEGIN SELECT RAISE(ABORT, 'a spend stays'); END;
   CREATE TABLE privacy_answer (resource TEXT NOT NULL, question TEXT NOT NULL, answer TEXT NOT NULL,
     PRIMARY KEY (resource, question)) STRICT, WITHOUT ROWID;`,
  `CREATE TABLE output_register (id INTEGER PRIMARY KEY, call_id TEXT NOT NULL UNIQUE, resource TEXT NOT NULL,
     key_column TEXT NOT NULL, kind TEXT NOT NULL, grant_hash TEXT NOT NULL, product TEXT NOT NULL, version INTEGER NOT NULL,
     snapshot TEXT NOT NULL, at TEXT NOT NULL, shown TEXT) STRICT;
   CREATE INDEX output_register_resource ON output_register (resource, id);`,
  `CREATE TABLE field_decision (id INTEGER PRIMARY KEY, document TEXT NOT NULL, salt TEXT NOT NULL) STRICT;`,
  `ALTER TABLE privacy_budget ADD COLUMN person TEXT NOT NULL DEFAULT '';`,
  `CREATE TABLE cut (resource TEXT PRIMARY KEY, document TEXT NOT NULL) STRICT, WITHOUT ROWID;`,
  `CREATE TABLE quality_decision (id INTEGER PRIMARY KEY AUTOINCREMENT, resource TEXT NOT NULL, document TEXT NOT NULL, salt TEXT NOT NULL) STRICT;
   CREATE INDEX quality_decision_resource ON quality_decision (resource, id);
   CREATE TABLE quality_measurement (resource TEXT PRIMARY KEY, document TEXT NOT NULL) STRICT, WITHOUT ROWID;`,
  `CREATE TABLE dataset_term (key_id TEXT NOT NULL, product TEXT NOT NULL, version INTEGER NOT NULL, call_id TEXT NOT NULL,
     from_at TEXT NOT NULL, until_at TEXT NOT NULL, reads INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (key_id, product, version)) STRICT, WITHOUT ROWID;`,
  // privacy_resume: spends before entry void_before pay for nothing that was not answered; told: whether somebody
  // said, since, what else was spent. A question whose spend is void is paid for again.
  `DROP INDEX privacy_question;
   CREATE INDEX privacy_question ON privacy_spend (resource, question) WHERE question IS NOT NULL;
   CREATE TABLE privacy_resume (resource TEXT PRIMARY KEY, void_before INTEGER NOT NULL DEFAULT 0, told INTEGER NOT NULL DEFAULT 0) STRICT, WITHOUT ROWID;`,
  `ALTER TABLE privacy_answer ADD COLUMN told_by TEXT;`,
  // outcome_spend: thousandths of a bit that outcomes of runs may have told; lowered to the price of a completed run, and no other way.
  `CREATE TABLE outcome_spend (call_id TEXT PRIMARY KEY, grant_hash TEXT NOT NULL, resource TEXT NOT NULL, operation TEXT NOT NULL,
     completed INTEGER NOT NULL CHECK (completed > 0), cost INTEGER NOT NULL CHECK (cost >= completed), at TEXT NOT NULL) STRICT;
   CREATE INDEX outcome_spend_grant ON outcome_spend (grant_hash, operation);
   CREATE TRIGGER outcome_spend_stays BEFORE DELETE ON outcome_spend BEGIN SELECT RAISE(ABORT, 'a spend stays'); END;
   CREATE TRIGGER outcome_spend_as_written BEFORE UPDATE ON outcome_spend WHEN new.cost IS NOT old.completed
     OR (new.call_id, new.grant_hash, new.resource, new.operation, new.completed, new.at)
       IS NOT (old.call_id, old.grant_hash, old.resource, old.operation, old.completed, old.at)
     BEGIN SELECT RAISE(ABORT, 'a spend stays'); END;
   CREATE TABLE outcome_allowance (id INTEGER PRIMARY KEY, grant_hash TEXT NOT NULL, operation TEXT NOT NULL,
     amount INTEGER NOT NULL CHECK (amount > 0), at TEXT NOT NULL) STRICT;`,
  `ALTER TABLE output_register ADD COLUMN model TEXT;`,
  `CREATE TABLE risk_report (id INTEGER PRIMARY KEY, hash TEXT NOT NULL UNIQUE, resource TEXT NOT NULL, snapshot TEXT NOT NULL,
     policy TEXT NOT NULL, at TEXT NOT NULL) STRICT;`,
  `CREATE TABLE run_record (call_id TEXT PRIMARY KEY, snapshot TEXT NOT NULL, seed INTEGER NOT NULL, runtime TEXT NOT NULL,
     at TEXT NOT NULL) STRICT, WITHOUT ROWID;`,
  `ALTER TABLE output_register ADD COLUMN bits INTEGER NOT NULL DEFAULT 0;`,
  `CREATE TABLE profile_register (id INTEGER PRIMARY KEY, resource TEXT NOT NULL, snapshot TEXT NOT NULL, at TEXT NOT NULL,
     shown TEXT NOT NULL) STRICT;
   CREATE INDEX profile_register_resource ON profile_register (resource, id);`,
  // Lookups that were built before have records of another form, and keys of another label: they are built again.
  `DELETE FROM product WHERE snapshot ->> '$.body.type' = 'lookup-snapshot';
   ALTER TABLE product ADD COLUMN delta TEXT NOT NULL DEFAULT '';
   ALTER TABLE product ADD COLUMN compact INTEGER NOT NULL DEFAULT 0;
   CREATE TABLE product_before (product TEXT NOT NULL, version INTEGER NOT NULL, snapshot_hash TEXT NOT NULL, snapshot TEXT NOT NULL,
     directory TEXT NOT NULL, delta TEXT NOT NULL, layers TEXT NOT NULL, until_at TEXT NOT NULL, PRIMARY KEY (product, version)) STRICT;`,
  // Counts that were built before have no noise: they are built again. count_lost: states of tables whose spends are not known.
  `DELETE FROM product WHERE snapshot ->> '$.body.type' = 'psi-snapshot'
     AND snapshot ->> '$.body.parameters.kind' = 'psi-cardinality';
   CREATE TABLE count_spend (call_id TEXT PRIMARY KEY, party TEXT NOT NULL, resource TEXT NOT NULL, source TEXT NOT NULL,
     cost INTEGER NOT NULL CHECK (cost > 0), at TEXT NOT NULL) STRICT;
   CREATE INDEX count_spend_party ON count_spend (resource, source, party);
   CREATE TRIGGER count_spend_stays BEFORE DELETE ON count_spend BEGIN SELECT RAISE(ABORT, 'a spend stays'); END;
   CREATE TRIGGER count_spend_as_written BEFORE UPDATE ON count_spend BEGIN SELECT RAISE(ABORT, 'a spend stays'); END;
   CREATE TABLE count_lost (resource TEXT NOT NULL, source TEXT NOT NULL, PRIMARY KEY (resource, source)) STRICT, WITHOUT ROWID;`,
  // Sets to match that were built before are of another form: they are built again.
  `DELETE FROM product WHERE snapshot ->> '$.body.parameters.kind' = 'psi-ids';`,
  // aggregate_lost: until when aggregations may have been joined that are not in the table.
  `CREATE TABLE aggregate (agreement TEXT PRIMARY KEY, plan TEXT NOT NULL UNIQUE, subject TEXT NOT NULL, content TEXT NOT NULL,
     parties TEXT NOT NULL, survivors TEXT, grant_hash TEXT NOT NULL, resource TEXT NOT NULL, recipient TEXT, at TEXT NOT NULL,
     result TEXT, event_id INTEGER) STRICT;
   CREATE INDEX aggregate_subject ON aggregate (subject);
   CREATE INDEX aggregate_content ON aggregate (content);
   CREATE TRIGGER aggregate_stays BEFORE DELETE ON aggregate BEGIN SELECT RAISE(ABORT, 'an aggregation stays'); END;
   CREATE TABLE aggregate_lost (one INTEGER PRIMARY KEY CHECK (one = 1), until_at TEXT NOT NULL) STRICT;`,
  // selection_sum: paid for when it is written; its encrypted sum is kept once, when it was computed.
  `CREATE TABLE selection_register (party TEXT NOT NULL, product TEXT NOT NULL, commitment TEXT NOT NULL, call_id TEXT NOT NULL,
     at TEXT NOT NULL, PRIMARY KEY (party, product, commitment)) STRICT, WITHOUT ROWID;
   CREATE TABLE selection_sum (party TEXT NOT NULL, product TEXT NOT NULL, commitment TEXT NOT NULL, snapshot TEXT NOT NULL,
     measure INTEGER NOT NULL, call_id TEXT NOT NULL, at TEXT NOT NULL, sum BLOB,
     PRIMARY KEY (party, product, commitment, snapshot, measure)) STRICT, WITHOUT ROWID;
   CREATE TRIGGER selection_register_stays BEFORE DELETE ON selection_register BEGIN SELECT RAISE(ABORT, 'a selection stays'); END;
   CREATE TRIGGER selection_register_as_written BEFORE UPDATE ON selection_register BEGIN SELECT RAISE(ABORT, 'a selection stays'); END;
   CREATE TRIGGER selection_sum_stays BEFORE DELETE ON selection_sum BEGIN SELECT RAISE(ABORT, 'a sum stays'); END;
   CREATE TRIGGER selection_sum_as_written BEFORE UPDATE ON selection_sum WHEN old.sum IS NOT NULL
     OR (new.party, new.product, new.commitment, new.snapshot, new.measure, new.call_id, new.at)
       IS NOT (old.party, old.product, old.commitment, old.snapshot, old.measure, old.call_id, old.at)
     BEGIN SELECT RAISE(ABORT, 'a sum stays'); END;`,
  // count_lost_current: the next start takes as lost what was spent over the tables that are there then.
  `CREATE TABLE count_lost_current (one INTEGER PRIMARY KEY CHECK (one = 1)) STRICT;`,
] as const;

/** An open state file. */
export class StateDatabase {
  readonly #database: DatabaseSync;

  /** Opens or creates `file` and brings its schema up to date; `readOnly`, it has to be.
   *  @throws ERR_DIRECTORY_STATE for a newer schema */
  constructor(file: string, { readOnly = false }: { readonly readOnly?: boolean } = {}) {
    this.#database = new DatabaseSync(file, { readOnly });
    const row = this.#database.prepare("PRAGMA user_version").get();
    const version = Number(row?.["user_version"]);
    if (!readOnly) {
      this.#database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;");
    }
    if (version > MIGRATIONS.length || (readOnly && version < MIGRATIONS.length)) {
      throw new SluiceError("ERR_DIRECTORY_STATE", {
        directory: file,
        expected: `state of schema ${MIGRATIONS.length}${readOnly ? "" : " or older"}`,
        command: "a newer version of sluice",
      });
    }
    for (const [index, migration] of MIGRATIONS.entries()) {
      if (index < version) continue;
      this.transaction(() => this.#database.exec(`${migration} PRAGMA user_version = ${index + 1};`));
    }
  }

  /** Runs `work` as one durable transaction; an exception rolls everything back. */
  transaction<T>(work: () => T): T {
    this.#database.exec("BEGIN IMMEDIATE");
    try {
      const result = work();
      this.#database.exec("COMMIT");
      return result;
    } catch (error) {
      this.#database.exec("ROLLBACK");
      throw error;
    }
  }

  /** A prepared statement, compiled once by its user. */
  prepare(sql: string): ReturnType<DatabaseSync["prepare"]> {
    return this.#database.prepare(sql);
  }

  /** Writes the whole file anew, so that nothing is left of rows that were changed or deleted: neither in it nor in its
   *  write-ahead log. */
  rewrite(): void {
    this.#database.exec("PRAGMA wal_checkpoint(TRUNCATE); VACUUM; PRAGMA wal_checkpoint(TRUNCATE);");
  }

  close(): void {
    this.#database.close();
  }
}
