/** A restored backup gives nothing a second life: not a quota, not a nonce, not a run. The state alone, the log alone, and
 *  the whole directory, restored from before any witnessed entry, between two, and from a copy of a running domain.
 *  @module */
import { cp, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { judgeCosignatures, parseWitnessPolicy, signDocument, verifyReceipt } from "@sluice/evidence";
import { blind } from "@sluice/mpc/oprf/client";
import { decodeAnswer, encodeEvaluateRequest, utf8, type AnswerEnvelope, type CallEnvelope } from "@sluice/protocol";
import { afterAll, afterEach, beforeAll, beforeEach, expect, onTestFinished, test } from "vitest";
import { resumeDomain, startDomain, type StartDomainOptions } from "../src/index.ts";
import { SIGNED_MORE, SIGNED_OTHER } from "../src/serve/accept-checkpoint.ts";
import { LOG_BEHIND } from "../src/serve/recover-log.ts";
import { StateDatabase } from "../src/state/database.ts";
import { MembershipStore } from "../src/state/memberships.ts";
import { RollbackStore } from "../src/state/rollback.ts";
import { eventsOf, logEntries } from "./domain-log.ts";
import {
  clock,
  deliverGrant,
  develop,
  openFixture,
  postJson,
  random,
  sealedCall,
  send,
  serveProduct,
  trustOf,
  use,
  type Fixture,
} from "./serving-fixture.ts";
import { startWitness, type WitnessServer } from "./witness-server.ts";

let fixture: Fixture;
let grant: string;
let copies: string;
const witnesses: WitnessServer[] = [];

const refusal = (code: string) => expect.objectContaining({ code, refusedBy: "domain" });
const MINUTE = 60_000;
const slow = process.env["SLOW"] === "1";

beforeAll(async () => {
  fixture = await openFixture();
  copies = await mkdtemp(join(tmpdir(), "sluice-copies-"));
  grant = await deliverGrant(fixture, {
    quotas: [
      { operation: "develop", amount: "2" },
      { operation: "build", amount: "1" },
      { operation: "lookup.evaluate", amount: "5" },
    ],
  });
  await serveProduct(fixture, grant);
  await fixture.domain.close();
  await backUp("base");
});

beforeEach(() => restore("base"));

afterEach(async () => {
  await fixture.domain.close();
  for (const witness of witnesses.splice(0)) await witness[Symbol.asyncDispose]();
});

afterAll(async () => {
  await fixture[Symbol.asyncDispose]();
  await rm(copies, { recursive: true, force: true });
});

/** Copies the directory, of a domain that runs or not. */
async function backUp(name: string): Promise<void> {
  await rm(join(copies, name), { recursive: true, force: true });
  await cp(fixture.directory, join(copies, name), { recursive: true });
}

/** Puts a copy, or one part of it, in the place of what is there. The policy stays: it is no memory. */
async function restore(name: string, ...parts: string[]): Promise<void> {
  for (const part of parts.length > 0 ? parts : ["log", "state.sqlite", "indexes"]) {
    for (const suffix of ["", "-wal", "-shm"]) {
      await rm(join(fixture.directory, part + suffix), { recursive: true, force: true });
      await cp(join(copies, name, part + suffix), join(fixture.directory, part + suffix), { recursive: true }).catch(
        () => {}, // a domain that stood still has no write-ahead log
      );
    }
  }
}

async function start(options: StartDomainOptions = {}): Promise<void> {
  fixture.domain = await startDomain(fixture.directory, { workerThreads: 1, ...options });
}

/** Writes a policy of new witnesses. */
async function useWitnesses(count: number, quorum: string): Promise<WitnessServer[]> {
  const { logOrigin: origin, logKey } = fixture.config;
  const names = Array.from({ length: count }, (_, i) => `w${i}`);
  witnesses.push(...(await Promise.all(names.map((name) => startWitness(name, { origin, logKey })))));
  const lines = witnesses.map(({ policyLine }) => policyLine).join("");
  await writeFile(join(fixture.directory, "witnesses.policy"), `${lines}${quorum}\n`);
  return witnesses;
}

afterEach(() => rm(join(fixture.directory, "witnesses.policy"), { force: true }));

const { blindedElement } = blind(utf8("P1"), random);
const frame = (snapshot: Uint8Array): Uint8Array => encodeEvaluateRequest({ snapshot, elements: [blindedElement] });
const question = async (): Promise<CallEnvelope> => {
  const options = { operation: "lookup.evaluate", grant, key: fixture.parties.caller } as const;
  return (await sealedCall(fixture, frame, options)).envelope;
};
const ask = async (envelope: CallEnvelope): Promise<AnswerEnvelope> =>
  decodeAnswer(await send(fixture, "/v1/calls", envelope));

test("the state alone: nothing is done under it, stops are taken, and it stays so after a restart", async () => {
  await start();
  await backUp("older");
  const asked = [await question(), await question()];
  for (const envelope of asked) await ask(envelope);
  await fixture.domain.close();
  await restore("older", "state.sqlite");
  for (let round = 0; round < 2; round++) {
    await start();
    for (const envelope of [...asked, await question()]) {
      await expect(ask(envelope)).rejects.toEqual(refusal("ERR_ROLLED_BACK"));
    }
    await expect(develop(fixture, grant)).rejects.toEqual(refusal("ERR_ROLLED_BACK"));
    const stranger = await use({ operation: "lookup.evaluate", grant, key: fixture.parties.recovery });
    await expect(ask(stranger)).rejects.toEqual(refusal("ERR_NOT_ADMITTED"));
    expect((await fetch(`${fixture.domain.url}/log/checkpoint`)).status).toBe(200);
    const at = new Date().toISOString();
    const body = { type: "revocation", domain: "test", grant: "a".repeat(64), reason: "test", at } as const;
    await postJson(fixture, "/v1/revocations", await signDocument(body, fixture.parties.department));
    await fixture.domain.close();
  }
});

test.runIf(slow)(
  "after a person's decision grants that began before are void, delivered before the loss or after",
  async () => {
    await start();
    await backUp("older");
    const later = await deliverGrant(fixture, { restrictions: ["not in the backup"] });
    await ask(await question());
    await fixture.domain.close();
    await expect(resumeDomain(fixture.directory, { clock })).rejects.toMatchObject({ code: "ERR_STATE" });
    await restore("older", "state.sqlite");
    await start();
    await fixture.domain.close();
    const { grantsFrom } = await resumeDomain(fixture.directory, { clock });
    for (let round = 0; round < 2; round++) {
      await start();
      await expect(ask(await question())).rejects.toEqual(refusal("ERR_GRANT_BURNED"));
      expect(await deliverGrant(fixture, { restrictions: ["not in the backup"], notBefore: grantsFrom })).not.toBe(
        later,
      );
      const renewed = await deliverGrant(fixture, { notBefore: grantsFrom });
      const asked = await use({ operation: "lookup.evaluate", grant: renewed, key: fixture.parties.caller });
      await expect(ask(asked)).rejects.toEqual(refusal("ERR_RELEASE_MISSING")); // admitted, and nothing served yet
      await fixture.domain.close();
    }
    const kinds = eventsOf(fixture.directory).map(({ kind }) => kind);
    expect(kinds).toEqual(expect.arrayContaining(["rolled-back", "resumed"]));
  },
);

test.runIf(slow)(
  "the log alone, and a state without a log: entries that the state knows cannot be done without",
  async () => {
    await start();
    await backUp("older");
    await ask(await question());
    await fixture.domain.close();
    await restore("older", "log");
    await start();
    await expect(ask(await question())).rejects.toEqual(refusal("ERR_ROLLED_BACK"));
    await fixture.domain.close();
    await expect(resumeDomain(fixture.directory, { clock })).rejects.toMatchObject({ code: "ERR_STATE" });
    await rm(join(fixture.directory, "log"), { recursive: true });
    await start();
    await expect(ask(await question())).rejects.toEqual(refusal("ERR_ROLLED_BACK"));
  },
);

test("the whole directory, from before any witnessed entry: the witness knows another history", async () => {
  await useWitnesses(1, "quorum w0");
  await start();
  await ask(await question());
  await fixture.domain.close();
  await restore("base");
  await start();
  await expect(ask(await question())).rejects.toEqual(refusal("ERR_ROLLED_BACK"));
  // The finding outlives the witness, and the log stays as it was found however often the domain starts.
  await fixture.domain.close();
  await rm(join(fixture.directory, "witnesses.policy"));
  const entries = await logEntries(fixture.directory);
  for (let round = 0; round < 2; round++) {
    await start();
    await expect(ask(await question())).rejects.toEqual(refusal("ERR_ROLLED_BACK"));
    await fixture.domain.close();
  }
  expect(await logEntries(fixture.directory)).toEqual(entries);
});

test("the whole directory, from between witnessed entries, copied while it ran", async () => {
  const [witness] = await useWitnesses(1, "quorum w0");
  await start();
  await ask(await question());
  await backUp("hot");
  for (let i = 0; i < 3; i++) await ask(await question());
  await fixture.domain.close();
  await start(); // the witness cosigns all of it
  const size = witness?.head()?.size ?? 0;
  await fixture.domain.close();
  await restore("hot");
  await start();
  await expect(ask(await question())).rejects.toEqual(refusal("ERR_ROLLED_BACK"));
  expect(witness?.head()?.size).toBe(size);
});

test.runIf(slow)("a crash that lost nothing goes on, with witnesses and without", async () => {
  await useWitnesses(1, "quorum w0");
  await start();
  const first = await question();
  const answer = await ask(first);
  await backUp("crashed"); // as the directory is while the process runs: what kill -9 leaves
  await fixture.domain.close();
  await restore("crashed");
  await start();
  expect((await ask(await question())).receipt.receipt.body.grant).toBe(grant);
  await expect(ask(first)).rejects.toEqual(refusal("ERR_REPLAY"));
  expect(answer.receipt.domainLog.index).toBeGreaterThan(0);
});

test.each([
  ["more entries than there are", { status: 409, body: "9007199254740991\n" }],
  ["another history", { status: 422, body: "no\n" }],
])(
  "a witness that tells of %s and proves nothing stops work while there is no quorum, and no longer",
  async (_, lie) => {
    const [witness] = await useWitnesses(1, "quorum w0");
    if (witness === undefined) throw new Error("witness");
    witness.lie = lie;
    await start({ witnessRetryMs: 5 });
    await expect(ask(await question())).rejects.toEqual(refusal("ERR_NOT_WITNESSED"));
    witness.lie = null;
    for (;;) {
      const outcome = await ask(await question()).catch((error: unknown) => error);
      if (!(outcome instanceof Error)) break;
      expect(outcome).toEqual(refusal("ERR_NOT_WITNESSED"));
    }
  },
);

test("a witness is asked where nobody on the way can answer for it", async () => {
  const [witness] = await useWitnesses(1, "quorum w0");
  const policy = witness?.policyLine.replace("//127.0.0.1", "//witness.example") ?? "";
  await writeFile(join(fixture.directory, "witnesses.policy"), `${policy}quorum w0\n`);
  await expect(startDomain(fixture.directory)).rejects.toMatchObject({ code: "ERR_BODY_INVALID" });
});

test("until the quorum has cosigned its start a domain refuses work, and then goes on by itself", async () => {
  const [first, second] = await useWitnesses(3, "group g 2 w0 w1 w2\nquorum g");
  if (first === undefined || second === undefined) throw new Error("witnesses");
  first.here = second.here = false;
  await start({ witnessRetryMs: 5 });
  await expect(ask(await question())).rejects.toEqual(refusal("ERR_NOT_WITNESSED"));
  await expect(develop(fixture, grant)).rejects.toEqual(refusal("ERR_NOT_WITNESSED"));
  second.here = true;
  for (;;) {
    const outcome = await ask(await question()).catch((error: unknown) => error);
    if (!(outcome instanceof Error)) break;
    expect(outcome).toEqual(refusal("ERR_NOT_WITNESSED"));
  }
});

test.runIf(slow)(
  "within one run, what was copied after the last publication and lost later is not noticed; requests expire",
  async () => {
    await useWitnesses(1, "quorum w0");
    await start();
    await backUp("hot");
    const lost = await question();
    await ask(lost);
    await fixture.domain.close();
    await restore("hot");
    await start();
    await ask(lost); // the limit of the interval
    await fixture.domain.close();
    await restore("hot");
    // A captured request has no second life once it has expired, whatever was forgotten.
    await start({ clock: { now: () => new Date(Date.now() + 2 * MINUTE) } });
    await expect(ask(lost)).rejects.toEqual(refusal("ERR_REQUEST_EXPIRED"));
  },
);

test.runIf(slow)("whoever holds a receipt can prove to a restored domain that it was longer, or another", async () => {
  await start();
  await backUp("hot");
  const checkpoints: string[] = [];
  for (let i = 0; i < 2; i++) checkpoints.push((await ask(await question())).receipt.domainLog.checkpoint);
  const show = async (checkpoint: string): Promise<void> => {
    const body = JSON.stringify({ checkpoint });
    const headers = { "content-type": "application/json" };
    const shown = await fetch(`${fixture.domain.url}/v1/checkpoints`, { method: "POST", headers, body });
    expect(shown.status).toBe(204);
  };
  for (const checkpoint of checkpoints) await show(checkpoint); // its own, that its log leads to
  await ask(await question());
  for (const [shown, grows] of [
    [checkpoints[1], 0],
    [checkpoints[0], 1],
  ] as const) {
    await fixture.domain.close();
    await restore("hot");
    await start();
    for (let i = 0; i < grows; i++) await ask(await question());
    await show(shown ?? "");
    await expect(ask(await question())).rejects.toEqual(refusal("ERR_ROLLED_BACK"));
    await fixture.domain.close();
    await expect(resumeDomain(fixture.directory, { clock })).rejects.toMatchObject({ code: "ERR_STATE" });
  }
});

test.each([LOG_BEHIND, SIGNED_MORE, SIGNED_OTHER])(
  "of which it was found that %s, it goes on under its key for nobody",
  async (reason) => {
    const db = new StateDatabase(join(fixture.directory, "state.sqlite"));
    new RollbackStore(db).refuse(reason);
    db.close();
    await expect(resumeDomain(fixture.directory, { clock })).rejects.toMatchObject({ code: "ERR_STATE" });
  },
);

test("what was served before a person's decision is served no longer, and trails say so", async () => {
  const db = new StateDatabase(join(fixture.directory, "state.sqlite"));
  onTestFinished(() => db.close());
  const builds = new MembershipStore(db);
  expect(builds.ofResource("persons").map(({ until }) => until)).toEqual([null]);
  new RollbackStore(db).refuse("it was restored");
  const { grantsFrom } = await resumeDomain(fixture.directory, { clock });
  expect(builds.ofResource("persons")).toMatchObject([{ until: grantsFrom, ended: "revoked" }]);
});

test("where answers wait for witnesses there is no such window, and receipts carry cosignatures", async () => {
  await useWitnesses(1, "quorum w0");
  await start({ witnessAnswers: true });
  await backUp("hot");
  const { receipt } = await ask(await question());
  await verifyReceipt(receipt, trustOf(fixture));
  const policy = parseWitnessPolicy(`${witnesses[0]?.policyLine}quorum w0\n`);
  expect((await judgeCosignatures(policy, receipt.domainLog.checkpoint)).satisfied).toBe(true);
  await fixture.domain.close();
  await restore("hot");
  await start({ witnessAnswers: true });
  await expect(ask(await question())).rejects.toEqual(refusal("ERR_ROLLED_BACK"));
});

test.runIf(slow)(
  "an answer that waits for its witness is kept, charged once, and given when the witness is back",
  async () => {
    const [witness] = await useWitnesses(1, "quorum w0");
    if (witness === undefined) throw new Error("witness");
    await start({ witnessAnswers: true });
    const options = { operation: "lookup.evaluate", grant, key: fixture.parties.caller } as const;
    const waiting = await sealedCall(fixture, frame, options);
    witness.here = false;
    await expect(ask(waiting.envelope)).rejects.toEqual(refusal("ERR_NOT_WITNESSED"));
    await expect(ask(await waiting.again())).rejects.toEqual(refusal("ERR_NOT_WITNESSED"));
    witness.here = true;
    const answers = await Promise.all(
      [waiting.again(), waiting.again(), question()].map(async (one) => ask(await one)),
    );
    expect(answers[0]?.receipt.receipt).toEqual(answers[1]?.receipt.receipt);
    expect(answers.map(({ receipt }) => receipt.receipt.body.quantity.amount)).toEqual(["1", "1", "1"]);
    const spent = Array.from({ length: 3 }, () => question());
    for (const one of spent) await ask(await one);
    await expect(ask(await question())).rejects.toEqual(refusal("ERR_QUOTA_SPENT"));
  },
);

test("a domain whose answers are to wait for witnesses does not start without any", async () => {
  const refused = startDomain(fixture.directory, { witnessAnswers: true });
  await expect(refused).rejects.toMatchObject({ code: "ERR_DIRECTORY_STATE" });
});
