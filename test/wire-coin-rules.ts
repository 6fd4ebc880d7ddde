/** Coins of encrypted computation in the wire's vectors: secrets and errors out of a stream of bytes.
 *  @module */
import type { Random } from "@sluice/protocol";

/** Coefficients -1, 0 and 1: bytes below 255, as many taken at a time as there are coefficients, what is too many dropped. */
export function drawTernary(random: Random, degree: number): number[] {
  const drawn: number[] = [];
  while (drawn.length < degree) drawn.push(...Array.from(random.bytes(degree)).filter((byte) => byte < 255));
  return drawn.slice(0, degree).map((byte) => (byte % 3) - 1);
}

/** Errors: 8 bytes each, the ones of the upper 21 bits of one half less those of the other. */
export function drawErrors(random: Random, degree: number): number[] {
  const coins = Buffer.from(random.bytes(8 * degree));
  return Array.from(
    { length: degree },
    (_, i) => ones(coins.readUInt32BE(8 * i)) - ones(coins.readUInt32BE(8 * i + 4)),
  );
}

function ones(word: number): number {
  let count = 0;
  for (let rest = word >>> 11; rest !== 0; rest &= rest - 1) count++;
  return count;
}
