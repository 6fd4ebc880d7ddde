/** The main job as a user starts it, with a recording proxy on every socket: what the report says, and that no byte
 *  which left a domain holds a trace of a canary person.
 *  @module */
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { createServer } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { gzipSync } from "node:zlib";
import { PGlite } from "@electric-sql/pglite";
import { verifyCallChain, type ChainStep } from "@sluice/evidence/verify";
import { Report } from "@sluice/protocol";
import { afterAll, beforeAll, expect, test } from "vitest";
import { CanarySearch, type CanaryFind } from "../packages/cli/src/demo/canary-search.ts";
import { csvLine } from "../packages/cli/src/demo/city/csv.ts";
import { examplePlan } from "../packages/cli/src/demo/examples.ts";
import { openGeneratedCity, type GeneratedCity } from "../packages/cli/src/demo/generated-city.ts";
import { Narrator, type DemoReport } from "../packages/cli/src/demo/report.ts";
import { TRIAL_QUOTA } from "../packages/cli/src/demo/refused-grants.ts";
import { RunningCity } from "../packages/cli/src/demo/running-city.ts";
import { walk } from "../packages/cli/src/demo/walk.ts";
import { readWalkState } from "../packages/cli/src/demo/walk-state.ts";
import { readConfig } from "../packages/domain/src/config.ts";
import { Keyring } from "../packages/domain/src/keyring.ts";
import { openSealedFiles } from "../packages/domain/src/rest/open-files.ts";
import { openSampleDesk } from "../packages/domain/src/samples/desk.ts";
import {
  classesOf,
  liesIn,
  officeRows,
  registerValue,
  reportGroups,
  tableRows,
  visitHistories,
} from "./office-samples.ts";
import { httpBodies, RecordingProxy } from "./recording-proxy.ts";

let directory: string;
let generated: GeneratedCity;
let report: DemoReport;
let search: CanarySearch;
/** The chain of every receipt, as the agency gets it. */
const chains: ChainStep[][] = [];
const proxies = new Map<string, RecordingProxy>();
const said: string[] = [];

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "sluice-walk-"));
  generated = await openGeneratedCity(directory, { seed: "walk test", persons: 2_000 }, () => {});
  search = new CanarySearch(needles(generated));
  const running = await RunningCity.start(generated.city, async (name, url) => {
    const proxy = proxies.get(name) ?? (await RecordingProxy.start(url));
    proxies.set(name, proxy);
    proxy.target = url;
    return proxy.url;
  });
  const narrator = new Narrator({ isTerminal: false, write: (text) => void said.push(text) });
  try {
    report = await walk(running, narrator, await examplePlan(generated));
    const agency = running.client("data-bureau");
    for (const name of await readdir(join(directory, "evidence", "receipts"))) {
      const chain = await agency.receipt(name.replace(".json", ""));
      chains.push(await verifyCallChain(chain, generated.city.trust, name.replace(".json", "")));
    }
  } finally {
    await running.stop();
    for (const proxy of proxies.values()) await proxy.close();
  }
}, 240_000);

afterAll(async () => {
  await rm(directory, { recursive: true, force: true });
});

/** Identity number, name and phone of every canary, and fragments of their rows as text. */
function needles({ data }: GeneratedCity): string[] {
  const people = data.canaries.flatMap(({ residentId, name, phone }) => [residentId, name, phone]);
  const ids = new Set(data.canaries.map(({ residentId }) => residentId));
  const { hrss } = data;
  const { header } = hrss;
  const base = header.indexOf("monthly_base");
  const fragments: string[] = [];
  for (const row of hrss.rows()) {
    if (!ids.has(row[header.indexOf("resident_id")] ?? "")) continue;
    fragments.push(csvLine(row.slice(base, base + 3)).trim(), row.slice(base - 1, base + 2).join("\t"));
  }
  return [...people, ...fragments];
}

