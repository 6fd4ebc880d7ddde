import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  isSluiceError,
  sha256Hex,
  utf8,
  type ColumnBatch,
  type DescribedBundle,
  type JobEvent,
  type JobManifest,
  type LinearModel,
} from "@sluice/protocol";
import { bundleJob } from "../src/bundle.ts";
import { createSandboxRunner, describeBundle, type WarmSandboxRunner } from "../src/index.ts";
import { createRng } from "../src/kit.ts";
import { decodeJobOutput } from "./decoding.ts";
import { findProgram } from "../src/find-program.ts";
import { probeGroups } from "../src/probe-groups.ts";
import { shapeOf } from "../src/table-shape.ts";
import { LIMITS, bundleOf, sealed } from "./jobs.ts";

let runner: WarmSandboxRunner;
let code: Uint8Array;
let described: DescribedBundle;
beforeAll(async () => {
  runner = await createSandboxRunner();
  ({ code } = await bundleJob(fileURLToPath(new URL("./fixtures/credit-job.ts", import.meta.url))));
  described = await describeBundle(runner, code);
});
afterAll(() => runner.close());

const ROW_COUNT = 3_000;
const DICTIONARY = ["north", "east", "south"];

/** A table whose outcome depends on its columns, by a seed. */
function cityTable(): ColumnBatch & {
  raw: { age: number[]; months: number[]; region: number[]; defaulted: number[] };
} {
  const rng = createRng(11);
  const raw = { age: [] as number[], months: [] as number[], region: [] as number[], defaulted: [] as number[] };
  for (let i = 0; i < ROW_COUNT; i++) {
    const age = 20 + 50 * rng.uniform();
    const months = rng.integer(240);
    const region = rng.integer(3);
    const score = 0.04 * (age - 45) - 0.02 * (months - 120) + (region === 2 ? 0.8 : 0);
    raw.age.push(age);
    raw.months.push(months);
    raw.region.push(region);
    raw.defaulted.push(rng.uniform() < 1 / (1 + Math.exp(-score)) ? 1 : 0);
  }
  return {
    raw,
    rowCount: ROW_COUNT,
    columns: {
      age: { type: "f64", values: new Float64Array(raw.age) },
      monthsInsured: { type: "i32", values: new Int32Array(raw.months) },
      region: { type: "dict", values: new Uint32Array(raw.region), dictionary: DICTIONARY },
      defaulted: { type: "bool", values: new Uint8Array(raw.defaulted) },
    },
  };
}

test("reads a manifest from the bundle, with the hash of its bytes", async () => {
  expect(described).toEqual({
    bundle: await sha256Hex(code),
    manifest: {
      name: "inclusive-credit",
      purpose: "inclusive-credit",
      input: { region: "dict", age: "f64", monthsInsured: "i32", defaulted: "bool" },
      outputs: {
        fit: { kind: "metrics", keys: ["auc", "rows"] },
        model: { kind: "linear-model", maxParameters: 64 },
        band: { kind: "labels", vocabulary: ["A", "B", "C", "D"] },
      },
    },
  });
});

test.each([
  ["{ name: 'A b', purpose: 'x', input: {}, outputs: {} }", "/name"],
  ["{ name: 'a', purpose: 'x', input: { age: 'text' }, outputs: {} }", "/input/age"],
  ["{ name: 'a', purpose: 'x', input: {}, outputs: { fit: { kind: 'sketch' } } }", "/outputs/fit/kind"],
  ["{ name: 'a', purpose: 'x', input: {} }", "/outputs"],
])("refuses the manifest %s at %s", async (definition, pointer) => {
  const bundle = utf8(`var sluiceJob = { default: ${definition} };`);
  await expect(describeBundle(runner, bundle)).rejects.toMatchObject({
    code: "ERR_JOB_MANIFEST",
    details: { pointer },
  });
});

