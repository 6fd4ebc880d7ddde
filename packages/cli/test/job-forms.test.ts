/** A starting job of each form: written, typed, run and checked; and what its output reads like.
 *  @module */
import { execFile } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { JobManifest, Table, type ResourceDescription } from "@sluice/protocol";
import { expect, test } from "vitest";
import { admissionProblems } from "../src/develop/admission.ts";
import { startingJob } from "../src/develop/starting-job.ts";
import { STARTING_POLICY, STARTING_RESOURCE } from "../src/develop/starting-documents.ts";
import { buildRows } from "../src/develop/row-counts.ts";
import { formatGuardedTable } from "../src/develop/table-text.ts";
import { sluice, temporaryDirectory } from "./captured-io.ts";

const TYPESCRIPT = fileURLToPath(new URL("../../../node_modules/typescript/bin/tsc", import.meta.url));

/** A new job of a form, after `change` of its source. */
async function newJob(form: string, change: readonly (readonly [string, string])[] = []): Promise<string> {
  const directory = join(await temporaryDirectory(), form);
  expect(await sluice(["job", "init", directory, "--form", form])).toMatchObject({ code: 0, stderr: "" });
  const file = join(directory, "job.ts");
  let text = await readFile(file, "utf8");
  for (const [before, after] of change) {
    expect(text).toContain(before);
    text = text.replace(before, after);
  }
  await writeFile(file, text);
  return file;
}

/** What `job check` shows of a new job of each form. */
const SHOWN: [form: string, served: RegExp][] = [
  ["lookup", /^ {2}band +A \d+, B \d+, C \d+, D \d+$/m],
  ["set", /^produce: ok, \d+ ms, on 20000 rows\n {2}members +\d+ of 20000 synthetic rows are members$/m],
  ["score", /^ {2}score: encrypted scores within 0\.0\d+ of the plain ones for columns within ±1000; callers apply/m],
  [
    "hidden",
    /^ {2}risk +8 units over 3 features, which stay in the domain\n {2}risk: encrypted scores within 0\.\d+ of the plain ones for columns within their bounds, noise counted/m,
  ],
  [
    "selection",
    /^ {2}sums: 8 groups of \d+ to \d+ synthetic rows; [^]*sum of rows: costs ε = 0\.5 once, within ± 6 19 times[^]*fewer than 5 persons/m,
  ],
  [
    "sum",
    /^ {2}total: callers sum monthly_base over a list, each person within ±40000, for 20 matches or more\n {2}a sum within ± 479\d{3} and its number of matches within ± 12, 19 times out of 20; both cost ε = 0\.5, of 5 for each caller: 10 answers$/m,
  ],
  [
    "dataset",
    /^ {2}people: callers read rows of the certified sample in region, [^]*?; a term of 30 days costs 150 row-/m,
  ],
  ["table", /^ {2}groups: 8 of 8 cells are listed, [^]*^ {2}< 35 +yes +\d+ +\d+$[^]*^ {2}total +\d+$/m],
  ["noisy", /^ {2}groups, of synthetic rows:\n {2}rows, with noise[^]*discrete Gaussian noise/m],
];

