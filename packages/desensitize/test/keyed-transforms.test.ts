/** Transforms that hang on a key: what stays, what does not, and where the keys are. */
import { createHmac, hkdfSync } from "node:crypto";
import { isMobileNumber, isSluiceError, type ColumnRule, type Transform } from "@sluice/protocol";
import fc from "fast-check";
import { expect, test } from "vitest";
import { applyTransform, checkPolicy, viewSql, type ValueContext } from "../src/index.ts";
import { loadColumn, query, withEngine } from "./engine.ts";
import { describe, field, policyOf } from "./fixtures.ts";

const tokenKey = Uint8Array.from({ length: 32 }, (_, i) => i * 7);
const otherKey = Uint8Array.from({ length: 32 }, (_, i) => i * 5);
const text: ValueContext = { tokenKey, type: "text" };

/** The key of one use, by another implementation. */
function keyOf(use: string): Buffer {
  return Buffer.from(hkdfSync("sha256", tokenKey, "sluice/transform/v1", use, 32));
}

test("a token by SM3 is the first half of HMAC-SM3 as another implementation computes it, under a key of its own", () => {
  for (const value of ["", "11010519491231002X", "张三", "a".repeat(200)]) {
    const expected = createHmac("sm3", keyOf("token-sm3")).update(value, "utf8").digest("hex").slice(0, 32);
    expect(applyTransform({ kind: "token", hash: "sm3" }, value, text)).toBe(expected);
  }
});

test("all dates of one person move by the same days, which the person's key decides", () => {
  const transform: Transform = { kind: "dateShift", maxDays: 30 };
  const moved = (value: string, subject: string, key = tokenKey): number =>
    (Date.parse(String(applyTransform(transform, value, { tokenKey: key, type: "date", subject }))) -
      Date.parse(value)) /
    86_400_000;
  const shifts = new Set<number>();
  for (let i = 0; i < 400; i++) {
    const days = moved("2020-02-28", `p${i}`);
    expect(moved("1999-12-31", `p${i}`)).toBe(days);
    shifts.add(days);
    const hash = createHmac("sha256", keyOf("date-shift")).update(`30:sp${i}`).digest("hex");
    expect(days).toBe(Number(BigInt(`0x${hash.slice(0, 13)}`) % 61n) - 30);
  }
  expect([Math.min(...shifts), Math.max(...shifts)]).toEqual([-30, 30]);
  const kept = Array.from(
    { length: 100 },
    (_, i) => moved("2020-02-28", `p${i}`) === moved("2020-02-28", `p${i}`, otherKey),
  );
  expect(kept.filter(Boolean).length).toBeLessThan(20);
});

test("a date that does not exist becomes null, and so does one that leaves the calendar", () => {
  const shift = (value: string, subject = "p"): unknown =>
    applyTransform({ kind: "dateShift", maxDays: 3 }, value, { ...text, subject });
  for (const value of ["19850230", "1985-02-30", "00000101", "1985-2-3", "", "soon", "infinity", "1985-02-03 10:00"]) {
    expect(shift(value)).toBeNull();
  }
  const last = Array.from({ length: 50 }, (_, i) => shift("9999-12-31", `p${i}`));
  expect(last).toContain(null);
  expect(JSON.stringify(last.filter((date) => date !== null))).toMatch(/^\[("9999-12-\d\d",?)+\]$/);
});

test("noise stays within its amplitude and bounds, is the same each time, and leaves whole numbers whole", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: -1_000, max: 1_000 }),
      fc.integer({ min: 1, max: 50 }),
      fc.nat(),
      (value, amplitude, row) => {
        const whole = { tokenKey, type: "integer", name: "age", row } as const;
        const noised = Number(applyTransform({ kind: "noise", amplitude }, value, whole));
        expect(Number.isInteger(noised) && Math.abs(noised - value) <= amplitude).toBe(true);
        expect(applyTransform({ kind: "noise", amplitude }, value, whole)).toBe(noised);
        const real = { ...whole, type: "decimal" } as const;
        const bounded = Number(
          applyTransform({ kind: "noise", amplitude: amplitude / 7, min: -10, max: 10 }, value, real),
        );
        expect(bounded).toBeGreaterThanOrEqual(-10);
        expect(bounded).toBeLessThanOrEqual(10);
      },
    ),
  );
});

test("rows of one person share their noise unless each row is to have its own; columns never share it", () => {
  const noise = (per: "subject" | "row", name: string, row: number): unknown =>
    applyTransform({ kind: "noise", amplitude: 1_000, per }, 0, { tokenKey, type: "decimal", name, subject: "p", row });
  expect(noise("subject", "wage", 1)).toBe(noise("subject", "wage", 2));
  expect(noise("row", "wage", 1)).not.toBe(noise("row", "wage", 2));
  expect(noise("subject", "wage", 1)).not.toBe(noise("subject", "debt", 1));
});

