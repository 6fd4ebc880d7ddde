/** No text of the engine gets out: its messages quote values of data. Each kind of engine error is set off with a canary in
 *  the data, once on the bare engine, where it shows that the message would tell, and once through the domain's door.
 *  @module */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect } from "node:util";
import { DuckDBInstance, DuckDBScalarFunction, VARCHAR, type DuckDBConnection } from "@duckdb/node-api";
import { installRequestNotes, newReference, ProcessLog, ServerMetrics } from "@sluice/evidence/observe";
import { isSluiceError, toProblem } from "@sluice/protocol";
import fastify from "fastify";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { EngineFault, guarded, openEngine, type Engine } from "../src/data/engine.ts";
import { installErrors } from "../src/http/errors.ts";
import { clock, IMPORT_FACTS, seededRandom, Workplace } from "./data-fixture.ts";

const CANARY = "CANARY-4711";
const NUMBER = "4711471147114711";

let root: string;
let bare: DuckDBConnection;
let engine: Engine;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "sluice-messages-"));
  await writeFile(join(root, "data.csv"), `v,n\n${CANARY},${NUMBER}\n${CANARY},${NUMBER}\n`);
  await writeFile(join(root, "bad.csv"), `v,n\nx,1\n${CANARY}-not-a-number,${CANARY}\n`);
  await writeFile(join(root, "bad.json"), `{"v": "${CANARY}", "n": ${CANARY}}`);
  await writeFile(join(root, "bad.parquet"), `PAR1${CANARY}${"x".repeat(64)}PAR1`);
  await writeFile(join(root, "gbk.csv"), Buffer.concat([Buffer.from(`v\n${CANARY}`), Buffer.from([0xba, 0xa3, 0x0a])]));
  bare = await (await DuckDBInstance.create(":memory:", { threads: "1" })).connect();
  engine = await openEngine({ paths: [...FILES.map(pathOf), "/dev/full"], memoryLimitBytes: 64 * 1_048_576 });
});
afterAll(async () => {
  engine.close();
  bare.closeSync();
  await rm(root, { recursive: true, force: true });
});

const FILES = ["data.csv", "bad.csv", "bad.json", "bad.parquet", "gbk.csv"] as const;
const pathOf = (name: string): string => join(root, name);
const table = (): string => `read_csv('${pathOf("data.csv")}', columns = {v: 'VARCHAR', n: 'BIGINT'}, header = true)`;

/** Everything that a log, a handler or a person could print of `error`. */
function printedOf(error: unknown): string {
  const parts: unknown[] = [inspect(error, { depth: 20, showHidden: true, getters: true }), String(error)];
  for (let each = error, depth = 0; each instanceof Error && depth < 10; each = each.cause, depth++) {
    parts.push(each.message, each.stack, JSON.stringify(each, Object.getOwnPropertyNames(each)), JSON.stringify(each));
  }
  if (isSluiceError(error)) parts.push(JSON.stringify(toProblem(error, "domain")));
  return parts.join("\n");
}

function expectNothingIn(error: unknown): void {
  const printed = printedOf(error);
  for (const secret of [CANARY, NUMBER, "Error: Conversion", "Could not", "Binder Error", "Parser Error"]) {
    expect(printed).not.toContain(secret);
  }
}

async function caught(work: Promise<unknown>): Promise<unknown> {
  return await work.then(
    () => {
      throw new Error("nothing was thrown");
    },
    (error: unknown) => error,
  );
}

