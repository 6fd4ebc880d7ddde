import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { isSluiceError, type JobEvent, type JobManifest, MAX_BUNDLE_BYTES, utf8 } from "@sluice/protocol";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createWorkshop, type GuardedOutcome, type Workshop } from "../src/work/index.ts";
import { bundleOf, developRun, HONEST_DEVELOP, sampleTable } from "./work-fixture.ts";

let workshop: Workshop;
let honest: Uint8Array;
let manifest: JobManifest;

beforeAll(async () => {
  workshop = createWorkshop();
  honest = await bundleOf(HONEST_DEVELOP);
  ({ manifest } = await workshop.describe(honest));
});
afterAll(() => workshop.close());

function refused(outcome: GuardedOutcome): Extract<GuardedOutcome, { ok: false }> {
  if (outcome.ok) throw new Error("expected a refusal");
  return outcome;
}

async function codeOf(work: Promise<unknown>): Promise<string> {
  const error: unknown = await work.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  if (!isSluiceError(error)) throw new Error("expected a coded refusal", { cause: error });
  return error.code;
}

test("a bundle is described by what it declares, under the hash of its bytes", async () => {
  const described = await workshop.describe(honest);
  expect(described.bundle).toBe(createHash("sha256").update(honest).digest("hex"));
  expect(described.manifest).toMatchObject({
    name: "band",
    input: { region: "dict", age: "f64", insured: "bool" },
    outputs: { model: { kind: "linear-model", maxParameters: 8 } },
  });
});

test("a job that reads in batches gets a table in parts while it comes, and what it returns is guarded alike", async () => {
  const code = await bundleOf(
    `let insured = 0;
    log(Object.keys(rows).join());
    for (let epoch = 0; epoch < 2; epoch++) rows.forEachBatch((batch: any, first: number) => {
      log(first + " " + batch.rowCount);
      for (let i = 0; i < batch.rowCount; i++) insured += batch.insured.values[i];
    });
    return {
      fit: { share: insured / (2 * rows.rowCount), rows: rows.rowCount },
      model: { features: ["age"], weights: [0.123456], intercept: -1 },
    };`,
    undefined,
    "",
    `read: "batches",`,
  );
  const described = await workshop.describe(code);
  const lines: string[] = [];
  const run = developRun(code, described.manifest, {
    table: sampleTable(150_000),
    onEvent: (event) => void (event.kind === "log" && lines.push(event.line)),
  });
  const outcome = await workshop.runGuarded(run);
  if (!outcome.ok) throw new Error(outcome.code);
  expect(outcome.output.values["fit"]).toEqual({ kind: "metrics", values: { share: 0.5, rows: 150_000 } });
  const epoch = ["0 65536", "65536 65536", "131072 18928"];
  expect(lines).toEqual(["rowCount", ...epoch, ...epoch]);
});

test("a development run returns what the guard let through, with its report and layers", async () => {
  const events: JobEvent[] = [];
  const outcome = await workshop.runGuarded(
    developRun(honest, manifest, { onEvent: (event) => void events.push(event) }),
  );
  if (!outcome.ok) throw new Error(outcome.code);
  expect(outcome.output).toEqual({
    class: "released",
    values: {
      fit: { kind: "metrics", values: { share: 0.5, rows: 200 } },
      model: { kind: "linear-model", features: ["age"], weights: [0.1235], intercept: -1 },
    },
  });
  expect(outcome.report).toMatchObject({
    bundle: createHash("sha256").update(honest).digest("hex"),
    class: "released",
    output: expect.stringMatching(/^[0-9a-f]{64}$/u) as string,
  });
  expect(outcome.report.findings.some(({ rule, result }) => rule === "model-digits" && result === "changed")).toBe(
    true,
  );
  expect(outcome.layers).toEqual(expect.arrayContaining(["isolate", "process"]));
  expect(events).toContainEqual({ kind: "log", line: "rows 200" });
  expect(events).toContainEqual({ kind: "progress", percent: 50 });
});

