/** What an officer decides on a field counts for every grant: those that were accepted before, those that come, and for what the
 *  domain publishes. The decision has its event in the log.
 *  @module */
import { commitment } from "@sluice/evidence";
import { blind } from "@sluice/mpc/oprf/client";
import { DomainDescription, encodeEvaluateRequest, fromHex, sha256Hex, toHex, utf8 } from "@sluice/protocol";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  classifyResource,
  decideField,
  profileResource,
  startDomain,
  type DecidedField,
  type FieldChange,
} from "../src/index.ts";
import { eventsOf, explanations, logEntries, withState } from "./domain-log.ts";
import {
  clock,
  deliverGrant,
  develop,
  get,
  importPersons,
  JOB,
  openFixture,
  random,
  ROWS,
  rowText,
  sealedCall,
  send,
  serveProduct,
  use,
  type Fixture,
} from "./serving-fixture.ts";

const long = test.runIf(process.env["SLOW"] === "1");

let fixture: Fixture;
let grant: string;

/** Decides on a field while the domain stands still, and starts it again. */
async function decide(change: Omit<FieldChange, "officer">): Promise<DecidedField> {
  await fixture.domain.close();
  try {
    return await decideField(
      fixture.directory,
      "persons",
      { officer: "王主任", reason: "定级会议", ...change },
      { clock, random },
    );
  } finally {
    fixture.domain = await startDomain(fixture.directory, { workerThreads: 1 });
  }
}

async function askToDevelop(): Promise<unknown> {
  const key = fixture.parties.developer;
  return send(
    fixture,
    "/v1/jobs",
    await use({ operation: "develop", grant, frame: JOB, key, bundle: await sha256Hex(JOB) }),
  );
}

async function publishedFields(): Promise<string[]> {
  const response = await fetch(`${fixture.domain.url}/v1/description`);
  const [resource] = DomainDescription.parse(await response.json()).resources;
  return resource?.fields.map(({ name, role, grade }) => `${name} ${role} ${grade}`) ?? [];
}

beforeAll(async () => {
  fixture = await openFixture();
  grant = await deliverGrant(fixture);
});
afterAll(() => fixture[Symbol.asyncDispose]());