test("the manifest names the lockfile that stands behind the job's code, and asks for the size that its bundle has", async () => {
  const job = (limits: string, length: number): Uint8Array =>
    utf8(`var sluiceJob = { default: { name: "a", purpose: "x", input: {}, outputs: {}, limits: ${limits} } };
      /* ${"x".repeat(length)} */
      var sluiceLockfile = { name: "yarn.lock", hash: "${"ab".repeat(32)}" };`);
  const large = 1_100_000;
  await expect(describeBundle(runner, job("{}", large))).rejects.toMatchObject({
    code: "ERR_JOB_MANIFEST",
    details: { pointer: "/limits/bundleLimitBytes" },
  });
  const { manifest } = await describeBundle(runner, job("{ bundleLimitBytes: 1200000 }", large));
  expect(manifest.lockfile).toEqual({ name: "yarn.lock", hash: "ab".repeat(32) });
});

test("a released linear model comes to `produce` with the link that the job declares", async () => {
  const table: ColumnBatch = { rowCount: 1, columns: {} };
  const model: LinearModel = { kind: "linear-model", features: ["age"], weights: [0.5], intercept: 1 };
  const served = async (link: string): Promise<unknown> => {
    const bundle = utf8(`var sluiceJob = { default: { name: "a", purpose: "x", input: {},
      outputs: { model: { kind: "linear-model", maxParameters: 2 ${link} }, band: { kind: "labels", vocabulary: ["A", "B", "C"] } },
      produce: (rows, model) => ({ band: Uint8Array.of([undefined, "log", "identity"].indexOf(model.link)) }) } };`);
    const { manifest } = await describeBundle(runner, bundle);
    const outcome = await runner.run(sealed(bundle, { table, entry: "produce", model }), {});
    if (!outcome.ok) throw new Error(outcome.code);
    return decodeJobOutput(outcome.output, manifest).values["band"];
  };
  expect(await served("")).toMatchObject({ codes: Uint8Array.of(0) });
  expect(await served(', link: "log"')).toMatchObject({ codes: Uint8Array.of(1) });
  expect(await served(', link: "identity"')).toMatchObject({ codes: Uint8Array.of(2) });
});

test("refuses a bundle without a job", async () => {
  await expect(describeBundle(runner, utf8("var x = 1;"))).rejects.toMatchObject({ code: "ERR_JOB_THREW" });
  await expect(describeBundle(runner, utf8("process.exit()"))).rejects.toMatchObject({ code: "ERR_JOB_CAPABILITY" });
});

test("models of every kind leave as the job returned them, from plain and typed arrays", async () => {
  const bundle = utf8(`
    const tree = { feature: Int32Array.of(1, 0, 0), threshold: Float64Array.of(0.5, 0, 0),
      left: [1, -1, -1], right: [2, -1, -1], value: Float64Array.of(0, -0.25, 1e-7) };
    var sluiceJob = { default: {
      name: "models", purpose: "test", input: {},
      outputs: { trees: { kind: "tree-model" }, card: { kind: "scorecard" }, groups: { kind: "clusters" } },
      develop: () => ({
        trees: { kind: "linear-model", link: "log", features: ["age", "region=a"], base: 1, trees: [tree], fitted: 3 },
        card: { intercept: 0.5, items: [{ column: "age", breaks: [30], points: Float64Array.of(1, 2, 0) }] },
        groups: { features: ["age"], means: [4], scales: Float64Array.of(2), centres: [Float64Array.of(1), [-1]] },
      }),
    } };`);
  const outputs: JobManifest["outputs"] = {
    trees: { kind: "tree-model", maxTrees: 1, maxLeaves: 2 },
    card: { kind: "scorecard", maxBins: 3 },
    groups: { kind: "clusters", maxClusters: 2 },
  };
  const outcome = await runner.run(sealed(bundle, { table: { rowCount: 0, columns: {} } }), {});
  if (!outcome.ok) throw new Error(outcome.code);
  expect(decodeJobOutput(outcome.output, { ...described.manifest, outputs })).toEqual({
    class: "released",
    values: {
      trees: {
        kind: "tree-model",
        link: "log",
        features: ["age", "region=a"],
        base: 1,
        trees: [
          {
            feature: [1, 0, 0],
            threshold: [0.5, 0, 0],
            left: [1, -1, -1],
            right: [2, -1, -1],
            value: [0, -0.25, 1e-7],
          },
        ],
      },
      card: { kind: "scorecard", intercept: 0.5, items: [{ column: "age", breaks: [30], points: [1, 2, 0] }] },
      groups: { kind: "clusters", features: ["age"], means: [4], scales: [2], centres: [[1], [-1]] },
    },
  });
});