test("what two rules of one column add has nothing in common: no two samples can be solved for the value", () => {
  const persons = Array.from({ length: 400 }, (_, i) => `p${i}`);
  const added = (transform: Transform): number[] =>
    persons.map((subject) => {
      const of = { tokenKey, name: "wage", subject };
      if (transform.kind === "noise") return Number(applyTransform(transform, 0, { ...of, type: "decimal" }));
      return Date.parse(String(applyTransform(transform, "2024-05-31", { ...of, type: "date" }))) / 86_400_000;
    });
  const correlation = (a: number[], b: number[]): number => {
    const mean = (xs: number[]): number => xs.reduce((sum, x) => sum + x, 0) / xs.length;
    const [ma, mb] = [mean(a), mean(b)];
    const cross = mean(a.map((x, i) => (x - ma) * ((b[i] ?? 0) - mb)));
    return cross / Math.sqrt(mean(a.map((x) => (x - ma) ** 2)) * mean(b.map((x) => (x - mb) ** 2)));
  };
  const pairs: [Transform, Transform][] = [
    [
      { kind: "noise", amplitude: 500 },
      { kind: "noise", amplitude: 1_000 },
    ],
    [
      { kind: "noise", amplitude: 500 },
      { kind: "noise", amplitude: 500, min: -400 },
    ],
    [
      { kind: "noise", amplitude: 500 },
      { kind: "noise", amplitude: 500, max: 400 },
    ],
    [
      { kind: "dateShift", maxDays: 30 },
      { kind: "dateShift", maxDays: 60 },
    ],
  ];
  for (const [a, b] of pairs) {
    expect(correlation(added(a), added(a))).toBeCloseTo(1);
    // Five standard deviations of unrelated numbers, 1 / sqrt(n).
    expect([a, b, Math.abs(correlation(added(a), added(b))) < 0.25]).toEqual([a, b, true]);
  }
});

test("noise is spread over its whole range", () => {
  const counts = new Map<number, number>();
  for (let row = 0; row < 7_000; row++) {
    const noise = Number(
      applyTransform({ kind: "noise", amplitude: 3, per: "row" }, 0, { tokenKey, type: "integer", row }),
    );
    counts.set(noise, (counts.get(noise) ?? 0) + 1);
  }
  // Chi-squared with 6 degrees of freedom exceeds 40 with probability 5e-7; the key is fixed.
  const chi = [...counts.values()].reduce((sum, count) => sum + (count - 1_000) ** 2 / 1_000, 0);
  expect([...counts.keys()].sort((a, b) => a - b)).toEqual([-3, -2, -1, 0, 1, 2, 3].map((n) => n + 0));
  expect(chi).toBeLessThan(40);
});

test("a fake has the form of what it stands for and nothing of the value", () => {
  const forms = {
    name: /^\p{Script=Han}{2,3}$/u,
    mobile: /^1[3-9]\d{9}$/,
    address: /^\p{Script=Han}+[区]\p{Script=Han}+路\d{1,3}号\d{1,2}栋$/u,
    organization: /^\p{Script=Han}{6,14}有限公司$/u,
    plate: /^\p{Script=Han}[A-E][0-9A-HJ-NP-Z]{5}$/u,
  } as const;
  for (const [of, form] of Object.entries(forms)) {
    const transform = { kind: "fake", of: of as keyof typeof forms } as const;
    const fakes = Array.from({ length: 300 }, (_, i) => String(applyTransform(transform, `value ${i}`, text)));
    expect(fakes.filter((fake) => !form.test(fake))).toEqual([]);
    expect(new Set(fakes).size).toBeGreaterThan(200);
    expect(applyTransform(transform, "value 7", text)).toBe(fakes[7]);
    expect(applyTransform(transform, "value 7", { ...text, tokenKey: otherKey })).not.toBe(fakes[7]);
  }
  expect(isMobileNumber(String(applyTransform({ kind: "fake", of: "mobile" }, "x", text)))).toBe(true);
});

test("no statement holds a byte of a key, and each binds the keys that it uses and no other", async () => {
  const key = Uint8Array.from({ length: 32 }, (_, i) => 0x41 + (i % 26));
  const transforms: [Transform, string[]][] = [
    [{ kind: "token" }, ["tokenKeyInner", "tokenKeyOuter"]],
    [{ kind: "token", hash: "sm3" }, ["tokenSm3Key"]],
    [{ kind: "dateShift", maxDays: 3 }, ["dateShiftKeyInner", "dateShiftKeyOuter"]],
    [{ kind: "fake", of: "plate" }, ["fakeKeyInner", "fakeKeyOuter"]],
    [{ kind: "mask", keepFirst: 1, keepLast: 0 }, []],
  ];
  await withEngine(async (connection) => {
    await loadColumn(connection, "t", "VARCHAR", ["2020-01-01", null]);
    for (const [transform, names] of transforms) {
      const view = viewSql(policyOf({ value: { role: "other", transform } }), describe(field("value", "text")), {
        table: "t",
        fields: ["value"],
        tokenKey: key,
        rowId: "rowid",
      });
      expect(Object.keys(view.parameters)).toEqual(names);
      const secrets = [key, ...Object.values(view.parameters)].flatMap((bytes) => {
        const buffer = Buffer.from(bytes).subarray(0, 8);
        return [buffer.toString("latin1"), buffer.toString("hex"), buffer.toString("base64").slice(0, 10)];
      });
      for (const secret of secrets) expect(view.sql.toLowerCase()).not.toContain(secret.toLowerCase());
      // A parameter that is not bound, or bound and not used, is an error.
      expect(await query(connection, view.sql, view.parameters)).toHaveLength(2);
    }
  });
});

