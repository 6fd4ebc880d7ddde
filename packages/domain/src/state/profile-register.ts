/** The register of published profiles, by source table: whoever read one may have kept it, so none is forgotten. Of whom its
 *  figures were is in a sealed file that a row names.
 *  @module */
import type { Instant, Name, Sha256Hex } from "@sluice/protocol";
import type { StateDatabase } from "./database.ts";

/** Table of published profiles. */
export class ProfileRegister {
  readonly #db: StateDatabase;

  constructor(db: StateDatabase) {
    this.#db = db;
  }

  /** Notes a profile that is about to be published. Part of the caller's transaction. */
  put(profile: {
    readonly resource: Name;
    /** Of the source table. */
    readonly snapshot: Sha256Hex;
    readonly at: Instant;
    /** Name of its file. */
    readonly shown: string;
  }): void {
    this.#db
      .prepare("INSERT INTO profile_register (resource, snapshot, at, shown) VALUES (?, ?, ?, ?)")
      .run(profile.resource, profile.snapshot, profile.at, profile.shown);
  }

  /** Names of the files of what was published of a resource, the oldest first. */
  of(resource: Name): string[] {
    return this.#db
      .prepare("SELECT shown FROM profile_register WHERE resource = ? ORDER BY id")
      .all(resource)
      .map(({ shown }) => String(shown));
  }

  /** Names of every file. */
  names(): Set<string> {
    const rows = this.#db.prepare("SELECT shown FROM profile_register").all();
    return new Set(rows.map(({ shown }) => String(shown)));
  }
}
