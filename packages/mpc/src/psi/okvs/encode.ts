/** Encodes keys and values as a store. Values that look random make rows that tell nothing of the keys.
 *  @module */
import type { Bytes, Random } from "@sluice/protocol";
import { openPsiKernel } from "../../kernel/psi-kernel.ts";
import { layOut } from "./regions.ts";
import type { OkvsShape } from "./shape.ts";
import { encodeStore, encoderSizes, KEY_BYTES, SEED_BYTES } from "./store.ts";

/** What to encode. */
export interface EncodeInput {
  readonly shape: OkvsShape;
  /** 16 bytes, public, drawn when the keys are fixed. */
  readonly seed: Bytes;
  /** 16 bytes each, distinct, `shape.items` at most. */
  readonly keys: Bytes;
  /** One after another, of equal length. */
  readonly values: Bytes;
  readonly valueBytes: number;
  readonly random: Random;
}

/** `shape.rows` rows of `valueBytes`; those that the values leave open are random.
 *  @throws ERR_PSI_ENCODING when no rows give these values, with probability 2^-40 at most, or a key appears twice;
 *  RangeError when a length does not fit. */
export function encodeOkvs(
  { shape, seed, keys, values, valueBytes, random }: EncodeInput,
  open = openPsiKernel,
): Bytes {
  const count = keys.length / KEY_BYTES;
  if (seed.length !== SEED_BYTES) throw new RangeError(`a seed has ${SEED_BYTES} bytes`);
  if (!Number.isInteger(count)) throw new RangeError(`a key has ${KEY_BYTES} bytes`);
  if (count > shape.items) throw new RangeError(`the store is for ${shape.items} keys`);
  if (values.length !== count * valueBytes) throw new RangeError(`a value has ${valueBytes} bytes`);
  const { at, sizeBytes } = layOut(encoderSizes(shape, valueBytes));
  const kernel = open(sizeBytes);
  kernel.bytes.set(seed, at.seed);
  kernel.bytes.set(keys, at.keys);
  kernel.bytes.set(values, at.values);
  encodeStore(kernel, shape, at, { count, valueBytes, random });
  return kernel.bytes.slice(at.rows, at.rows + shape.rows * valueBytes);
}