/** The content of every sealed file of `domain` in `folder`, opened with the domain's own keys. */
async function unsealed(domain: string, folder: string): Promise<{ name: string; content: Uint8Array }[]> {
  const home = join(directory, "domains", domain);
  const random = { bytes: (length: number) => crypto.getRandomValues(new Uint8Array(length)) };
  const keyring = await Keyring.open(home, await readConfig(home));
  const files = await openSealedFiles({ directory: home, config: { domain }, keyring, random });
  const entries = await readdir(join(home, folder), { recursive: true, withFileTypes: true });
  const names = entries
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => relative(home, join(parentPath, name)));
  return Promise.all(names.map(async (name) => ({ name, content: await files.read(name) })));
}

function finds(place: string, streams: Buffer[]): CanaryFind[] {
  return streams.flatMap((stream) => [
    ...search.search(stream, place),
    ...httpBodies(stream).flatMap((body) => search.search(body, place)),
  ]);
}

test("the report of the walk is ok: answers, refusals, receipts, canaries", () => {
  expect(report.refusals.filter((refusal) => !refusal.ok)).toEqual([]);
  expect(report.calls).toMatchObject([
    { kind: "lookup", correct: true, count: 20 },
    { kind: "psi-ids", correct: true, count: 200 },
    { kind: "psi-cardinality", correct: true, count: 200 },
    { kind: "score", correct: true, count: 4_096 },
    { kind: "report", correct: true },
    { kind: "noisy-report", correct: true },
  ]);
  expect(report).toMatchObject({ ok: true, canaries: { planted: generated.data.canaries.length, foundOutside: 0 } });
  // 20 lookups at 0.50, 4,096 scored rows at 0.03; the other products are free.
  expect(report.statement).toMatchObject({ total: "132.88", receipts: "132.88", ok: true });
  // Two runs and the calls of six products, and the two runs of the trial.
  expect(report.receipts.issued).toBe(6 * 2 + 20 * 2 + 1 + 1 + 1 + 3 + 3 + 2);
  expect(report.receipts.verified).toBe(report.receipts.issued);
  expect(chains).toHaveLength(report.receipts.issued);
  for (const step of chains.flat())
    expect(step, step.step).toMatchObject({ outcome: step.step === "product" ? "listed" : "verified" });
  expect(report.refusals.map((refusal) => refusal.case).toSorted()).toEqual(
    [
      "field-outside-grant",
      "grant-expired",
      "quota-spent",
      "quota-race",
      "replay",
      "bundle-changed",
      "release-missing",
      "grant-forged",
      "grant-of-another-department",
      "caller-forged",
      "signature-wrong",
      "body-altered",
      "answer-altered",
      "answer-replayed",
      "hint-swapped",
      "party-suspended",
      "code-process",
      "code-network",
      "code-file",
      "code-loop",
      "code-memory",
      "psi-list-too-long",
      "score-rows-over-limit",
      "report-small-cells",
      "operation-of-another-form",
      "sample-risky",
      "cuts-crossing",
      "column-excluded",
      "label-copies-column",
      "budget-spent",
      "quality-below-rules",
    ].toSorted(),
  );
});

test("tables are classified and profiled before a grant, each sample is of level 3, and noise is paid for once", () => {
  expect(report.desks?.classified).toMatchObject({
    resource: "social-insurance",
    columns: 13,
    identifiers: 3,
    found: 3,
  });
  expect(report.profile).toEqual({ resource: "social-insurance", persons: 2_000, correct: true });
  expect(report.dryRun).toEqual({
    product: "inclusive-credit",
    rows: 1_000,
    entries: [
      { entry: "develop", code: null },
      { entry: "produce", code: null },
    ],
  });
  // Before any grant: the next step is the first application.
  const steps = report.steps.map(({ name }) => name);
  expect(steps.slice(steps.indexOf("dry-run"))[1]).toBe("inclusive-credit/scene");
  expect(report.samples).toHaveLength(6);
  for (const sample of report.samples) {
    expect(sample).toMatchObject({ level: 3 });
    expect(sample.overallRisk).toBeLessThan(0.05);
    expect(sample.k).toBeGreaterThanOrEqual(5);
  }
  expect(report.privacy).toEqual([{ product: "pension-outlook", microRho: 50_000, ok: true }]);
});