test("develops on a sample and produces on every row what a plain computation gives", async () => {
  const table = cityTable();
  const events: JobEvent[] = [];
  const developed = await runner.run(sealed(code, { table }), { onEvent: (event) => events.push(event) });
  if (!developed.ok) throw new Error(developed.code);
  const released = decodeJobOutput(developed.output, described.manifest);
  if (released.class !== "released") throw new Error("released outputs");
  const model = released.values["model"] as LinearModel;
  expect(model.features).toEqual(["age", "monthsInsured", "region=north", "region=south"]);

  const { raw } = table;
  const designed = raw.age.map((age, i) => [
    1,
    age,
    raw.months[i] ?? 0,
    raw.region[i] === 0 ? 1 : 0,
    raw.region[i] === 2 ? 1 : 0,
  ]);
  const plain = plainLogistic(designed, raw.defaulted);
  for (const [j, weight] of [model.intercept, ...model.weights].entries())
    expect(weight).toBeCloseTo(plain[j] ?? Number.NaN, 6);
  const scores = designed.map(
    (x) => 1 / (1 + Math.exp(-x.reduce((sum, value, j) => sum + value * (plain[j] ?? 0), 0))),
  );
  expect(released.values["fit"]).toEqual({
    kind: "metrics",
    values: { rows: ROW_COUNT, auc: expect.closeTo(plainAuc(scores, raw.defaulted), 6) as unknown },
  });
  expect(events[0]).toEqual({ kind: "log", line: `rows ${ROW_COUNT} features 4` });
  expect(events.at(-1)).toEqual({ kind: "progress", percent: 100 });

  events.length = 0;
  const produced = await runner.run(sealed(code, { table, entry: "produce", environment: "production", model }), {
    onEvent: (event) => events.push(event),
  });
  if (!produced.ok) throw new Error(produced.code);
  const served = decodeJobOutput(produced.output, described.manifest);
  if (served.class !== "served") throw new Error("served outputs");
  const expected = scores.map((p) => [0.2, 0.4, 0.6].filter((cutoff) => p >= cutoff).length);
  expect(served.values["band"]).toEqual({ kind: "labels", codes: Uint8Array.from(expected) });
  expect(events).toEqual([{ kind: "progress", percent: 95 }]);
});

test("gives equal output bytes for equal input, and leaves the table as it was", async () => {
  const table = cityTable();
  const first = await runner.run(sealed(code, { table }), {});
  const second = await runner.run(sealed(code, { table }), {});
  if (!first.ok || !second.ok) throw new Error("both succeed");
  expect(first.output).toEqual(second.output);
  expect(table.columns["age"]?.values).toEqual(new Float64Array(table.raw.age));
});

test("shows a job the nulls of its columns and nothing beyond them", async () => {
  const table: ColumnBatch = {
    rowCount: 3,
    columns: { a: { type: "i32", values: new Int32Array([1, 0, 3]), validity: new Uint8Array([0b101, 0xff]) } },
  };
  const lines: string[] = [];
  const body =
    "log(Reflect.ownKeys(rows).join(), [...rows.a.values].join(), [...rows.a.validity].join(), Object.isFrozen(rows.a));";
  await runner.run(sealed(bundleOf(body), { table }), {
    onEvent: (event) => event.kind === "log" && lines.push(event.line),
  });
  expect(lines).toEqual(["rowCount,a,forEachBatch 1,0,3 5 true"]);
});

