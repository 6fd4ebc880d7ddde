/** Calls of many messages through a running domain: charged when they are opened, bound to their call, receipted once, gone
 *  with the process. @module */
import { sealedFileFacts, signDocument } from "@sluice/evidence";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { TransferReceiver, transferSet } from "@sluice/mpc/psi/transfer-receiver";
import { MeasuredSession, postSession } from "@sluice/mpc/session/client";
import {
  BINARY_MEDIA_TYPE,
  concatBytes,
  decodeSessionReply,
  decodeSessionSummary,
  encodeSessionMessage,
  encodeSessionOpening,
  fromHex,
  padPsiItems,
  padPsiTransferList,
  sha256Hex,
  SluiceError,
  utf8,
  type AnswerEnvelope,
  type Bytes,
  type Session,
} from "@sluice/protocol";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startDomain } from "../src/index.ts";
import type { ServedProduct } from "../src/state/work.ts";
import type { SessionForm } from "../src/serve/forms/product-form.ts";
import { productForm } from "../src/serve/forms/registry.ts";
import {
  ask,
  deliverFormsGrant,
  serveForm,
  setJob,
  spentUnits,
  type AnsweringProduct,
} from "./serving-forms-fixture.ts";
import {
  bucketOfAge,
  get,
  ROWS,
  openFixture,
  post,
  postJson,
  sealedCall,
  send,
  type Fixture,
  type SealedCall,
} from "./serving-fixture.ts";
import { Asking, codeOf, FRAMES, SUM, Summing } from "./serving-sessions-fixture.ts";

const ITEMS = 20;

/** Roles that began, by the items that were opened, and how many were closed. */
const begun: number[] = [];
let closed = 0;
const summing: SessionForm = {
  measure: ({ items }) => {
    if (items > 1_000) throw new SluiceError("ERR_PSI_SET_TOO_LARGE", { maxItems: 1_000 });
    return BigInt(items);
  },
  open: async ({ items }) => {
    begun.push(items);
    return { role: new Summing(), close: async () => void closed++ };
  },
};
const real = (...[context, form, served]: [...Parameters<typeof productForm>, ServedProduct]) =>
  productForm(context, form).session?.(served) ?? null;
const options = {
  forms: (...[context, form]: Parameters<typeof productForm>) => ({
    ...productForm(context, form),
    ...(form === "psi-ids" ? { session: (served: ServedProduct) => real(context, form, served) ?? summing } : {}),
  }),
  pause: () => Promise.resolve(),
  workerThreads: 1,
};

let fixture: Fixture;
let set: AnsweringProduct;
let counted: AnsweringProduct;
let grant: string;

beforeAll(async () => {
  fixture = await openFixture(undefined, {}, options);
  grant = await deliverFormsGrant(fixture, { "psi.ids": "500" });
  set = await serveForm(fixture, grant, "people", setJob("psi-ids"));
  counted = await serveForm(fixture, grant, "crowd", setJob("psi-cardinality"));
});
afterAll(async () => {
  await fixture[Symbol.asyncDispose]();
});

interface Opening {
  readonly items?: number;
  readonly snapshot?: string;
  readonly product?: AnsweringProduct;
  readonly operation?: "psi.ids" | "psi.cardinality";
}

async function call({
  items = ITEMS,
  snapshot,
  product = set,
  operation = "psi.ids",
}: Opening = {}): Promise<SealedCall> {
  const content = encodeSessionOpening({ snapshot: fromHex(snapshot ?? product.snapshotHash), items });
  const bundle = await sha256Hex(product.code);
  const named = { operation, grant: product.grant, product: product.product, bundle };
  return await sealedCall(fixture, content, { ...named, key: fixture.parties.caller });
}

const open = async (one: SealedCall, envelope = one.envelope) =>
  decodeSessionReply(await send(fixture, "/v1/sessions", envelope));

/** Posts the packets of a session that is open; keeps the receipt. */
async function posting(one: SealedCall) {
  const seal = await one.session();
  let number = 0;
  const kept: { answer: AnswerEnvelope | null; messages: Bytes[] } = { answer: null, messages: [] };
  const say = async (message: Bytes) =>
    decodeSessionReply(await post(fixture, `/v1/sessions/${one.callId}`, message, BINARY_MEDIA_TYPE));
  const send = async (packet: Bytes): Promise<Bytes> => {
    const own = number++;
    const message = encodeSessionMessage({ number: own, sealed: await seal.seal(own, packet) });
    kept.messages.push(message);
    const reply = await say(message);
    kept.answer ??= reply.answer;
    return await seal.open(own, reply.sealed);
  };
  return { kept, say, send };
}