test("quality is what a plain count of the tables gives, and one table is below its rules", () => {
  const known = new Set(tableRows(generated.data.market).map((row) => row["social_credit_code"]));
  const typed = tableRows(generated.data.filings).map((row) => row["social_credit_code"]);
  const right = typed.filter((code) => known.has(code)).length;
  const types = ["completeness", "accuracy", "consistency", "validity", "timeliness"];
  expect(right / typed.length).toBeLessThan(0.99);
  expect(report.desks?.quality).toEqual([
    { resource: "social-insurance", score: 100, types, failed: [], passed: true },
    {
      resource: "annual-reports",
      score: Math.round((100 * (4 + right / typed.length) * 10) / 5) / 10,
      types,
      failed: ["accuracy"],
      passed: false,
    },
  ]);
});

test("each class of a full-domain sample has as many enterprises as is told, at the levels that are told", async () => {
  const [sample] = report.desks?.officeSamples ?? [];
  const { levels = {}, ...told } = sample ?? {};
  const rows = await officeRows(join(directory, "offices", "market", "enterprises.csv"));
  const columns = ["industry", "region", "founded"];
  const sizes = [...classesOf(rows, columns).values()].map(({ length }) => length);
  expect(told).toMatchObject({ resource: "enterprises", algorithm: "full-domain", sampleRows: rows.length, level: 3 });
  expect(told).toMatchObject({ k: Math.min(...sizes), suppressedRows: 125 - rows.length });
  expect(Math.min(...sizes)).toBeGreaterThanOrEqual(5);
  expect(Object.keys(levels).toSorted()).toEqual(columns.toSorted());
  const leveled = tableRows(generated.data.market).map((row) => ({
    ...row,
    ...Object.fromEntries(
      columns.map((name) => [name, registerValue(name, row[name] ?? "", levels[name]?.level ?? 0)]),
    ),
  }));
  const register = classesOf(leveled, columns);
  for (const [at, { length }] of classesOf(rows, columns)) {
    expect(register.get(at)?.length, at).toBeGreaterThanOrEqual(length);
  }
});

test("each class of a Mondrian sample has as many enterprises as is told, and their values lie in its ranges", async () => {
  const [, sample] = report.desks?.officeSamples ?? [];
  const rows = await officeRows(join(directory, "offices", "market", "annual-reports.csv"));
  const classes = classesOf(rows, ["region", "industry", "employees"]);
  const sizes = [...classes.values()].map(({ length }) => length);
  expect(classes.size).toBeGreaterThan(5);
  expect(sample).toMatchObject({ resource: "annual-reports", algorithm: "mondrian", level: 3, suppressedRows: 0 });
  expect(sample).toMatchObject({ sampleRows: rows.length, k: Math.min(...sizes) });
  expect(Math.min(...sizes)).toBeGreaterThanOrEqual(5);
  const filed = tableRows(generated.data.filings);
  for (const [at, [row = {}, ...others]] of classes) {
    const inside = filed.filter((one) =>
      ["region", "industry"].every((name) => liesIn(row[name] ?? "", one[name] ?? "")),
    );
    expect(inside.length, at).toBeGreaterThanOrEqual(others.length + 1);
  }
});

