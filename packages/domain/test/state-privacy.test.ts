/** @module */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { answerOnce } from "@sluice/desensitize";
import type { NoisyTable } from "@sluice/protocol";
import { afterEach, beforeEach, expect, test } from "vitest";
import { StateDatabase } from "../src/state/database.ts";
import { EventStore } from "../src/state/events.ts";
import { PrivacyStore } from "../src/state/privacy.ts";

const clock = { now: () => new Date("2026-01-02T03:04:05Z") };
const AT = clock.now().toISOString();
const QUESTION = "a".repeat(64);
const TABLE = {
  kind: "noisy-table",
  dimensions: [{ name: "b", field: "b", levels: ["no", "yes"], values: { false: 0, true: 1 } }],
  measures: [],
  contribution: { rows: 1, groups: 1 },
  loss: { mechanism: "laplace", epsilon: "1" },
  cells: [{ at: [0], rows: -3, sums: {} }],
  standardErrors: { rows: 1, sums: {} },
  cost: "500000",
} satisfies NoisyTable;

let directory: string;
const open: StateDatabase[] = [];

/** The ledger as one more process sees it. */
function ledger(): { db: StateDatabase; events: EventStore; privacy: PrivacyStore } {
  const db = new StateDatabase(join(directory, "state.sqlite"));
  open.push(db);
  const events = new EventStore(db);
  return { db, events, privacy: new PrivacyStore(db, events, clock) };
}

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "sluice-privacy-"));
});

afterEach(() => {
  for (const db of open.splice(0)) db.close();
  rmSync(directory, { recursive: true, force: true });
});

test("of two processes that saw the same ledger, one appends", () => {
  const [one, other] = [ledger(), ledger()];
  one.privacy.setBudget("persons", 10n, "person", AT);
  const seen = [one.privacy.read("persons").length, other.privacy.read("persons").length];
  expect(seen).toEqual([0, 0]);
  expect(one.privacy.append({ table: "persons", question: QUESTION, cost: 6n }, 0)).toBe(true);
  expect(other.privacy.append({ table: "persons", question: "b".repeat(64), cost: 6n }, 0)).toBe(false);
  expect(other.privacy.read("persons")).toEqual({ budget: 10n, spent: 6n, length: 1 });
});

test("a spend and its event are written together, and stay when the process ends before the answer", async () => {
  const before = ledger();
  before.privacy.setBudget("persons", 500_000n, "person", AT);
  const asked = { table: "persons", snapshot: QUESTION, question: 1, cost: 500_000n };
  await expect(
    answerOnce(before.privacy, { ...asked, compute: () => Promise.reject(new Error("killed")) }),
  ).rejects.toThrow("killed");
  const after = ledger();
  expect(after.privacy.read("persons").spent).toBe(500_000n);
  expect(after.events.unsigned()).toMatchObject([{ kind: "privacy-spent" }]);
  const again = await answerOnce(after.privacy, { ...asked, compute: async () => TABLE });
  expect(again).toMatchObject({ answer: TABLE, charged: false });
  await expect(answerOnce(after.privacy, { ...asked, question: 2, compute: async () => TABLE })).rejects.toMatchObject({
    code: "ERR_PRIVACY_BUDGET",
  });
  // A third process is told the kept answer, though it would draw another.
  const other = { ...TABLE, cells: [{ at: [0], rows: 99, sums: {} }] };
  expect((await answerOnce(ledger().privacy, { ...asked, compute: async () => other })).answer).toEqual(TABLE);
});

test("of two answers to one question the first stays", () => {
  const { privacy } = ledger();
  const other = { ...TABLE, cells: [{ at: [0], rows: 99, sums: {} }] };
  expect(privacy.keep("persons", QUESTION, TABLE)).toEqual(TABLE);
  expect(privacy.keep("persons", QUESTION, other)).toEqual(TABLE);
  expect(privacy.answer("persons", QUESTION)).toEqual(TABLE);
});

test("the database itself refuses to change or remove a spend", () => {
  const { db, privacy } = ledger();
  privacy.append({ table: "persons", question: QUESTION, cost: 6n }, 0);
  expect(() => db.prepare("UPDATE privacy_spend SET cost = 0").run()).toThrow("a spend stays");
  expect(() => db.prepare("DELETE FROM privacy_spend").run()).toThrow("a spend stays");
  expect(() => db.prepare("INSERT INTO privacy_spend VALUES ('persons', 1, NULL, -6, '')").run()).toThrow();
  expect(privacy.read("persons").spent).toBe(6n);
});

test("taking everything as spent leaves nothing of any budget, and takes nothing of what is overspent", () => {
  const { privacy } = ledger();
  privacy.setBudget("persons", 10n, "person", AT);
  privacy.assume("persons", 4n, AT);
  privacy.setBudget("visits", 5n, "person", AT);
  privacy.assume("visits", 9n, AT);
  privacy.setBudget("other", 3n, "person", AT);
  privacy.spendAll(AT);
  expect(privacy.tables()).toEqual([
    { resource: "other", budget: 3n, spent: 3n, length: 1 },
    { resource: "persons", budget: 10n, spent: 10n, length: 2 },
    { resource: "visits", budget: 5n, spent: 9n, length: 1 },
  ]);
});

test("after a loss of memory a spend without an answer pays for nothing, and an answer that is known stays", async () => {
  const { privacy } = ledger();
  privacy.setBudget("persons", 2_000_000n, "person", AT);
  const asked = { table: "persons", snapshot: QUESTION, cost: 500_000n };
  await answerOnce(privacy, { ...asked, question: "answered", compute: async () => TABLE });
  const failing = { ...asked, question: "cut off", compute: () => Promise.reject(new Error("killed")) };
  await expect(answerOnce(privacy, failing)).rejects.toThrow("killed");
  privacy.spendAll(AT);
  // It may have been answered in what was lost.
  const other = { ...TABLE, cells: [{ at: [0], rows: 99, sums: {} }] };
  const again = { ...asked, question: "cut off", compute: async () => other };
  await expect(answerOnce(privacy, again)).rejects.toMatchObject({ code: "ERR_PRIVACY_BUDGET" });
  privacy.setBudget("persons", 3_000_000n, "person", AT);
  expect(await answerOnce(privacy, again)).toMatchObject({ answer: other, charged: true });
  expect(privacy.read("persons").spent).toBe(2_500_000n);
  const known = await answerOnce(privacy, { ...asked, question: "answered", compute: async () => other });
  expect(known).toMatchObject({ answer: TABLE, charged: false });
  // What is paid for since then is good for a second attempt, as ever.
  await expect(answerOnce(privacy, { ...failing, question: "later" })).rejects.toThrow("killed");
  expect(await answerOnce(privacy, { ...again, question: "later" })).toMatchObject({ answer: other, charged: false });
});

test("one receipt names the price of an answer: the first that there is, whichever run took it on", async () => {
  const { privacy } = ledger();
  privacy.setBudget("persons", 500_000n, "person", AT);
  const asked = { table: "persons", snapshot: QUESTION, question: 1, cost: 500_000n, compute: async () => TABLE };
  const { question } = await answerOnce(privacy, asked);
  const receipts = new Set<string>();
  const names = (run: string): boolean => privacy.namesCost("persons", question, run, (other) => receipts.has(other));
  expect([names("one"), names("one")]).toEqual([true, true]);
  // The run ended without a receipt.
  expect(names("two")).toBe(true);
  receipts.add("two");
  expect([names("three"), names("two")]).toEqual([false, true]);
});
