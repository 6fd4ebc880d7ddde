/** The row `score-hidden16-32x4096`: a request of 4,096 rows of 32 features to a model of 16 hidden units, from the frame to the reply on one
 *  thread, beside the sum of SEAL's operations that the same circuit has, each measured alone. Encoding weights is not counted.
 *  @module */
import { HiddenClient } from "@sluice/mpc/he/hidden/client";
import { planHidden, roundUnits, scoreHidden } from "@sluice/mpc/he/hidden/server";
import type { Bytes, SquareNetwork } from "@sluice/protocol";
import { hiddenRing } from "../../packages/mpc/src/he/hidden/ring.ts";
import { openHandles } from "../../packages/mpc/src/he/handles.ts";
import { compare, type Row } from "../suite.ts";

const NAME = "score-hidden16-32x4096";
const ROWS = 4_096;
const FEATURES = 32;
const UNITS = 16;
/** Times that an operation is measured for its mean. */
const TIMES = 8;

/** Between -1 and 1, the same in every run. */
function spread(i: number): number {
  return ((i * 7_919) % 2_003) / 1_001 - 1;
}

function network(): SquareNetwork {
  return {
    kind: "square-network",
    features: Array.from({ length: FEATURES }, (_, i) => ({ name: `x${i}`, low: -4, high: 4 })),
    units: Array.from({ length: UNITS }, (_, j) => ({
      sign: j % 2 === 0 ? 1 : -1,
      weights: Array.from({ length: FEATURES }, (_w, i) => spread(31 * j + i) / 4),
      bias: spread(j) / 4,
    })),
    intercept: 0.5,
    salt: "00".repeat(32),
  };
}

/** Milliseconds of the circuit's operations in SEAL, one after the other, each on its own. */
async function primitives(): Promise<() => number> {
  const { engine } = await hiddenRing();
  const { seal, context, evaluator, encoder } = engine;
  const scope = openHandles();
  const keys = scope.keep(new seal.KeyGenerator(context));
  const encryptor = scope.keep(
    new seal.Encryptor(context, scope.keep(keys.createPublicKey()), scope.keep(keys.secretKey())),
  );
  const none = seal.ComprModeType.none;
  const plaintext = scope.keep(new seal.Plaintext());
  encoder.encode(
    Float64Array.from({ length: ROWS }, (_, i) => spread(i)),
    2 ** 40,
    plaintext,
  );
  const fresh = scope.keep(encryptor.encryptSymmetricSerializable(plaintext)).saveToArray(none) as Bytes;
  const relinBytes = scope.keep(keys.createRelinKeysSerializable()).saveToArray(none) as Bytes;
  const publicBytes = scope.keep(keys.createPublicKeySerializable()).saveToArray(none) as Bytes;
  const make = () => scope.keep(new seal.Ciphertext());
  const [a, product, squares, out] = [make(), make(), make(), make()];
  const relinKeys = scope.keep(new seal.RelinKeys());
  const publicKey = scope.keep(new seal.PublicKey());
  relinKeys.loadFromArray(context, relinBytes);
  a.loadFromArray(context, fresh);
  evaluator.multiplyPlain(a, plaintext, product);
  evaluator.square(a, squares);
  const sum = make();
  evaluator.relinearize(squares, relinKeys, sum);
  const lower = make();
  evaluator.rescaleToNext(sum, lower);
  const lowest = make();
  evaluator.rescaleToNext(lower, lowest);
  const other = product.copy();
  scope.keep(other);
  const size3 = scope.keep(squares.copy());
  const operations: readonly (readonly [times: number, run: () => void])[] = [
    [1, () => publicKey.loadFromArray(context, publicBytes)],
    [1, () => relinKeys.loadFromArray(context, relinBytes)],
    [FEATURES, () => a.loadFromArray(context, fresh)],
    [UNITS * FEATURES, () => evaluator.multiplyPlain(a, plaintext, out)],
    [UNITS * (FEATURES - 1), () => evaluator.add(product, other, out)],
    [UNITS, () => evaluator.addPlain(a, plaintext, out)],
    [UNITS, () => evaluator.square(a, out)],
    [UNITS - 1, () => evaluator.add(squares, size3, out)],
    [1, () => evaluator.relinearize(squares, relinKeys, out)],
    [1, () => encryptor.encryptZero(out)],
    [1, () => evaluator.addPlain(a, plaintext, out)],
    [1, () => evaluator.add(product, other, out)],
    [1, () => evaluator.rescaleToNext(sum, out)],
    [1, () => evaluator.rescaleToNext(lower, out)],
    [1, () => void lowest.saveToArray(none)],
  ];
  return () =>
    operations.reduce((total, [times, run]) => {
      run();
      const began = performance.now();
      for (let i = 0; i < TIMES; i++) run();
      return total + (times * (performance.now() - began)) / TIMES;
    }, 0);
}

/** One row. */
export async function hiddenRows(progress: (line: string) => void): Promise<Row[]> {
  progress(NAME);
  const model = network();
  const parameters = await planHidden(model);
  const client = await HiddenClient.open(parameters);
  const columns = Object.fromEntries(
    model.features.map(({ name }, i) => [
      name,
      Float64Array.from({ length: ROWS }, (_, row) => 4 * spread(row * 37 + i * 101)),
    ]),
  );
  const query = client.encrypt(columns);
  const units = roundUnits(model, parameters.weightScaleBits);
  const plain = Float64Array.from({ length: ROWS }, (_, row) =>
    units.reduce((score, { sign, bias, weights }) => {
      const sum = weights.reduce((total, weight, i) => total + (weight * (columns[`x${i}`]?.[row] ?? 0)) / 4, bias);
      return score + sign * sum * sum;
    }, model.intercept),
  );
  const [low, high] = [plain.reduce((a, b) => Math.min(a, b)), plain.reduce((a, b) => Math.max(a, b))];
  const sum = await primitives();
  let reply: Bytes = await scoreHidden({ network: model, parameters }, query.frame);
  const row = await compare(
    { name: NAME, n: ROWS, unit: "µs/row", better: "lower", peer: "sum of its primitive operations" },
    async () => {
      const began = performance.now();
      reply = await scoreHidden({ network: model, parameters }, query.frame);
      return ((performance.now() - began) * 1_000) / ROWS;
    },
    () => Promise.resolve((sum() * 1_000) / ROWS),
  );
  const error = query.finish(reply).reduce((most, score, i) => Math.max(most, Math.abs(score - (plain[i] ?? 0))), 0);
  if (!(error <= parameters.errorBound)) throw new Error(`a score is off by ${error}`);
  progress(
    `${NAME}: largest error ${error} (bound ${parameters.errorBound}) of scores from ${low} to ${high}; ` +
      `${query.frame.length} bytes up, ${reply.length} down`,
  );
  return [row];
}
