/** FF1 against the vectors of NIST, against a plain reading of the standard, and at its bounds.
 *  @module */
import fc from "fast-check";
import { fromHex } from "@sluice/protocol";
import { describe, expect, test } from "vitest";
import { openBlockCipher, type BlockCipherName } from "../src/fpe/block-cipher.ts";
import { Ff1Halves } from "../src/fpe/ff1-halves.ts";
import { Ff1Numerals } from "../src/fpe/ff1-numerals.ts";
import { modulo } from "../src/fpe/modulo.ts";
import { plainFf1 } from "./plain-ff1.ts";

/** Key, tweak, radix, plaintext, ciphertext: samples 1 to 9 of NIST's "Block Cipher Modes of Operation, FF1 Method for
 *  Format-Preserving Encryption" (FF1samples.pdf, 2016). */
const SAMPLES = ["2b7e151628aed2a6abf7158809cf4f3c", "ef4359d8d580aa4f", "7f036d6f04fc6a94"].flatMap(
  (_, size, parts) => {
    const key = parts.slice(0, size + 1).join("");
    const [first, second, third] = [
      ["2433477484", "6124200773", "a9tv40mll9kdu509eum"],
      ["2830668132", "2496655549", "xbj3kv35jrawxv32ysr"],
      ["6657667009", "1001623463", "xs8a0azh2avyalyzuwd"],
    ][size] as [string, string, string];
    return [
      [key, "", 10, "0123456789", first],
      [key, "39383736353433323130", 10, "0123456789", second],
      [key, "3737373770717273373737", 36, "0123456789abcdefghi", third],
    ] as const;
  },
);

/** Key, tweak, plaintext, ciphertext of AES-128, radix 10: a selection of usnistgov/ACVP-Server, gen-val/json-files,
 *  ACVP-AES-FF1-1.0, test group 1 (public domain). SHA-256 of the selection as JSON:
 *  d5240d095788e098bb68287082afb29ebcc9b3c4e870742202d41d8f538dfdac */
const ACVP = [
  ["cf11a34764ab09ffbf8b8a1660e881a2", "", "0846108952", "7759031405"],
  [
    "69b78dce4755cfd6b0d6ed4843b85b0a",
    "167f4d5be41f56",
    "78917394023964149540436650710442239",
    "41453449297956880604605360387505540",
  ],
  [
    "50c4cb635f0e13d53c6d0e9df2869352",
    "ace2f8ac0e12b6fb255d",
    "4765983310084367940036674986",
    "7065123203576386085217619604",
  ],
  ["cbbcf93e14dc2c48997288bf1d4da2af", "08aaaf", "4174217715070973658683", "4099802985390383287464"],
  ["f44e458b99ec2249e29e88e8e4103fea", "9d37470d19", "67683671634453475336", "51080586787848252017"],
  ["09cdc38b30868e651e6ca3b71f406d09", "b4", "3267692153437219954377178", "8667463631955263288726067"],
  [
    "da75d7ef0f2e311652e84999993f5291",
    "36ce82971682",
    "3994900620856604325366725685087",
    "1651428907478524908975048458606",
  ],
] as const;

interface Instance {
  readonly cipher: BlockCipherName;
  readonly key: Uint8Array;
  readonly radix: number;
  readonly tweak: Uint8Array;
}

function numeralsOf(value: bigint, radix: number, length: number): number[] {
  const numerals: number[] = [];
  for (let rest = value; numerals.length < length; rest /= BigInt(radix))
    numerals.unshift(Number(rest % BigInt(radix)));
  return numerals;
}

function valueOf(numerals: readonly number[], radix: number): bigint {
  return numerals.reduce((value, numeral) => value * BigInt(radix) + BigInt(numeral), 0n);
}

/** Enciphers by both forms, the batched one where its range allows, and checks that each undoes itself. */
function encrypt(
  { cipher, key, radix, tweak }: Instance,
  numerals: readonly number[],
): { value: bigint; forms: number } {
  const options = { radix, length: numerals.length, tweak };
  const blocks = openBlockCipher(cipher, key);
  const value = valueOf(numerals, radix);
  const big = new Ff1Numerals(blocks, options);
  const enciphered = big.encrypt(value);
  expect(big.decrypt(enciphered)).toBe(value);
  if (BigInt(radix) ** BigInt(Math.ceil(numerals.length / 2)) > 2n ** 37n) return { value: enciphered, forms: 1 };
  const halves = new Ff1Halves(blocks, options);
  const size = BigInt(halves.rightSize);
  const [left, right] = [Float64Array.of(Number(value / size)), Float64Array.of(Number(value % size))];
  halves.encrypt(left, right, 1);
  expect(BigInt(left[0] ?? -1) * size + BigInt(right[0] ?? -1)).toBe(enciphered);
  halves.decrypt(left, right, 1);
  expect(BigInt(left[0] ?? -1) * size + BigInt(right[0] ?? -1)).toBe(value);
  return { value: enciphered, forms: 2 };
}

