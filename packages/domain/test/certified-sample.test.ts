import type { JobManifest } from "@sluice/protocol";
import { expect, test } from "vitest";
import { CertifiedSample } from "../src/data/certified-sample.ts";
import type { DomainContext } from "../src/serve/context.ts";
import { runGuarded, type RunWork } from "../src/serve/guarded-run.ts";
import { people, peopleCsv, PEOPLE_FIELDS, peoplePolicy, seededRandom, Workplace } from "./data-fixture.ts";

const request = {
  resource: "people",
  policy: peoplePolicy(),
  key: "id",
  fields: ["region", "age"],
  tokenKey: seededRandom("token").bytes(32),
  seed: seededRandom("seed").bytes(32),
};

test("only the gate makes a sample that a run takes: what looks like one is none", async () => {
  await using place = await Workplace.open();
  await place.import(peopleCsv(people(600)), { fields: PEOPLE_FIELDS });
  const sample = await place.store.drawSample(request);
  expect(CertifiedSample.isCertified(sample)).toBe(true);
  const { table, subjects, certificate } = sample;
  // Each has the members of the type, and one its prototype: only a cast makes the compiler take them.
  const forged = [
    { table, subjects, certificate },
    Object.assign(Object.create(CertifiedSample.prototype) as object, { table, subjects, certificate }),
  ];
  for (const rows of forged) {
    expect(CertifiedSample.isCertified(rows)).toBe(false);
    const input = {
      entry: "develop",
      manifest: {} as JobManifest,
      sample: rows as CertifiedSample,
      bitsBefore: 0,
    } as const;
    const work = { run: {}, admitted: { held: { policy: request.policy } } } as unknown as RunWork;
    await expect(runGuarded({} as DomainContext, work, input)).rejects.toThrow("without a certificate");
  }
});

test("a report that says refused makes none", async () => {
  await using place = await Workplace.open();
  await place.import(peopleCsv(people(600)), { fields: PEOPLE_FIELDS });
  const { gate: _, ...policy } = request.policy;
  const inspected = await place.store.inspectSample({ ...request, policy });
  const { key, fields, seed } = request;
  const facts = { policy, key, fields, report: inspected.report, seed, salt: seed, at: new Date(0) };
  await expect(CertifiedSample.certify(inspected, facts)).rejects.toMatchObject({ code: "ERR_SAMPLE_GATE" });
});
