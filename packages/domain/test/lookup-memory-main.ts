/** A process that makes a lookup index of generated rows as a domain does, from the keys and codes that a run leaves to its sealed
 *  files, and then finds what a day has changed of them: `node lookup-memory-main.ts ROWS FOLDER`. It prints how much memory it
 *  held at most, and the sizes of what it made.
 *  @module */
import { BUILD_INFO, BUILD_SEED } from "../../mpc/test/open-row.ts";
import { IDENTITY } from "../../mpc/test/lookup-product.ts";
import { buildTable, LOOKUP_WORKER, lookupContext } from "@sluice/mpc/lookup/server";
import { createTaskPool } from "@sluice/mpc/pool";
import { KeyColumn } from "../src/data/key-column.ts";
import { buildParts } from "../src/serve/build-folders.ts";
import {
  changesBetween,
  decodeContent,
  encodeContent,
  packContent,
  PAYLOAD_BYTES,
  type LookupContent,
} from "../src/serve/forms/lookup-content.ts";
import { filesBelow } from "./data-fixture.ts";
import { random } from "./serving-fixture.ts";

const THREADS = 2;
const LABELS = 5;
/** One row in so many has another label the next day. */
const CHANGED_EVERY = 100;
const { signal } = new AbortController();

/** Eighteen characters, as of an identity number. */
const keyOf = (row: number): string => `3301${String(10_000_000_000_000 + row * 7_919)}`;

function* keysOf(rows: number): Generator<string> {
  for (let row = 0; row < rows; row++) yield keyOf(row);
}

function contentOf(rows: number, codeOf: (row: number) => number): LookupContent {
  const codes = new Uint8Array(rows);
  for (let row = 0; row < rows; row++) codes[row] = codeOf(row);
  return { keys: KeyColumn.of(keysOf(rows)), codes };
}

async function build(
  rows: number,
  folder: string,
): Promise<{ changed: number; databaseBytes: number; hintBytes: number }> {
  const files = await filesBelow(folder);
  const content = contentOf(rows, (row) => row % LABELS);
  const pool = createTaskPool({ workerFile: LOOKUP_WORKER, maxThreads: THREADS });
  const { database, hint } = await buildTable({
    count: rows,
    payloadBytes: PAYLOAD_BYTES,
    rows: (from, to) => packContent(content, from, to),
    seed: BUILD_SEED.slice(),
    info: BUILD_INFO,
    context: lookupContext(IDENTITY),
    pool,
    threads: THREADS,
    parts: buildParts(files, "run", signal),
    random,
    signal,
  });
  await pool.close();
  await files.write("database", database);
  await files.write("hint", hint);
  await files.write("content", encodeContent(content, signal));
  const base = await decodeContent(await files.read("content"), signal);
  const now = contentOf(rows, (row) => (row + (row % CHANGED_EVERY === 0 ? 1 : 0)) % LABELS);
  const changed = (await changesBetween(base, now, signal)).keys.length;
  return { changed, databaseBytes: database.length, hintBytes: hint.length };
}

const [rows = "", folder = ""] = process.argv.slice(2);
const built = await build(Number(rows), folder);
process.stdout.write(JSON.stringify({ ...built, peakBytes: process.resourceUsage().maxRSS * 1_024 }));
