/** What ends while sums under a hidden selection are computed: a caller that leaves, and a grant that is revoked. A worker that has yet
 *  to start leaves the time for it. With SLOW=1.
 *  @module */
import { DatabaseSync } from "node:sqlite";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { signDocument } from "@sluice/evidence";
import { signHttp } from "@sluice/evidence/http";
import { SelectionClient } from "@sluice/mpc/he/selection/client";
import {
  BINARY_MEDIA_TYPE,
  encodeCall,
  encodeSelectionCall,
  encodeSelectionRegistration,
  fromHex,
  sha256Hex,
  utf8,
  type Bytes,
  type SelectionSnapshot,
} from "@sluice/protocol";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readPrivacyBudget, startDomain } from "../src/index.ts";
import { ask, serveForm, spentUnits, type AnsweringProduct } from "./serving-forms-fixture.ts";
import { deliverGrant, openFixture, postJson, random, sealedCall, type Fixture } from "./serving-fixture.ts";

const slow = process.env["SLOW"] === "1";
const OPERATIONS = ["develop", "build", "selection.register", "selection.sum"] as const;
const JOB = utf8(`var sluiceJob = { default: {
  name: "sums", purpose: "bands", input: { age: "f64", region: "dict" },
  outputs: {
    fit: { kind: "metrics", keys: ["rows"] },
    groups: {
      kind: "hidden-selection",
      dimensions: [
        { name: "region", field: "region", levels: ["R0", "R1", "R2"], values: { R0: 0, R1: 1, R2: 2 } },
        { name: "age", field: "age", levels: ["young", "old"], breaks: [40] },
      ],
      minimumGroups: 2,
      contribution: { rows: 1, groups: 1 },
      rows: { epsilon: "1", most: 1000 },
      measures: [],
    },
  },
  develop(rows) { return { fit: { rows: rows.rowCount } }; },
} };`);

let fixture: Fixture;
let grant: string;
let product: AnsweringProduct & { readonly snapshot: SelectionSnapshot };

beforeAll(async () => {
  if (!slow) return;
  fixture = await openFixture();
  grant = await deliverGrant(fixture, {
    operations: [...OPERATIONS],
    quotas: OPERATIONS.map((operation) => ({ operation, amount: "1000" })),
    selections: { most: 4, epsilon: "8" },
  });
  const { snapshot, ...served } = await serveForm(fixture, grant, "sums", JOB);
  if (snapshot.type !== "selection-snapshot") throw new Error("of another form");
  product = { ...served, snapshot };
});

afterAll(async () => {
  if (slow) await fixture[Symbol.asyncDispose]();
});

async function restart(): Promise<void> {
  await fixture.domain.close();
  fixture.domain = await startDomain(fixture.directory, { workerThreads: 1 });
}

/** A registered selection, and a domain whose worker has not started. */
async function registered(): Promise<{ client: SelectionClient; request: Bytes; frame: Bytes }> {
  const { parameters, epoch } = product.snapshot;
  const client = await SelectionClient.select({ parameters, caller: "caller" }, ["R0/young", "R1/old"]);
  const snapshot = fromHex(product.snapshotHash);
  const registration = encodeSelectionRegistration({ snapshot, commitment: client.commitment });
  await ask(fixture, product, "selection.register", registration);
  const request = client.request(epoch, ["rows"]);
  await restart();
  return { client, request, frame: encodeSelectionCall({ snapshot, selection: client.frame, request }) };
}

async function charged(units: number): Promise<void> {
  while (spentUnits(fixture, grant, "selection.sum") < units) await setImmediate();
}

const spent = async (): Promise<number> =>
  (await readPrivacyBudget(fixture.directory, "persons")).counts.reduce((sum, count) => sum + count.spent, 0);

/** What is paid for, and whether its sum is kept. */
async function keptSums(): Promise<boolean[]> {
  await fixture.domain.close();
  const db = new DatabaseSync(join(fixture.directory, "state.sqlite"), { readOnly: true });
  const rows = db.prepare("SELECT sum FROM selection_sum ORDER BY at").all();
  db.close();
  await restart();
  return rows.map(({ sum }) => sum !== null);
}

test.runIf(slow)(
  "a caller that leaves while its sum is computed has paid for it: nothing is kept, and the next call has it for no more",
  async () => {
    const { client, request, frame } = await registered();
    const { envelope } = await sealedCall(fixture, frame, {
      operation: "selection.sum",
      grant,
      product: product.product,
      bundle: await sha256Hex(JOB),
      key: fixture.parties.caller,
    });
    const url = `${fixture.domain.url}/v1/calls`;
    const body = new Uint8Array(encodeCall(envelope));
    const { clock } = fixture;
    const signature = await signHttp({ method: "POST", url, body }, fixture.parties.gateway, { clock, random });
    const leaving = new AbortController();
    const headers = { "content-type": BINARY_MEDIA_TYPE, ...signature };
    const left = expect(fetch(url, { method: "POST", headers, body, signal: leaving.signal })).rejects.toThrow("abort");
    await charged(1);
    leaving.abort();
    await left;
    expect([await keptSums(), await spent()]).toEqual([[false], 1_000_000]);
    const answered = await ask(fixture, product, "selection.sum", frame);
    const again = await ask(fixture, product, "selection.sum", frame);
    expect(again.content).toEqual(answered.content);
    expect((await client.open(request, answered.content)).has("rows")).toBe(true);
    expect([await keptSums(), await spent()]).toEqual([[true], 1_000_000]);
  },
);

test.runIf(slow)(
  "a grant that is revoked while a sum is computed ends the call: what was charged stays charged, and nothing is kept",
  async () => {
    const { frame } = await registered();
    const before = spentUnits(fixture, grant, "selection.sum");
    const refused = expect(ask(fixture, product, "selection.sum", frame)).rejects.toMatchObject({
      code: "ERR_GRANT_REVOKED",
      refusedBy: "domain",
    });
    await charged(before + 1);
    const at = new Date().toISOString();
    const body = { type: "revocation", domain: "test", grant, reason: "test", at } as const;
    await postJson(fixture, "/v1/revocations", await signDocument(body, fixture.parties.department));
    await refused;
    expect([await keptSums(), await spent()]).toEqual([[true, false], 2_000_000]);
    const again = ask(fixture, product, "selection.sum", frame);
    await expect(again).rejects.toMatchObject({ code: "ERR_GRANT_REVOKED" });
    expect(spentUnits(fixture, grant, "selection.sum")).toBe(before + 1);
  },
);
