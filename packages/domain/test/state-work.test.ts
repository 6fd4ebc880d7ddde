/** Products in the state: what is taken over from the versions before, and marks for compaction.
 *  @module */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, expect, test } from "vitest";
import { StateDatabase } from "../src/state/database.ts";
import { WorkStore } from "../src/state/work.ts";
import { FIRST_SCHEMA } from "./first-schema.ts";

let directory: string;
let file: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "sluice-work-"));
  file = join(directory, "state.sqlite");
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

/** State of the first schema with one product of each type, version 1; `index` names its folder. */
function writeFirstState(products: Readonly<Record<string, string>>): void {
  const state = new DatabaseSync(file);
  state.exec(FIRST_SCHEMA);
  const insert = state.prepare("INSERT INTO product VALUES (?, 1, ?, ?, ?, '[]')");
  for (const [type, index] of Object.entries(products)) {
    insert.run(type, `hash of ${type}`, JSON.stringify({ body: { type } }), index);
  }
  state.close();
}

test("lookup products from before deltas are gone and their folders with them; other products stay, without a delta", () => {
  writeFirstState({ "lookup-snapshot": "run-1", "psi-snapshot": "run-2", "score-snapshot": "" });
  const db = new StateDatabase(file);
  try {
    const rows = db.prepare("SELECT product, version, directory, delta, compact FROM product ORDER BY product").all();
    expect(rows.map((row) => ({ ...row }))).toEqual([
      { product: "psi-snapshot", version: 1, directory: "run-2", delta: "", compact: 0 },
      { product: "score-snapshot", version: 1, directory: "", delta: "", compact: 0 },
    ]);
    const work = new WorkStore(db);
    // What serves nothing goes with the next sweep, and a build of the product starts from nothing.
    expect(work.servedIndexes()).toEqual(["run-2"]);
    expect(work.product("lookup-snapshot", 1)).toBeNull();
    expect(work.productBefore("lookup-snapshot", 1)).toBeNull();
  } finally {
    db.close();
  }
});

test("state that has deltas is taken over once: a second start drops no lookup product", () => {
  writeFirstState({});
  new StateDatabase(file).close();
  const insert = `INSERT INTO product (product, version, snapshot_hash, snapshot, directory, delta, layers)
    VALUES ('bands', 1, 'hash', '{"body":{"type":"lookup-snapshot"}}', 'base', 'delta', '[]')`;
  const state = new DatabaseSync(file);
  state.exec(insert);
  state.close();
  const db = new StateDatabase(file);
  try {
    expect(new WorkStore(db).servedIndexes().toSorted()).toEqual(["base", "delta"]);
  } finally {
    db.close();
  }
});
