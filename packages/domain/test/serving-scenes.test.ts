/** Samples of one table for two scenes, as their developers see them: the persons of the smaller are among those of the
 *  larger, so that who has both sees nobody whom one of them does not show among k.
 *  @module */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { utf8 } from "@sluice/protocol";
import { expect, test } from "vitest";
import { importTable, startDomain } from "../src/index.ts";
import {
  bucketOfAge,
  deliverGrant,
  develop,
  openFixture,
  PERSON_FIELDS,
  regionOf,
  ROWS,
  rowText,
  type Fixture,
} from "./serving-fixture.ts";

/** Tells whose rows it reads, by a number that no other row has and that says nothing of anybody. */
const JOB = utf8(`var sluiceJob = { default: {
  name: "bands", purpose: "bands", input: { age: "f64", region: "dict", serial: "i32" },
  outputs: { fit: { kind: "metrics", keys: ["rows"] } },
  develop(rows, { log }) {
    for (let i = 0; i < rows.rowCount; i++) {
      log(JSON.stringify([rows.serial.values[i], rows.region.dictionary[rows.region.values[i]], rows.age.values[i]]));
    }
    return { fit: { rows: rows.rowCount } };
  },
} };`);

/** Serials of the rows, in an order of their own. */
const serialOf = (row: number): number => (row * 149) % 401;

async function importSerials({ directory }: Fixture): Promise<void> {
  const file = join(directory, "..", "serials.csv");
  const lines = Array.from({ length: ROWS }, (_, i) => `${rowText(i)},${serialOf(i)}`);
  await writeFile(file, ["person,name,age,region,consented,serial", ...lines, ""].join("\n"));
  await importTable(directory, {
    file,
    resource: "persons",
    title: "Persons",
    source: "Test",
    updateFrequency: "once",
    fields: [
      ...PERSON_FIELDS,
      { name: "serial", title: "place in a list", type: "integer", role: "other", grade: "general-1" },
    ],
  });
}

/** What the developer of a scene reads of each person in a sample of `rows`. */
async function seenIn(fixture: Fixture, scene: string, rows: number): Promise<Map<number, string>> {
  const { columns, ...policy } = fixture.policy;
  const serial = { role: "other", transform: { kind: "keep" } } as const;
  const own = { ...policy, columns: { ...columns, serial }, sample: { rows, strata: ["region"] } };
  const grant = await deliverGrant(Object.assign(Object.create(fixture) as Fixture, { policy: own }), {
    scene: { scene, title: scene, purpose: "bands", value: "test" },
    fields: ["age", "region", "serial"].map((name) => ({ name, need: "test" })),
  });
  const run = await develop(fixture, grant, JOB, 1, scene);
  expect(run.failure).toBeUndefined();
  const told = run.log.map((line) => JSON.parse(line) as [number, string, number]);
  expect(told.length).toBe(run.certificate?.sampleRows);
  return new Map(told.map(([serial, region, age]) => [serial, `${region} ${age}`]));
}

// A domain of its own: in the long run.
test.runIf(process.env["SLOW"] === "1")(
  "the smaller of two scenes' samples is a part of the larger one, whichever was drawn first",
  async () => {
    await using fixture = await openFixture();
    await fixture.domain.close();
    await importSerials(fixture);
    fixture.domain = await startDomain(fixture.directory, { workerThreads: 1 });
    const table = new Map(Array.from({ length: ROWS }, (_, i) => [serialOf(i), `${regionOf(i)} ${bucketOfAge(i)}`]));
    const middle = await seenIn(fixture, "middle", 200);
    const smaller = await seenIn(fixture, "smaller", 120);
    const larger = await seenIn(fixture, "larger", 300);
    expect(smaller.size).toBeGreaterThan(80);
    for (const [part, whole] of [
      [smaller, middle],
      [middle, larger],
    ] as const) {
      expect(part.size).toBeLessThan(whole.size);
      expect([...part.keys()].filter((serial) => !whole.has(serial))).toEqual([]);
    }
    // All three laid over each other: what is known of each person then, and how many there are of each kind.
    const overlaid = new Map([...smaller, ...middle, ...larger]);
    for (const sample of [smaller, middle, larger]) {
      for (const [serial, seen] of sample) expect([seen, overlaid.get(serial)]).toEqual([table.get(serial), seen]);
    }
    const kinds = Map.groupBy(overlaid.keys(), (serial) => overlaid.get(serial));
    for (const [kind, persons] of kinds) expect(persons.length, kind).toBeGreaterThanOrEqual(fixture.policy.k);
  },
);
