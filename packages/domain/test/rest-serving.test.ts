/** A domain that serves: none of its files shows a value of its table, and an altered one is refused by name. @module */
import { copyFile, readdir, readFile, writeFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { sealedFileFacts } from "@sluice/evidence";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startDomain } from "../src/index.ts";
import { deliverGrant, get, openFixture, serveProduct, snapshotOf, type Fixture } from "./serving-fixture.ts";

/** Served products take seconds to make: these run in the long run. */
const long = test.runIf(process.env["SLOW"] === "1");

let fixture: Fixture;

beforeAll(async () => {
  fixture = await openFixture((i) => `planted-person-${i}`, { atRest: "sm" });
  await serveProduct(fixture, await deliverGrant(fixture));
});
afterAll(() => fixture[Symbol.asyncDispose]());

/** Every file of the domain, by its name below the directory. */
async function files(): Promise<string[]> {
  const entries = await readdir(fixture.directory, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => relative(fixture.directory, join(parentPath, name)));
}

const isData = (name: string): boolean => /^(data|indexes|contents)\//.test(name);

long("tables, descriptions and indexes are sealed in the chosen suite, and no file shows a planted value", async () => {
  const names = await files();
  expect(
    names.filter(isData).map((name) => name.replace(/[^/]*$/, (last) => last.replace(/^[0-9a-f]{64}/, "*"))),
  ).toEqual(expect.arrayContaining(["data/resources/persons.json", "data/tables/*.parquet"]));
  const parts = names.filter((name) => name.startsWith("indexes/")).map((name) => name.split("/").at(-1));
  expect(new Set(parts)).toEqual(new Set(["database.bin", "hint.bin"]));
  expect(parts).toHaveLength(2);
  for (const name of names) {
    const path = join(fixture.directory, name);
    if (isData(name)) expect(await sealedFileFacts(path), name).toMatchObject({ suite: "sm" });
    const bytes = await readFile(path);
    for (const planted of ["planted-person-", "Name 17"]) {
      expect(bytes.includes(planted), name).toBe(false);
      expect(bytes.includes(Buffer.from(planted, "utf16le")), name).toBe(false);
    }
  }
});

long("a part that was altered, or that another stands in for, is not sent", async () => {
  const { body } = await snapshotOf(fixture, "bands");
  if (body.type !== "lookup-snapshot") throw new Error("another form");
  const { documentHash } = await import("@sluice/protocol");
  const path = `/v1/products/bands/snapshots/${await documentHash(body)}/hint`;
  expect(await get(fixture, path)).toHaveLength(body.hintBytes);
  const hint = (await files()).find((name) => name.endsWith("/hint.bin")) ?? "";
  const file = join(fixture.directory, hint);
  const intact = await readFile(file);
  const refused = expect.objectContaining({
    code: "ERR_SEALED_FILE",
    details: expect.objectContaining({ file: `test/${hint}` }) as unknown,
  });
  await writeFile(file, intact.with(200, (intact[200] ?? 0) ^ 1));
  await expect(get(fixture, path)).rejects.toEqual(refused);
  await copyFile(file.replace("hint.bin", "database.bin"), file);
  await expect(get(fixture, path)).rejects.toEqual(refused);
  // Authentic at its start and cut behind it: what comes is shorter than was promised.
  await writeFile(file, intact.subarray(0, intact.length - 1));
  await expect(get(fixture, path)).rejects.toThrow();
  await writeFile(file, intact);
  expect(await get(fixture, path)).toHaveLength(body.hintBytes);
});

long("a domain whose description was altered does not start, and says which file", async () => {
  await fixture.domain.close();
  const file = join(fixture.directory, "data/resources/persons.json");
  const intact = await readFile(file);
  await writeFile(file, intact.with(60, (intact[60] ?? 0) ^ 1));
  await expect(startDomain(fixture.directory, { workerThreads: 1 })).rejects.toMatchObject({
    code: "ERR_SEALED_FILE",
    details: { file: "test/data/resources/persons.json" },
  });
  await writeFile(file, intact);
  fixture.domain = await startDomain(fixture.directory, { workerThreads: 1 });
});
