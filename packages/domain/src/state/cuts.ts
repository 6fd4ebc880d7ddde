/** How samples of each table were cut so far. Kept for as long as the domain: samples that were shown cannot be taken back.
 *  @module */
import { countedBeside, joinCuts, type Counted, type CutRequest, type TableCuts } from "@sluice/desensitize";
import { canonicalText, type FieldName, type Name } from "@sluice/protocol";
import type { StateDatabase } from "./database.ts";

/** Table of cuts. It tells of policies, and of no person. */
export class CutStore {
  readonly #db: StateDatabase;

  constructor(db: StateDatabase) {
    this.#db = db;
  }

  /** How a sample is to be counted beside those that were shown, also one that would be refused. */
  counted(request: CutRequest): Counted {
    return countedBeside(this.#of(request.resource.resource), request);
  }

  /** Column that tells persons apart in samples that were shown, or null. */
  subject(resource: Name): FieldName | null {
    return this.#of(resource)?.subject ?? null;
  }

  /** How a sample is to be counted; refuses one that cannot be beside earlier ones. @throws ERR_POLICY */
  check(request: CutRequest): Counted {
    joinCuts(this.#of(request.resource.resource), request);
    return this.counted(request);
  }

  /** Notes a sample that is about to be shown, when it was counted beside all that were: of two that do not nest, the second is
   *  refused even when both were drawn at the same time. Returns whether it was; else it must be drawn again.
   *  @throws ERR_POLICY */
  put(request: CutRequest, counted: Counted): boolean {
    const { resource } = request.resource;
    return this.#db.transaction(() => {
      const earlier = this.#of(resource);
      const cuts = joinCuts(earlier, request);
      const now = countedBeside(earlier, request);
      if (canonicalText([now.columns, now.k]) !== canonicalText([counted.columns, counted.k])) return false;
      this.#db
        .prepare("INSERT OR REPLACE INTO cut (resource, document) VALUES (?, ?)")
        .run(resource, JSON.stringify(cuts));
      return true;
    });
  }

  #of(resource: Name): TableCuts | null {
    const row = this.#db.prepare("SELECT document FROM cut WHERE resource = ?").get(resource);
    return row === undefined ? null : (JSON.parse(String(row["document"])) as TableCuts);
  }
}