function encryptText(key: string, tweak: string, radix: number, text: string): { text: string; forms: number } {
  const instance = { cipher: "aes", key: fromHex(key), tweak: fromHex(tweak), radix } as const;
  const { value, forms } = encrypt(
    instance,
    Array.from(text, (digit) => Number.parseInt(digit, 36)),
  );
  return { text: value.toString(radix).padStart(text.length, "0"), forms };
}

test.each(SAMPLES)("NIST's sample under %s, tweak %s, radix %i", (key, tweak, radix, plaintext, ciphertext) => {
  const { text, forms } = encryptText(key, tweak, radix, plaintext);
  expect(text).toBe(ciphertext);
  expect(forms).toBe(radix === 10 ? 2 : 1);
});

test.each(ACVP)("the vector of ACVP under %s", (key, tweak, plaintext, ciphertext) => {
  expect(encryptText(key, tweak, 10, plaintext).text).toBe(ciphertext);
});

test("every radix, length, tweak, key and cipher agrees with a plain reading of the standard", () => {
  const instances = fc
    .record({
      cipher: fc.constantFrom<BlockCipherName>("aes", "sm4"),
      keyBytes: fc.constantFrom(16, 24, 32),
      radix: fc.oneof(fc.integer({ min: 2, max: 65_536 }), fc.constantFrom(2, 10, 16, 26, 36, 256, 65_535, 65_536)),
      more: fc.nat(30),
      tweak: fc.uint8Array({ maxLength: 40 }),
      seed: fc.uint8Array({ minLength: 140, maxLength: 140 }),
    })
    .map(({ cipher, keyBytes, radix, more, tweak, seed }) => {
      const least = Math.max(2, Math.ceil(Math.log(1e6) / Math.log(radix) + 1e-9));
      const numerals = Array.from(
        { length: least + more },
        (_, i) => ((seed[2 * i] ?? 0) * 256 + (seed[2 * i + 1] ?? 0)) % radix,
      );
      const key = Uint8Array.from(seed.slice(100, 100 + (cipher === "sm4" ? 16 : keyBytes)));
      return { cipher, key, radix, tweak: Uint8Array.from(tweak), numerals };
    });
  const forms = new Set<number>();
  fc.assert(
    fc.property(instances, ({ numerals, ...instance }) => {
      const { cipher, key, radix } = instance;
      const algorithm = cipher === "sm4" ? "sm4-ecb" : `aes-${key.length * 8}-ecb`;
      const plain = plainFf1({ algorithm, key, radix, tweak: instance.tweak }, numerals);
      const { value, forms: used } = encrypt(instance, numerals);
      forms.add(used);
      expect(numeralsOf(value, radix, numerals.length)).toEqual(plain);
      expect(plainFf1({ algorithm, key, radix, tweak: instance.tweak }, plain, true)).toEqual(numerals);
    }),
    { numRuns: 150 },
  );
  expect(forms).toEqual(new Set([1, 2]));
});

test("every value of a batch is enciphered as it is alone, beyond one batch of blocks too", () => {
  for (const [radix, length] of [
    [1000, 2],
    [776, 4],
    [2_850, 4],
    [10, 9],
    [10, 16],
    [10, 22],
    [2, 40],
    [2, 74],
    [65_536, 2],
  ] as const) {
    const cipher = openBlockCipher("aes", new Uint8Array(32).fill(7));
    const halves = new Ff1Halves(cipher, { radix, length, tweak: new Uint8Array(3) });
    const big = new Ff1Numerals(cipher, { radix, length, tweak: new Uint8Array(3) });
    const count = 4_100;
    const left = Float64Array.from({ length: count }, (_, i) => (i * 48_271 + 11) % halves.leftSize);
    const right = Float64Array.from(
      { length: count },
      (_, i) => halves.rightSize - 1 - ((i * 69_621) % halves.rightSize),
    );
    const before = [left.slice(), right.slice()] as const;
    halves.encrypt(left, right, count);
    const size = BigInt(halves.rightSize);
    for (let i = 0; i < count; i += 65) {
      const value = BigInt(before[0][i] ?? -1) * size + BigInt(before[1][i] ?? -1);
      expect(BigInt(left[i] ?? -1) * size + BigInt(right[i] ?? -1)).toBe(big.encrypt(value));
    }
    halves.decrypt(left, right, count);
    expect([left, right]).toEqual(before);
  }
});