/** Name, whether the bare engine's message holds a canary, and the statements: the last one fails. */
const FAILING: readonly [kind: string, tells: boolean, statements: () => string[]][] = [
  ["conversion", true, () => [`SELECT CAST(v AS INTEGER) FROM ${table()}`]],
  ["conversion to a date", true, () => [`SELECT CAST(v AS DATE) FROM ${table()}`]],
  ["conversion of a number", true, () => [`SELECT CAST(n AS TINYINT) FROM ${table()}`]],
  ["date by pattern", true, () => [`SELECT strptime(v, '%Y%m%d') FROM ${table()}`]],
  ["overflow", true, () => [`SELECT n * n FROM ${table()}`]],
  ["pattern of a search", true, () => [`SELECT regexp_matches('a', v || '(') FROM ${table()}`]],
  ["constraint", true, () => [`CREATE TEMP TABLE k (v VARCHAR PRIMARY KEY)`, `INSERT INTO k SELECT v FROM ${table()}`]],
  [
    "check",
    true,
    () => [`CREATE TEMP TABLE c (v VARCHAR CHECK (v <> '${CANARY}'))`, `INSERT INTO c SELECT v FROM ${table()}`],
  ],
  ["error of a statement", true, () => [`SELECT error(v) FROM ${table()}`]],
  ["more than one row", false, () => [`SELECT (SELECT v FROM ${table()})`]],
  ["missing table", true, () => [`SELECT * FROM "${CANARY}"`]],
  ["missing column", true, () => [`SELECT "${CANARY}" FROM ${table()}`]],
  ["syntax", true, () => [`SELECT '${CANARY}' FROM FROM`]],
  [
    "malformed CSV",
    true,
    () => [`SELECT * FROM read_csv('${pathOf("bad.csv")}', columns = {v: 'VARCHAR', n: 'BIGINT'}, header = true)`],
  ],
  ["malformed Parquet", false, () => [`SELECT * FROM read_parquet('${pathOf("bad.parquet")}')`]],
  [
    "text that is not UTF-8",
    true,
    () => [
      `SELECT * FROM read_csv('${pathOf("gbk.csv")}', columns = {v: 'VARCHAR'}, header = true, auto_detect = false)`,
    ],
  ],
  ["bytes that are not UTF-8", false, () => [`SELECT decode('\\xFF'::BLOB || encode(v)) FROM ${table()}`]],
  [
    "full disk",
    false,
    () => [`COPY (SELECT v FROM ${table()}, range(200000)) TO '/dev/full' (FORMAT csv, USE_TMP_FILE false)`],
  ],
  ["registered function", false, () => [`SELECT sluice_fpe_digits_aes('key'::BLOB, v) FROM ${table()}`]],
];

describe.each(FAILING)("%s", (kind, tells, statements) => {
  test("the engine's own message", async () => {
    if (kind === "registered function") return;
    const error = await caught(
      (async () => {
        for (const sql of statements()) await bare.runAndReadAll(sql);
      })(),
    );
    const { message } = error as Error;
    expect([message, message.includes(CANARY) || message.includes(NUMBER)]).toEqual([message, tells]);
  });

  test.each(["run", "rows", "stream"] as const)("nothing of it by %s", async (way) => {
    const error = await caught(
      engine.session(async (session) => {
        const all = statements();
        for (const sql of all.slice(0, -1)) await session.run(sql);
        const last = all.at(-1) ?? "";
        if (way !== "stream") return await session[way](last);
        const result = await session.stream(last);
        return await guarded(() => result.fetchAllChunks());
      }),
    );
    expect(error).toBeInstanceOf(EngineFault);
    expect((error as EngineFault).kind).toBe(kind === "full disk" ? "disk" : "input");
    expectNothingIn(error);
  });
});

test("memory: an engine that has too little says so and no more", async () => {
  const error = await caught(
    engine.session((session) => session.rows(`SELECT array_agg(repeat(v, 50000000)) FROM ${table()}`)),
  );
  expect((error as EngineFault).kind).toBe("memory");
  expectNothingIn(error);
});

test("interrupt: a statement that is cut off says so and no more", async () => {
  const controller = new AbortController();
  const error = await caught(
    engine.session(
      (session) => {
        const work = session.rows(`SELECT max(hash(v || i)) FROM ${table()}, range(1000000000000) numbers(i)`);
        controller.abort();
        return work;
      },
      { signal: controller.signal },
    ),
  );
  expect(error).toMatchObject({ code: "ERR_CANCELLED" });
  expectNothingIn(error);
});

test("a registered function that throws, whatever it says", async () => {
  bare.registerScalarFunction(
    DuckDBScalarFunction.create({
      name: "tells",
      parameterTypes: [VARCHAR],
      returnType: VARCHAR,
      mainFunction: (_, chunk) => {
        throw new Error(`cannot take ${String(chunk.getColumnVector(0).getItem(0))}`);
      },
    }),
  );
  const sql = `SELECT tells(v) FROM ${table()}`;
  expect(String(await caught(bare.runAndReadAll(sql)))).toContain(CANARY);
  const error = await caught(guarded(() => bare.runAndReadAll(sql)));
  expect(error).toBeInstanceOf(EngineFault);
  expectNothingIn(error);
});

const header = "key,value\n";
const gbk = Buffer.from([0xba, 0xa3, 0xcd, 0xf5]);
test("over HTTP and in the process log, an engine's own error is a reference, even one that no door caught", async () => {
  const lines: string[] = [];
  const log = new ProcessLog({ write: (line) => void lines.push(line) }, { service: "domain", clock });
  const server = fastify({ genReqId: newReference });
  installRequestNotes(server, { log, metrics: new ServerMetrics(log) });
  installErrors(server, log);
  const failing = `SELECT CAST(v AS INTEGER) FROM ${table()}`;
  server.get("/bare", () => bare.runAndReadAll(failing));
  server.get("/engine", () => engine.session((session) => session.rows(failing)));
  for (const url of ["/bare", "/engine"]) {
    const answer = await server.inject({ url });
    expect(answer.statusCode).toBe(500);
    expect(answer.json()).toMatchObject({ code: "ERR_INTERNAL" });
    expect(answer.body + JSON.stringify(answer.headers)).not.toContain(CANARY);
  }
  await server.close();
  expect(lines.filter((line) => line.includes('"event":"fault"'))).toHaveLength(2);
  expect(lines.join("\n")).not.toContain(CANARY);
});

