/** Exact decimals, money and apportionment, against whole numbers.
 *  @module */
import fc from "fast-check";
import { expect, test } from "vitest";
import { apportion, exact, exactText, fraction, quotient, sumOf, wholeFen, yuanOf, yuanText } from "../src/index.ts";

const money = fc.bigInt({ min: 0n, max: 10n ** 17n });

test("what is not a decimal is refused by the name of its line", () => {
  for (const text of [
    "",
    " 1",
    "1 ",
    "+1",
    "01",
    "1.",
    ".5",
    "1e3",
    "NaN",
    "Infinity",
    "-",
    "0x10",
    "1,000",
    "１",
    "1_0",
    "--1",
  ]) {
    expect(() => exact(text, "costs/2")).toThrow(
      expect.objectContaining({ code: "ERR_SETTLEMENT_NUMBER", message: "costs/2 is not a decimal number" }),
    );
  }
  expect(exactText(exact("-0.000000000001"))).toBe("-0.000000000001");
  expect(exactText(exact("1".repeat(30)))).toBe("1".repeat(30));
});

test("sums and products have all their digits", () => {
  expect(exactText(sumOf([exact("0.1"), exact("0.2")]))).toBe("0.3");
  const long = exact("999999999999999999.999999");
  expect(exactText(long.times(long))).toBe(productText());
  fc.assert(
    fc.property(money, money, (a, b) => {
      const product = yuanOf(a).times(yuanOf(b));
      expect(BigInt(product.shiftedBy(4).toFixed(0))).toBe(a * b);
    }),
  );
});

/** The product above by whole numbers. */
function productText(): string {
  const n = 10n ** 24n - 1n;
  const digits = String(n * n);
  return `${digits.slice(0, -12)}.${digits.slice(-12)}`;
}

test("a quotient is rounded once, as the rule says", () => {
  const by = (a: string, b: string, places: number, mode: "half-up" | "down"): string =>
    exactText(quotient(exact(a), exact(b), { places, mode }, "q"));
  expect(by("1", "3", 6, "half-up")).toBe("0.333333");
  expect(by("2", "3", 6, "half-up")).toBe("0.666667");
  expect(by("2", "3", 6, "down")).toBe("0.666666");
  expect(by("1", "8", 2, "half-up")).toBe("0.13");
  expect(by("-1", "8", 2, "half-up")).toBe("-0.13");
  expect(by("0.004499999999", "1", 3, "half-up")).toBe("0.004");
  // Just below a half at the 27th place: rounded at more places first, it would go up.
  expect(by(`124${"9".repeat(24)}`, `1${"0".repeat(27)}`, 2, "half-up")).toBe("0.12");
  expect(() => quotient(exact("1"), exact("0"), { places: 2, mode: "down" }, "label")).toThrow(
    expect.objectContaining({ code: "ERR_SETTLEMENT_DIVISOR" }),
  );
  fc.assert(
    fc.property(money, fc.bigInt({ min: 1n, max: 10n ** 12n }), fc.integer({ min: 0, max: 6 }), (a, b, places) => {
      const scale = 10n ** BigInt(places);
      const down = quotient(exact(a), exact(b), { places, mode: "down" }, "q");
      expect(BigInt(down.shiftedBy(places).toFixed(0))).toBe((a * scale) / b);
      const nearest = quotient(exact(a), exact(b), { places, mode: "half-up" }, "q");
      expect(BigInt(nearest.shiftedBy(places).toFixed(0))).toBe((2n * a * scale + b) / (2n * b));
    }),
  );
});

test("money is whole fen", () => {
  expect(wholeFen(exact("12.34"), "x")).toBe(1234n);
  expect(yuanText(-5n)).toBe("-0.05");
  expect(exactText(fraction(exact("6.7")))).toBe("0.067");
  expect(() => wholeFen(exact("0.001"), "price")).toThrow(expect.objectContaining({ code: "ERR_SETTLEMENT_FEN" }));
});

test("shares sum to the whole, are within a fen of their part, and do not depend on the order", () => {
  const weights = fc.array(fc.bigInt({ min: 0n, max: 10n ** 15n }), { minLength: 1, maxLength: 20 });
  fc.assert(
    fc.property(fc.bigInt({ min: -(10n ** 15n), max: 10n ** 15n }), weights, fc.integer(), (total, list, seed) => {
      fc.pre(list.some((weight) => weight > 0n));
      const entries = list.map((weight, i): [string, ReturnType<typeof exact>] => [
        `p${i}`,
        exact(weight).shiftedBy(-6),
      ]);
      const shares = apportion(total, new Map(entries), "cost");
      expect([...shares.values()].reduce((sum, share) => sum + share, 0n)).toBe(total);
      const all = list.reduce((sum, weight) => sum + weight, 0n);
      for (const [i, weight] of list.entries()) {
        const share = shares.get(`p${i}`) ?? 0n;
        if (weight === 0n) expect(share).toBe(0n);
        const off = share * all - total * weight;
        expect(off < all && off > -all).toBe(true);
      }
      const turned = entries
        .map((_, i) => entries[(i + Math.abs(seed)) % entries.length])
        .filter((e) => e !== undefined);
      expect(apportion(total, new Map(turned), "cost")).toEqual(shares);
    }),
  );
  for (const list of [[], ["0"], ["1", "-1"]]) {
    const map = new Map(list.map((text, i) => [`p${i}`, exact(text)]));
    expect(() => apportion(1n, map, "cost")).toThrow(expect.objectContaining({ code: "ERR_SETTLEMENT_WEIGHTS" }));
  }
});