test("the days between two visits of a patient are as they were, though no job sees on which days they were", async () => {
  const { spec } = (await examplePlan(generated, "ageing-report")).products[0] ?? {};
  expect(spec?.policy.columns["visit_date"]?.transform).toMatchObject({ kind: "dateShift" });
  const clock = { now: () => new Date() };
  const random = { bytes: (length: number) => crypto.getRandomValues(new Uint8Array(length)) };
  const file = join(directory, "visits.csv");
  {
    await using desk = await openSampleDesk(join(directory, "domains", "health"), { clock, random });
    if (spec !== undefined) await desk.write({ policy: spec.policy, key: spec.key }, file);
  }
  const stored = tableRows(generated.data.health);
  const histories = new Set(visitHistories(stored, "resident_id"));
  const shown = await officeRows(file);
  const seen = visitHistories(shown, "patient_number");
  expect(seen.filter((history) => history.includes(" ")).length).toBeGreaterThan(50);
  // Of one patient the sample may have taken a part.
  expect(seen.filter((history) => !histories.has(history)).length).toBeLessThanOrEqual(1);
  const outside = shown.filter((row) => stored.every((other) => other["visit_date"] !== row["visit_date"]));
  expect(outside.length).toBeGreaterThan(shown.length / 10);
  expect(outside.length).toBeLessThan(shown.length);
});

test("the share of visits that follow another one is told of each group as a plain count has it", async () => {
  const plain = new Map(
    [...classesOf(reportGroups(tableRows(generated.data.health)), ["group"])].map(([group, rows]) => [
      group,
      rows.filter((row) => row["again"] === "1").length / rows.length,
    ]),
  );
  const reports = (await unsealed("health", "indexes")).filter(({ name }) => name.endsWith("report.json"));
  // That of the walk, and that of the trial.
  expect(reports.length).toBe(2);
  for (const { content } of reports) {
    const { table } = Report.parse(JSON.parse(new TextDecoder().decode(content)));
    if (table.kind !== "table") throw new TypeError("the ageing report has a table with disclosure control");
    const told = table.cells.filter(({ means }) => means["again"] !== undefined);
    expect(told.length).toBeGreaterThan(10);
    for (const { at, means } of told) {
      expect(Math.abs((means["again"] ?? 0) - (plain.get(at.join()) ?? 1)), at.join()).toBeLessThan(0.0005);
    }
  }
});

test("refused lists and batches spent nothing: grants were charged for the compared calls, and for the trial quota", () => {
  const spent = (domain: string, operation: string): number => {
    const database = new DatabaseSync(join(directory, "domains", domain, "state.sqlite"), { readOnly: true });
    try {
      const row = database.prepare("SELECT sum(used) AS used FROM quota WHERE operation = ?");
      return Number(row.get(operation)?.["used"]);
    } finally {
      database.close();
    }
  };
  expect(spent("hrss", "psi.ids")).toBe(224); // 200 entries, padded
  expect(spent("hrss", "psi.cardinality")).toBe(224);
  expect(spent("health", "score")).toBe(4_096);
  expect(spent("hrss", "report")).toBe(3);
  expect(spent("health", "report")).toBe(3 + TRIAL_QUOTA);
});

test("a walk keeps its products, so that a later start goes on from them", async () => {
  expect(Object.keys((await readWalkState(directory)) ?? {})).toEqual([
    "inclusive-credit",
    "insured-match",
    "insured-count",
    "insurance-pricing",
    "ageing-report",
    "pension-outlook",
  ]);
});

test("every canary person stood in the lists that were matched", async () => {
  const plan = await examplePlan(generated, "insured-match");
  for (const { again } of plan.products) {
    const entries = new Set(again?.file?.text.split("\n"));
    expect(generated.data.canaries.filter(({ residentId }) => !entries.has(residentId))).toEqual([]);
  }
});

test("no byte on any socket of a domain or of the gateway holds a canary, in either direction", () => {
  expect([...proxies.keys()].toSorted()).toEqual(["gateway", "health", "hrss", "market"]);
  for (const [name, proxy] of proxies) {
    const recordings = proxy.recordings();
    expect(recordings.length).toBeGreaterThan(0);
    expect(
      finds(
        `${name} outward`,
        recordings.map(({ outward }) => outward),
      ),
    ).toEqual([]);
    // Inward, because a caller's question must not be readable either: canary persons were asked about.
    expect(
      finds(
        `${name} inward`,
        recordings.map(({ inward }) => inward),
      ),
    ).toEqual([]);
  }
});

