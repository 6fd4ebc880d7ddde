import { Grant, Operation, type Use } from "@sluice/protocol";
import fc from "fast-check";
import { expect, test } from "vitest";
import { evaluateGrant, quotaOf } from "../src/verify.ts";

const keyId = (letter: string): string => `ed25519:${letter.repeat(43)}`;
const NOW = new Date("2026-06-01T00:00:00.000Z");

const grant: Grant = Grant.parse({
  type: "grant",
  domain: "hrss",
  resource: "insured",
  scene: { scene: "credit", title: "Inclusive credit", purpose: "inclusive-credit", value: "loans" },
  key: "resident_id",
  fields: [
    { name: "age", need: "risk" },
    { name: "months", need: "risk" },
  ],
  policy: "0".repeat(64),
  operations: ["develop", "build", "lookup.evaluate", "lookup.query"],
  operator: { party: "operator", keyId: keyId("O") },
  developer: { party: "developer", keyId: keyId("D") },
  callers: [{ party: "bank", keyId: keyId("C") }],
  notBefore: "2026-01-01T00:00:00.000Z",
  notAfter: "2027-01-01T00:00:00.000Z",
  quotas: [
    { operation: "develop", amount: "10" },
    { operation: "build", amount: "2" },
    { operation: "lookup.evaluate", amount: "100" },
    { operation: "lookup.query", amount: "100" },
  ],
  consent: { kind: "legal-basis", basis: "example" },
  price: { kind: "free", reason: "example" },
});
const use: Use = {
  operation: "develop",
  domain: "hrss",
  purpose: "inclusive-credit",
  keyId: keyId("D"),
  fields: ["age"],
};

test.each([
  ["develop", "D"],
  ["build", "O"],
  ["lookup.evaluate", "C"],
  ["lookup.query", "C"],
  ["psi.ids", "C"],
  ["psi.cardinality", "C"],
  ["score", "C"],
  ["report", "C"],
] as const)("allows %s to its party and to no other", (operation, letter) => {
  const given: Grant = { ...grant, operations: [operation], quotas: [{ operation, amount: "1" }] };
  expect(evaluateGrant(given, { ...use, operation, keyId: keyId(letter) }, NOW)).toEqual({ ok: true });
  for (const other of ["D", "O", "C", "X"].filter((key) => key !== letter)) {
    const decision = evaluateGrant(given, { ...use, operation, keyId: keyId(other) }, NOW);
    expect(decision).toMatchObject({ ok: false, reasons: [{ code: "ERR_GRANT_PARTY" }] });
  }
});

test.each<[string, Partial<Use>, Partial<Grant>, Date, string, Record<string, string>]>([
  ["another domain", { domain: "health" }, {}, NOW, "ERR_GRANT_DOMAIN", { domain: "hrss" }],
  ["an operation", {}, { operations: ["build"] }, NOW, "ERR_GRANT_OPERATION", { operation: "develop" }],
  ["a purpose", { purpose: "ads" }, {}, NOW, "ERR_GRANT_PURPOSE", { purpose: "ads" }],
  ["a key", { keyId: keyId("X") }, {}, NOW, "ERR_GRANT_PARTY", { role: "developer" }],
  ["a field", { fields: ["age", "income"] }, {}, NOW, "ERR_GRANT_FIELD", { field: "income" }],
  ["the key column", { fields: ["resident_id"] }, {}, NOW, "ERR_GRANT_FIELD", { field: "resident_id" }],
  [
    "a time before",
    {},
    {},
    new Date(Date.parse(grant.notBefore) - 1),
    "ERR_GRANT_NOT_YET",
    { notBefore: grant.notBefore },
  ],
  ["the end", {}, {}, new Date(grant.notAfter), "ERR_GRANT_EXPIRED", { notAfter: grant.notAfter }],
  [
    "no quota",
    {},
    { quotas: [{ operation: "build", amount: "1" }] },
    NOW,
    "ERR_QUOTA_SPENT",
    { amount: "0", unit: "run" },
  ],
  ["a quota of 0", {}, { quotas: [{ operation: "develop", amount: "0" }] }, NOW, "ERR_QUOTA_SPENT", { amount: "0" }],
])("refuses %s with one reason of declared facts", (_, useChange, grantChange, now, code, details) => {
  const decision = evaluateGrant({ ...grant, ...grantChange }, { ...use, ...useChange }, now);
  expect(decision.ok).toBe(false);
  if (decision.ok) return;
  expect(decision.reasons).toHaveLength(1);
  expect(decision.reasons[0]).toMatchObject({ code, details });
});

test("holds from its first instant to just before its last", () => {
  expect(evaluateGrant(grant, use, new Date(grant.notBefore)).ok).toBe(true);
  expect(evaluateGrant(grant, use, new Date(Date.parse(grant.notAfter) - 1)).ok).toBe(true);
});

