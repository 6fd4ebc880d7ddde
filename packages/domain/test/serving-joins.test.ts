/** Sets by typed keys through a whole domain: the columns that the grant names, entries in canonical form by every method, what is left
 *  out and told to the department alone, updates and compaction, and whose rows are behind it.
 *  @module */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { readLogLine, type LogEvent } from "@sluice/evidence/observe";
import { PsiCardinalityReceiver, PsiIdsReceiver } from "@sluice/mpc/psi/receiver";
import { TransferReceiver, transferSet } from "@sluice/mpc/psi/transfer-receiver";
import { postSession } from "@sluice/mpc/session/client";
import {
  decodeSessionReply,
  documentHash,
  encodeSessionMessage,
  encodeSessionOpening,
  fromHex,
  grantedKeys,
  isPsiFilter,
  joinEntry,
  padPsiItems,
  padPsiTransferList,
  residentIdCheckDigit,
  sha256Hex,
  SignedPsiSnapshot,
  type Bytes,
  type DeclaredKeys,
  type PsiSnapshot,
  BINARY_MEDIA_TYPE,
} from "@sluice/protocol";
import { afterAll, beforeAll, expect, test } from "vitest";
import { compactProductOfDomain, importTable, openSubjectDesk, startDomain } from "../src/index.ts";
import { ask, deliverFormsGrant, serveForm, setJob, type AnsweringProduct } from "./serving-forms-fixture.ts";
import {
  bucketOfAge,
  clock,
  develop,
  finishedRun,
  get,
  importPersons,
  openFixture,
  PERSON_FIELDS,
  post,
  random,
  ROWS,
  rowText,
  sealedCall,
  send,
  use,
  type Fixture,
} from "./serving-fixture.ts";

/** By identity number, or by name and region together. */
const DECLARED: DeclaredKeys = [
  [{ type: "resident-id" }],
  [
    { field: "name", type: "name" },
    { field: "region2", type: "text" },
  ],
];
const KEYS: DeclaredKeys = [[{ type: "resident-id" }], [{ field: "name", type: "name" }, { type: "resident-id" }]];

function idOf(person: number): string {
  const digits = `11010519491231${String(person).padStart(3, "0")}`;
  return digits + residentIdCheckDigit(digits);
}

/** As the table has it: without one, with one that is none, in groups, with a lower-case x. */
function storedId(i: number): string {
  if (i < 20) return `X${i}`;
  if (i < 30) return "";
  return i % 2 === 0 ? idOf(i).toLowerCase() : `${idOf(i).slice(0, 6)} ${idOf(i).slice(6, 14)} ${idOf(i).slice(14)}`;
}

const numbers = Array.from({ length: ROWS }, (_, i) => i);
const inSet = (i: number): boolean => bucketOfAge(i) >= 60 && i >= 30;

let fixture: Fixture;
let grant: string;
let ids: AnsweringProduct;
const keys = grantedKeys(KEYS, { key: "person", joinFields: ["name"] });

beforeAll(async () => {
  fixture = await openFixture(storedId);
  grant = await deliverFormsGrant(fixture, {}, { joinFields: ["name"] });
  ids = await serveForm(fixture, grant, "typed", setJob("psi-ids", undefined, undefined, KEYS));
});
afterAll(() => fixture[Symbol.asyncDispose]());

const codeOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => "done",
    (error: unknown) => (error as { code: string }).code,
  );

function entry(which: number, ...values: string[]): string {
  const outcome = joinEntry(keys, keys[which] ?? [], values);
  return outcome.ok ? outcome.entry : `${outcome.part.field} ${outcome.fault}`;
}

async function openCurrent(): Promise<{ snapshot: PsiSnapshot; receiver: PsiIdsReceiver }> {
  const bytes = await get(fixture, "/v1/products/typed/snapshot");
  const { body } = SignedPsiSnapshot.parse(JSON.parse(new TextDecoder().decode(bytes)));
  const snapshotHash = await documentHash(body);
  const part = (name: string): Promise<Bytes> => get(fixture, `/v1/products/typed/snapshots/${snapshotHash}/${name}`);
  const hasDelta = isPsiFilter(body.parameters) && body.parameters.delta !== undefined;
  const delta = hasDelta ? await part("delta-set") : undefined;
  const set = await part("set");
  return { snapshot: body, receiver: await PsiIdsReceiver.open({ snapshot: body, snapshotHash, set, delta }) };
}

async function match({ receiver }: { receiver: PsiIdsReceiver }, list: readonly string[]): Promise<string[]> {
  const query = await receiver.start(list);
  return query.finish((await ask(fixture, ids, "psi.ids", query.frame)).content);
}

async function restart(between: () => Promise<unknown>): Promise<void> {
  await fixture.domain.close();
  await between();
  fixture.domain = await startDomain(fixture.directory, { workerThreads: 1, pause: () => Promise.resolve() });
}

const byId = numbers.filter((i) => i >= 30).map((i) => entry(0, ` ${idOf(i)}`));

