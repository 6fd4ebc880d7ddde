/** How samples of each table were cut so far. Kept for as long as the domain: samples that were shown cannot be taken back.
 *  @module */
import { joinCuts, type CutRequest, type TableCuts } from "@sluice/desensitize";
import type { Name } from "@sluice/protocol";
import type { StateDatabase } from "./database.ts";

/** Table of cuts. It tells of policies, and of no person. */
export class CutStore {
  readonly #db: StateDatabase;

  constructor(db: StateDatabase) {
    this.#db = db;
  }

  /** Refuses a sample whose cuts do not nest with those of earlier ones. @throws ERR_POLICY */
  check(request: CutRequest): void {
    joinCuts(this.#of(request.resource.resource), request);
  }

  /** Notes the cuts of a sample that is about to be shown: of two that do not nest, the second is refused even when both were
   *  drawn at the same time. @throws ERR_POLICY */
  put(request: CutRequest): void {
    const { resource } = request.resource;
    this.#db.transaction(() => {
      const cuts = joinCuts(this.#of(resource), request);
      this.#db
        .prepare("INSERT OR REPLACE INTO cut (resource, document) VALUES (?, ?)")
        .run(resource, JSON.stringify(cuts));
    });
  }

  #of(resource: Name): TableCuts | null {
    const row = this.#db.prepare("SELECT document FROM cut WHERE resource = ?").get(resource);
    return row === undefined ? null : (JSON.parse(String(row["document"])) as TableCuts);
  }
}