test("a field that is graded important or core, or is said to identify, ends the licences that show it, until decided otherwise", async () => {
  for (const change of [{ grade: "core" }, { grade: "important" }, { grade: "general-2", role: "direct" }] as const) {
    const { unfitGrants } = await decide({ field: "region", ...change });
    expect(unfitGrants).toEqual([grant]);
    await expect(askToDevelop()).rejects.toMatchObject({
      code: "ERR_GRANT_REGRADED",
      details: { resource: "persons", pointer: expect.stringMatching(/^\/columns\/region\//) as string },
    });
    await expect(deliverGrant(fixture)).rejects.toMatchObject({ code: "ERR_POLICY" });
  }
  const { unfitGrants } = await decide({ field: "region", role: "quasi", grade: "general-3" });
  expect(unfitGrants).toEqual([]);
  expect(await publishedFields()).toContain("region quasi general-3");
  await expect(askToDevelop()).resolves.toBeInstanceOf(Uint8Array);
});

test("an excluded field is in no grant, not as a key either, and the domain does not publish it", async () => {
  expect(await publishedFields()).toHaveLength(5);
  await decide({ field: "age", excluded: "business-secret" });
  await expect(askToDevelop()).rejects.toMatchObject({ code: "ERR_GRANT_REGRADED" });
  await expect(deliverGrant(fixture)).rejects.toMatchObject({ code: "ERR_POLICY" });
  expect(await publishedFields()).toHaveLength(4);
  await decide({ field: "age", excluded: null });
  await decide({ field: "person", excluded: "personal-rights" });
  await expect(askToDevelop()).rejects.toMatchObject({ code: "ERR_GRANT_REGRADED" });
  await decide({ field: "person", excluded: null });
  // Nor does anybody join by one.
  const joined = await deliverGrant(fixture, { joinFields: ["name"] });
  const { unfitGrants } = await decide({ field: "name", excluded: "personal-rights" });
  expect(unfitGrants).toContain(joined);
  await expect(develop(fixture, joined)).rejects.toMatchObject({ code: "ERR_GRANT_REGRADED" });
  await decide({ field: "name", excluded: null });
  await decide({ field: "consented", excluded: "state-secret" });
  await expect(
    deliverGrant(fixture, { consent: { kind: "subject-consent", field: "consented" } }),
  ).rejects.toMatchObject({ code: "ERR_BODY_INVALID" });
  await expect(askToDevelop()).resolves.toBeInstanceOf(Uint8Array);
  await decide({ field: "consented", excluded: null });
});

test("a decision outlives the next import, and its event commits to it without naming anybody", async () => {
  const { decision } = await decide({ field: "name", grade: "important" });
  await fixture.domain.close();
  await importPersons(
    fixture.directory,
    Array.from({ length: ROWS }, (_, i) => rowText(i)),
  );
  const columns = await classifyResource(fixture.directory, "persons", { clock, random });
  const name = columns.find(({ field }) => field.name === "name");
  expect(name).toMatchObject({ field: { grade: "important" }, decision: { officer: "王主任" } });
  expect(JSON.stringify(columns)).not.toMatch(/Name \d|P\d/);
  fixture.domain = await startDomain(fixture.directory, { workerThreads: 1 });
  const salt = withState(fixture.directory, (db) =>
    String(db.prepare("SELECT salt FROM field_decision ORDER BY id DESC LIMIT 1").get()?.["salt"]),
  );
  const events = eventsOf(fixture.directory).filter(({ kind }) => kind === "classified");
  expect(events.at(-1)?.subject).toBe(toHex(commitment(decision, fromHex(salt))));
  const entries = await logEntries(fixture.directory);
  const logged = explanations(fixture.directory).filter(({ document }) =>
    JSON.stringify(document).includes("classified"),
  );
  expect(logged).toHaveLength(events.length);
  expect(logged.every(({ entry, logIndex }) => logIndex !== null && entries[logIndex] === entry)).toBe(true);
  expect(JSON.stringify(logged)).not.toContain("王主任");
});

test("a decision that does not fit is none", async () => {
  await fixture.domain.close();
  const options = { clock, random };
  const before = eventsOf(fixture.directory).length;
  const decideOn = (change: FieldChange) => decideField(fixture.directory, "persons", change, options);
  await expect(decideOn({ field: "nobody", officer: "王" })).rejects.toMatchObject({ code: "ERR_NOT_FOUND" });
  for (const change of [
    { field: "age", officer: "" },
    { field: "age", officer: "a\u0007b" },
    { field: "age", officer: "王", reason: "x".repeat(201) },
  ]) {
    await expect(decideOn(change)).rejects.toMatchObject({ code: "ERR_BODY_INVALID" });
  }
  await expect(classifyResource(fixture.directory, "other", options)).rejects.toMatchObject({ code: "ERR_NOT_FOUND" });
  expect(eventsOf(fixture.directory)).toHaveLength(before);
  fixture.domain = await startDomain(fixture.directory, { workerThreads: 1 });
  await expect(decideOn({ field: "age", officer: "王" })).rejects.toMatchObject({ code: "ERR_DIRECTORY_LOCKED" });
});

test("a profile that was published shows nothing that a later decision keeps back", async () => {
  await fixture.domain.close();
  const count = () =>
    profileResource(fixture.directory, { resource: "persons", subject: "person", publish: true, pairs: false });
  expect((await count()).columns.map(({ field }) => field)).toContain("region");
  fixture.domain = await startDomain(fixture.directory, { workerThreads: 1 });
  const published = () => get(fixture, "/v1/resources/persons/profile");
  await expect(published()).resolves.toBeInstanceOf(Uint8Array);
  await decide({ field: "region", grade: "important" });
  await expect(published()).rejects.toMatchObject({ code: "ERR_NOT_FOUND" });
  await decide({ field: "region", grade: "general-3", excluded: "forbidden-by-law" });
  await expect(published()).rejects.toMatchObject({ code: "ERR_NOT_FOUND" });
  await fixture.domain.close();
  expect((await count()).columns.map(({ field }) => field)).not.toContain("region");
  fixture.domain = await startDomain(fixture.directory, { workerThreads: 1 });
  await expect(published()).resolves.toBeInstanceOf(Uint8Array);
  await decide({ field: "region", excluded: null });
});

long(
  "what was built under a grant answers no more once its fields are graded core, and answers again when decided back",
  async () => {
    await serveProduct(fixture, grant);
    const ask = async (): Promise<unknown> => {
      const elements = [blind(utf8("P1"), random).blindedElement];
      const call = await sealedCall(fixture, (snapshot) => encodeEvaluateRequest({ snapshot, elements }), {
        operation: "lookup.evaluate",
        grant,
        key: fixture.parties.caller,
      });
      return send(fixture, "/v1/calls", call.envelope);
    };
    await expect(ask()).resolves.toBeInstanceOf(Uint8Array);
    await decide({ field: "region", grade: "core" });
    await expect(ask()).rejects.toMatchObject({ code: "ERR_GRANT_REGRADED" });
    await decide({ field: "region", grade: "general-3" });
    await expect(ask()).resolves.toBeInstanceOf(Uint8Array);
  },
);
