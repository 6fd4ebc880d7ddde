/** Every entry of a domain's log is a receipt or an event that the domain keeps: access, processing, flow and destruction
 *  are all there, without a name or a value.
 *  @module */
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { currentKey, logIdentity, signDocument, verifyLogProof, verifySigned } from "@sluice/evidence";
import { documentHash, DomainDescription, EventPage, fromUtf8, ResourceProfile, SignedEvent } from "@sluice/protocol";
import { afterAll, beforeAll, expect, test } from "vitest";
import { profileResource, startDomain } from "../src/index.ts";
import { eventsOf, explanations, logEntries, withState } from "./domain-log.ts";
import {
  deliverGrant,
  get,
  grantBody,
  importPersons,
  openFixture,
  postJson,
  rowText,
  serveProduct,
  type Fixture,
} from "./serving-fixture.ts";

let fixture: Fixture;
let snapshots: string[];
let grant: string;
let imported: string;

const suspension = (at: number) =>
  signDocument(
    {
      type: "party" as const,
      party: "caller",
      title: "Caller",
      role: "caller" as const,
      keyId: fixture.parties.caller.keyId,
      status: "suspended" as const,
      at: new Date(at).toISOString(),
    },
    fixture.parties.agency,
  );

beforeAll(async () => {
  fixture = await openFixture();
  grant = await deliverGrant(fixture);
  const { built } = await serveProduct(fixture, grant);
  snapshots = [built.snapshot ?? ""];
  const described = await fetch(`${fixture.domain.url}/v1/description`);
  imported = DomainDescription.parse(await described.json()).resources[0]?.snapshot ?? "";
});
afterAll(() => fixture[Symbol.asyncDispose]());

test("what comes in, is built and is taken away is an event, once, of the hash of what it concerns", async () => {
  await deliverGrant(fixture); // again: it changes nothing
  const before = eventsOf(fixture.directory);
  expect(before.filter(({ kind }) => kind === "import")).toEqual([{ kind: "import", subject: imported }]);
  expect(before.filter(({ kind }) => kind === "grant")).toHaveLength(2); // its body has the time of day
  expect(before[2]).toEqual({ kind: "grant", subject: grant });
  expect(before.filter(({ kind }) => kind === "product-built").map(({ subject }) => subject)).toEqual(snapshots);
  expect(before.map(({ kind }) => kind)).toEqual(
    expect.arrayContaining(["import", "start", "grant", "run", "release", "product-built"]),
  );

  const stopped = await suspension(Date.now());
  await postJson(fixture, "/v1/parties", stopped);
  await postJson(fixture, "/v1/parties", stopped);
  const withdrawn = await documentHash(await grantBody(fixture, { restrictions: ["withdrawn"] }));
  const revocation = await signDocument(
    { type: "revocation", domain: "test", grant: withdrawn, reason: "test", at: new Date().toISOString() },
    fixture.parties.department,
  );
  await postJson(fixture, "/v1/revocations", revocation);
  await postJson(fixture, "/v1/revocations", revocation);
  expect(eventsOf(fixture.directory).slice(before.length)).toEqual([
    { kind: "party", subject: await documentHash(stopped.body) },
    { kind: "grant-revoked", subject: await documentHash(revocation.body) },
  ]);
});

test("without its event no table is imported", async () => {
  await fixture.domain.close();
  const files = async (): Promise<string[]> => (await readdir(fixture.directory, { recursive: true })).sort();
  const before = await files();
  const db = new DatabaseSync(join(fixture.directory, "state.sqlite"));
  db.exec("BEGIN IMMEDIATE"); // nobody else can write
  await expect(importPersons(fixture.directory, [rowText(0)], "others")).rejects.toThrow("locked");
  db.close();
  expect((await files()).filter((name) => !name.includes("sqlite"))).toEqual(
    before.filter((name) => !name.includes("sqlite")),
  );
  fixture.domain = await startDomain(fixture.directory, { workerThreads: 1 });
});

