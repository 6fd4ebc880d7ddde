/** Signed documents that the domain keeps: parties, grants with their policies, revocations, releases.
 *  What goes in was verified by `serve/`; what comes out is parsed again, so that a damaged file is found.
 *  @module */
import {
  Policy,
  SignedGrant,
  type SignedParty,
  SignedRelease,
  type SignedRevocation,
  SluiceError,
  type KeyId,
  type Sha256Hex,
} from "@sluice/protocol";
import type { StateDatabase } from "./database.ts";

/** A grant as delivered, with the policy it names. */
export interface HeldGrant {
  readonly hash: Sha256Hex;
  readonly grant: SignedGrant;
  readonly policy: Policy;
}

/** Tables of signed documents. */
export class DocumentStore {
  readonly #db: StateDatabase;

  constructor(db: StateDatabase) {
    this.#db = db;
  }

  /** Keeps the latest statement about a party; an older one changes nothing. Returns whether it changed something. */
  putParty(signed: SignedParty): boolean {
    const { party, keyId, status, at } = signed.body;
    const result = this.#db
      .prepare(
        `INSERT INTO party (party, key_id, status, at, document) VALUES (?, ?, ?, ?, ?)
         ON CONFLICT (party) DO UPDATE SET key_id = excluded.key_id, status = excluded.status, at = excluded.at, document = excluded.document
         WHERE excluded.at > party.at`,
      )
      .run(party, keyId, status, at, JSON.stringify(signed));
    return result.changes === 1;
  }

  /** Whether `keyId` is suspended: by a statement about its party, or by a status after which no statement said that it
   *  is active. */
  isSuspended(keyId: KeyId): boolean {
    const row = this.#db
      .prepare(
        `SELECT 1 FROM party WHERE key_id = ?1 AND status = 'suspended' UNION ALL
         SELECT 1 FROM stopped_key WHERE key_id = ?1 AND NOT EXISTS
           (SELECT 1 FROM party WHERE party.key_id = ?1 AND party.status = 'active' AND party.at > stopped_key.at)`,
      )
      .get(keyId);
    return row !== undefined;
  }

  /** The key that the agency's latest statement gives to a party, or null when there is none about it. */
  keyOfParty(party: string): KeyId | null {
    const row = this.#db.prepare("SELECT key_id FROM party WHERE party = ?").get(party);
    return row === undefined ? null : String(row["key_id"]);
  }

  /** Name of a party as the agency registered it, or null. */
  partyTitle(party: string): string | null {
    const row = this.#db.prepare("SELECT document ->> '$.body.title' AS title FROM party WHERE party = ?").get(party);
    return row === undefined ? null : String(row["title"]);
  }

  /** The columns by which grants over a resource name persons. */
  keyColumns(resource: string): string[] {
    return this.#db
      .prepare(
        `SELECT DISTINCT document ->> '$.body.key' AS key FROM grants WHERE document ->> '$.body.resource' = ? ORDER BY key`,
      )
      .all(resource)
      .map((row) => String(row["key"]));
  }

  /** Returns whether it is new. */
  putGrant(held: HeldGrant): boolean {
    const result = this.#db
      .prepare("INSERT INTO grants (hash, document, policy) VALUES (?, ?, ?) ON CONFLICT (hash) DO NOTHING")
      .run(held.hash, JSON.stringify(held.grant), JSON.stringify(held.policy));
    return result.changes === 1;
  }

  /** The grant of that hash, or null. */
  grant(hash: Sha256Hex): HeldGrant | null {
    const row = this.#db.prepare("SELECT hash, document, policy FROM grants WHERE hash = ?").get(hash);
    return row === undefined ? null : readGrant(row);
  }

  /** Every grant, ended or not. */
  grants(): HeldGrant[] {
    return this.#db.prepare("SELECT hash, document, policy FROM grants ORDER BY hash").all().map(readGrant);
  }

  /** Every grant on a resource, ended or not. */
  grantsOf(resource: string): HeldGrant[] {
    return this.#db
      .prepare("SELECT hash, document, policy FROM grants WHERE document ->> '$.body.resource' = ? ORDER BY hash")
      .all(resource)
      .map(readGrant);
  }

  /** Returns whether it is the first of its grant. */
  putRevocation(signed: SignedRevocation): boolean {
    const result = this.#db
      .prepare("INSERT INTO revocation (grant_hash, document) VALUES (?, ?) ON CONFLICT (grant_hash) DO NOTHING")
      .run(signed.body.grant, JSON.stringify(signed));
    return result.changes === 1;
  }

  /** Whether the grant of that hash was taken back. */
  isRevoked(hash: Sha256Hex): boolean {
    return (
      this.#db
        .prepare("SELECT 1 FROM revocation WHERE grant_hash = ?1 UNION ALL SELECT 1 FROM stopped_grant WHERE hash = ?1")
        .get(hash) !== undefined
    );
  }

  /** Returns whether it is new. @throws ERR_CONFLICT when that product version has another release. */
  putRelease(hash: Sha256Hex, signed: SignedRelease): boolean {
    const { product, version } = signed.body;
    const held = this.release(product, version);
    if (held !== null && held.hash !== hash) {
      throw new SluiceError("ERR_CONFLICT", { kind: "release", name: `${product} version ${version}` });
    }
    const result = this.#db
      .prepare(
        "INSERT INTO release (hash, product, version, document) VALUES (?, ?, ?, ?) ON CONFLICT (hash) DO NOTHING",
      )
      .run(hash, product, version, JSON.stringify(signed));
    return result.changes === 1;
  }

  /** The release of a product version, or null. */
  release(product: string, version: number): { hash: Sha256Hex; release: SignedRelease } | null {
    const row = this.#db
      .prepare("SELECT hash, document FROM release WHERE product = ? AND version = ?")
      .get(product, version);
    if (row === undefined) return null;
    return { hash: String(row["hash"]), release: SignedRelease.parse(JSON.parse(String(row["document"]))) };
  }
}

function readGrant(row: Record<string, unknown>): HeldGrant {
  return {
    hash: String(row["hash"]),
    grant: SignedGrant.parse(JSON.parse(String(row["document"]))),
    policy: Policy.parse(JSON.parse(String(row["policy"]))),
  };
}
