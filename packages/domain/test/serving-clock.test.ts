/** A clock that went back refuses work: behind a spend, an event, the log's newest entry, and the status that is held.
 *  @module */
import { generateKey, signDocument } from "@sluice/evidence";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startDomain } from "../src/index.ts";
import { withState } from "./domain-log.ts";
import { deliverGrant, openFixture, send, use, type Fixture } from "./serving-fixture.ts";

const MINUTE = 60_000;
const refusal = (code: string) => expect.objectContaining({ code, refusedBy: "domain" });

let fixture: Fixture;
let grant: string;
let aheadMs = 0;
const clock = { now: () => new Date(Date.now() + aheadMs) };
const later = (ms: number): string => new Date(Date.now() + ms).toISOString();

async function start(): Promise<void> {
  fixture.domain = await startDomain(fixture.directory, { workerThreads: 1, clock });
}

beforeAll(async () => {
  const agency = await generateKey();
  fixture = await openFixture(undefined, { agencyKey: agency.keyId });
  Object.assign(fixture.parties, { agency });
  grant = await deliverGrant(fixture);
  await fixture.domain.close();
});
afterAll(() => fixture[Symbol.asyncDispose]());

const ask = async (): Promise<unknown> => {
  const { caller } = fixture.parties;
  return send(
    fixture,
    "/v1/calls",
    await use({ operation: "lookup.evaluate", grant, key: caller, issuedAt: clock.now() }),
  );
};

test.each<[string, string]>([
  ["a spend", "INSERT INTO clock (one, latest) VALUES (1, $at)"],
  ["an event", "UPDATE event SET at = $at WHERE id = (SELECT max(id) FROM event)"],
])("behind %s", async (_, sql) => {
  const before = withState(fixture.directory, (db) => {
    const row = db.prepare("SELECT id, at FROM event ORDER BY id DESC LIMIT 1").get();
    db.prepare(sql).run({ at: later(5 * MINUTE) });
    return row;
  });
  await start();
  await expect(ask()).rejects.toEqual(refusal("ERR_CLOCK"));
  await fixture.domain.close();
  withState(fixture.directory, (db) => {
    db.exec("DELETE FROM clock");
    db.prepare("UPDATE event SET at = ? WHERE id = ?").run(before?.["at"] ?? null, before?.["id"] ?? null);
  });
  await start();
  await expect(ask()).rejects.toEqual(refusal("ERR_RELEASE_MISSING")); // admitted; nothing is served here
  await fixture.domain.close();
});

test("behind the status that it holds", async () => {
  await start();
  aheadMs = 2 * MINUTE; // the time at which it takes the status
  const body = {
    type: "status",
    domain: "test",
    sequence: 1,
    revoked: [],
    suspended: [],
    issuedAt: later(150_000),
    validUntil: later(10 * MINUTE),
  } as const;
  const response = await fetch(`${fixture.domain.url}/v1/statuses`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(await signDocument(body, fixture.parties.agency)),
  });
  expect(response.status).toBe(204);
  await fixture.domain.close();
  // Its event and its entry aside: the status alone is ahead.
  aheadMs = 80_000;
  withState(fixture.directory, (db) => db.prepare("UPDATE event SET at = ? WHERE kind = 'status'").run(later(0)));
  await start();
  await expect(ask()).rejects.toEqual(refusal("ERR_CLOCK"));
  await fixture.domain.close();
});

test("behind the newest entry of its log it does not start", async () => {
  aheadMs = 30 * MINUTE;
  await start();
  await fixture.domain.close();
  aheadMs = 0;
  await expect(start()).rejects.toMatchObject({ code: "ERR_CLOCK" });
  aheadMs = 30 * MINUTE;
  await start(); // time has caught up
});
