/** Base oblivious transfers, many at once: the chooser gets one of two random keys of each transfer, the holder both.
 *  The "endemic" transfer of Masny and Rindal from Diffie–Hellman in ristretto255, two rounds, in the random oracle model:
 *
 *      chooser   with bit c:  a random scalar, R_(1-c) a random element, R_c = a·G - H_c(R_(1-c))        → R_0, R_1
 *      holder    b a random scalar, T = b·G                                                              → T
 *                key_j = KDF(b · (R_j + H_j(R_(1-j))))         chooser: key_c = KDF(a · T)
 *
 *  Who learns what: R_0 and R_1 are uniform whatever c is, so the holder learns nothing about c, whatever it computes. The
 *  chooser knows the logarithm of one of the two sums at most, so the other key is out of its reach (computational
 *  Diffie–Hellman). A cheating party can choose its own keys ("endemic" security); the extension that uses them allows
 *  for that: the holder chooses both keys there anyway, and the chooser's key hides nothing from the chooser.
 *  Batches: every hash is bound to the session, the transfer's number and the half, every key to all that was said, and
 *  the holder's scalar is drawn for each transfer anew, so that nothing rests on one scalar for the batch.
 *  @see https://eprint.iacr.org/2019/706 (Masny, Rindal: Endemic Oblivious Transfer)
 *  @see https://eprint.iacr.org/2021/682 (McQuoid, Rosulek, Roy: Batching Base Oblivious Transfers)
 *  @module */
import { concatBytes, ELEMENT_BYTES, SluiceError, type Bytes, type Random } from "@sluice/protocol";
import sodium from "libsodium-wrappers-sumo";
import { OT_KEY_BYTES } from "./key-streams.ts";
import { elementAt, hashElement, randomElement, randomScalar, transferKey, type OtPlace } from "./ot-group.ts";

const PAIR_BYTES = 2 * ELEMENT_BYTES;
/** Transfers between two looks at the signal: some 10 ms. */
const BATCH = 32;

/** What a batch heeds. */
export interface BaseOtOptions {
  /** 32 bytes that are of one session alone. */
  readonly session: Bytes;
  readonly random: Random;
  /** Waits for a turn, and throws when the work is cancelled. */
  readonly pause: () => Promise<void>;
}

/** Bit `index` of `bits`, lowest first in each byte. */
export function bitAt(bits: Bytes, index: number): 0 | 1 {
  return (((bits[index >> 3] ?? 0) >> (index & 7)) & 1) === 1 ? 1 : 0;
}

/** The chooser's message for `8 · choices.length` transfers: pairs of elements; and the scalars that open the answer. */
export async function choosePairs(
  choices: Bytes,
  { session, random, pause }: BaseOtOptions,
): Promise<{ pairs: Bytes; scalars: Bytes }> {
  await sodium.ready;
  const count = 8 * choices.length;
  const pairs = new Uint8Array(count * PAIR_BYTES);
  const scalars = new Uint8Array(count * ELEMENT_BYTES);
  for (let index = 0; index < count; index++) {
    if (index % BATCH === 0) await pause();
    const half = bitAt(choices, index);
    const scalar = randomScalar(random);
    const other = randomElement(random);
    const hashed = hashElement({ session, index, half }, other);
    const own = sodium.crypto_core_ristretto255_sub(sodium.crypto_scalarmult_ristretto255_base(scalar), hashed);
    pairs.set(half === 0 ? concatBytes(own, other) : concatBytes(other, own), index * PAIR_BYTES);
    scalars.set(scalar, index * ELEMENT_BYTES);
    scalar.fill(0);
  }
  return { pairs, scalars };
}

/** The chosen keys, 16 bytes each. @throws ERR_OPRF_ELEMENT, ERR_FRAME_MALFORMED */
export async function openChosen(
  chosen: { readonly choices: Bytes; readonly pairs: Bytes; readonly scalars: Bytes },
  answers: Bytes,
  { session, pause }: Omit<BaseOtOptions, "random">,
): Promise<Bytes> {
  await sodium.ready;
  const { choices, pairs, scalars } = chosen;
  const count = 8 * choices.length;
  expectLength(answers, count * ELEMENT_BYTES, "answers");
  const keys = new Uint8Array(count * OT_KEY_BYTES);
  for (let index = 0; index < count; index++) {
    if (index % BATCH === 0) await pause();
    const answer = elementAt(answers, index);
    const scalar = scalars.subarray(index * ELEMENT_BYTES, (index + 1) * ELEMENT_BYTES);
    const shared = sodium.crypto_scalarmult_ristretto255(scalar, answer);
    const pair = pairs.subarray(index * PAIR_BYTES, (index + 1) * PAIR_BYTES);
    keys.set(
      transferKey({ session, index, half: bitAt(choices, index) }, { pair, answer }, shared),
      index * OT_KEY_BYTES,
    );
    shared.fill(0);
  }
  return keys;
}

/** The holder's answer to `count` pairs, and both keys of each transfer, 16 bytes each, in two lists.
 *  @throws ERR_OPRF_ELEMENT with the index among the elements of the pairs; ERR_FRAME_MALFORMED */
export async function answerPairs(
  pairs: Bytes,
  count: number,
  { session, random, pause }: BaseOtOptions,
): Promise<{ answers: Bytes; keys: readonly [Bytes, Bytes] }> {
  await sodium.ready;
  expectLength(pairs, count * PAIR_BYTES, "pairs");
  const answers = new Uint8Array(count * ELEMENT_BYTES);
  const keys = [new Uint8Array(count * OT_KEY_BYTES), new Uint8Array(count * OT_KEY_BYTES)] as const;
  for (let index = 0; index < count; index++) {
    if (index % BATCH === 0) await pause();
    const scalar = randomScalar(random);
    const answer = sodium.crypto_scalarmult_ristretto255_base(scalar);
    const pair = pairs.subarray(index * PAIR_BYTES, (index + 1) * PAIR_BYTES);
    const elements = [elementAt(pairs, 2 * index), elementAt(pairs, 2 * index + 1)] as const;
    for (const half of [0, 1] as const) {
      const place = { session, index, half };
      const shared = sharedElement(place, scalar, elements[half], elements[1 - half] ?? elements[half]);
      keys[half].set(transferKey(place, { pair, answer }, shared), index * OT_KEY_BYTES);
      shared.fill(0);
    }
    answers.set(answer, index * ELEMENT_BYTES);
    scalar.fill(0);
  }
  return { answers, keys };
}

/** `scalar · (own + H(other))`. @throws ERR_OPRF_ELEMENT when the sum is the identity: its key would be no secret. */
function sharedElement(place: OtPlace, scalar: Bytes, own: Bytes, other: Bytes): Bytes {
  const sum = sodium.crypto_core_ristretto255_add(own, hashElement(place, other));
  if (sum.every((byte) => byte === 0))
    throw new SluiceError("ERR_OPRF_ELEMENT", { index: 2 * place.index + place.half });
  return sodium.crypto_scalarmult_ristretto255(scalar, sum);
}

function expectLength(bytes: Bytes, length: number, field: string): void {
  if (bytes.length !== length) throw new SluiceError("ERR_FRAME_MALFORMED", { field, expected: `${length} bytes` });
}