test("a job sees every byte of large columns, which pass through the broker while they come", async () => {
  const code = await bundleOf(`
    let sum = 0, texts = 0;
    for (let i = 0; i < rows.rowCount; i++) { sum += rows.age.values[i] * (i % 7); texts += Number(rows.region.dictionary[rows.region.values[i]]); }
    log(sum, texts, rows.insured.validity.every((byte) => byte === 255));
    ${HONEST_DEVELOP}`);
  const table = sampleTable(1_000_000);
  const lines: string[] = [];
  const onEvent = (event: JobEvent): void => void (event.kind === "log" && lines.push(event.line));
  // Once with a broker that starts, then with a child that waits for the bytes.
  for (let round = 0; round < 2; round++) await workshop.runGuarded(developRun(code, manifest, { table, onEvent }));
  let sum = 0;
  for (let i = 0; i < 1_000_000; i++) sum += (20 + (i % 60)) * (i % 7);
  const right = `${sum} ${500_000 * (3301 + 3302)} true`;
  expect(lines.filter((line) => !line.startsWith("rows"))).toEqual([right, right]);
});

test("a production run labels every row as plain computation does, and tells no line of the job", async () => {
  const code = await bundleOf(
    HONEST_DEVELOP,
    'log("CANARY"); return { band: Uint8Array.from(rows.age.values, (age) => age * model.weights[0] > 5 ? 1 : 0) };',
  );
  const events: JobEvent[] = [];
  const table = sampleTable(5_000);
  const outcome = await workshop.runGuarded({
    ...developRun(code, manifest, { table, onEvent: (event) => void events.push(event) }),
    entry: "produce",
    environment: "production",
    model: { kind: "linear-model", features: ["age"], weights: [0.125], intercept: 0 },
  });
  if (!outcome.ok) throw new Error(outcome.code);
  if (outcome.output.class !== "served") throw new Error("another class");
  const expected = Array.from({ length: 5_000 }, (_, i) => ((20 + (i % 60)) * 0.125 > 5 ? 1 : 0));
  expect(outcome.output.values["band"]).toEqual({ kind: "labels", codes: Uint8Array.from(expected) });
  expect(outcome.report.class).toBe("served");
  expect(JSON.stringify(events)).not.toContain("CANARY");
});

test.each([
  ["a metric that is not finite", "return { fit: { share: 0 / 0, rows: 1 }, model: M };", "fit", "metrics-finite"],
  ["an undeclared metric", "return { fit: { share: 1, rows: 1, more: 2 }, model: M };", "fit", "metrics-keys"],
  [
    "a row's value as a feature name",
    'return { fit: { share: 1, rows: 1 }, model: { ...M, features: ["110101199003070011"] } };',
    "model",
    "model-features",
  ],
  [
    "more parameters than declared",
    "return { fit: { share: 1, rows: 1 }, model: { features: [...'abcdefghi'], weights: [1,2,3,4,5,6,7,8,9], intercept: 0 } };",
    "model",
    "linear-model-parameters",
  ],
])("the guard refuses %s", async (_, body, output, rule) => {
  const code = await bundleOf(body, undefined, 'const M = { features: ["age"], weights: [1], intercept: 0 };');
  const outcome = refused(await workshop.runGuarded(developRun(code, manifest)));
  expect(outcome).toMatchObject({ code: "ERR_GUARD_OUTPUT", refusedBy: "guard", details: { output, rule } });
  expect(JSON.stringify(outcome)).not.toContain("110101199003070011");
});

test("a model that names a level of few persons with many rows is refused", async () => {
  const code = await bundleOf(
    'return { fit: { share: 1, rows: 1 }, model: { features: ["region=3301"], weights: [1], intercept: 0 } };',
  );
  const judged = async (persons: number): Promise<unknown> => {
    // The even rows, which are of region 3301, are about `persons`.
    const subjects = Uint32Array.from({ length: 200 }, (_, row) => (row % 2 === 0 ? row % (2 * persons) : row));
    const outcome = await workshop.runGuarded(developRun(code, manifest, { subjects }));
    return outcome.ok || outcome.details;
  };
  expect(await judged(9)).toEqual(expect.objectContaining({ rule: "model-features" }));
  expect(await judged(10)).toBe(true);
});

test("a label that too few rows have is refused with the rule, and nothing of the output", async () => {
  const code = await bundleOf(
    HONEST_DEVELOP,
    "const band = new Uint8Array(rows.rowCount); band[3] = 2; return { band };",
  );
  const run = { ...developRun(code, manifest), entry: "produce", environment: "production" } as const;
  const model = { kind: "linear-model", features: ["age"], weights: [1], intercept: 0 } as const;
  const outcome = refused(await workshop.runGuarded({ ...run, model: { ...model, features: ["age"], weights: [1] } }));
  expect(outcome).toMatchObject({
    code: "ERR_GUARD_OUTPUT",
    refusedBy: "guard",
    details: { output: "band", rule: "labels-cell" },
  });
  expect(outcome.findings?.filter(({ result }) => result === "refused").map(({ rule }) => rule)).toEqual([
    "labels-cell",
  ]);
  expect(outcome).not.toHaveProperty("output");
});

