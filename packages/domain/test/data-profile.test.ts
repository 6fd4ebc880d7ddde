/** Profiles of stored tables: counted in an engine of their own, published beside the description of the same snapshot.
 *  @module */
import { join } from "node:path";
import { expect, test } from "vitest";
import { PEOPLE_FIELDS, storeBelow, Workplace } from "./data-fixture.ts";

const request = { resource: "people", subject: "id", pairs: true };

/** 300 persons with two rows each; one of them alone has region 999999. */
function csv(change = ""): string {
  const lines = Array.from({ length: 600 }, (_, i) => {
    const person = i % 300;
    const region = person === 7 ? "999999" : `11010${person % 3}`;
    const joined = `20${String(10 + (person % 10)).padStart(2, "0")}-0${1 + (person % 9)}-15`;
    return `P${person},${region},${20 + (person % 40)},${1_000 + person * 10.5},${person % 4 === 0},${joined},note ${i}`;
  });
  return ["id,region,age,income,insured,joined,note", ...lines, change].join("\n");
}

test("a profile counts persons of the stored table, and the same table has the same profile", async () => {
  await using place = await Workplace.open();
  const { snapshot } = await place.import(csv(), { fields: PEOPLE_FIELDS });
  const profile = await place.store.profile(request);
  expect(profile).toMatchObject({ domain: "hrss", resource: "people", snapshot, subject: "id", persons: 300 });
  expect(profile.columns.map(({ kind }) => kind)).toEqual([
    "shape",
    "values",
    "numbers",
    "numbers",
    "values",
    "dates",
    "shape",
  ]);
  expect(JSON.stringify(profile)).not.toContain("999999");
  expect(JSON.stringify(profile)).not.toContain("P7");
  expect(await place.store.profile(request)).toEqual(profile);
});

test("a published profile is kept, and goes with its table: another snapshot has none before it is published anew", async () => {
  await using place = await Workplace.open();
  await place.import(csv(), { fields: PEOPLE_FIELDS });
  expect(() => place.store.publishedProfile("people")).toThrow(expect.objectContaining({ code: "ERR_NOT_FOUND" }));
  const profile = await place.store.profile(request);
  await place.store.publishProfile(profile);
  expect(place.store.publishedProfile("people")).toEqual(profile);
  await place.store.close();

  const store = await storeBelow(join(place.path, "store"));
  expect(store.publishedProfile("people")).toEqual(profile);
  const { snapshot } = await store.importTable({
    file: await place.file("more.csv", csv("P301,110101,30,1000,true,2011-01-15,note")),
    resource: "people",
    title: "People",
    source: "Office of Statistics",
    domain: "hrss",
    updateFrequency: "month",
    fields: PEOPLE_FIELDS,
  });
  expect(snapshot).not.toBe(profile.snapshot);
  expect(() => store.publishedProfile("people")).toThrow(expect.objectContaining({ code: "ERR_NOT_FOUND" }));
  await expect(store.publishProfile(profile)).rejects.toMatchObject({ code: "ERR_CONFLICT" });
  await store.close();
});

test("what cannot be counted is refused by its code: no such table or column, too few persons, a cancelled count", async () => {
  await using place = await Workplace.open();
  await place.import(csv(), { fields: PEOPLE_FIELDS });
  const refusals = [
    [{ resource: "nowhere" }, "ERR_NOT_FOUND"],
    [{ resource: "people", subject: "nowhere" }, "ERR_POLICY_COLUMN"],
    [{ resource: "people", subject: "region" }, "ERR_SAMPLE_SIZE"],
    [{ resource: "people", signal: AbortSignal.abort() }, "ERR_CANCELLED"],
  ] as const;
  for (const [request, code] of refusals) await expect(place.store.profile(request)).rejects.toMatchObject({ code });
});
