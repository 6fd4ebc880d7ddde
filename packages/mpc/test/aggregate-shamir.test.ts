/** Shamir's sharing: published vectors, every choice of shares, and that fewer say nothing. @module */
import { Field } from "@noble/curves/abstract/modular.js";
import fc from "fast-check";
import { expect, test } from "vitest";
import {
  combineShares,
  elementBytes,
  elementOf,
  randomElement,
  SECRET_FIELD,
  sharesOf,
  splitSecret,
} from "../src/aggregate/shamir.ts";
import { seededRandom } from "./seeded-random.ts";

/** RFC 9591, appendix E.1, FROST(Ed25519, SHA-512): the sharing of the group's secret key, 2 of 3, modulo the group's order. */
const RFC9591 = {
  secret: "7b1c33d3f5291d85de664833beb1ad469f7fb6025a0ec78b3a790c6e13a98304",
  coefficient: "178199860edd8c62f5212ee91eff1295d0d670ab4ed4506866bae57e7030b204",
  shares: [
    "929dcc590407aae7d388761cddb0c0db6f5627aea8e217f4a033f2ec83d93509",
    "a91e66e012e4364ac9aaa405fcafd370402d9859f7b6685c07eed76bf409e80d",
    "d3cb090a075eb154e82fdb4b3cb507f110040905468bb9c46da8bdea643a9a02",
  ],
};
const number = (hex: string): bigint =>
  BigInt(`0x${Buffer.from(Buffer.from(hex, "hex").toReversed()).toString("hex")}`);

test("shares are those of RFC 9591, and any two give its secret", () => {
  const field = Field(2n ** 252n + 27742317777372353535851937790883648493n, { isLE: true });
  const shares = sharesOf([number(RFC9591.secret), number(RFC9591.coefficient)], [1n, 2n, 3n], field);
  expect(shares.map(({ value }) => value)).toEqual(RFC9591.shares.map(number));
  for (const left of [0, 1, 2]) {
    expect(
      combineShares(
        shares.filter((_, i) => i !== left),
        field,
      ),
    ).toBe(number(RFC9591.secret));
  }
});

test("any threshold of shares gives the secret; one fewer gives something else", () => {
  fc.assert(
    fc.property(fc.integer({ min: 2, max: 8 }), fc.integer({ min: 0, max: 4 }), fc.nat(), (threshold, more, seed) => {
      const random = seededRandom(seed);
      const secret = randomElement(random);
      const xs = Array.from({ length: threshold + more }, (_, i) => BigInt(i + 1));
      const shares = splitSecret(secret, { xs, threshold, random });
      expect(combineShares(shares.slice(more))).toBe(secret);
      expect(combineShares(shares.toReversed().slice(more))).toBe(secret);
      expect(combineShares(shares.slice(more + 1))).not.toBe(secret);
    }),
    { numRuns: 30 },
  );
});

test("shares fewer than the threshold fit every secret", () => {
  const random = seededRandom(1);
  const [one, two] = splitSecret(5n, { xs: [1n, 2n, 3n, 4n], threshold: 3, random });
  if (one === undefined || two === undefined) throw new RangeError("two shares");
  for (const other of [0n, 6n, SECRET_FIELD.ORDER - 1n]) {
    // The polynomial through both and the other secret has the degree that a polynomial of this sharing has.
    const shares = [one, two, { x: SECRET_FIELD.ORDER - 1n, value: other }];
    const third = combineShares(shares.map(({ x, value }) => ({ x: SECRET_FIELD.sub(x, 3n), value })));
    expect(combineShares([one, { x: 3n, value: third }, two])).toBe(combineShares(shares));
  }
});

test("elements are canonical, and places are distinct and not 0", () => {
  expect(elementOf(elementBytes(SECRET_FIELD.ORDER - 1n))).toBe(SECRET_FIELD.ORDER - 1n);
  expect(elementOf(new Uint8Array(32).fill(0xff))).toBeNull();
  const order = elementBytes(SECRET_FIELD.ORDER - 1n);
  order[0] = (order[0] ?? 0) + 1;
  expect(elementOf(order)).toBeNull();
  expect(elementOf(new Uint8Array(31))).toBeNull();
  expect(() =>
    combineShares([
      { x: 1n, value: 1n },
      { x: 1n, value: 2n },
    ]),
  ).toThrow(RangeError);
  expect(() => combineShares([{ x: 0n, value: 1n }])).toThrow(RangeError);
});
