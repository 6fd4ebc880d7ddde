import { access, mkdtemp, readdir, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isSluiceError, utf8, type ResourceDescription } from "@sluice/protocol";
import { expect, test } from "vitest";
import { Catalogue, type StoredResource } from "../src/data/catalogue.ts";
import { openEngine } from "../src/data/engine.ts";
import { readCsv, stageCsv } from "../src/data/source-csv.ts";
import { MemoryFiles } from "../src/rest/memory-files.ts";
import { filesBelow, IMPORT_FACTS } from "./data-fixture.ts";

/** Runs `work` with a directory of its own. */
async function inDirectory(work: (path: string) => Promise<void>): Promise<void> {
  const path = await mkdtemp(join(tmpdir(), "sluice-catalogue-"));
  try {
    await work(path);
  } finally {
    await rm(path, { recursive: true, force: true });
  }
}

function stored(snapshot: string): StoredResource {
  const description: ResourceDescription = {
    ...IMPORT_FACTS,
    format: "csv",
    approximateRows: 1,
    fields: [{ name: "key", title: "", type: "text", role: "direct", grade: "general-1" }],
    snapshot,
    importedAt: "2026-01-01T00:00:00.000Z",
  };
  return { version: 1, description, table: `${snapshot}.parquet`, rows: 1, salt: "0".repeat(64) };
}

async function put(catalogue: Catalogue, snapshot: string): Promise<void> {
  await catalogue.put(
    stored(snapshot),
    (async function* () {
      yield utf8(snapshot);
    })(),
  );
}

test("a replaced table stays until its last reader ends", async () => {
  await inDirectory(async (directory) => {
    const catalogue = await Catalogue.open(await filesBelow(directory), (description) => description);
    const [old, fresh] = ["a".repeat(64), "b".repeat(64)];
    await put(catalogue, old);
    await catalogue.reading("people", async (_, table) => {
      await catalogue.reading("people", () => put(catalogue, fresh));
      await access(join(directory, table));
    });
    expect(await readdir(join(directory, "data", "tables"))).toEqual([`${fresh}.parquet`]);
  });
});

test("a reader that fails lets go of its table", async () => {
  await inDirectory(async (directory) => {
    const catalogue = await Catalogue.open(await filesBelow(directory), (description) => description);
    await put(catalogue, "a".repeat(64));
    await expect(catalogue.reading("people", () => Promise.reject(new Error("mine")))).rejects.toThrow("mine");
    await put(catalogue, "b".repeat(64));
    expect(await readdir(join(directory, "data", "tables"))).toHaveLength(1);
  });
});

test("what was decided on a field counts for what is imported later, and is not written over what was declared", async () => {
  await inDirectory(async (directory) => {
    const files = await filesBelow(directory);
    const catalogue = await Catalogue.open(files, (description) => ({ ...description, title: "decided" }));
    await put(catalogue, "a".repeat(64));
    expect(catalogue.get("people").description.title).toBe("decided");
    await put(catalogue, "b".repeat(64));
    expect(catalogue.list().map(({ description }) => description.title)).toEqual(["decided"]);
    // A profile is published beside what was declared.
    const { description } = stored("b".repeat(64));
    const { domain, resource, snapshot } = description;
    const figures = { minimum: 20, base: 10, persons: 100, columns: [{ kind: "shape" as const, field: "key" }] };
    await catalogue.publish({ version: 1, kind: "threshold", domain, resource, snapshot, ...figures });
    const undecided = await Catalogue.open(files, (description) => description);
    expect(undecided.get("people").description.title).toBe(IMPORT_FACTS.title);
  });
});

test.each([
  ["a record more", "k3,3\n"],
  ["a longer field", ""],
])("a staged file that the engine reads with %s than was checked is refused", async (_, added) => {
  await inDirectory(async (directory) => {
    const path = join(directory, "in.csv");
    await writeFile(path, "key,value\nk1,1\nk2,2\n");
    const memory = await MemoryFiles.open();
    await using source = await memory.create();
    await using raw = await memory.create();
    const staged = await stageCsv({ path, name: "in.csv", memory, source });
    await truncate(source.path);
    await writeFile(source.path, added === "" ? "key,value\nk1,1\nk2,22\n" : `key,value\nk1,1\nk2,2\n${added}`);
    const engine = await openEngine({ paths: [source.path, raw.path] });
    const error: unknown = await engine
      .session((session) => readCsv(session, staged, "source", "in.csv", raw))
      .catch((thrown: unknown) => thrown);
    engine.close();
    expect(isSluiceError(error, "ERR_TABLE_FILE")).toBe(true);
    expect(String(error)).toContain("not read as they were checked");
  });
});