test.each<[kind: string, name: string, content: string | Uint8Array, code: string]>([
  [
    "GBK as UTF-8",
    "a.csv",
    Buffer.concat([Buffer.from(`${header}${CANARY},`), gbk, Buffer.from("\n")]),
    "ERR_TABLE_ENCODING",
  ],
  [
    "a surrogate in UTF-8",
    "a.csv",
    Buffer.concat([Buffer.from(`${header}${CANARY},`), Buffer.from([0xed, 0xa0, 0x80, 0x0a])]),
    "ERR_TABLE_ENCODING",
  ],
  ["a value of another type", "a.csv", `${header}${CANARY},${CANARY}\n`, "ERR_TABLE_FILE"],
  ["a number beyond 64 bits", "a.csv", `${header}k,${NUMBER}${NUMBER}\n`, "ERR_TABLE_FILE"],
  ["a date that does not exist", "a.csv", `${header}${CANARY},19850230\n${CANARY},x\n`, "ERR_TABLE_FILE"],
  ["quotes in the middle", "a.csv", `${header}${CANARY}"${CANARY},1\n`, "ERR_TABLE_FILE"],
  ["a record that is too long", "a.csv", `${header}${CANARY},1,${CANARY}\n`, "ERR_TABLE_FILE"],
  ["a damaged Parquet file", "a.parquet", `PAR1${CANARY}${"x".repeat(64)}PAR1`, "ERR_TABLE_FILE"],
  ["a Parquet file that is CSV", "a.parquet", `${header}${CANARY},1\n`, "ERR_TABLE_FILE"],
])("an import of %s tells nothing of the file", async (_, name, content, code) => {
  await using place = await Workplace.open();
  const fields = ["key", "value"].map((name) => ({ name, title: name, role: "other", grade: "general-1" }) as const);
  const file = await place.file(name, content);
  const error = await caught(
    place.store.importTable({
      ...IMPORT_FACTS,
      file,
      fields: fields.map((field) => ({ ...field, type: field.name === "value" ? "integer" : "text" }) as const),
    }),
  );
  expect(error).toMatchObject({ code });
  expectNothingIn(error);
});

test.each<[string, Uint8Array, number]>([
  ["in the first record", Buffer.concat([Buffer.from(`${header}k,`), gbk, Buffer.from("\n")]), header.length + 2],
  ["after a byte-order mark", Buffer.concat([Buffer.from(`\uFEFF${header}k,`), gbk]), header.length + 5],
  ["beyond one piece", Buffer.concat([Buffer.from(`k\n${"x\n".repeat(600_000)}海`), gbk]), 1_200_005],
  ["inside a character", Buffer.concat([Buffer.from("k\n海"), Buffer.from([0xe6, 0xb5, 0x41])]), 7],
  ["at a cut", Buffer.concat([Buffer.from("k\n海"), Buffer.from([0xe6, 0xb5])]), 5],
])("a file that is not UTF-8 %s is refused by the place of the byte", async (_, content, offset) => {
  await using place = await Workplace.open();
  const file = await place.file("a.csv", content);
  const error = await caught(place.store.importTable({ ...IMPORT_FACTS, file }));
  expect(error).toMatchObject({ code: "ERR_TABLE_ENCODING" });
  expect(isSluiceError(error) && error.details).toEqual({ file: "a.csv", offset });
});

test("full-width digits, emoji, line ends in fields and a byte-order mark are taken as they are", async () => {
  await using place = await Workplace.open();
  const texts = ["１３８００００００００", "👨‍👩‍👧 张😀", "two\nlines", "é", "e\u0301"];
  const lines = texts.map((text, i) => `k${i},"${text}"`).join("\n");
  await place.import(`\uFEFF${header}${lines}\n`, {
    fields: ["key", "value"].map(
      (name) =>
        ({ name, title: name, type: "text", role: name === "key" ? "direct" : "other", grade: "general-1" }) as const,
    ),
  });
  const { table } = await place.store.readAll({
    resource: "people",
    key: "key",
    fields: ["value"],
    tokenKey: seededRandom("token").bytes(32),
    policy: {
      version: 1,
      resource: "people",
      columns: { value: { role: "other", transform: { kind: "keep" } } },
      sample: { rows: 1, strata: [] },
      k: 2,
      suppressionLimit: 0,
    },
  });
  const column = table.columns["value"];
  expect(column?.type === "dict" && Array.from(column.values, (code) => column.dictionary[code])).toEqual(texts);
});
