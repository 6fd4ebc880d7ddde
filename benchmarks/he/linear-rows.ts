/** Rows `score-linear-*`: 4096 rows of 32 features scored under encryption, as a domain's worker answers them. Every answer is
 *  decrypted and compared with plain arithmetic.
 *  @module */
import { ScoreClient, type ScoreColumns } from "@sluice/mpc/he/linear/client";
import { planScore, SCORE_WORKER, type ScoreTask } from "@sluice/mpc/he/linear/server";
import { createTaskPool, type MeasuredTaskPool } from "@sluice/mpc/pool";
import type { LinearModel } from "@sluice/protocol";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { compare, type Row } from "../suite.ts";
import { cubicOf, openCubicPeer } from "./cubic-sigmoid.ts";

const ROWS = 4_096;
const FEATURES = 32;
const BOUND = 8;
const NAME = `score-linear-${FEATURES}x${ROWS}`;
/** Requests that two workers share. */
const REQUESTS = 64;

const MODEL: LinearModel = {
  kind: "linear-model",
  features: Array.from({ length: FEATURES }, (_, i) => `x${i}`),
  weights: Array.from({ length: FEATURES }, (_, i) => Math.round(Math.sin(i + 1) * 1_000) / 8_000),
  intercept: -0.25,
};

setFlagsFromString("--expose-gc");
/** Collects what earlier work left. */
const collect = runInNewContext("gc") as () => void;

/** All of them. */
export async function linearRows(progress: (line: string) => void): Promise<Row[]> {
  progress(NAME);
  const parameters = planScore(MODEL, BOUND);
  const columns: ScoreColumns = Object.fromEntries(
    MODEL.features.map((name, i) => [name, Float64Array.from({ length: ROWS }, (_, row) => valueOf(i, row))]),
  );
  const plain = Array.from({ length: ROWS }, (_, row) =>
    MODEL.weights.reduce((sum, weight, i) => sum + weight * valueOf(i, row), MODEL.intercept),
  );
  const client = await ScoreClient.open(parameters);
  const query = client.encrypt(columns);
  const task = (): ScoreTask => ({ model: MODEL, parameters, frame: query.frame.slice() });
  const run = (pool: MeasuredTaskPool, input: ScoreTask): Promise<Uint8Array> =>
    pool.run<Uint8Array>("score.answer", input, { transfer: [input.frame.buffer as ArrayBuffer] });
  const [one, two] = [1, 2].map((maxThreads) => createTaskPool({ workerFile: SCORE_WORKER, maxThreads }));
  if (one === undefined || two === undefined) return [];
  try {
    const error = distance(query.finish(Uint8Array.from(await run(one, task()))), plain);
    progress(`${NAME}: largest error ${error}, published bound ${parameters.errorBound}`);
    if (!(error <= parameters.errorBound)) throw new Error("a score is beyond its bound");
    const peer = await openCubicPeer(Object.values(columns), MODEL.weights, MODEL.intercept);
    const off = distance(peer.decrypt(peer.answer()), plain.map(cubicOf));
    progress(`node-seal: largest error ${off} against the same cubic`);
    if (!(off < 1e-4)) throw new Error("the peer computes something else");
    const perRow = async (work: () => unknown): Promise<number> => {
      const start = performance.now();
      await work();
      return ((performance.now() - start) * 1_000) / ROWS;
    };
    const throughput = (pool: MeasuredTaskPool) => async (): Promise<number> => {
      const tasks = Array.from({ length: REQUESTS }, task);
      // Sixty megabytes of requests, which callers would have sent, set off the collector: it is through before time is taken.
      collect();
      const start = performance.now();
      await Promise.all(tasks.map((each) => run(pool, each)));
      return (REQUESTS * ROWS * 1_000) / (performance.now() - start);
    };
    return [
      await compare(
        { name: NAME, n: ROWS, unit: "µs/row", better: "lower", peer: "node-seal degree-3 sigmoid", pairs: 15 },
        () => {
          const input = task();
          return perRow(() => run(one, input));
        },
        () => perRow(() => peer.answer()),
      ),
      {
        name: "score-linear-upload",
        n: ROWS * FEATURES,
        value: Number((query.frame.length / (ROWS * FEATURES)).toPrecision(3)),
        unit: "bytes/value",
      },
      await compare(
        {
          name: "score-linear-workers2",
          n: REQUESTS * ROWS,
          unit: "rows/s",
          better: "higher",
          peer: "one worker",
          pairs: 9,
        },
        throughput(two),
        throughput(one),
      ),
    ];
  } finally {
    await Promise.all([one.close(), two.close()]);
  }
}

function valueOf(feature: number, row: number): number {
  return Math.round(BOUND * Math.sin(feature * 7 + row * row) * 1_000) / 1_000;
}

function distance(found: Float64Array, plain: readonly number[]): number {
  return plain.reduce((most, value, i) => Math.max(most, Math.abs(value - (found[i] ?? Number.NaN))), 0);
}