test("a session is charged when it is opened, and ends with one receipt that states its size and bytes", async () => {
  const spent = spentUnits(fixture, grant, "psi.ids");
  const one = await call();
  expect(await open(one)).toMatchObject({ answer: null });
  expect(spentUnits(fixture, grant, "psi.ids")).toBe(spent + ITEMS);
  const { kept, send } = await posting(one);
  const role = new MeasuredSession(new Asking(), "caller", async () => {});
  expect(await postSession(role, { id: fromHex(one.callId), post: send })).toBe(SUM);
  const { answer } = kept;
  if (answer === null) throw new Error("no receipt came");
  const { body } = answer.receipt.receipt;
  expect(body).toMatchObject({ callId: one.callId, quantity: { unit: "psi-element", amount: String(ITEMS) } });
  expect(body.answer).toBe(await sha256Hex(answer.frame));
  const { digest } = await role.totals();
  const summary = decodeSessionSummary(await one.open(answer.frame));
  expect(summary).toEqual({ items: ITEMS, callerBytes: FRAMES, domainBytes: 1, digest });
  // The same receipt comes again for the same call, and nothing more is spent.
  expect((await open(one, await one.again())).answer?.receipt.receipt).toEqual(answer.receipt.receipt);
  expect(spentUnits(fixture, grant, "psi.ids")).toBe(spent + ITEMS);
});

test("an opening that comes again opens nothing more; its bytes alone are a replay", async () => {
  const [spent, roles] = [spentUnits(fixture, grant, "psi.ids"), begun.length];
  const one = await call();
  await open(one);
  expect(await codeOf(open(one))).toBe("ERR_REPLAY");
  expect((await open(one, await one.again())).answer).toBeNull();
  expect([spentUnits(fixture, grant, "psi.ids") - spent, begun.length - roles]).toEqual([ITEMS, 1]);
  const { send } = await posting(one);
  expect(await postSession(new Asking(), { id: fromHex(one.callId), post: send })).toBe(SUM);
});

test("what cannot be opened is not charged: another snapshot, too large a list, a form without sessions, no quota, no room", async () => {
  const spent = spentUnits(fixture, grant, "psi.ids");
  const refused: [Opening, string][] = [
    [{ snapshot: "0".repeat(64) }, "ERR_SNAPSHOT"],
    [{ items: 1_001 }, "ERR_PSI_SET_TOO_LARGE"],
    [{ items: 900 }, "ERR_QUOTA_SPENT"],
    [{ product: counted, operation: "psi.cardinality" }, "ERR_GRANT_OPERATION"],
    [{ operation: "psi.cardinality" }, "ERR_GRANT_OPERATION"],
  ];
  for (const [opening, code] of refused)
    expect([opening, await codeOf(open(await call(opening)))]).toEqual([opening, code]);
  const held: SealedCall[] = [];
  for (let i = 0; i < 4; i++) held.push(await call({ items: 1 }));
  for (const one of held) await open(one);
  expect(await codeOf(open(await call({ items: 1 })))).toBe("ERR_SESSION_LIMIT");
  expect(spentUnits(fixture, grant, "psi.ids")).toBe(spent + 4);
  for (const one of held) {
    const { send } = await posting(one);
    await postSession(new Asking(), { id: fromHex(one.callId), post: send });
  }
});

test("a frame that the role refuses ends the session with its code and no receipt, and the role is closed", async () => {
  const before = closed;
  const one = await call();
  await open(one);
  const { send, kept } = await posting(one);
  const cheating: Session = { step: async () => ({ send: [Uint8Array.of(0)] }) };
  expect(await codeOf(postSession(cheating, { id: fromHex(one.callId), post: send }))).toBe("ERR_FRAME_MALFORMED");
  expect(kept.answer).toBeNull();
  expect(await codeOf(send(utf8("more")))).toBe("ERR_FRAME_MALFORMED");
  expect(closed).toBe(before + 1);
});

test("messages of another call, changed or old ones, and calls by the usual way are refused and end nothing", async () => {
  const [one, other] = [await call(), await call()];
  await open(one);
  await open(other);
  const { send, say, kept } = await posting(one);
  const foreign = await posting(other);
  let packets = 0;
  const role = new Asking();
  const done = await postSession(role, {
    id: fromHex(one.callId),
    post: async (packet) => {
      const answer = await send(packet);
      if (++packets === 1) {
        const theirs = encodeSessionMessage({ number: 0, sealed: utf8("0123456789abcdef0123456789abcdef") });
        expect(await codeOf(say(theirs))).toBe("ERR_SEAL");
        const ahead = kept.messages[0] ?? utf8("");
        expect(await codeOf(post(fixture, `/v1/sessions/${other.callId}`, ahead, BINARY_MEDIA_TYPE))).toBe("ERR_SEAL");
        // The same message again has the same answer.
        expect((await say(ahead)).sealed).toEqual((await say(ahead)).sealed);
      }
      return answer;
    },
  });
  expect(done).toBe(SUM);
  expect(await codeOf(say(kept.messages[0] ?? utf8("")))).toBe("ERR_SESSION_FRAME");
  expect(await codeOf(say(concatBytes(kept.messages[0] ?? utf8(""), utf8("x"))))).toBe("ERR_FRAME_MALFORMED");
  expect(
    await codeOf(ask(fixture, set, "psi.ids", encodeSessionOpening({ snapshot: fromHex(set.snapshotHash), items: 1 }))),
  ).toBe("ERR_FRAME_MALFORMED");
  expect(await postSession(new Asking(), { id: fromHex(other.callId), post: foreign.send })).toBe(SUM);
  const unknown = encodeSessionMessage({ number: 0, sealed: utf8("x") });
  expect(await codeOf(post(fixture, `/v1/sessions/${"0".repeat(32)}`, unknown, BINARY_MEDIA_TYPE))).toBe(
    "ERR_SESSION_ENDED",
  );
});