test("no log, receipt, message or file of the gateway holds a canary", async () => {
  for (const place of ["gateway", "evidence", "offices"])
    expect(await search.searchDirectory(join(directory, place))).toEqual([]);
  for (const name of Object.keys(generated.city.domains)) {
    const domain = join(directory, "domains", name);
    expect(search.search(await readFile(join(domain, "domain.log")), "domain.log")).toEqual([]);
    expect(await search.searchDirectory(join(domain, "log"))).toEqual([]);
  }
  expect(search.search(Buffer.from(said.join("")), "messages")).toEqual([]);
  expect(search.search(Buffer.from(JSON.stringify(report)), "report")).toEqual([]);
});

test("no file of a domain holds a canary: tables and indexes are sealed", async () => {
  expect(await search.searchDirectory(join(directory, "domains"))).toEqual([]);
});

test("what is served to callers holds no canary under its seal: indexes, sets, models and reports", async () => {
  const served = new Set<string>();
  for (const domain of ["hrss", "health"]) {
    for (const { name, content } of await unsealed(domain, "indexes")) {
      served.add(name.split("/").at(-1) ?? "");
      expect(search.search(content, name)).toEqual([]);
    }
  }
  expect([...served]).toEqual(
    expect.arrayContaining(["database.bin", "hint.bin", "set.bin", "elements.bin", "report.json"]),
  );
});

test("no row of the gateway's database holds a canary, read through SQL and so without compression", async () => {
  const database = await PGlite.create(join(directory, "gateway", await databaseFolder()));
  try {
    const tables = await database.query<{ name: string }>(
      "SELECT quote_ident(schemaname) || '.' || quote_ident(tablename) AS name FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema')",
    );
    expect(tables.rows.length).toBeGreaterThan(5);
    let rows = 0;
    for (const { name } of tables.rows) {
      const content = await database.query<{ row: string }>(`SELECT t::text AS row FROM ${name} t`);
      rows += content.rows.length;
      expect(search.search(Buffer.from(content.rows.map(({ row }) => row).join("\n")), name)).toEqual([]);
    }
    expect(rows).toBeGreaterThan(50);
  } finally {
    await database.close();
  }
});

test("raw rows are where they belong: the search finds the canaries under the seals of the domains' tables", async () => {
  for (const domain of Object.keys(generated.city.domains)) {
    const inside = (await unsealed(domain, "data/tables")).flatMap(({ name, content }) => search.search(content, name));
    expect(new Set(inside.map((find) => find.needle)).size).toBeGreaterThan(0);
  }
});

test("a planted leak is found in every form, also in pieces and compressed", async () => {
  const text = needles(generated)[0] ?? "";
  const forms = [
    Buffer.from(`{"id":"${text}"}`),
    Buffer.from(text, "utf16le"),
    Buffer.from(Buffer.from(text).toString("hex")),
    Buffer.from(Buffer.from(`x${text}y`).toString("base64")),
    Buffer.from(Buffer.from(`xy${text}`).toString("base64url")),
    gzipSync(`some words and ${text}`),
    gzipSync(Buffer.from(text).toString("hex")),
  ];
  for (const form of forms) {
    const server = createServer((_request, response) => {
      // Two chunks, so that no piece on the wire is the whole.
      response.write(form.subarray(0, form.length >> 1));
      response.end(form.subarray(form.length >> 1));
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const proxy = await RecordingProxy.start(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    await (await fetch(proxy.url)).arrayBuffer();
    await proxy.close();
    server.close();
    expect(
      finds(
        "planted",
        proxy.recordings().map(({ outward }) => outward),
      ).length,
    ).toBeGreaterThan(0);
  }
});

/** Name of the folder below the gateway's directory that is a PostgreSQL cluster. */
async function databaseFolder(): Promise<string> {
  for (const entry of await readdir(join(directory, "gateway"), { recursive: true })) {
    if (entry.endsWith("PG_VERSION")) return entry.split(/[\\/]/).slice(0, 1).join("");
  }
  throw new Error("the gateway has no database");
}