test("sends a column that another process holds when it has arrived, and not before", async () => {
  const values = new Float64Array(4);
  const table: ColumnBatch = { rowCount: 4, columns: { a: { type: "f64", values } } };
  const arrived = async ({ buffer }: Uint8Array): Promise<void> => {
    if (buffer !== values.buffer) return;
    await Promise.resolve();
    values.fill(2.5);
  };
  const outcome = await runner.run(sealed(bundleOf("return { fit: { n: rows.a.values[3] } };")), {
    remote: {
      shape: shapeOf(table),
      ask: async () => ({ table, arrived }),
      askBatch: () => Promise.reject(new Error()),
    },
  });
  expect(outcome.ok && new TextDecoder().decode(outcome.output)).toContain('"n":2.5');
});

test("runs columns larger than the memory limit, which is the job's own", async () => {
  const values = new Float64Array(12 * 2 ** 20).fill(1);
  const table: ColumnBatch = { rowCount: values.length, columns: { a: { type: "f64", values } } };
  const body = "let sum = 0; for (const x of rows.a.values) sum += x; return { fit: { n: sum } };";
  const outcome = await runner.run(
    sealed(bundleOf(body), { table, limits: { ...LIMITS, memoryLimitBytes: 32 * 2 ** 20 } }),
    {},
  );
  expect(outcome.ok && new TextDecoder().decode(outcome.output)).toContain(`"n":${values.length}`);
});

test("ends a run when its signal aborts", async () => {
  const controller = new AbortController();
  const running = runner.run(sealed(bundleOf("log('running'); for (;;);")), {
    signal: controller.signal,
    onEvent: () => controller.abort(),
  });
  expect(await running).toMatchObject({ ok: false, code: "ERR_CANCELLED" });
});

test("reports isolate, process and permission always, and the kernel's layers where their programs are", async () => {
  const expected = ["isolate", "process", "permission"];
  if (await programOrSkip("prlimit")) expected.push("rlimit");
  if (await programOrSkip("bwrap")) expected.push("namespaces", "seccomp");
  if ((await probeGroups()) !== undefined) expected.push("cgroup");
  expect(await runner.layers()).toEqual(expected);
  expect((await runner.run(sealed(bundleOf("")), {})).layers).toEqual(expected);
});

test("works with fewer layers where the programs are missing, says so, and refuses when one is required", async () => {
  const plain = await createSandboxRunner({ searchPath: "" });
  const layers = ["isolate", "process", "permission"];
  if ((await probeGroups()) !== undefined) layers.push("cgroup");
  expect(await plain.layers()).toEqual(layers);
  expect(await plain.run(sealed(bundleOf("")), {})).toMatchObject({ ok: true, layers });
  await plain.close();
  await expect(createSandboxRunner({ searchPath: "", require: ["permission", "namespaces"] })).rejects.toMatchObject({
    code: "ERR_SANDBOX_LAYER_MISSING",
    details: { layer: "namespaces" },
  });
});

test("ends its runs when it is closed, and starts no more", async () => {
  const closing = await createSandboxRunner({ searchPath: "", maxConcurrentRuns: 1 });
  const running = closing.run(sealed(bundleOf("log('running'); for (;;);")), { onEvent: () => void closing.close() });
  const waiting = closing.run(sealed(bundleOf("for (;;);")), {});
  expect(await running).toMatchObject({ ok: false, code: "ERR_CANCELLED" });
  expect(await waiting).toMatchObject({ ok: false, code: "ERR_CANCELLED" });
  await expect(closing.run(sealed(bundleOf("")), {})).rejects.toSatisfy((error) => isSluiceError(error, "ERR_STATE"));
});

