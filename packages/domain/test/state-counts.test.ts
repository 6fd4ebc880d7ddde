/** What counts of matches have told each caller: spent first, by party and state of a table, never given back. @module */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, expect, test } from "vitest";
import { CountSpends, type CountHolder } from "../src/state/count-spends.ts";
import { StateDatabase } from "../src/state/database.ts";
import { OutputRegister } from "../src/state/output-register.ts";

const AT = "2026-01-02T03:04:05.000Z";
const [MAY, JUNE] = ["5".repeat(64), "6".repeat(64)];
const BANK: CountHolder = { party: "bank", resource: "persons", source: MAY };
const COST = { cost: 500_000, budget: 1_000_000, at: AT };

let directory: string;
let db: StateDatabase;
const file = (): string => join(directory, "state.sqlite");
const spend = (holder: CountHolder, callId: string, change: Partial<typeof COST> = {}): boolean =>
  new CountSpends(db).spend(holder, { callId, ...COST, ...change });

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "sluice-counts-"));
  db = new StateDatabase(file());
});

afterEach(() => {
  db.close();
  rmSync(directory, { recursive: true, force: true });
});

/** A build that counts, or matches, over a state of the table. */
function register(callId: string, source: string, kind: "psi-ids" | "psi-cardinality", at = AT): void {
  new OutputRegister(db).put({
    callId,
    resource: "persons",
    column: "id",
    kind,
    grant: "a".repeat(64),
    product: kind,
    version: 1,
    snapshot: source,
    at,
    shown: null,
    model: null,
    bits: 0,
  });
}

test("a caller has its budget over one state of a table, whatever others spend, and another over the next state", () => {
  expect([spend(BANK, "1"), spend(BANK, "2"), spend(BANK, "3")]).toEqual([true, true, false]);
  expect(spend(BANK, "4", { cost: 1 })).toBe(false);
  expect(spend({ ...BANK, party: "insurer" }, "5")).toBe(true);
  expect(spend({ ...BANK, resource: "firms" }, "6")).toBe(true);
  expect(spend({ ...BANK, source: JUNE }, "7", { at: "2026-06-02T03:04:05.000Z" })).toBe(true);
  expect(new CountSpends(db).accounts("persons")).toEqual([
    { party: "bank", resource: "persons", source: JUNE, spent: 500_000, counts: 1 },
    { party: "bank", resource: "persons", source: MAY, spent: 1_000_000, counts: 2 },
    { party: "insurer", resource: "persons", source: MAY, spent: 500_000, counts: 1 },
  ]);
});

test("what is refused spends nothing, and what is spent stays spent over a restart", () => {
  expect(spend(BANK, "1", { cost: 700_000 })).toBe(true);
  expect(spend(BANK, "2", { cost: 400_000 })).toBe(false);
  expect(new CountSpends(db).of(BANK)).toEqual({ ...BANK, spent: 700_000, counts: 1 });
  db.close();
  db = new StateDatabase(file());
  expect(new CountSpends(db).of(BANK).spent).toBe(700_000);
  expect(spend(BANK, "3", { cost: 300_000 })).toBe(true);
});

test("the database itself refuses to change or to remove a spend, to spend nothing, and to charge a call twice", () => {
  spend(BANK, "1");
  const raw = new DatabaseSync(file());
  expect(() => raw.exec("DELETE FROM count_spend")).toThrow("a spend stays");
  expect(() => raw.exec("UPDATE count_spend SET cost = 1")).toThrow("a spend stays");
  raw.close();
  expect(() => spend(BANK, "2", { cost: 0 })).toThrow("CHECK");
  expect(() => spend(BANK, "1", { cost: 1 })).toThrow("UNIQUE");
});

test("after a loss nothing is counted over the states of tables that were counted on, until a table is renewed", () => {
  register("build-1", MAY, "psi-cardinality");
  register("build-2", JUNE, "psi-ids");
  new CountSpends(db).loseAll();
  new CountSpends(db).loseAll();
  expect([spend(BANK, "1"), spend({ ...BANK, source: JUNE }, "2")]).toEqual([false, true]);
});

test("after a loss nothing is counted over the tables that are there at the next start, counted on before or not", () => {
  const tables = (...snapshots: string[]) => snapshots.map((snapshot) => ({ resource: "persons", snapshot }));
  const counts = new CountSpends(db);
  counts.loseCurrent(tables(MAY));
  expect(spend(BANK, "1")).toBe(true);
  counts.loseAll();
  db.close();
  db = new StateDatabase(file());
  new CountSpends(db).loseCurrent(tables(MAY));
  // A table that was imported after that start is another state.
  new CountSpends(db).loseCurrent(tables(JUNE));
  expect([spend(BANK, "2"), spend({ ...BANK, source: JUNE }, "3")]).toEqual([false, true]);
});

test("a product counts over the state of the table that its last build read", () => {
  expect(new OutputRegister(db).served("psi-cardinality", 1)).toBe(null);
  register("build-1", MAY, "psi-cardinality");
  register("build-2", JUNE, "psi-cardinality", "2026-06-02T03:04:05.000Z");
  register("build-3", MAY, "psi-ids", "2026-07-02T03:04:05.000Z");
  expect(new OutputRegister(db).served("psi-cardinality", 1)?.snapshot).toBe(JUNE);
  expect(new OutputRegister(db).served("psi-cardinality", 2)).toBe(null);
});
