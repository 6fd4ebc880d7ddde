/** What ends a session of a running domain while it is open or opened, what a retry then gets, and what was paid.
 *  @module */
import { signDocument } from "@sluice/evidence";
import { documentHash, sha256Hex, type Bytes, type Session } from "@sluice/protocol";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import type { DomainContext } from "../src/serve/context.ts";
import type { SessionForm } from "../src/serve/forms/product-form.ts";
import { productForm } from "../src/serve/forms/registry.ts";
import type { ServedProduct } from "../src/state/work.ts";
import { deliverFormsGrant, serveForm, setJob, spentUnits, type AnsweringProduct } from "./serving-forms-fixture.ts";
import {
  finishedRun,
  openFixture,
  postJson,
  send,
  snapshotOf,
  use,
  type Fixture,
  type SealedCall,
} from "./serving-fixture.ts";
import { Asking, codeOf, openCall, runCall, sessionCall, SUM, Summing } from "./serving-sessions-fixture.ts";

const ITEMS = 3;
const HOUR_MS = 3_600_000;

/** What happens while a call is measured, and while its role is made. */
let whenMeasured = (_served: ServedProduct): void => {};
let whenOpened = async (): Promise<void> => {};
let aheadMs = 0;
let closed = 0;
let context: DomainContext;

const summing = (served: ServedProduct): SessionForm => ({
  measure: ({ items }) => {
    whenMeasured(served);
    return BigInt(items);
  },
  open: async () => {
    await whenOpened();
    return { role: new Summing(), close: async () => void closed++ };
  },
});

let fixture: Fixture;
let grant: string;
let set: AnsweringProduct;

beforeAll(async () => {
  const clock = { now: () => new Date(Date.now() + aheadMs) };
  const pause = (): Promise<void> => Promise.resolve();
  const forms = (...[own, form]: Parameters<typeof productForm>) => {
    context = own;
    return { ...productForm(own, form), ...(form === "psi-ids" ? { session: summing } : {}) };
  };
  fixture = await openFixture(undefined, {}, { forms, pause, workerThreads: 1, clock });
  grant = await deliverFormsGrant(fixture, { "psi.ids": "500" });
  set = await serveForm(fixture, grant, "people", setJob("psi-ids"));
});
afterAll(async () => {
  await fixture[Symbol.asyncDispose]();
});

const call = (product = set): Promise<SealedCall> => sessionCall(fixture, product, ITEMS);
const spent = (): number => spentUnits(fixture, grant, "psi.ids");

/** Asks as `Asking` does, and does `work` before its third step. */
function interrupted(work: () => Promise<unknown>): Session {
  const asking = new Asking();
  let steps = 0;
  return Object.assign(asking, {
    step: async (frame?: Bytes) => {
      if (++steps === 3) await work();
      return await Asking.prototype.step.call(asking, frame);
    },
  });
}

async function rebuild(product: AnsweringProduct): Promise<AnsweringProduct> {
  const { operator: key } = fixture.parties;
  const { code, product: name, grant: own } = product;
  const build = await use({ operation: "build", grant: own, key, bundle: await sha256Hex(code), product: name });
  await send(fixture, "/v1/builds", build);
  expect((await finishedRun(fixture, build.request.body.callId)).state).toBe("completed");
  const { body } = await snapshotOf(fixture, name);
  return { ...product, snapshot: body, snapshotHash: await documentHash(body) };
}

test("an opening that comes again while the first still opens waits for it, is charged once and costs no place", async () => {
  const others = [await call(), await call(), await call()];
  for (const one of others) await openCall(fixture, one);
  const before = spent();
  const [begun, gate] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  let opened = 0;
  whenOpened = async () => {
    opened++;
    begun.resolve();
    await gate.promise;
  };
  const one = await call();
  const first = openCall(fixture, one);
  await begun.promise;
  const second = openCall(fixture, one, await one.again());
  const full = [await codeOf(openCall(fixture, await call())), await codeOf(openCall(fixture, await call()))];
  gate.resolve();
  expect(await Promise.all([first, second])).toMatchObject([{ answer: null }, { answer: null }]);
  expect([full, opened, spent() - before]).toEqual([["ERR_SESSION_LIMIT", "ERR_SESSION_LIMIT"], 1, ITEMS]);
  whenOpened = async () => {};
  expect(await codeOf(openCall(fixture, await call()))).toBe("ERR_SESSION_LIMIT");
  expect((await runCall(fixture, one)).done).toBe(SUM);
  for (const other of others) await runCall(fixture, other);
});