test("a run that waits for its turn ends when it is cancelled, and the turn goes to the next", async () => {
  const busy = await createSandboxRunner({ searchPath: "", maxConcurrentRuns: 1 });
  const [first, second] = [new AbortController(), new AbortController()];
  const endless = sealed(bundleOf("for (;;);"));
  const running = busy.run(endless, { signal: first.signal });
  const waiting = busy.run(endless, { signal: second.signal });
  const last = busy.run(sealed(bundleOf("return { fit: { n: 1 } };")), {});
  second.abort();
  expect(await waiting).toMatchObject({ ok: false, code: "ERR_CANCELLED", layers: [] });
  first.abort();
  expect(await running).toMatchObject({ ok: false, code: "ERR_CANCELLED" });
  expect(await last).toMatchObject({ ok: true });
  expect(await busy.run(endless, { signal: AbortSignal.abort() })).toMatchObject({ code: "ERR_CANCELLED" });
  await busy.close();
});

/** Newton's method on the normal equations of the penalised likelihood, with Gauss–Jordan; penalty 1 on each
 *  standardised weight. */
function plainLogistic(rows: number[][], labels: number[]): number[] {
  const size = rows[0]?.length ?? 0;
  const deviations = Array.from({ length: size }, (_x, j) => {
    const values = rows.map((row) => row[j] ?? 0);
    const mean = values.reduce((sum, x) => sum + x, 0) / values.length;
    return Math.sqrt(values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / values.length);
  });
  let beta = Array.from({ length: size }, () => 0);
  for (let round = 0; round < 30; round++) {
    const system = Array.from({ length: size }, () => Array.from({ length: size + 1 }, () => 0));
    for (const [i, row] of rows.entries()) {
      const p = 1 / (1 + Math.exp(-row.reduce((sum, x, j) => sum + x * (beta[j] ?? 0), 0)));
      for (const [a, equation] of system.entries()) {
        for (let b = 0; b < size; b++) equation[b] = (equation[b] ?? 0) + p * (1 - p) * (row[a] ?? 0) * (row[b] ?? 0);
        equation[size] = (equation[size] ?? 0) + (row[a] ?? 0) * ((labels[i] ?? 0) - p);
      }
    }
    for (let a = 1; a < size; a++) {
      const penalty = (deviations[a] ?? 0) ** 2;
      const equation = system[a] ?? [];
      equation[a] = (equation[a] ?? 0) + penalty;
      equation[size] = (equation[size] ?? 0) - penalty * (beta[a] ?? 0);
    }
    for (const [a, pivotRow] of system.entries()) {
      const pivot = pivotRow[a] ?? 1;
      for (let b = 0; b <= size; b++) pivotRow[b] = (pivotRow[b] ?? 0) / pivot;
      for (const [other, equation] of system.entries()) {
        if (other === a) continue;
        const factor = equation[a] ?? 0;
        for (let b = 0; b <= size; b++) equation[b] = (equation[b] ?? 0) - factor * (pivotRow[b] ?? 0);
      }
    }
    beta = beta.map((value, j) => value + (system[j]?.[size] ?? 0));
  }
  return beta;
}

function plainAuc(scores: number[], labels: number[]): number {
  const positive = scores.filter((_score, i) => labels[i] === 1);
  const negative = scores.filter((_score, i) => labels[i] === 0);
  let wins = 0;
  for (const a of positive) for (const b of negative) wins += a > b ? 1 : a === b ? 0.5 : 0;
  return wins / (positive.length * negative.length);
}

/** Whether a program is here. Its absence is told once, and is a failure where programs are required. */
async function programOrSkip(name: string): Promise<boolean> {
  const file = await findProgram(name);
  if (file !== undefined) return true;
  if ((process.env["SLUICE_REQUIRE"] ?? "").includes("programs")) throw new Error(`${name} is missing`);
  process.stdout.write(`skipped: ${name} is missing\n`);
  return false;
}
