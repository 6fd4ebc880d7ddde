/** The first schema of a domain's state, as its first version wrote it.
 *  @module */
export const FIRST_SCHEMA = `
   CREATE TABLE party (party TEXT PRIMARY KEY, key_id TEXT NOT NULL, status TEXT NOT NULL, at TEXT NOT NULL, document TEXT NOT NULL) STRICT;
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
   CREATE TABLE clock (one INTEGER PRIMARY KEY CHECK (one = 1), latest TEXT NOT NULL) STRICT;
   PRAGMA user_version = 1;`;