test("remainders are exact below 2^53, where a quotient is rounded up and where it is rounded down", () => {
  const sizes = fc.oneof(fc.integer({ min: 1, max: 2_000 }), fc.integer({ min: 1, max: 2 ** 37 }));
  const nearMultiple = sizes.chain((size) =>
    fc
      .tuple(fc.integer({ min: 1, max: Math.floor((2 ** 53 - 2) / size) }), fc.constantFrom(-1, 0, 1))
      .map(([quotient, more]) => ({ size, number: quotient * size + more })),
  );
  fc.assert(
    fc.property(nearMultiple, ({ size, number }) => {
      expect(modulo(number, size, 1 / size)).toBe(Number(BigInt(number) % BigInt(size)));
    }),
    { numRuns: 3_000 },
  );
});

describe("bounds", () => {
  const aes = openBlockCipher("aes", new Uint8Array(16));
  const tweak = new Uint8Array(0);

  test("a domain under a million values is refused, one of a million is not", () => {
    for (const [radix, length] of [
      [10, 5],
      [999, 2],
      [2, 19],
      [99, 3],
    ] as const) {
      expect(() => new Ff1Halves(aes, { radix, length, tweak })).toThrow("at least 1000000 values");
      expect(() => new Ff1Numerals(aes, { radix, length, tweak })).toThrow("at least 1000000 values");
    }
    expect(new Ff1Halves(aes, { radix: 1000, length: 2, tweak }).leftSize).toBe(1000);
    expect(new Ff1Halves(aes, { radix: 2, length: 20, tweak }).rightSize).toBe(1024);
  });

  test("a radix, a length and a tweak have bounds", () => {
    for (const radix of [1, 65_537, 2.5, Number.NaN]) {
      expect(() => new Ff1Numerals(aes, { radix, length: 30, tweak })).toThrow("a radix of FF1");
    }
    for (const length of [1, 1_025, 6.5]) {
      expect(() => new Ff1Numerals(aes, { radix: 1000, length, tweak })).toThrow("numerals");
    }
    expect(() => new Ff1Numerals(aes, { radix: 10, length: 6, tweak: new Uint8Array(1_025) })).toThrow("a tweak");
  });

  test("halves beyond the exact range of doubles are refused, not rounded", () => {
    expect(new Ff1Halves(aes, { radix: 10, length: 22, tweak }).rightSize).toBe(1e11);
    expect(() => new Ff1Halves(aes, { radix: 10, length: 23, tweak })).toThrow("beyond what doubles hold");
    expect(new Ff1Halves(aes, { radix: 2, length: 74, tweak }).rightSize).toBe(2 ** 37);
    expect(() => new Ff1Halves(aes, { radix: 2, length: 75, tweak })).toThrow("beyond what doubles hold");
  });

  test("a value outside the domain is refused", () => {
    const big = new Ff1Numerals(aes, { radix: 10, length: 6, tweak });
    for (const value of [-1n, 1_000_000n]) {
      expect(() => big.encrypt(value)).toThrow("outside its domain");
      expect(() => big.decrypt(value)).toThrow("outside its domain");
    }
  });

  test("keys have the lengths of their cipher and blocks are whole", () => {
    for (const length of [0, 8, 15, 17, 33]) {
      expect(() => openBlockCipher("aes", new Uint8Array(length))).toThrow("a key of aes has 16, 24, 32 bytes");
    }
    for (const length of [15, 24, 32]) {
      expect(() => openBlockCipher("sm4", new Uint8Array(length))).toThrow("a key of sm4 has 16 bytes");
    }
    expect(() => aes.encrypt(new Uint8Array(17))).toThrow("whole blocks");
  });
});

test("the block ciphers are the standards' own", () => {
  // FIPS 197, appendix C.1; GB/T 32907-2016, appendix A.1.
  const plain = fromHex("00112233445566778899aabbccddeeff");
  const key = fromHex("000102030405060708090a0b0c0d0e0f");
  expect(Buffer.from(openBlockCipher("aes", key).encrypt(plain)).toString("hex")).toBe(
    "69c4e0d86a7b0430d8cdb78070b4c55a",
  );
  const both = fromHex("0123456789abcdeffedcba9876543210");
  expect(Buffer.from(openBlockCipher("sm4", both).encrypt(both)).toString("hex")).toBe(
    "681edf34d206965e86b3e94f536e4246",
  );
});
