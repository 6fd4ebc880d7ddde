/** Law 5: a build over rows with a planted key says the rule and the column that the grant names, and the same of each.
 *  @module */
import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { SluiceError } from "@sluice/protocol";
import { afterAll, beforeAll, expect, test } from "vitest";
import { judgingKeys } from "../src/data/unfit-keys.ts";
import { startDomain } from "../src/index.ts";
import { people, peopleCsv, PEOPLE_FIELDS, peoplePolicy, seededRandom, Workplace } from "./data-fixture.ts";
import { deliverFormsGrant, setJob } from "./serving-forms-fixture.ts";
import {
  bucketOfAge,
  importPersons,
  JOB,
  openFixture,
  ROWS,
  rowText,
  serveProduct,
  type Fixture,
} from "./serving-fixture.ts";

const WORDS = "does not fit: each row needs a value of at most 1024 bytes, and for labels one of its own";

/** The people of `csv` as a Parquet file, where a text may be empty, which in a CSV is none. */
async function writeParquet(csv: string, path: string): Promise<void> {
  const instance = await DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  await connection.run(
    `COPY (SELECT * REPLACE (coalesce(id, '') AS id, region::VARCHAR AS region) FROM read_csv('${csv}')) TO '${path}' (FORMAT parquet)`,
  );
  connection.closeSync();
  instance.closeSync();
}

test.each([
  ["without a key", false],
  ["with an empty text for a key", true],
])("a row %s is told as any other key that does not fit, and not as one", async (_, isParquet) => {
  await using place = await Workplace.open();
  const rows = people(200);
  const csv = peopleCsv(rows.with(7, { ...rows[7], id: "" } as (typeof rows)[number]));
  const parquet = join(place.path, "people.parquet");
  if (isParquet) await writeParquet(await place.file("plain.csv", csv), parquet);
  await place.import(csv, { fields: PEOPLE_FIELDS, ...(isParquet ? { file: parquet } : {}) });
  const view = {
    resource: "people",
    policy: peoplePolicy(),
    key: "id",
    fields: ["age"],
    tokenKey: seededRandom("t").bytes(32),
  };
  await expect(place.store.readAll(view)).rejects.toMatchObject({
    code: "ERR_LOOKUP_TABLE",
    details: { reason: `key id ${WORDS}` },
  });
  // Where callers join by typed keys, such a row is left out.
  const { keys, joined } = await place.store.readAll({ ...view, join: ["id"] });
  expect([keys.length, joined?.rowsWithoutKey]).toEqual([199, 1]);
});

const failing = (fault: Error) => (): Promise<never> => Promise.reject(fault);

test("what an index says of keys becomes the same words; other errors stay", async () => {
  const told = async (error: unknown): Promise<unknown> => {
    try {
      return await judgingKeys("id", failing(error as Error));
    } catch (thrown) {
      return thrown;
    }
  };
  const repeated = await told(new SluiceError("ERR_LOOKUP_TABLE", { reason: "a key occurs more than once" }));
  const long = await told(new SluiceError("ERR_OPRF_INPUT", { reason: "a key has 1 to 1024 bytes of Unicode" }));
  const words = { code: "ERR_LOOKUP_TABLE", details: { reason: `key id ${WORDS}` } };
  expect([repeated, long]).toMatchObject([words, words]);
  const cancelled = new SluiceError("ERR_CANCELLED");
  expect(await told(cancelled)).toBe(cancelled);
  const other = new TypeError("x");
  expect(await told(other)).toBe(other);
});

// A member of the set.
const PLANTED = Array.from({ length: ROWS }, (_, i) => i).find((i) => i > 20 && bucketOfAge(i) >= 60) ?? 0;

const slow = process.env["SLOW"] === "1";
let fixture: Fixture;
beforeAll(async () => {
  if (slow) fixture = await openFixture();
});
afterAll(() => fixture?.[Symbol.asyncDispose]());

test.runIf(slow)(
  "labels and sets over a planted empty, repeated or long key fail alike, and no other row is behind it",
  async () => {
    const grant = await deliverFormsGrant(fixture);
    const planted = ["", "Q10", `P${"9".repeat(2_000)}`];
    const failures: unknown[] = [];
    let version = 0;
    for (const key of planted) {
      await fixture.domain.close();
      const keys = Array.from({ length: ROWS }, (_, i) => (i === PLANTED ? key : `Q${i}`));
      // For the repeated one, another row has it.
      if (key === planted[1]) keys[10] = key;
      await importPersons(
        fixture.directory,
        keys.map((person, i) => rowText(i, person, "true")),
      );
      fixture.domain = await startDomain(fixture.directory, { workerThreads: 1 });
      version++;
      const labels = await serveProduct(fixture, grant, version, { code: JOB, product: "bands" });
      failures.push(labels.built.failure);
      const set = await serveProduct(fixture, grant, version, { code: setJob("psi-ids"), product: "older" });
      // A set holds one of each.
      if (key !== planted[1]) failures.push(set.built.failure);
    }
    const expected = { code: "ERR_LOOKUP_TABLE", details: { reason: `key person ${WORDS}` }, refusedBy: "domain" };
    expect(failures).toEqual(Array.from({ length: 5 }, () => expected));
  },
);
