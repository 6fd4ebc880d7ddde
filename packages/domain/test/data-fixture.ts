/** What the tests of the data store share: a temporary directory, fixed clock and randomness, a small table.
 *  @module */
import { createHash } from "node:crypto";
import { access, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { FileSuite } from "@sluice/evidence";
import type { Policy, Random, ReleaseGate, ResourceField } from "@sluice/protocol";
import { openStore, type DataStore, type ImportTableOptions } from "../src/data/index.ts";
import { DataKeys } from "../src/rest/data-keys.ts";
import { MemoryFiles } from "../src/rest/memory-files.ts";
import { SealedFiles } from "../src/rest/sealed-files.ts";

export const clock = { now: () => new Date("2026-03-01T08:00:00.000Z") };

/** SHA-256 in counter mode over `seed`: every test run is the same. */
export function seededRandom(seed: string): Random {
  let counter = 0;
  return {
    bytes: (length) => {
      const blocks: Buffer[] = [];
      for (let have = 0; have < length; have += 32) {
        blocks.push(createHash("sha256").update(`${seed}/${counter++}`).digest());
      }
      return new Uint8Array(Buffer.concat(blocks).subarray(0, length));
    },
  };
}

/** The sealed files below `directory`, under keys of the tests. */
export async function filesBelow(directory: string, suite: FileSuite = "intl"): Promise<SealedFiles> {
  const random = seededRandom(`files of ${directory}`);
  const options = { directory, domain: "hrss", wrappingSecret: new Uint8Array(32).fill(7), random };
  await mkdir(join(directory, "keys"), { recursive: true });
  const known = await access(join(directory, "keys", "data.json")).then(
    () => true,
    () => false,
  );
  const keys = await (known ? DataKeys.open(options) : DataKeys.create(options, suite));
  return new SealedFiles({ directory, domain: "hrss", keys, random });
}

/** Opens the store below `directory`. */
export async function storeBelow(
  directory: string,
  { seed = "store", memoryLimitBytes, suite }: { seed?: string; memoryLimitBytes?: number; suite?: FileSuite } = {},
): Promise<DataStore> {
  const files = await filesBelow(directory, suite);
  const memory = await MemoryFiles.open();
  const limit = memoryLimitBytes === undefined ? {} : { memoryLimitBytes };
  return openStore({
    clock,
    random: seededRandom(seed),
    files,
    memory,
    decided: (description) => description,
    ...limit,
  });
}

/** A directory of its own for one test. */
export class Workplace {
  readonly path: string;
  readonly store: DataStore;

  private constructor(path: string, store: DataStore) {
    this.path = path;
    this.store = store;
  }

  static async open(options: { memoryLimitBytes?: number; suite?: FileSuite } = {}): Promise<Workplace> {
    const path = await mkdtemp(join(tmpdir(), "sluice-data-"));
    return new Workplace(path, await storeBelow(join(path, "store"), options));
  }

  /** Writes a file and gives its path. */
  async file(name: string, content: string | Uint8Array): Promise<string> {
    const path = join(this.path, name);
    await writeFile(path, content);
    return path;
  }

  /** Imports `content` as resource "people". */
  async import(
    content: string | Uint8Array,
    rest: Partial<ImportTableOptions> = {},
  ): ReturnType<DataStore["importTable"]> {
    const file = rest.file ?? (await this.file("people.csv", content));
    return this.store.importTable({ ...IMPORT_FACTS, ...rest, file });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.store.close();
    await rm(this.path, { recursive: true, force: true });
  }
}

export const IMPORT_FACTS = {
  resource: "people",
  title: "People",
  source: "Office of Statistics",
  domain: "hrss",
  updateFrequency: "month",
} as const satisfies Partial<ImportTableOptions>;

/** Fields of `peopleCsv`. */
export const PEOPLE_FIELDS: ResourceField[] = [
  { name: "id", title: "Identity number", type: "text", role: "direct", grade: "general-4" },
  { name: "region", title: "Region code", type: "text", role: "quasi", grade: "general-2" },
  { name: "age", title: "Age", type: "integer", role: "quasi", grade: "general-2" },
  { name: "income", title: "Income", type: "decimal", role: "sensitive", grade: "general-3" },
  { name: "insured", title: "Insured", type: "boolean", role: "sensitive", grade: "general-3" },
  { name: "joined", title: "Joined on", type: "date", role: "sensitive", grade: "general-2" },
  { name: "note", title: "Note", type: "text", role: "other", grade: "general-1" },
];

/** One person as the tests know them, apart from the store. */
export interface Person {
  readonly id: string;
  readonly region: string;
  readonly age: number;
  readonly income: number | null;
  readonly insured: boolean | null;
  readonly joined: string;
  readonly note: string | null;
}

/** `count` people, the same on every run. */
export function people(count: number): Person[] {
  return Array.from({ length: count }, (_, i) => ({
    id: `P${String(100_000 + i * 7)}`,
    region: ["330102", "330105", "330108", "330203"][i % 7 === 0 ? 3 : i % 3] ?? "",
    age: 20 + ((i * 37) % 60),
    income: i % 11 === 0 ? null : 1_000.5 + ((i * 7_919) % 9_000),
    insured: i % 2 === 0,
    joined: `20${String(10 + (i % 12))}-0${1 + (i % 9)}-15`,
    note: i % 5 === 0 ? null : i % 4 === 0 ? `says "hi",\nthen "bye" ${i % 3}` : `plain ${i % 3}`,
  }));
}

/** RFC 4180 text of `rows`, quoted only where needed. */
export function peopleCsv(rows: readonly Person[], lineEnd = "\r\n"): string {
  const cell = (value: string | number | boolean | null): string => {
    const text = value === null ? "" : String(value);
    return /[",\n\r]/u.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  const names = PEOPLE_FIELDS.map(({ name }) => name);
  const lines = rows.map((row) => names.map((name) => cell(row[name as keyof Person])).join(","));
  return [names.join(","), ...lines, ""].join(lineEnd);
}

/** Circumstances of persons that are made up: nobody knows any of them. */
export const GENERATED: ReleaseGate = { context: { control: "high", motive: "low", acquaintances: 0 } };

/** A policy for `people`. */
export function peoplePolicy(change: Partial<Policy> = {}): Policy {
  return {
    version: 1,
    resource: "people",
    columns: {
      id: { role: "direct", transform: { kind: "drop" } },
      region: { role: "quasi", transform: { kind: "generalize", length: 4 } },
      age: { role: "quasi", transform: { kind: "bucket", width: 20, min: 20, max: 80 } },
      income: { role: "sensitive", transform: { kind: "keep" } },
      insured: { role: "sensitive", transform: { kind: "keep" } },
      note: { role: "other", transform: { kind: "keep" } },
    },
    sample: { rows: 200, strata: ["region"] },
    k: 5,
    suppressionLimit: 0.2,
    gate: GENERATED,
    ...change,
  };
}