test("a set for lists of its size is matched by oblivious transfer, its hashes sealed at rest", async () => {
  const own = await deliverFormsGrant(fixture, { "psi.ids": "5000" });
  const equal = await serveForm(fixture, own, "equals", setJob("psi-ids", undefined, "equal"));
  const { snapshot } = equal;
  if (snapshot.type !== "psi-snapshot") throw new Error("no set");
  const members = Array.from({ length: ROWS }, (_, i) => i).filter((i) => bucketOfAge(i) >= 60);
  const paddedItems = padPsiItems(members.length);
  expect(snapshot.parameters).toEqual({ kind: "psi-ids", method: "transfer", paddedItems });
  const entries = Array.from({ length: 40 }, (_, i) => `P${i * 3}`);
  const items = padPsiTransferList(entries.length);
  const one = await call({ product: equal, items });
  await open(one);
  const { send, kept } = await posting(one);
  const id = fromHex(one.callId);
  const { purpose } = snapshot;
  const list = transferSet(entries);
  const role = TransferReceiver.create({
    session: id,
    snapshot: equal.snapshotHash,
    purpose,
    list,
    setItems: paddedItems,
  });
  const done = await postSession(role, { id, post: send });
  expect(done).toEqual(entries.flatMap((entry, i) => (bucketOfAge(Number(entry.slice(1))) >= 60 ? [i] : [])));
  expect(kept.answer?.receipt.receipt.body.quantity.amount).toBe(String(items));
  // A list that is longer than was declared, one that is no padded size, and one below the least.
  const short = await call({ product: equal, items: 1_024 });
  await open(short);
  const longer = TransferReceiver.create({
    session: fromHex(short.callId),
    snapshot: equal.snapshotHash,
    purpose,
    list: transferSet(Array.from({ length: 1_025 }, (_, i) => `P${i}`)),
    setItems: paddedItems,
  });
  const cheated = await posting(short);
  expect(await codeOf(postSession(longer, { id: fromHex(short.callId), post: cheated.send }))).toBe(
    "ERR_PSI_SET_TOO_LARGE",
  );
  for (const wrong of [1_025, 896]) {
    expect(await codeOf(open(await call({ product: equal, items: wrong })))).toBe("ERR_FRAME_MALFORMED");
  }
  expect(await codeOf(ask(fixture, equal, "psi.ids", utf8("frame")))).toBe("ERR_FRAME_MALFORMED");
  expect(await codeOf(get(fixture, `/v1/products/equals/snapshots/${equal.snapshotHash}/set`))).toBe("ERR_NOT_FOUND");
  const files = await readdir(join(fixture.directory, "indexes"), { recursive: true });
  const digests = files.filter((file) => file.endsWith("digests.bin"));
  expect(digests).toHaveLength(1);
  expect(await sealedFileFacts(join(fixture.directory, "indexes", digests[0] ?? ""))).not.toBeNull();
});

test("a domain that begins anew holds no session: what was spent stays spent, and the caller asks again", async () => {
  const one = await call({ items: 3 });
  await open(one);
  const spent = spentUnits(fixture, grant, "psi.ids");
  const { send } = await posting(one);
  await fixture.domain.close();
  fixture.domain = await startDomain(fixture.directory, options);
  expect(await codeOf(postSession(new Asking(), { id: fromHex(one.callId), post: send }))).toBe("ERR_SESSION_ENDED");
  expect(await codeOf(open(one, await one.again()))).toBe("ERR_SESSION_ENDED");
  expect(spentUnits(fixture, grant, "psi.ids")).toBe(spent);
  const again = await call({ items: 3 });
  await open(again);
  const fresh = await posting(again);
  expect(await postSession(new Asking(), { id: fromHex(again.callId), post: fresh.send })).toBe(SUM);
});

test("a grant that is taken back ends its sessions, and no answer leaves", async () => {
  const one = await call({ items: 3 });
  await open(one);
  const before = closed;
  const { send, kept } = await posting(one);
  const body = { type: "revocation" as const, domain: "test", grant, reason: "test", at: new Date().toISOString() };
  const asking = new Asking();
  let steps = 0;
  const role: Session = {
    step: async (frame) => {
      if (++steps === 3)
        await postJson(fixture, "/v1/revocations", await signDocument(body, fixture.parties.department));
      return await asking.step(frame);
    },
  };
  expect(await codeOf(postSession(role, { id: fromHex(one.callId), post: send }))).toBe("ERR_GRANT_REVOKED");
  expect([kept.answer, closed - before]).toEqual([null, 1]);
});