test("the guard's process sees the rows: a served copy of a column is refused, and a band is not", async () => {
  const table = sampleTable(600);
  const region = {
    type: "dict" as const,
    dictionary: ["3301", "3302", "3303"],
    values: Uint32Array.from({ length: 600 }, (_, i) => (i * 7) % 3),
  };
  const run = {
    entry: "produce",
    environment: "production",
    table: { ...table, columns: { ...table.columns, region } },
  } as const;
  const model = { kind: "linear-model", features: ["age"], weights: [0.125], intercept: 0 } as const;
  const judged = async (produce: string): Promise<unknown> => {
    const code = await bundleOf(HONEST_DEVELOP, produce);
    const outcome = await workshop.runGuarded({
      ...developRun(code, manifest),
      ...run,
      model: { ...model, features: ["age"], weights: [1] },
    });
    return outcome.ok || outcome.details;
  };
  expect(await judged("return { band: Uint8Array.from(rows.region.values) };")).toMatchObject({ rule: "labels-copy" });
  expect(await judged("return { band: Uint8Array.from(rows.age.values, (age) => age < 50 ? 0 : 1) };")).toBe(true);
});

test.each([
  ["throws", 'throw new Error("mine");', "ERR_JOB_THREW"],
  ["loops", "for (;;) {}", "ERR_JOB_TIMEOUT"],
  ["reaches for the process", "return process.env;", "ERR_JOB_CAPABILITY"],
  ["reaches for the network", 'return fetch("http://127.0.0.1/");', "ERR_JOB_CAPABILITY"],
])("a job that %s ends with its code, said by the sandbox", async (_, body, code) => {
  const bundle = await bundleOf(body);
  const limits = { wallTimeLimitMs: 1_000, memoryLimitBytes: 64 * 1_048_576 };
  const outcome = refused(await workshop.runGuarded(developRun(bundle, manifest, { limits })));
  expect(outcome).toMatchObject({ code, refusedBy: "sandbox" });
});

test("a bundle that declares nothing has no manifest", async () => {
  const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
  expect(await codeOf(workshop.describe(bytes("var sluiceJob = { default: { name: 1 } };")))).toMatch(/^ERR_JOB_/u);
  expect(await codeOf(workshop.describe(bytes("not a script at all {")))).toMatch(/^ERR_JOB_/u);
  expect(await codeOf(workshop.describe(new Uint8Array(MAX_BUNDLE_BYTES + 1)))).toBe("ERR_FRAME_TOO_LARGE");
});

test("a table without a column of the manifest, or with another type, does not reach the job", async () => {
  const { age, region } = sampleTable(200).columns;
  if (age === undefined || region === undefined) throw new Error("no columns");
  const lacking = { rowCount: 200, columns: { age, region } };
  expect(await codeOf(workshop.runGuarded(developRun(honest, manifest, { table: lacking })))).toBe("ERR_JOB_MANIFEST");
  const other = { rowCount: 200, columns: { ...sampleTable(200).columns, region: age } };
  expect(await codeOf(workshop.runGuarded(developRun(honest, manifest, { table: other })))).toBe("ERR_JOB_MANIFEST");
});

test("a job sees the columns of its manifest and no other", async () => {
  const code = await bundleOf(
    'log(Object.keys(rows).sort().join()); return { fit: { share: 1, rows: 1 }, model: { features: ["age"], weights: [1], intercept: 0 } };',
  );
  const lines: string[] = [];
  const { columns } = sampleTable(200);
  const { age } = columns;
  if (age === undefined) throw new Error("no column");
  await workshop.runGuarded(
    developRun(code, manifest, {
      table: { rowCount: 200, columns: { ...columns, id: age } },
      onEvent: (event) => void (event.kind === "log" && lines.push(event.line)),
    }),
  );
  expect(lines).toEqual(["age,insured,region,rowCount"]);
});

test("several runs at once get each their own output", async () => {
  const sizes = [100, 120, 140, 160, 180];
  const outcomes = await Promise.all(
    sizes.map((size) => workshop.runGuarded(developRun(honest, manifest, { table: sampleTable(size) }))),
  );
  const rows = outcomes.map((outcome) => (outcome.ok ? outcome.output.values["fit"] : null));
  expect(rows).toEqual(sizes.map((size) => ({ kind: "metrics", values: { share: 0.5, rows: size } })));
});

