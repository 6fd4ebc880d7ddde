/** Shamir's secret sharing in a prime field: any `threshold` shares give the secret, fewer say nothing about it. The arithmetic is
 *  @noble/curves'; its numbers are not of constant time.
 *  @see Shamir, How to share a secret (1979); RFC 9591, appendix C.1, whose vectors the tests use
 *  @module */
import { Field, type IField } from "@noble/curves/abstract/modular.js";
import { AGGREGATE_SECRET_BYTES, type Bytes, type Random } from "@sluice/protocol";

/** The field of the secrets here: each of its elements is a seed, or a private key of X25519, as it is. */
export const SECRET_FIELD = Field(2n ** 255n - 19n, { isLE: true });

/** A share: the value of the polynomial at `x`, which is not 0. */
export interface Share {
  readonly x: bigint;
  readonly value: bigint;
}

/** A uniform element: 255 random bits, drawn again when they are not below the modulus. */
export function randomElement(random: Random, field: IField<bigint> = SECRET_FIELD): bigint {
  for (;;) {
    const bytes = random.bytes(field.BYTES);
    const excess = field.BYTES * 8 - field.BITS;
    bytes[field.BYTES - 1] = (bytes[field.BYTES - 1] ?? 0) & (0xff >> excess);
    const element = littleEndian(bytes);
    if (element < field.ORDER) return element;
  }
}

/** Bytes of an element of the secrets' field. */
export function elementBytes(element: bigint): Bytes {
  return SECRET_FIELD.toBytes(element);
}

/** The element that 32 bytes write; null when they write none. */
export function elementOf(bytes: Bytes): bigint | null {
  if (bytes.length !== AGGREGATE_SECRET_BYTES) return null;
  const element = littleEndian(bytes);
  return element < SECRET_FIELD.ORDER ? element : null;
}

/** Values at each of `xs` of a polynomial with `coefficients`, that of x^0, the secret, first. */
export function sharesOf(
  coefficients: readonly bigint[],
  xs: readonly bigint[],
  field: IField<bigint> = SECRET_FIELD,
): Share[] {
  return xs.map((x) => ({
    x,
    value: coefficients.reduceRight((sum, coefficient) => field.add(field.mul(sum, x), coefficient), field.ZERO),
  }));
}

/** Shares of `secret` for each of `xs`, of which `threshold` give it. */
export function splitSecret(
  secret: bigint,
  { xs, threshold, random }: { xs: readonly bigint[]; threshold: number; random: Random },
): Share[] {
  const others = Array.from({ length: threshold - 1 }, () => randomElement(random));
  return sharesOf([secret, ...others], xs);
}

/** The secret of as many shares as the threshold was: the polynomial through them, at 0.
 *  @throws RangeError when two are at one place, or one is at 0 */
export function combineShares(shares: readonly Share[], field: IField<bigint> = SECRET_FIELD): bigint {
  let secret = field.ZERO;
  for (const { x, value } of shares) {
    let [above, below] = [field.ONE, field.ONE];
    for (const other of shares) {
      if (other.x === x) continue;
      above = field.mul(above, other.x);
      below = field.mul(below, field.sub(other.x, x));
    }
    secret = field.add(secret, field.mul(value, field.div(above, below)));
  }
  if (new Set(shares.map(({ x }) => x)).size !== shares.length || shares.some(({ x }) => x === field.ZERO)) {
    throw new RangeError("shares are at different places, none at 0");
  }
  return secret;
}

function littleEndian(bytes: Bytes): bigint {
  return bytes.reduceRight((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
}