test("gives every reason at once, and the smallest grant that would pass", () => {
  const asked: Use = {
    operation: "build",
    domain: "health",
    purpose: "ads",
    keyId: keyId("X"),
    fields: ["income", "age", "income", "address"],
  };
  const narrow: Grant = { ...grant, operations: ["develop"], quotas: [{ operation: "develop", amount: "1" }] };
  const now = new Date("2028-01-01T00:00:00.000Z");
  const decision = evaluateGrant(narrow, asked, now);
  expect(decision.ok).toBe(false);
  if (decision.ok) return;
  expect(decision.reasons.map(({ code, details }) => [code, details["field"]].filter(Boolean).join(" "))).toEqual([
    "ERR_GRANT_DOMAIN",
    "ERR_GRANT_OPERATION",
    "ERR_GRANT_PURPOSE",
    "ERR_GRANT_PARTY",
    "ERR_GRANT_FIELD income",
    "ERR_GRANT_FIELD address",
    "ERR_GRANT_EXPIRED",
  ]);
  expect(decision.wouldPass).toEqual({
    ...narrow,
    domain: "health",
    scene: { ...grant.scene, purpose: "ads" },
    operations: ["develop", "build"],
    operator: { party: "operator", keyId: keyId("X") },
    fields: [...grant.fields, { name: "income", need: "to be stated" }, { name: "address", need: "to be stated" }],
    notAfter: "2028-01-01T00:00:00.001Z",
    quotas: [
      { operation: "develop", amount: "1" },
      { operation: "build", amount: "1" },
    ],
  });
  expect(Grant.safeParse(decision.wouldPass).success).toBe(true);
});

test("a time that is no time refuses", () => {
  const odd = { ...grant, notBefore: "2026-99-99T00:00:00.000Z", notAfter: "2026-99-99T00:00:00.000Z" };
  const decision = evaluateGrant(odd, use, NOW);
  expect(decision).toMatchObject({
    ok: false,
    reasons: [{ code: "ERR_GRANT_NOT_YET" }, { code: "ERR_GRANT_EXPIRED" }],
  });
});

test("of two quotas for one operation the smaller one counts", () => {
  const twice = { ...grant, quotas: [...grant.quotas, { operation: "develop" as const, amount: "3" }] };
  expect(quotaOf(twice, "develop")).toBe(3n);
  expect(quotaOf({ ...grant, quotas: [] }, "develop")).toBe(0n);
});

const nameArbitrary = fc.constantFrom("hrss", "health", "market");
const fieldArbitrary = fc.constantFrom("age", "months", "income", "resident_id");

test("a refused use passes under the grant that would pass, and nothing else is taken away", () => {
  fc.assert(
    fc.property(
      fc.record({
        operation: fc.constantFrom(...Operation.options),
        domain: nameArbitrary,
        purpose: fc.constantFrom("inclusive-credit", "ads"),
        keyId: fc.constantFrom(...["D", "O", "C", "X"].map(keyId)),
        fields: fc.array(fieldArbitrary, { maxLength: 4 }),
      }),
      fc.subarray([...Operation.options]),
      fc.date({ min: new Date("2025-01-01"), max: new Date("2028-01-01"), noInvalidDate: true }),
      (asked, operations, now) => {
        const narrowed = { ...grant, operations };
        const decision = evaluateGrant(narrowed, asked, now);
        if (decision.ok) return;
        expect(decision.reasons.length).toBeGreaterThan(0);
        expect(evaluateGrant(decision.wouldPass, asked, now)).toEqual({ ok: true });
        expect(decision.wouldPass.operations).toEqual(expect.arrayContaining(operations));
        expect(decision.wouldPass.fields).toEqual(expect.arrayContaining(grant.fields));
      },
    ),
  );
});

test("each reason that an independent look finds is given, and no change of the smallest grant can be left out", () => {
  const keyOf: Record<string, string> = { develop: keyId("D"), build: keyId("O") };
  fc.assert(
    fc.property(
      fc.record({
        operation: fc.constantFrom(...Operation.options),
        domain: nameArbitrary,
        purpose: fc.constantFrom("inclusive-credit", "ads"),
        keyId: fc.constantFrom(...["D", "O", "C", "X"].map(keyId)),
        fields: fc.array(fieldArbitrary, { maxLength: 4 }),
      }),
      fc.subarray([...Operation.options]),
      fc.subarray([...grant.quotas, { operation: "psi.ids" as const, amount: "0" }]),
      fc.date({ min: new Date("2025-01-01"), max: new Date("2028-01-01"), noInvalidDate: true }),
      (asked, operations, quotas, now) => {
        const given = { ...grant, operations, quotas };
        const allowed = operations.includes(asked.operation);
        const expected = [
          ...(asked.domain === "hrss" ? [] : ["ERR_GRANT_DOMAIN"]),
          ...(allowed ? [] : ["ERR_GRANT_OPERATION"]),
          ...(asked.purpose === "inclusive-credit" ? [] : ["ERR_GRANT_PURPOSE"]),
          ...(asked.keyId === (keyOf[asked.operation] ?? keyId("C")) ? [] : ["ERR_GRANT_PARTY"]),
          ...[...new Set(asked.fields)].flatMap((field) =>
            ["age", "months"].includes(field) ? [] : ["ERR_GRANT_FIELD"],
          ),
          ...(now.toISOString() < grant.notBefore ? ["ERR_GRANT_NOT_YET"] : []),
          ...(now.toISOString() >= grant.notAfter ? ["ERR_GRANT_EXPIRED"] : []),
          ...(allowed && !quotas.some(({ operation, amount }) => operation === asked.operation && amount !== "0")
            ? ["ERR_QUOTA_SPENT"]
            : []),
        ];
        const decision = evaluateGrant(given, asked, now);
        expect(decision.ok ? [] : decision.reasons.map(({ code }) => code)).toEqual(expected);
        if (decision.ok) return;
        const { wouldPass } = decision;
        for (const member of Object.keys(wouldPass) as (keyof Grant)[]) {
          if (wouldPass[member] === given[member]) continue;
          expect(evaluateGrant({ ...wouldPass, [member]: given[member] }, asked, now).ok).toBe(false);
        }
      },
    ),
  );
});
