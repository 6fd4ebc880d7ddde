import { documentHash, isSluiceError, type AnonymityModel, type Policy } from "@sluice/protocol";
import { expect, test } from "vitest";
import { people, peopleCsv, PEOPLE_FIELDS, peoplePolicy, seededRandom, Workplace } from "./data-fixture.ts";

const tokenKey = seededRandom("token").bytes(32);
const seed = seededRandom("seed").bytes(32);
const FIELDS = ["region", "age", "income", "insured", "note"];

/** Age and region are kept as stored, too fine for k; hierarchies say how they may become coarser. */
const fields = PEOPLE_FIELDS.map((field) => {
  if (field.name === "age")
    return { ...field, hierarchy: { kind: "intervals" as const, min: 0, max: 100, widths: [5, 10, 20] } };
  return field.name === "region" ? { ...field, hierarchy: { kind: "prefix" as const, lengths: [4, 2] } } : field;
});

function fine(model: AnonymityModel, change: Partial<Policy> = {}): Policy {
  const { columns, ...rest } = peoplePolicy();
  const keep = { role: "quasi", transform: { kind: "keep" } } as const;
  return { ...rest, columns: { ...columns, region: keep, age: keep }, model, ...change };
}

function groups(
  table: { rowCount: number; columns: Record<string, unknown> },
  names: readonly string[],
): Map<string, number> {
  const counts = new Map<string, number>();
  for (let row = 0; row < table.rowCount; row++) {
    const key = names.map((name) => {
      const column = table.columns[name] as { values: ArrayLike<number>; dictionary?: string[] };
      const value = column.values[row] ?? 0;
      return String(column.dictionary?.[value] ?? value);
    });
    counts.set(key.join("/"), (counts.get(key.join("/")) ?? 0) + 1);
  }
  return counts;
}

test("a policy with a model: the store draws, coarsens and measures, and the types that jobs see stay", async () => {
  await using place = await Workplace.open();
  await place.import(peopleCsv(people(1_237)), { fields });
  const draw = (policy: Policy) =>
    place.store.drawSample({ resource: "people", policy, key: "id", fields: FIELDS, tokenKey, seed });

  // As stored, no row is like five others.
  await expect(draw(fine({ algorithm: "suppress" }))).rejects.toSatisfy((error) =>
    isSluiceError(error, "ERR_SAMPLE_K"),
  );
  for (const algorithm of ["full-domain", "mondrian"] as const) {
    const policy = fine({ algorithm });
    const { table, certificate } = await draw(policy);
    const classes = groups(table, ["region", "age"]);
    expect(Math.min(...classes.values())).toBe(certificate.k);
    expect(certificate.k).toBeGreaterThanOrEqual(5);
    expect(classes.size).toBeGreaterThan(3);
    expect(certificate).toMatchObject({
      policy: await documentHash(policy),
      sampleRows: table.rowCount,
      verdict: "passed",
    });
    const { report } = await place.store.inspectSample({
      resource: "people",
      policy,
      key: "id",
      fields: FIELDS,
      tokenKey,
      seed,
    });
    // In the whole table at least as many persons look like a class as in the sample: 6 of them for one, as 200 are of 1,237.
    const { journalist, prosecutor } = report.attackers;
    expect(journalist?.highest).toBeGreaterThan(0);
    expect(journalist?.highest).toBeLessThan(prosecutor.highest / 2);
    expect(report.utility.loss).toBeGreaterThan(0);
    const ages = [...(table.columns["age"]?.values ?? [])];
    if (algorithm === "full-domain")
      expect([ages.every((age) => age % 5 === 0), new Set(ages).size > 1]).toEqual([true, true]);
    expect([table.columns["age"]?.type, table.columns["region"]?.type]).toEqual(["i32", "dict"]);
  }
  const { table } = await draw(fine({ algorithm: "full-domain", l: 2, t: 0.5 }));
  const both = groups(table, ["region", "age", "insured"]);
  const classes = groups(table, ["region", "age"]);
  for (const key of classes.keys())
    expect([...both.keys()].filter((pair) => pair.startsWith(`${key}/`)).length).toBe(2);
  await expect(draw(fine({ algorithm: "mondrian", l: 1_000 }))).rejects.toMatchObject({
    code: "ERR_SAMPLE_MODEL",
    details: { demands: "k, l", limit: 0.2 },
  });
  // An officer sees it with everything else, and no row of it.
  const refused = {
    resource: "people",
    policy: fine({ algorithm: "mondrian", l: 1_000 }),
    key: "id",
    fields: FIELDS,
    tokenKey,
    seed,
  };
  const { report } = await place.store.inspectSample(refused);
  expect(report).toMatchObject({ verdict: "refused" });
  expect(report.gate[0]).toEqual({ rule: "model", passed: false, measured: 0, limit: 1 });
  const kept = await place.store.inspectSample({
    ...refused,
    policy: fine({ algorithm: "full-domain", l: 2, t: 0.5 }),
  });
  expect(kept.report).toMatchObject({ model: { algorithm: "full-domain", l: 2 }, verdict: "passed" });
  expect(kept.report.gate[0]).toMatchObject({ rule: "model", passed: true });
});

test("presence is judged against the whole table, when each of its rows is another person", async () => {
  await using place = await Workplace.open();
  const all = people(1_237);
  await place.import(peopleCsv(all), { fields });
  const policy = fine({ algorithm: "full-domain", delta: { min: 0, max: 0.2 } }, { suppressionLimit: 0.5 });
  const request = { resource: "people", policy, key: "id", fields: FIELDS, tokenKey, seed };
  const { table, certificate } = await place.store.drawSample(request);
  expect(certificate.sampleRows).toBe(table.rowCount);
  expect(table.rowCount).toBeGreaterThan(0);
  // The sample is 16 % of the persons: no class of it can be a twentieth of those alike, not even all of it.
  const strict = { ...policy, model: { algorithm: "full-domain", delta: { min: 0, max: 0.05 } } } as const;
  await expect(place.store.drawSample({ ...request, policy: strict })).rejects.toMatchObject({
    code: "ERR_SAMPLE_MODEL",
  });

  const twice = all.map((person, i) => ({ ...person, id: i % 2 === 0 ? person.id : (all[i - 1]?.id ?? "") }));
  await place.import(peopleCsv(twice), { fields });
  await expect(place.store.drawSample(request)).rejects.toMatchObject({
    code: "ERR_POLICY",
    details: { pointer: "/model/delta" },
  });
});