test("a build ends the sessions over what it replaces; one that has its receipt gives that again", async () => {
  const [whole, open, opening] = [await call(), await call(), await call()];
  for (const one of [whole, open]) await openCall(fixture, one);
  const { answer } = await runCall(fixture, whole);
  const [units, roles, stale] = [spent(), closed, set];
  // One session is opened while the build comes into service, the other is under way.
  const [begun, gate] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  whenOpened = async () => {
    begun.resolve();
    await gate.promise;
  };
  const late = codeOf(openCall(fixture, opening));
  await begun.promise;
  whenOpened = async () => {};
  const role = interrupted(async () => {
    set = await rebuild(set);
    gate.resolve();
  });
  expect(await codeOf(runCall(fixture, open, role))).toBe("ERR_SESSION_ENDED");
  expect([await late, context.answers.get(open.callId)]).toEqual(["ERR_SESSION_ENDED", null]);
  // What was charged is not asked for its snapshot, so that nobody takes it for unpaid and pays again.
  expect(await codeOf(openCall(fixture, open, await open.again()))).toBe("ERR_SESSION_ENDED");
  expect((await openCall(fixture, whole, await whole.again())).answer?.receipt.receipt).toEqual(
    answer?.receipt.receipt,
  );
  expect(await codeOf(openCall(fixture, await call(stale)))).toBe("ERR_SNAPSHOT");
  expect([spent() - units, closed - roles]).toEqual([ITEMS, 2]);
});

test("what is replaced while a call is opened is not paid for, and what it reads stays until the session ends", async () => {
  const before = spent();
  let served: ServedProduct | null = null;
  whenMeasured = (now) => {
    served = now;
    context.work.putProduct({ ...now, snapshotHash: "0".repeat(64) });
  };
  expect(await codeOf(openCall(fixture, await call()))).toBe("ERR_SNAPSHOT");
  expect(spent()).toBe(before);
  if (served !== null) context.work.putProduct(served);
  const removed: string[] = [];
  const replace = vi.spyOn(context.files, "remove").mockImplementation(async (name) => void removed.push(name));
  whenMeasured = ({ index, snapshotHash }) => void context.indexes.replace(index ?? "", snapshotHash);
  const one = await call();
  await openCall(fixture, one);
  whenMeasured = () => {};
  expect(removed).toEqual([]);
  expect((await runCall(fixture, one)).done).toBe(SUM);
  replace.mockRestore();
});

test("neither receipt nor last frames leave when the term ends, or a revocation comes while the receipt is proven", async () => {
  const notAfter = new Date(Date.now() + HOUR_MS).toISOString();
  const own = await deliverFormsGrant(fixture, { "psi.ids": "50" }, { notAfter });
  const product = await serveForm(fixture, own, "brief", setJob("psi-ids"));
  const [first, second] = [await call(product), await call(product)];
  for (const one of [first, second]) await openCall(fixture, one);
  const over = interrupted(async () => (aheadMs = HOUR_MS + 1));
  expect(await codeOf(runCall(fixture, first, over))).toBe("ERR_GRANT_EXPIRED");
  expect(context.answers.get(first.callId)).toBeNull();
  aheadMs = 0;
  const append = context.log.append.bind(context.log);
  const body = {
    type: "revocation",
    domain: "test",
    grant: own,
    reason: "test",
    at: new Date().toISOString(),
  } as const;
  const logging = vi.spyOn(context.log, "append").mockImplementationOnce(async (entry) => {
    const appended = await append(entry);
    await postJson(fixture, "/v1/revocations", await signDocument(body, fixture.parties.department));
    return appended;
  });
  expect(await codeOf(runCall(fixture, second))).toBe("ERR_GRANT_REVOKED");
  logging.mockRestore();
  // The receipt is kept, and tells nobody.
  expect(context.answers.get(second.callId)).not.toBeNull();
  expect(await codeOf(openCall(fixture, second, await second.again()))).toBe("ERR_GRANT_REVOKED");
});

test("a suspension of the caller ends its sessions, and no answer leaves", async () => {
  const one = await call();
  await openCall(fixture, one);
  const before = closed;
  const { agency, caller } = fixture.parties;
  const suspended = {
    type: "party",
    party: "caller",
    title: "Caller",
    keyId: caller.keyId,
    role: "caller",
    status: "suspended",
    at: new Date().toISOString(),
  } as const;
  const stopped = interrupted(async () => postJson(fixture, "/v1/parties", await signDocument(suspended, agency)));
  expect(await codeOf(runCall(fixture, one, stopped))).toBe("ERR_PARTY_SUSPENDED");
  expect([context.answers.get(one.callId), closed - before]).toEqual([null, 1]);
});
