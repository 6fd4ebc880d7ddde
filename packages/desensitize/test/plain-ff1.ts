/** FF1 as NIST SP 800-38G writes it, numeral by numeral and step by step: slow, and independent of what is tested.
 *  @module */
import { createCipheriv } from "node:crypto";

function cipherBlock(algorithm: string, key: Uint8Array, block: Uint8Array): Uint8Array {
  const cipher = createCipheriv(algorithm, key, null).setAutoPadding(false);
  return Uint8Array.from(Buffer.concat([cipher.update(block), cipher.final()]));
}

function num(numerals: readonly number[], radix: number): bigint {
  return numerals.reduce((x, numeral) => x * BigInt(radix) + BigInt(numeral), 0n);
}

function str(x: bigint, radix: number, length: number): number[] {
  const numerals: number[] = [];
  for (let rest = x; numerals.length < length; rest /= BigInt(radix)) numerals.unshift(Number(rest % BigInt(radix)));
  return numerals;
}

function bytes(x: bigint, length: number): number[] {
  return str(x, 256, length);
}

/** FF1.Encrypt (Algorithm 7), or with `inverse` FF1.Decrypt (Algorithm 8), of `x` under the cipher of this name. */
export function plainFf1(
  { algorithm, key, radix, tweak }: { algorithm: string; key: Uint8Array; radix: number; tweak: Uint8Array },
  x: readonly number[],
  inverse = false,
): number[] {
  const n = x.length;
  const t = tweak.length;
  const u = Math.floor(n / 2);
  const v = n - u;
  let a = x.slice(0, u);
  let bHalf = x.slice(u);
  let b = 0;
  for (let bits = (BigInt(radix) ** BigInt(v) - 1n).toString(2).length; b * 8 < bits;) b++;
  const d = 4 * Math.ceil(b / 4) + 4;
  const p = [1, 2, 1, ...bytes(BigInt(radix), 3), 10, u % 256, ...bytes(BigInt(n), 4), ...bytes(BigInt(t), 4)];
  for (let step = 0; step < 10; step++) {
    const i = inverse ? 9 - step : step;
    const zeros = (((-t - b - 1) % 16) + 16) % 16;
    const q = [...tweak, ...Array<number>(zeros).fill(0), i, ...bytes(num(inverse ? a : bHalf, radix), b)];
    let r = new Uint8Array(16);
    const input = [...p, ...q];
    for (let at = 0; at < input.length; at += 16) {
      r = Uint8Array.from(
        cipherBlock(
          algorithm,
          key,
          r.map((byte, j) => byte ^ (input[at + j] ?? 0)),
        ),
      );
    }
    const s = [...r];
    for (let j = 1; s.length < d; j++) {
      const counter = bytes(BigInt(j), 16);
      s.push(
        ...cipherBlock(
          algorithm,
          key,
          r.map((byte, k) => byte ^ (counter[k] ?? 0)),
        ),
      );
    }
    const y = num(s.slice(0, d), 256);
    const m = i % 2 === 0 ? u : v;
    const size = BigInt(radix) ** BigInt(m);
    if (inverse) {
      const c = (((num(bHalf, radix) - y) % size) + size) % size;
      bHalf = a;
      a = str(c, radix, m);
    } else {
      const c = (num(a, radix) + y) % size;
      a = bHalf;
      bHalf = str(c, radix, m);
    }
  }
  return [...a, ...bHalf];
}