test("a profile is shown to the gateway once it is published, and its hash is an event before", async () => {
  const path = "/v1/resources/persons/profile";
  await expect(get(fixture, path)).rejects.toMatchObject({ code: "ERR_NOT_FOUND" });
  await fixture.domain.close();
  const request = { resource: "persons", subject: "person" };
  const before = eventsOf(fixture.directory).length;
  const looked = await profileResource(fixture.directory, { ...request, publish: false });
  expect(eventsOf(fixture.directory)).toHaveLength(before);
  await expect(profileResource(fixture.directory, { resource: "persons", publish: true })).rejects.toMatchObject({
    code: "ERR_USAGE", // two columns name persons
  });
  const published = await profileResource(fixture.directory, { ...request, publish: true });
  expect(published).toEqual(looked);
  expect(eventsOf(fixture.directory).slice(before)).toEqual([
    { kind: "profile-published", subject: await documentHash(published) },
  ]);
  fixture.domain = await startDomain(fixture.directory, { workerThreads: 1 });
  expect(ResourceProfile.parse(JSON.parse(fromUtf8(await get(fixture, path))))).toEqual(published);
  expect((await fetch(`${fixture.domain.url}${path}`)).status).toBe(401);
});

test("each entry of the log is one kept document, and events are signed by the domain and carry nothing else", async () => {
  await fixture.domain.close();
  const entries = await logEntries(fixture.directory);
  const kept = explanations(fixture.directory);
  expect(kept.map(({ logIndex }) => logIndex).toSorted((a, b) => Number(a) - Number(b))).toEqual([...entries.keys()]);
  for (const { document, entry, logIndex } of kept) {
    expect(entries[logIndex ?? -1]).toBe(entry);
    if (document.body.type !== "event") continue;
    await verifySigned(SignedEvent.parse(document), { required: [[currentKey(fixture.config.receiptKey)]] });
  }
  fixture.domain = await startDomain(fixture.directory, { workerThreads: 1 });
});

test("the events of a period come in pages, each with a proof of its place in the log, for the gateway alone", async () => {
  const { logOrigin, logKey, logSm2Key } = fixture.config;
  const period = "from=2020-01-01T00:00:00.000Z&to=2099-01-01T00:00:00.000Z";
  const read = async (query: string): Promise<EventPage> =>
    EventPage.parse(JSON.parse(fromUtf8(await get(fixture, `/v1/events?${query}`))));
  const { items } = await read(period);
  expect(items.map(({ event }) => event.body.kind)).toEqual(eventsOf(fixture.directory).map(({ kind }) => kind));
  for (const { event, domainLog } of items) {
    await verifyLogProof(domainLog, event, logIdentity({ logOrigin, logKey, logSm2Key }));
  }
  expect((await read(`${period}&after=${items.length - 1}`)).items).toEqual([
    expect.objectContaining({ event: items.at(-1)?.event }),
  ]);
  expect((await read("from=2020-01-01T00:00:00.000Z&to=2020-01-02T00:00:00.000Z")).items).toEqual([]);
  await expect(read("from=yesterday&to=today")).rejects.toMatchObject({ code: "ERR_BODY_INVALID" });
  expect((await fetch(`${fixture.domain.url}/v1/events?${period}`)).status).toBe(401);
});

test.each([
  ["signed and logged", "log_index = NULL, salt = NULL, document = NULL", true],
  ["logged", "log_index = NULL", false],
])(
  "an event that the end of the process left to be %s is found or logged at the next start",
  async (_, change, anew) => {
    const moved = await suspension(Date.now() + 1_000 + Number(anew));
    const eventSubject = await documentHash(moved.body);
    await postJson(fixture, "/v1/parties", moved);
    await fixture.domain.close();
    const size = (await logEntries(fixture.directory)).length;
    withState(fixture.directory, (db) => {
      db.exec(`UPDATE event SET ${change} WHERE id = (SELECT max(id) FROM event)`);
      // As if the entry of the unsigned one had never been appended: one of a kind that explains it stands in its place.
      if (anew) db.exec(`UPDATE rollback SET accepted_size = ${size}`);
    });
    fixture.domain = await startDomain(fixture.directory, { workerThreads: 1 });
    await fixture.domain.close();
    const entries = await logEntries(fixture.directory);
    expect(entries).toHaveLength(size + (anew ? 2 : 1)); // with the start
    const last = explanations(fixture.directory).find(
      ({ document }) => document.body.type === "event" && document.body.subject === eventSubject,
    );
    expect(last?.logIndex).toBe(anew ? size : size - 1);
    expect(entries[last?.logIndex ?? -1]).toBe(last?.entry);
    fixture.domain = await startDomain(fixture.directory, { workerThreads: 1 });
  },
);