test("a cancelled run ends at once, and one that waits never starts", async () => {
  const loop = await bundleOf("progress(0.1); for (;;) {}");
  const cancel = new AbortController();
  const limits = { wallTimeLimitMs: 60_000, memoryLimitBytes: 64 * 1_048_576 };
  const running = developRun(loop, manifest, { limits, signal: cancel.signal, onEvent: () => cancel.abort() });
  expect(refused(await workshop.runGuarded(running)).code).toBe("ERR_CANCELLED");
  const late = developRun(honest, manifest, { signal: AbortSignal.abort() });
  expect(refused(await workshop.runGuarded(late)).code).toBe("ERR_CANCELLED");
});

test("no option and no variable leaves the guard out", async () => {
  process.env["SLUICE_GUARD"] = "off";
  const open = createWorkshop({ requireLayers: [], guard: false, unguarded: true } as { requireLayers: string[] });
  try {
    const code = await bundleOf(HONEST_DEVELOP, "return { band: new Uint8Array(rows.rowCount).fill(9) };");
    const model = { kind: "linear-model" as const, features: ["age"], weights: [1], intercept: 0 };
    const run = { ...developRun(code, manifest), entry: "produce", environment: "production", model } as const;
    const outcome = refused(await open.runGuarded(run));
    expect(outcome).toMatchObject({ code: "ERR_GUARD_OUTPUT", refusedBy: "guard" });
  } finally {
    delete process.env["SLUICE_GUARD"];
    await open.close();
  }
});

test("a layer that is required and missing refuses every run", async () => {
  expect(() => createWorkshop({ requireLayers: ["moat"] })).toThrow(/moat/u);
  const strict = createWorkshop({ requireLayers: ["namespaces"], searchPath: "/nonexistent" });
  try {
    const outcome = refused(await strict.runGuarded(developRun(honest, manifest)));
    expect(outcome).toMatchObject({ code: "ERR_SANDBOX_LAYER_MISSING", details: { layer: "namespaces" } });
    expect(await codeOf(strict.describe(honest))).toBe("ERR_SANDBOX_LAYER_MISSING");
  } finally {
    await strict.close();
  }
});

test("a layer that production requires and that is missing refuses production runs before they start, and no other", async () => {
  expect(() => createWorkshop({ productionLayers: ["moat"] })).toThrow(/moat/u);
  const strict = createWorkshop({ productionLayers: ["namespaces"], searchPath: "/nonexistent" });
  try {
    const development = await strict.runGuarded(developRun(honest, manifest));
    expect(development.ok).toBe(true);
    // A control group is there without any program.
    expect(development.layers.filter((layer) => layer !== "cgroup")).toEqual(["isolate", "process", "permission"]);
    const events: unknown[] = [];
    const run = { ...developRun(honest, manifest), environment: "production" } as const;
    const outcome = refused(await strict.runGuarded({ ...run, onEvent: (event) => events.push(event) }));
    expect(outcome).toMatchObject({
      code: "ERR_SANDBOX_LAYER_MISSING",
      refusedBy: "sandbox",
      details: { layer: "namespaces", how: "install bubblewrap (bwrap) and allow user namespaces" },
      layers: [],
    });
    expect(events).toEqual([]);
  } finally {
    await strict.close();
  }
});

test("a column of thirty thousand frequent texts is judged like any other", async () => {
  const texts = 30_000;
  const rowCount = 12 * texts;
  const dictionary = Array.from({ length: texts }, (_, i) => String(i).padStart(40, "x"));
  const values = Uint32Array.from({ length: rowCount }, (_, i) => i % texts);
  const job = utf8(`var sluiceJob = { default: { name: "texts", purpose: "texts", input: { c: "dict" },
    outputs: { fit: { kind: "metrics", keys: ["n"] } }, develop(rows) { return { fit: { n: rows.rowCount } }; } } };`);
  const { manifest: read } = await workshop.describe(job);
  const table = { rowCount, columns: { c: { type: "dict", values, dictionary } } } as const;
  expect(await workshop.runGuarded(developRun(job, read, { table }))).toMatchObject({ ok: true });
});

test.runIf(process.platform === "linux")("the guard has no environment, and may not write or start programs", () => {
  const { guard } = workshop.pids();
  const read = (name: string): string => readFileSync(`/proc/${String(guard)}/${name}`, "utf8");
  expect(read("environ")).toBe("");
  const flags = read("cmdline").split("\0");
  expect(flags).toContain("--permission");
  expect(flags.filter((flag) => flag.startsWith("--allow"))).toEqual(["--allow-fs-read=*"]);
});
