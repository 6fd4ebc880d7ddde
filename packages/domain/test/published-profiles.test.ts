/** Publishing profiles of a domain that stands still: what few persons tell from an earlier one is refused, across imports.
 *  @module */
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { generateKey } from "@sluice/evidence";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { initDomain, profileResource, startDomain } from "../src/index.ts";
import { seededRandom } from "./data-fixture.ts";
import { eventsOf } from "./domain-log.ts";
import { importPersons } from "./serving-fixture.ts";

let root: string;
let home: string;
let resource: string;
let resources = 0;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "sluice-profiles-"));
  home = join(root, "home");
  const { keyId } = await generateKey();
  const pins = { agencyKey: keyId, departmentKey: keyId, gatewayKey: keyId, recoveryKey: keyId };
  await initDomain(home, { domain: "test", title: "Test", random: seededRandom("profiles"), ...pins });
});
afterAll(() => rm(root, { recursive: true, force: true }));
// A source table of its own for each test.
beforeEach(() => {
  resource = `persons-${++resources}`;
});

const long = test.runIf(process.env["SLOW"] === "1");
const COUNT = 200;
interface Row {
  readonly person: string;
  readonly name: string;
  readonly age: number;
  readonly region: string;
}
const rows = (count = COUNT): Row[] =>
  Array.from({ length: count }, (_, i) => ({
    person: `P${i}`,
    name: `Name ${i}`,
    age: 20 + (i % 40),
    region: `r${i % 3}`,
  }));
const place = (table: readonly Row[]): Promise<void> =>
  importPersons(
    home,
    table.map(({ person, name, age, region }) => [person, name, age, region, "true"].join(",")),
    resource,
  );
const publish = (subject: string | null = "person") => profileResource(home, { resource, subject, publish: true });
/** The figure that was too near, or null. */
async function nearest(table: readonly Row[], subject: string | null = "person"): Promise<unknown> {
  await place(table);
  try {
    await publish(subject);
    return null;
  } catch (error) {
    expect(error).toMatchObject({ code: "ERR_PROFILE_NEAR", details: { resource } });
    return (error as { details: { figure: unknown } }).details.figure;
  }
}
const older = (table: readonly Row[], count: number): Row[] =>
  table.map((row, i) => (i < count ? { ...row, age: 77 } : row));

test("a profile is published again of the same rows, whatever their order, and not once one person came, went or changed", async () => {
  expect(await nearest(rows())).toBeNull();
  expect(await nearest(rows().toReversed())).toBeNull();
  const published = () => eventsOf(home).filter(({ kind }) => kind === "profile-published").length;
  expect(published()).toBe(2);
  expect(await nearest(rows(COUNT + 1))).toBe("the persons");
  expect(await nearest(older(rows(), 9))).toBe("column age");
  // No event says that it was published, and no file is left.
  expect(published()).toBe(2);
  expect(await readdir(join(home, "register"))).toHaveLength(2);
});

long("any earlier profile counts, not the last alone", async () => {
  expect(await nearest(rows())).toBeNull();
  expect(await nearest(rows(COUNT - 1))).toBe("the persons");
  expect(await nearest(older(rows(), 1))).toBe("column age");
  expect(await nearest(older(rows(), 60))).toBeNull();
  expect(await nearest(older(rows(), 3))).toBe("column age");
  expect(await nearest(older(rows(), 57))).toBe("column age");
  expect(await nearest(rows())).toBeNull();
});

long("a profile by another column, or of rows as persons, is held against earlier ones by theirs", async () => {
  expect(await nearest(rows())).toBeNull();
  expect(await nearest(older(rows(), 2), "name")).toBe("column age");
  expect(await nearest(older(rows(), 2), null)).toBe("column age");
  expect(await nearest(older(rows(), 60), null)).toBeNull();
  expect(await nearest(older(rows(), 61), null)).toBe("the persons");
  expect(await nearest([...older(rows(), 60), ...rows(COUNT + 15).slice(COUNT)], null)).toBe("the persons");
});

long("another table is another matter, and files hold no value", async () => {
  expect(await nearest(rows())).toBeNull();
  resource = `${resource}-b`;
  expect(await nearest(rows(COUNT + 1))).toBeNull();
  for (const name of await readdir(join(home, "register"))) {
    const content = await readFile(join(home, "register", name), "latin1");
    expect(content).not.toMatch(/region|Name/u);
  }
});

long("a domain that ran meanwhile has forgotten nothing", async () => {
  expect(await nearest(rows())).toBeNull();
  const kept = await readdir(join(home, "register"));
  const domain = await startDomain(home, { workerThreads: 1 });
  await domain.close();
  expect(await readdir(join(home, "register"))).toEqual(kept);
  expect(await nearest(older(rows(), 1))).toBe("column age");
});