test("the snapshot names the keys, and entries match however either side writes them", async () => {
  const opened = await openCurrent();
  expect(opened.snapshot.parameters.keys).toEqual(keys);
  const members = numbers.filter(inSet);
  // Two entries of each row that has an identity number.
  expect(opened.snapshot.parameters.paddedItems).toBe(padPsiItems(2 * members.length));
  expect(await match(opened, byId)).toEqual(members.map((i) => entry(0, idOf(i))));
  const pairs = [30, 31, ...members.slice(0, 5)].map((i) => entry(1, `ＮＡＭＥ　${i}`, idOf(i)));
  const swapped = members.slice(0, 5).map((i) => entry(1, `Name ${i + 1}`, idOf(i)));
  const found = await match(opened, [...pairs, ...swapped, idOf(members[0] ?? 0)]);
  expect(found).toEqual(pairs.filter((_, at) => inSet([30, 31, ...members.slice(0, 5)][at] ?? 0)));
});

test("how many rows have no key is told in the domain's log, and nowhere to callers or developers", async () => {
  const log = await readFile(join(fixture.directory, "domain.log"), "utf8");
  const lines = log
    .trim()
    .split("\n")
    .map((line) => readLogLine(line).event);
  const told = lines.filter(
    (event): event is Extract<LogEvent, { event: "keys-left-out" }> => event.event === "keys-left-out",
  );
  expect(told.map(({ key, rows, missing, invalid }) => ({ key, rows, missing, invalid }))).toEqual(
    keys.map((key) => ({ key, rows: ROWS, missing: 10, invalid: 20 })),
  );
  const run = await finishedRun(fixture, told[0]?.callId ?? "");
  expect(JSON.stringify(run)).not.toContain("invalid");
  expect(run).toMatchObject({ state: "completed", operation: "build" });
});

test("counts and the method by oblivious transfer have the same entries", async () => {
  const single: DeclaredKeys = [[{ type: "resident-id" }]];
  const list = numbers.filter((i) => i >= 30).slice(0, 100);
  const [one] = [grantedKeys(single, { key: "person" })];
  const entries = list
    .map((i) => joinEntry(one, one[0] ?? [], [idOf(i)]))
    .map((outcome) => (outcome.ok ? outcome.entry : ""));
  const counted = await serveForm(
    fixture,
    grant,
    "counted",
    setJob("psi-cardinality", { epsilon: "2", budget: "20" }, undefined, single),
  );
  if (counted.snapshot.type !== "psi-snapshot") throw new Error("no set");
  expect(counted.snapshot.parameters.keys).toEqual(one);
  const receiver = await PsiCardinalityReceiver.open({
    snapshot: counted.snapshot,
    snapshotHash: counted.snapshotHash,
  });
  const query = await receiver.start(entries);
  const { count, maxError } = await query.finish((await ask(fixture, counted, "psi.cardinality", query.frame)).content);
  const expected = list.filter(inSet);
  expect(Math.abs(count - expected.length)).toBeLessThanOrEqual(maxError);

  const equal = await serveForm(fixture, grant, "equal", setJob("psi-ids", undefined, "equal", single));
  if (equal.snapshot.type !== "psi-snapshot") throw new Error("no set");
  const { parameters, purpose } = equal.snapshot;
  expect(parameters).toMatchObject({ method: "transfer", keys: one });
  const items = padPsiTransferList(entries.length);
  const content = encodeSessionOpening({ snapshot: fromHex(equal.snapshotHash), items });
  const named = { operation: "psi.ids", grant, product: "equal", bundle: await sha256Hex(equal.code) } as const;
  const call = await sealedCall(fixture, content, { ...named, key: fixture.parties.caller });
  await send(fixture, "/v1/sessions", call.envelope);
  const [seal, id] = [await call.session(), fromHex(call.callId)];
  let number = 0;
  const role = TransferReceiver.create({
    session: id,
    snapshot: equal.snapshotHash,
    purpose,
    list: transferSet(entries),
    setItems: parameters.paddedItems,
  });
  const done = await postSession(role, {
    id,
    post: async (packet) => {
      const own = number++;
      const message = encodeSessionMessage({ number: own, sealed: await seal.seal(own, packet) });
      const reply = await post(fixture, `/v1/sessions/${call.callId}`, message, BINARY_MEDIA_TYPE);
      return await seal.open(own, decodeSessionReply(reply).sealed);
    },
  });
  expect(done).toEqual(list.flatMap((i, at) => (inSet(i) ? [at] : [])));
});

