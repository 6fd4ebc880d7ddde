/** Row `compute`: the same training inside the isolate and in plain Node.
 *  @module */
import { spawn } from "node:child_process";
import { utf8 } from "@sluice/protocol";
import { createSandboxRunner } from "@sluice/sandbox";
import { compare, type Row } from "../suite.ts";

const ROWS = 100_000;
const FEATURES = 32;
const EPOCHS = 30;

/** Logistic regression by gradient descent over columns; plain JavaScript, the same text on both sides. */
const TRAINING = `
function makeData() {
  let state = 12345;
  const random = () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 4294967296;
  const columns = Array.from({ length: ${FEATURES} }, () => Float64Array.from({ length: ${ROWS} }, random));
  const labels = Uint8Array.from({ length: ${ROWS} }, (_, i) => (columns[0][i] + columns[1][i] > 1 ? 1 : 0));
  return { columns, labels };
}
function train({ columns, labels }) {
  const weights = new Float64Array(${FEATURES});
  const scores = new Float64Array(${ROWS});
  for (let epoch = 0; epoch < ${EPOCHS}; epoch++) {
    scores.fill(0);
    for (let j = 0; j < ${FEATURES}; j++) {
      const column = columns[j], weight = weights[j];
      for (let i = 0; i < ${ROWS}; i++) scores[i] += weight * column[i];
    }
    for (let i = 0; i < ${ROWS}; i++) scores[i] = 1 / (1 + Math.exp(-scores[i])) - labels[i];
    for (let j = 0; j < ${FEATURES}; j++) {
      const column = columns[j];
      let gradient = 0;
      for (let i = 0; i < ${ROWS}; i++) gradient += scores[i] * column[i];
      weights[j] -= (0.5 * gradient) / ${ROWS};
    }
  }
  return weights[0];
}`;

const BUNDLE = utf8(`${TRAINING}
var sluiceJob = { default: {
  name: "compute", purpose: "bench", input: {}, outputs: { fit: { kind: "metrics", keys: ["w"] } },
  develop(rows, { progress }) {
    const data = makeData();
    progress(0.01);
    const w = train(data);
    progress(1);
    return { fit: { w } };
  },
} };`);

/** Writes a byte before and after, as the job tells its progress: both sides are clocked from outside. */
const PLAIN = `${TRAINING}
const { writeSync } = require("node:fs");
const data = makeData();
writeSync(1, "<");
train(data);
writeSync(1, ">");`;

/** The row. */
export async function computeRows(progress: (line: string) => void): Promise<Row[]> {
  const runner = await createSandboxRunner();
  try {
    const inside = async (): Promise<number> => {
      const times: number[] = [];
      const outcome = await runner.run(
        {
          bundle: BUNDLE,
          entry: "develop",
          environment: "development",
          seed: 1,
          limits: { wallTimeLimitMs: 120_000, memoryLimitBytes: 256 * 2 ** 20 },
        },
        { onEvent: () => void times.push(performance.now()) },
      );
      if (!outcome.ok) throw new Error(outcome.code);
      return (times.at(-1) ?? 0) - (times[0] ?? 0);
    };
    progress("compute");
    const row = { name: "compute", n: ROWS, unit: "ms", better: "lower", peer: "plain Node" } as const;
    return [await compare(row, inside, plain)];
  } finally {
    await runner.close();
  }
}

async function plain(): Promise<number> {
  const child = spawn(process.execPath, ["-e", PLAIN], { stdio: ["ignore", "pipe", "inherit"] });
  const times: number[] = [];
  for await (const chunk of child.stdout) for (const _ of String(chunk)) times.push(performance.now());
  return (times[1] ?? 0) - (times[0] ?? 0);
}
