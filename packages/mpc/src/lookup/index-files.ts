/** A built index on disk: `parameters.json`, `database.bin`, `hint.bin`, and `digests.json` over the two. The
 *  directory appears under its name complete and durable, or not at all.
 *  @module */
import {
  canonicalText,
  LookupParameters,
  sha256Hex,
  SluiceError,
  Sha256Hex,
  utf8,
  fromUtf8,
  type Bytes,
} from "@sluice/protocol";
import { randomUUID } from "node:crypto";
import { mkdir, open, readFile, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import type { BuiltIndex } from "./build-index.ts";
import { LookupDatabase } from "./database.ts";

const PARAMETERS_FILE = "parameters.json";
const DATABASE_FILE = "database.bin";
const DIGESTS_FILE = "digests.json";
/** Name of the hint inside an index directory: the file a domain serves to clients. */
export const HINT_FILE = "hint.bin";

/** Writes the index and returns the hash of the hint. @throws ERR_CONFLICT when `directory` exists. */
export async function writeIndex(directory: string, index: BuiltIndex): Promise<Sha256Hex> {
  if (await exists(directory)) throw new SluiceError("ERR_CONFLICT", { kind: "index", name: basename(directory) });
  const partial = `${directory}.partial-${randomUUID()}`;
  await mkdir(partial, { recursive: true, mode: 0o700 });
  try {
    const hint = await sha256Hex(index.hint);
    const database = await sha256Hex(index.database);
    await writeDurably(join(partial, PARAMETERS_FILE), utf8(canonicalText(index.parameters)));
    await writeDurably(join(partial, DATABASE_FILE), index.database);
    await writeDurably(join(partial, HINT_FILE), index.hint);
    await writeDurably(join(partial, DIGESTS_FILE), utf8(canonicalText({ database, hint })));
    await syncDirectory(partial);
    await rename(partial, directory);
    await syncDirectory(dirname(directory));
    return hint;
  } catch (error) {
    await rm(partial, { recursive: true, force: true });
    throw error;
  }
}

/** Reads the database of an index directory. @throws ERR_DIRECTORY_STATE when a file is missing or damaged. */
export async function readDatabase(directory: string): Promise<LookupDatabase> {
  try {
    const parameters = LookupParameters.parse(await readJson(join(directory, PARAMETERS_FILE)));
    const digests = (await readJson(join(directory, DIGESTS_FILE))) as { database?: unknown };
    const bytes = await readFile(join(directory, DATABASE_FILE));
    const database = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    if ((await sha256Hex(database)) !== Sha256Hex.parse(digests.database)) throw new Error("the digest differs");
    return LookupDatabase.open(parameters, database);
  } catch (cause) {
    const facts = { directory: basename(directory), expected: "an intact lookup index", command: "sluice build" };
    throw new SluiceError("ERR_DIRECTORY_STATE", facts, { cause });
  }
}

async function readJson(file: string): Promise<unknown> {
  return JSON.parse(fromUtf8(await readFile(file))) as unknown;
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch {
    return false;
  }
}

async function writeDurably(file: string, bytes: Bytes): Promise<void> {
  const handle = await open(file, "wx", 0o600);
  try {
    await handle.writeFile(bytes);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
