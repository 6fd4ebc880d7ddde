/** What a crash leaves is completed: nothing that reached a caller is lost, and nothing is logged twice.
 *  @module */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { commitment, importPrivateKey, openLog, signDocument, verifyLogProof } from "@sluice/evidence";
import { documentHash, fromHex, type EvidencedReceipt } from "@sluice/protocol";
import { readFile } from "node:fs/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openState } from "../src/state/open-state.ts";
import { putReceipts } from "../src/state/receipt-store.ts";
import { City, codeOf, receiptOf } from "./city.ts";
import { clock } from "./directories.ts";

let city: City;
let grant: string;
beforeAll(async () => {
  city = await City.start();
  grant = await city.product("product");
});
afterAll(() => city.close());

async function logSize(): Promise<number> {
  const text = Buffer.from((await city.get("/log/checkpoint")).bytes).toString();
  return Number(text.split("\n")[1]);
}

test("a receipt that was stored but not logged is logged at the next start, once", async () => {
  const answer = await city.call("bank", { grant });
  expect([codeOf(answer), answer.json]).toEqual([200, {}]);
  const before = await logSize();
  await city.gateway.close();
  // What a crash right after the first commit leaves; for the second receipt, a crash right after the append.
  const salts = ["a".repeat(64), "b".repeat(64)];
  const evidenced: EvidencedReceipt[] = [];
  for (const _ of salts) {
    const envelope = await city.envelope("bank", { grant });
    evidenced.push(await city.domain.receiptFor(envelope, "0".repeat(64)));
  }
  const state = await openState(city.directory);
  const gatewayKey = await importPrivateKey(await readFile(join(city.directory, "keys", "gateway.key"), "utf8"));
  const bookingOf = async ({ receipt }: EvidencedReceipt) => {
    const at = clock.now().toISOString();
    return signDocument({ type: "booking" as const, receipt: await documentHash(receipt), at }, gatewayKey);
  };
  const fresh = await Promise.all(
    evidenced.map(async (item, i) => ({
      evidenced: item,
      booking: await bookingOf(item),
      request: null,
      salt: salts[i] ?? "",
    })),
  );
  await state.db.transaction().execute((transaction) => putReceipts(transaction, fresh));
  await state.close();
  const key = await importPrivateKey(await readFile(join(city.directory, "keys", "log.key"), "utf8"));
  const log = await openLog(join(city.directory, "log"), { origin: city.identity.logOrigin, key, clock });
  const [, appended] = evidenced;
  if (appended === undefined) throw new RangeError("two receipts");
  const { index } = await log.append(commitment(appended.receipt, fromHex(salts[1] ?? "")));
  await log.close();
  await city.restart();
  expect(await logSize()).toBe(before + 2);
  const { logKey, logOrigin } = city.identity;
  for (const { receipt } of evidenced) {
    const chain = await city.send("bank", "GET", `/v1/receipts/${receipt.body.callId}`);
    const { gatewayLog } = chain.json["receipt"] as EvidencedReceipt;
    if (gatewayLog === undefined) throw new RangeError("no proof");
    await verifyLogProof(gatewayLog, receipt, { origin: logOrigin, logKey });
    if (receipt === appended.receipt) expect(gatewayLog.index).toBe(index);
  }
});

/** Rounds of kill -9, in the long tests. */
const ROUNDS = 20;

test.runIf(process.env["SLOW"] === "1")(
  `after ${ROUNDS} times kill -9 every receipt that reached the caller is there, unchanged, and retries are not counted twice`,
  async () => {
    await city.gateway.close();
    const entry = fileURLToPath(new URL("../src/gateway-main.ts", import.meta.url));
    const start = async () => {
      const child = spawn(process.execPath, [entry, JSON.stringify({ directory: city.directory })]);
      const [line] = (await once(createInterface({ input: child.stdout }), "line")) as [string];
      const { url } = JSON.parse(line) as { url: string };
      city.gateway = { url, port: Number(new URL(url).port), close: async () => {} };
      return child;
    };
    const delivered = new Map<string, EvidencedReceipt>();
    const asked: string[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      const child = await start();
      const exited = once(child, "exit");
      // Kills when a number of answers, different in each round, has arrived.
      const enough = 3 + ((round * 7) % 23);
      let arrived = 0;
      const caller = async (name: number) => {
        for (let i = 0; child.exitCode === null && child.signalCode === null && i < 200; i++) {
          const callId = `${round.toString(16).padStart(8, "0")}${name.toString(16).padStart(8, "0")}${i.toString(16).padStart(16, "0")}`;
          asked.push(callId);
          try {
            const answer = await city.call("bank", { grant, callId });
            if (codeOf(answer) === 200) delivered.set(callId, receiptOf(answer));
          } catch {
            return;
          }
          if (++arrived === enough) child.kill("SIGKILL");
        }
      };
      await Promise.all([0, 1, 2, 3].map(caller));
      await exited;
    }
    const child = await start();
    for (const [callId, receipt] of delivered) {
      const answer = await city.call("bank", { grant, callId });
      expect(receiptOf(answer)).toEqual(receipt);
    }
    for (const callId of asked) expect(codeOf(await city.call("bank", { grant, callId }))).toBe(200);
    child.kill("SIGTERM");
    await once(child, "exit");
    const state = await openState(city.directory);
    const rows = await state.db.selectFrom("usage_record").select("call_id").where("call_id", "in", asked).execute();
    const unlogged = await state.db.selectFrom("receipt").select("call_id").where("log_index", "is", null).execute();
    await state.close();
    expect(delivered.size).toBeGreaterThanOrEqual(ROUNDS * 3);
    expect([rows.length, unlogged.length]).toEqual([new Set(asked).size, 0]);
  },
  300_000,
);