test("a shift or noise without a person or row to hang on is a misuse", () => {
  const view = (transform: Transform): unknown =>
    viewSql(policyOf({ value: { role: "other", transform } }), describe(field("value", "integer")), {
      table: "t",
      fields: ["value"],
      tokenKey,
    });
  expect(() => view({ kind: "dateShift", maxDays: 1 })).toThrow(RangeError);
  expect(() => view({ kind: "noise", amplitude: 1 })).toThrow(RangeError);
  expect(() => applyTransform({ kind: "noise", amplitude: 1 }, 1, { tokenKey, type: "integer" })).toThrow(RangeError);
});

test("refuses keyed transforms where they would identify, escape k or not fit", () => {
  const resource = describe(
    field("id", "text", "direct"),
    field("phone", "text", "direct"),
    field("town", "text", "quasi"),
    field("age", "integer", "quasi"),
    field("born", "date", "quasi"),
    field("height", "decimal", "quasi"),
    field("visit", "date", "sensitive"),
    field("wage", "decimal", "sensitive"),
    field("count", "integer"),
  );
  const refusal = (columns: Record<string, ColumnRule>, strata: string[] = []): unknown => {
    try {
      checkPolicy(policyOf(columns, { sample: { rows: 10, strata } }), resource, "id");
      return "passed";
    } catch (error) {
      if (!isSluiceError(error)) throw error;
      return error.details["pointer"];
    }
  };
  const cases: [string, ColumnRule["role"], Transform, boolean][] = [
    ["phone", "direct", { kind: "fake", of: "mobile" }, true],
    ["phone", "direct", { kind: "token", hash: "sm3" }, true],
    ["phone", "direct", { kind: "dateShift", maxDays: 1 }, false],
    ["phone", "direct", { kind: "fpe", format: "mobile", cipher: "sm4" }, true],
    ["town", "quasi", { kind: "fpe", format: "digits", cipher: "aes" }, false],
    ["visit", "sensitive", { kind: "fpe", format: "digits", cipher: "aes" }, false],
    ["count", "other", { kind: "fpe", format: "bank-card", cipher: "aes" }, true],
    ["count", "other", { kind: "fpe", format: "resident-id", cipher: "aes" }, false],
    ["wage", "sensitive", { kind: "fpe", format: "digits", cipher: "aes" }, false],
    ["town", "quasi", { kind: "fake", of: "address" }, false],
    ["town", "direct", { kind: "fake", of: "address" }, false],
    ["born", "quasi", { kind: "dateShift", maxDays: 10 }, false],
    ["visit", "sensitive", { kind: "dateShift", maxDays: 10 }, true],
    ["visit", "sensitive", { kind: "noise", amplitude: 1 }, false],
    ["visit", "sensitive", { kind: "fake", of: "name" }, false],
    ["age", "quasi", { kind: "noise", amplitude: 3, min: 0 }, true],
    ["age", "quasi", { kind: "noise", amplitude: 0.5 }, false],
    ["age", "quasi", { kind: "noise", amplitude: 2 ** 31 }, false],
    ["age", "quasi", { kind: "noise", amplitude: 3, min: 5, max: 5 }, false],
    ["age", "quasi", { kind: "noise", amplitude: 3, max: 0.5 }, false],
    ["height", "quasi", { kind: "noise", amplitude: 3 }, false],
    ["wage", "sensitive", { kind: "noise", amplitude: 0.5 }, true],
    ["count", "other", { kind: "fake", of: "name" }, false],
    ["count", "other", { kind: "fake", of: "mobile" }, true],
  ];
  for (const [name, role, transform, passes] of cases) {
    const found = refusal({ [name]: { role, transform } });
    expect([name, transform, found]).toEqual([name, transform, passes ? "passed" : `/columns/${name}/transform`]);
  }
  for (const transform of [
    { kind: "noise", amplitude: 1 },
    { kind: "dateShift", maxDays: 1 },
  ] as const) {
    const name = transform.kind === "noise" ? "wage" : "visit";
    expect(refusal({ [name]: { role: "sensitive", transform } }, [name])).toBe("/sample/strata/0");
  }
});