test("nobody joins by a column that the grant does not name, and no grant names one that a job sees", async () => {
  const refused = async (declared: DeclaredKeys, under = grant): Promise<string> =>
    codeOf(develop(fixture, under, setJob("psi-ids", undefined, undefined, declared), 1, "refused"));
  expect(await refused(DECLARED)).toBe("ERR_GRANT_FIELD");
  expect(await refused([[{ field: "age", type: "integer" }]])).toBe("ERR_GRANT_FIELD");
  expect(await refused([[{ type: "text" }, { field: "person", type: "name" }]])).toBe("ERR_JOB_MANIFEST");
  const plain = await deliverFormsGrant(fixture);
  expect(await refused([[{ field: "name", type: "name" }]], plain)).toBe("ERR_GRANT_FIELD");
  expect(await codeOf(deliverFormsGrant(fixture, {}, { joinFields: ["age"] }))).toBe("ERR_POLICY");
  expect(await codeOf(deliverFormsGrant(fixture, {}, { joinFields: ["nothing"] }))).toBe("ERR_GRANT_FIELD");
});

test("a column that holds something else than is declared makes no set", async () => {
  const code = setJob("psi-ids", undefined, undefined, [[{ type: "mobile" }]]);
  await expect(serveForm(fixture, grant, "phones", code)).rejects.toThrow(
    /ERR_LOOKUP_TABLE.*person \(mobile\) do not fit/,
  );
});

test(
  "updates and compactions keep the keys, and trails name the persons of the table, whatever callers join by",
  { timeout: 300_000 },
  async () => {
    const late = numbers.find((i) => i < 20 && bucketOfAge(i) >= 60) ?? 0;
    const lines = numbers.map((i) => rowText(i, i === late ? idOf(late) : storedId(i)));
    await restart(() => importPersons(fixture.directory, lines));
    const envelope = await use({
      operation: "build",
      grant,
      product: "typed",
      bundle: await sha256Hex(ids.code),
      key: fixture.parties.operator,
    });
    await send(fixture, "/v1/builds", envelope);
    expect(await finishedRun(fixture, envelope.request.body.callId)).toMatchObject({ state: "completed" });
    const list = [...byId, entry(0, idOf(late)), entry(1, `name ${late}`, idOf(late))];
    const expected = [...numbers.filter(inSet).map((i) => entry(0, idOf(i))), ...list.slice(-2)];
    const second = await openCurrent();
    expect(second.snapshot.parameters).toMatchObject({ keys, delta: { added: { items: 256 } } });
    expect(await match(second, list)).toEqual(expected);

    await restart(() => compactProductOfDomain(fixture.directory, "typed"));
    let third = await openCurrent().catch(() => second);
    while (third.snapshot.epoch === 1) third = await openCurrent().catch(() => second);
    expect(third.snapshot.parameters).toMatchObject({ keys });
    expect(third.snapshot.parameters).not.toHaveProperty("delta");
    expect(await match(third, list)).toEqual(expected);

    // What the update and the compaction replaced is gone with the keys of its rows, and those are in nothing that is served.
    const files = async (folder: string): Promise<string[]> =>
      (await readdir(join(fixture.directory, folder), { recursive: true })).toSorted();
    const contents = (await files("contents")).filter((name) => name.endsWith(".rows"));
    expect(contents).toHaveLength(1);
    expect(await files("contents")).toContain(contents[0]?.replace(".rows", ""));
    expect((await files("indexes")).filter((name) => name.includes("row"))).toEqual([]);

    const held = async (identifier: string): Promise<number> => {
      await using desk = await openSubjectDesk(fixture.directory, { clock, random });
      const { holdings } = await desk.trail({ resource: "persons", identifier });
      return holdings.filter(({ product }) => product === "typed").length;
    };
    await restart(async () => {
      // Before the update, by it and by the compaction; one whose key is invalid was read too.
      expect(await held(storedId(40))).toBe(3);
      expect(await held("X3")).toBe(3);
      expect(await held(idOf(late))).toBe(2);
      expect(await held("nobody")).toBe(0);
    });
  },
);

test("social data is joined only when its provider has declared where it has it from", async () => {
  const file = join(fixture.directory, "..", "persons.csv");
  const facts = {
    file,
    resource: "persons",
    title: "Persons",
    source: "Test",
    updateFrequency: "once",
    fields: PERSON_FIELDS,
  } as const;
  const plain = setJob("psi-ids");
  const provider = "A company";
  await restart(() => importTable(fixture.directory, { ...facts, social: { provider } }));
  expect(await codeOf(develop(fixture, grant, plain, 1, "social"))).toBe("ERR_PROVENANCE");
  expect(await codeOf(develop(fixture, grant, ids.code, 1, "social"))).toBe("ERR_PROVENANCE");
  const build = await use({
    operation: "build",
    grant,
    product: "typed",
    bundle: await sha256Hex(ids.code),
    key: fixture.parties.operator,
  });
  expect(await codeOf(send(fixture, "/v1/builds", build))).toBe("ERR_PROVENANCE");
  const provenance = {
    collection: "Its customers gave it when they opened an account",
    basis: "Their consent to public use",
  };
  await restart(() => importTable(fixture.directory, { ...facts, social: { provider, provenance } }));
  expect((await develop(fixture, grant, plain, 1, "social")).state).toBe("completed");
});