// One form always, all of them in the long run: each starts the compiler and a sandbox.
test.each(process.env["SLOW"] === "1" ? SHOWN : SHOWN.slice(-2, -1))(
  "a new %s job is typed, ready to submit, and shows what it serves",
  async (form, served) => {
    const file = await newJob(form);
    const compiled = promisify(execFile)(process.execPath, [TYPESCRIPT, "--project", join(file, "..")]);
    const { stdout: errors } = await compiled.catch((error: { stdout: string }) => error);
    expect(errors.split("\n").filter((line) => /job\.ts\(/.test(line))).toEqual([]);
    const { code, stdout, stderr } = await sluice(["job", "check", file]);
    expect(stderr).toBe("");
    expect(stdout).toMatch(served);
    expect(stdout).toMatch(/\nready to submit\n$/);
    expect(stdout.includes("produce:")).toBe(!["score", "noisy", "selection", "sum", "dataset"].includes(form));
    expect(code).toBe(0);
  },
);

const MODELS = [
  ["tree", /^ {2}model: [^]*tree-model|^ {2}band +A \d+/m],
  ["scorecard", /^ {2}band +A \d+, B \d+/m],
  ["clusters", /^ {2}band +A \d+, B \d+, C \d+, D \d+$/m],
  ["linear", /^ {2}band +A \d+, B \d+/m],
] as const;

test.each(process.env["SLOW"] === "1" ? MODELS : MODELS.slice(0, 1))(
  "a new job with a model of kind %s is typed, and ready to submit: the guard refuses nothing of it",
  async (model, served) => {
    const directory = join(await temporaryDirectory(), model);
    expect(await sluice(["job", "init", directory, "--model", model])).toMatchObject({ code: 0, stderr: "" });
    const compiled = promisify(execFile)(process.execPath, [TYPESCRIPT, "--project", directory]);
    const { stdout: errors } = await compiled.catch((error: { stdout: string }) => error);
    expect(errors.split("\n").filter((line) => /job\.ts\(/.test(line))).toEqual([]);
    const { code, stdout, stderr } = await sluice(["job", "check", join(directory, "job.ts")]);
    expect(stderr).toBe("");
    expect(stdout).toMatch(served);
    expect(stdout).toMatch(/\nready to submit\n$/);
    expect(code).toBe(0);
  },
);

test("a model that is none, or that the form does not serve, is wrong usage", async () => {
  const directory = join(await temporaryDirectory(), "none");
  const unknown = await sluice(["job", "init", directory, "--model", "forest"]);
  expect(unknown.stderr).toMatch(/^error ERR_USAGE: --model is one of linear, tree, scorecard, clusters\n/);
  const scored = await sluice(["job", "init", directory, "--form", "score", "--model", "tree"]);
  expect(scored.stderr).toMatch(/^error ERR_USAGE: --model goes with lookups, and linear with a score\n/);
});

test("a form that is none, or that the columns cannot make, is wrong usage", async () => {
  const directory = join(await temporaryDirectory(), "none");
  const unknown = await sluice(["job", "init", directory, "--form", "chart"]);
  expect(unknown.stderr).toMatch(
    /^error ERR_USAGE: --form is one of lookup, set, score, hidden, table, noisy, selection, sum, dataset\n/,
  );
  expect(unknown.code).toBe(2);
  const resource: ResourceDescription = { ...STARTING_RESOURCE, fields: STARTING_RESOURCE.fields.slice(0, 2) };
  const common = { name: "a", purpose: "a", resource, policy: STARTING_POLICY, grant: null, profile: null };
  for (const form of ["lookup", "set", "score", "table", "noisy"] as const) {
    expect(() => startingJob({ ...common, form })).toThrow(/it needs a boolean/);
  }
  const hidden = { ...STARTING_POLICY, columns: {} };
  expect(() => startingJob({ ...common, policy: hidden, form: "dataset" })).toThrow(/it needs a column/);
  expect(startingJob(common)).toContain('outputs: { size: { kind: "metrics", keys: ["rows"] } }');
});

test("a noisy table groups and sums no column that a key changes: a domain would refuse it", () => {
  const common = { name: "a", purpose: "a", resource: STARTING_RESOURCE, grant: null, profile: null };
  const plain = startingJob({ ...common, policy: STARTING_POLICY, form: "noisy" });
  expect(plain).toContain('field: "age"');
  const age = { role: "quasi", transform: { kind: "noise", amplitude: 5 } } as const;
  const policy = { ...STARTING_POLICY, columns: { ...STARTING_POLICY.columns, age } };
  expect(startingJob({ ...common, policy, form: "noisy" })).not.toContain('field: "age"');
});

test("a data set has no direct identifier, also not in another form, and none is started where samples stay in an enclave", async () => {
  const common = { name: "a", purpose: "a", resource: STARTING_RESOURCE, grant: null, profile: null };
  const resident_id = { role: "direct", transform: { kind: "token" } } as const;
  const policy = { ...STARTING_POLICY, columns: { ...STARTING_POLICY.columns, resident_id } };
  const source = startingJob({ ...common, policy, form: "dataset" });
  expect(source).toMatch(/fields: \[\n +"region",\n +"age",\n/);
  expect(source).not.toContain("resident_id");
  const enclave = { ...STARTING_POLICY, sharing: "enclave" } as const;
  expect(() => startingJob({ ...common, policy: enclave, form: "dataset" })).toThrow(/sharing is not enclave/);
  // One that was written by hand is told before it is submitted.
  const people = { kind: "dataset", fields: ["age"], days: 30 };
  const manifest = JobManifest.parse({ name: "a", purpose: "a", input: { age: "f64" }, outputs: { people } });
  const told = await admissionProblems(manifest, { ...common, policy: enclave }, new Date(0));
  expect(told).toMatchObject([{ code: "ERR_GUARD_OUTPUT", details: { output: "people", rule: "dataset-sharing" } }]);
  expect(await admissionProblems(manifest, { ...common, policy: STARTING_POLICY }, new Date(0))).toEqual([]);
});

test("a set is joined by columns that the grant lets callers join by, and not with social data of unknown provenance", async () => {
  const common = { name: "a", purpose: "a", policy: STARTING_POLICY, profile: null };
  const manifest = (keys?: unknown): JobManifest =>
    JobManifest.parse({
      name: "a",
      purpose: "a",
      input: { age: "f64" },
      outputs: { people: { kind: "set", match: "psi-ids", keys } },
    });
  const told = (manifest: JobManifest, change: object = {}): Promise<unknown> =>
    admissionProblems(manifest, { ...common, resource: { ...STARTING_RESOURCE, ...change }, grant: null }, new Date(0));
  expect(await told(manifest([[{ type: "resident-id" }, { field: "phone", type: "mobile" }]]))).toEqual([]);
  const social = { provider: "A company" };
  expect(await told(manifest(), { social })).toMatchObject([{ code: "ERR_PROVENANCE" }]);
  const provenance = { collection: "asked", basis: "consent" };
  expect(await told(manifest(), { social: { ...social, provenance } })).toEqual([]);
  expect(() => manifest([[]])).toThrow();
  expect(() => manifest([[{ type: "passport" }]])).toThrow();
  const counted = { kind: "set", match: "psi-cardinality", keys: [[{ type: "text" }], [{ field: "b", type: "text" }]] };
  expect(() =>
    JobManifest.parse({ name: "a", purpose: "a", input: { age: "f64" }, outputs: { people: counted } }),
  ).toThrow(/one key where matches are counted/);
});

test("a table whose groups are too small is refused by rule, and stays here", async () => {
  const file = await newJob("table", [
    ["[35, 50, 65]", "[30, 35, 40]"],
    ['"< 35", "35 to < 50", "50 to < 65", "≥ 65"', '"a", "b", "c", "d"'],
  ]);
  const { code, stdout, stderr } = await sluice(["job", "dev", file, "--rows", "12"]);
  expect(stdout).toMatch(/^ {2}groups +stays here$/m);
  expect(stdout).toMatch(/^ {4}refused +groups +table-cells +/m);
  expect(stderr).toMatch(/^error ERR_GUARD_OUTPUT: output groups breaks rule table-cells\n/);
  expect(code).toBe(1);
});

test("as JSON a set is counted and a table is its cells", async () => {
  type Entries = { entries: { rows: number; returned: unknown; output: Record<string, unknown> }[] };
  const run = async (form: string): Promise<Entries["entries"][number] | undefined> => {
    const { stdout } = await sluice(["job", "dev", await newJob(form), "--rows", "500", "--json"]);
    return (JSON.parse(stdout) as Entries).entries[1];
  };
  const [set, table] = [await run("set"), await run("table")];
  expect(set?.output["members"]).toEqual({ kind: "set", members: expect.any(Number) as number, rows: 500 });
  expect(Table.safeParse(table?.output["groups"]).success).toBe(true);
  expect(table?.returned).toEqual({
    groups: { kind: "table-rows", dimensions: ["age", "defaulted"], measures: ["months_insured"] },
  });
});

test("a model that cannot be scored under encryption is told before it is submitted", async () => {
  const file = await newJob("score", [
    ["return { fit, model };", "return { fit, model: { ...model, weights: model.weights.map(() => 1e8) } };"],
  ]);
  const { code, stderr } = await sluice(["job", "check", file]);
  expect(stderr).toMatch(/^error ERR_SCORE_MODEL: /);
  expect(code).toBe(1);
});

test("cells that are not listed are shown as a dash, and so is a mean that is left out", () => {
  const table: Table = {
    kind: "table",
    dimensions: [
      { name: "age", levels: ["young", "old"] },
      { name: "sex", levels: ["f", "m"] },
    ],
    measures: ["base"],
    cells: [
      { at: [0, 1], rows: 120, means: { base: 3.5 } },
      { at: [1, 0], rows: 15, means: {} },
    ],
    totals: [
      [120, 15],
      [15, 120],
    ],
    total: 135,
    minimum: 10,
    base: 5,
  };
  expect(formatGuardedTable(table).split("\n")).toEqual([
    "2 of 4 cells are listed, each of 10 persons or things at least",
    "AGE    SEX  ROWS  MEAN OF base",
    "young  f    –     –",
    "young  m    120   3.5",
    "old    f    15    –",
    "old    m    –     –",
    "total       135",
  ]);
  const levels = Array.from({ length: 60 }, (_, i) => `group ${i}`);
  const wide = { ...table, dimensions: [{ name: "age", levels }], cells: [] };
  expect(formatGuardedTable(wide).split("\n").at(-1)).toBe("and 12 cells more");
});

test("a build that groups people reads more rows than the sample, up to those of the table", () => {
  const manifest = (spec: JobManifest["outputs"][string]): JobManifest => ({
    name: "a",
    purpose: "a",
    input: {},
    outputs: { out: spec },
  });
  expect(buildRows(manifest({ kind: "set", match: "psi-ids" }), STARTING_RESOURCE, 2_000)).toBe(20_000);
  const small = { ...STARTING_RESOURCE, approximateRows: 3_000 };
  expect(buildRows(manifest({ kind: "set", match: "psi-ids" }), small, 2_000)).toBe(3_000);
  expect(buildRows(manifest({ kind: "labels", vocabulary: ["A", "B"] }), STARTING_RESOURCE, 2_000)).toBe(2_000);
});

const NOISY_JOB = `import { defineJob } from "@sluice/sandbox/job";
export default defineJob({
  name: "table",
  purpose: "table",
  input: { age: "f64" },
  outputs: {
    size: { kind: "metrics", keys: ["rows"] },
    ages: {
      kind: "noisy-table",
      dimensions: [{ name: "age", field: "age", levels: ["young", "old"], breaks: [40] }],
      measures: [{ name: "years", field: "age", min: 0, max: 100, digits: 0 }],
      contribution: { rows: 1, groups: 1 },
      loss: { mechanism: "laplace", epsilon: "0.5" },
    },
  },
  develop: (rows) => ({ size: { rows: rows.rowCount } }),
});
`;

test("a noisy table is shown as the domain would make it, of synthetic rows, and needs no produce", async () => {
  const file = await newJob("table");
  await writeFile(file, NOISY_JOB);
  const { stdout, stderr, code } = await sluice(["job", "check", file]);
  expect(stderr).toBe("");
  expect(stdout).toMatch(
    /^ {2}ages, of synthetic rows:\n {2}rows, with noise\n {2}age *\n {2}young +-?[\d,]+\n {2}old +-?[\d,]+$/m,
  );
  expect(stdout).toMatch(/discrete Laplace noise, ε = 0\.5; standard error of rows ±5\.6/);
  expect(stdout).toMatch(/\nready to submit\n$/);
  expect(code).toBe(0);
});
