/** Erasing who asked from a gateway: neither database, write-ahead log nor process log lead from a call to the key, and
 *  receipts, usage and log stay. In the long tests: databases are rewritten and searched byte by byte.
 *  @module */
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { verifyLogDirectory, verifyReceipt, type TrustPins } from "@sluice/evidence";
import {
  encodeCall,
  MAX_CLOCK_SKEW_MS,
  ReceiptPage,
  Run,
  type CallEnvelope,
  type EvidencedReceipt,
} from "@sluice/protocol";
import { sql } from "kysely";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { erasePartyOfGateway } from "../src/index.ts";
import { openState } from "../src/state/open-state.ts";
import { City, codeOf, receiptOf } from "./city.ts";
import { clock } from "./directories.ts";

let city: City;
let grant: string;
let run: Run;
let trust: TrustPins;
let envelope: CallEnvelope;
let receipt: EvidencedReceipt;
let other: EvidencedReceipt;
/** When no request signed so far can be replayed. */
const later = { now: () => new Date(clock.now().getTime() + 10 * 60_000 + MAX_CLOCK_SKEW_MS) };

describe.runIf(process.env["SLOW"] === "1")("erasing who asked", () => {
  beforeAll(async () => {
    city = await City.start();
    grant = await city.grantedScene("product");
    run = await city.reviewedRun(grant, "product");
    await city.send("health", "POST", "/v1/releases", await city.releaseOf(run));
    envelope = await city.envelope("bank", { grant });
    receipt = receiptOf(await city.send("bank", "POST", "/v1/calls", encodeCall(envelope)));
    other = receiptOf(await city.call("other-bank", { grant }));
    const { receiptKey, logKey, logOrigin } = city.domain.description();
    trust = {
      domains: { health: { receiptKey, logKey, logOrigin, departmentKey: city.keys.health.keyId } },
      gateway: {
        key: city.identity.gatewayKey,
        logKey: city.identity.logKey,
        logOrigin: city.identity.logOrigin,
      },
      agencyKey: city.keys.bureau.keyId,
    };
  });
  afterAll(() => city.close());

  /** How often each text stands in the bytes of the database's files. */
  async function occurrences(texts: readonly string[], directory = city.directory): Promise<number[]> {
    const counts = texts.map(() => 0);
    for (const entry of await readdir(join(directory, "state"), { recursive: true, withFileTypes: true })) {
      if (!entry.isFile()) continue;
      const bytes = await readFile(join(entry.parentPath, entry.name));
      for (const [i, text] of texts.entries()) {
        for (let at = bytes.indexOf(text); at >= 0; at = bytes.indexOf(text, at + 1)) counts[i] = (counts[i] ?? 0) + 1;
      }
    }
    return counts;
  }

  /** Tables in which each text stands. */
  async function tablesWith(texts: readonly string[]): Promise<string[][]> {
    const state = await openState(city.directory);
    const found = texts.map((): string[] => []);
    const tables = ["receipt", "usage_record", "run", "http_nonce", "review", "product", "domain", "party", "scene"];
    for (const table of tables) {
      const { rows } = await sql<{ row: string }>`select t::text as row from ${sql.table(table)} as t`.execute(
        state.db,
      );
      for (const [i, text] of texts.entries()) if (rows.some(({ row }) => row.includes(text))) found[i]?.push(table);
    }
    await state.close();
    return found;
  }

  test("a key whose requests could still be replayed, or that a process holds, is not erased", async () => {
    const { keyId } = city.keys.lab;
    await expect(erasePartyOfGateway(city.directory, { keyId, clock: later })).rejects.toMatchObject({
      code: "ERR_DIRECTORY_LOCKED",
    });
    await city.gateway.close();
    await expect(erasePartyOfGateway(city.directory, { keyId, clock })).rejects.toMatchObject({ code: "ERR_STATE" });
    expect(await tablesWith([keyId])).toEqual([["receipt", "usage_record", "run", "http_nonce", "party", "scene"]]);
  });

  test("a caller's and a developer's key leave the database with what would lead back to them", async () => {
    const { bank, lab } = city.keys;
    const salts = [receipt.openings.party?.salt ?? "-", run.receipt?.openings.party?.salt ?? "-"];
    const signature = envelope.request.signatures[0]?.value ?? "-";
    const needles = [...salts, signature, bank.keyId];
    for (const count of await occurrences(needles)) expect(count).toBeGreaterThan(0);
    const processLog = join(city.directory, "gateway.log");
    const lines = [
      { event: "request", callId: "1".repeat(32), party: "bank", status: 200 },
      { event: "request", callId: "2".repeat(32), party: "other-bank", status: 200 },
      { event: "party", party: "bank", status: "active" },
    ].map((line) => JSON.stringify(line));
    await writeFile(processLog, `${lines.join("\n")}\n{"event":"requ`);
    const erased = await erasePartyOfGateway(city.directory, { keyId: bank.keyId, clock: later });
    expect(erased).toEqual({ receipts: 1, runs: 0, lines: 1 });
    expect((await readFile(processLog, "utf8")).split("\n")).toEqual([
      JSON.stringify({ event: "request", callId: "1".repeat(32), status: 200 }),
      ...lines.slice(1),
      '{"event":"requ',
      "",
    ]);
    expect(await erasePartyOfGateway(city.directory, { keyId: lab.keyId, clock: later })).toMatchObject({
      receipts: 1,
      runs: 1,
    });
    const [named = 0, ...gone] = (await occurrences(needles)).toReversed();
    expect(gone).toEqual([0, 0, 0]);
    const documents = ["party", "scene"];
    expect(await tablesWith([bank.keyId, lab.keyId])).toEqual([documents, documents]);
    // What is left of the key stands in the statements and grants: without any call, there is as much of it.
    const copy = await mkdtemp(join(tmpdir(), "sluice-erased-"));
    onTestFinished(() => rm(copy, { recursive: true, force: true }));
    await cp(join(city.directory, "state"), join(copy, "state"), { recursive: true });
    const state = await openState(copy);
    for (const table of ["receipt", "usage_record", "run"] as const) await state.db.deleteFrom(table).execute();
    await state.rewrite();
    await state.close();
    expect(await occurrences([bank.keyId], copy)).toEqual([named]);
  });

  test("receipts, usage and log stay, others are served as before, and an erased call is not answered again", async () => {
    await city.restart();
    const page = ReceiptPage.parse(
      (await city.send("bureau", "GET", "/v1/receipts?from=2000-01-01T00:00:00.000Z&to=2100-01-01T00:00:00.000Z")).json,
    );
    expect(page.items).toHaveLength(3);
    const { callId } = receipt.receipt.body;
    for (const { receipt: kept, request } of page.items) {
      const { callId: id } = kept.receipt.body;
      const erased = id === other.receipt.body.callId ? [] : ["party"];
      expect((await verifyReceipt(kept, trust)).erased).toEqual(erased);
      expect(request === undefined).toBe(erased.length === 1);
      if (id === callId) expect({ ...kept, openings: receipt.openings }).toEqual(receipt);
    }
    const { logKey, logOrigin } = city.identity;
    expect(codeOf(await city.send("bank", "GET", `/v1/receipts/${callId}`))).toBe("ERR_NOT_FOUND");
    expect(codeOf(await city.send("lab", "GET", `/v1/receipts/${callId}`))).toBe(200);
    const shown = Run.parse((await city.send("lab", "GET", `/v1/runs/${run.callId}`)).json);
    expect(shown.receipt?.openings).toEqual({ snapshot: run.receipt?.openings.snapshot });
    expect(codeOf(await city.call("bank", { grant }))).toBe(200);
    await city.gateway.close();
    await verifyLogDirectory(join(city.directory, "log"), { origin: logOrigin, logKey });
  });
});
