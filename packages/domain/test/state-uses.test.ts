import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import fc from "fast-check";
import { afterEach, beforeEach, expect, test } from "vitest";
import { StateDatabase } from "../src/state/database.ts";
import { FIRST_SCHEMA } from "./first-schema.ts";
import { UseStore, type PendingUse } from "../src/state/uses.ts";

let directory: string;
let db: StateDatabase;
let uses: UseStore;
let counter = 0;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "sluice-uses-"));
  db = new StateDatabase(join(directory, "state.sqlite"));
  uses = new UseStore(db);
});

afterEach(() => {
  db.close();
  rmSync(directory, { recursive: true, force: true });
});

function pending(change: Partial<PendingUse> = {}): PendingUse {
  counter++;
  return {
    callId: `call-${counter}`,
    grant: "g".repeat(64),
    operation: "lookup.query",
    amount: 1n,
    quota: 5n,
    unit: "pir-query",
    binding: "b",
    requestHash: "r",
    keyId: "k",
    nonce: `nonce-${counter}`,
    expiresAt: "2030-01-01T00:00:00.000Z",
    now: new Date("2026-01-01T00:00:00.000Z"),
    ...change,
  };
}

test("a use beyond the quota is refused whole, and leaves what is there to smaller ones", () => {
  expect(uses.spend(pending({ amount: 4n })).kind).toBe("spent");
  expect(uses.spend(pending({ amount: 2n }))).toMatchObject({ kind: "denied", reason: { code: "ERR_QUOTA_SPENT" } });
  expect(uses.spend(pending({ amount: 1n })).kind).toBe("spent");
  expect(uses.used("g".repeat(64), "lookup.query")).toBe(5n);
});

test("a call is charged once however often it is retried", () => {
  const first = pending();
  expect(uses.spend(first).kind).toBe("spent");
  for (let i = 0; i < 3; i++) expect(uses.spend({ ...first, nonce: `again-${i}` }).kind).toBe("already");
  expect(uses.used(first.grant, first.operation)).toBe(1n);
});

test("a charge is good for four attempts, and one for which nothing was computed is given back", () => {
  const { callId } = pending();
  expect(uses.beginAttempt(callId)).toBe(false);
  uses.spend(pending({ callId }));
  const begun = (): boolean => uses.beginAttempt(callId);
  expect([begun(), begun(), begun(), begun()]).toEqual([true, true, true, false]);
  uses.returnAttempt(callId);
  expect([begun(), begun()]).toEqual([true, false]);
});

test("state of the first schema is taken over: what was charged then has its other attempts", () => {
  const first = pending();
  db.close();
  rmSync(join(directory, "state.sqlite"));
  const file = new DatabaseSync(join(directory, "state.sqlite"));
  file.exec(FIRST_SCHEMA);
  file
    .prepare("INSERT INTO spend VALUES (?, ?, ?, ?, ?, ?, ?)")
    .run(first.callId, first.grant, first.operation, 1, first.binding, first.requestHash, first.now.toISOString());
  file.close();
  db = new StateDatabase(join(directory, "state.sqlite"));
  uses = new UseStore(db);
  expect(uses.spend({ ...first, nonce: "again" }).kind).toBe("already");
  expect(uses.beginAttempt(first.callId)).toBe(true);
});

test("the same call id with another request is refused", () => {
  const first = pending();
  uses.spend(first);
  expect(uses.spend({ ...first, nonce: "other", binding: "c" })).toMatchObject({ reason: { code: "ERR_CALL_REUSED" } });
});

test("a nonce is taken once for each key", () => {
  const first = pending();
  uses.spend(first);
  expect(uses.spend(pending({ nonce: first.nonce }))).toMatchObject({ reason: { code: "ERR_REPLAY" } });
  expect(uses.spend(pending({ nonce: first.nonce, keyId: "other" })).kind).toBe("spent");
});

test("nonces are kept until their expiry alone refuses a replay", () => {
  const first = pending({ expiresAt: "2026-01-01T00:01:00.000Z" });
  uses.spend(first);
  uses.forgetNonces(new Date("2026-01-01T00:01:30.000Z"));
  expect(uses.spend(pending({ nonce: first.nonce }))).toMatchObject({ reason: { code: "ERR_REPLAY" } });
  uses.forgetNonces(new Date("2026-01-01T00:04:00.000Z"));
  expect(uses.spend(pending({ nonce: first.nonce })).kind).toBe("spent");
});

test("time that goes back beyond the tolerated skew refuses work", () => {
  uses.spend(pending());
  expect(uses.spend(pending({ now: new Date("2025-12-31T23:59:30.000Z") })).kind).toBe("spent");
  expect(() => uses.spend(pending({ now: new Date("2025-12-31T23:58:00.000Z") }))).toThrow(
    expect.objectContaining({ code: "ERR_CLOCK" }),
  );
});

test("what was spent is spent after the file is opened again", () => {
  uses.spend(pending({ amount: 5n }));
  db.close();
  db = new StateDatabase(join(directory, "state.sqlite"));
  uses = new UseStore(db);
  expect(uses.spend(pending())).toMatchObject({ reason: { code: "ERR_QUOTA_SPENT" } });
});

test("in any order of amounts, exactly those are spent that a plain counter lets through", () => {
  fc.assert(
    fc.property(
      fc.array(fc.bigInt({ min: 1n, max: 9n }), { maxLength: 20 }),
      fc.bigInt({ min: 0n, max: 40n }),
      (amounts, quota) => {
        const grant = `p${counter}`;
        let used = 0n;
        for (const amount of amounts) {
          const fits = used + amount <= quota;
          if (fits) used += amount;
          expect(uses.spend(pending({ grant, amount, quota })).kind).toBe(fits ? "spent" : "denied");
        }
        expect(uses.used(grant, "lookup.query")).toBe(used);
      },
    ),
    { numRuns: 20 },
  );
});
