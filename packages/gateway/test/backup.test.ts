/** Backups of a gateway: taken while it books receipts, checked offline, restored to one that starts.
 *  @module */
import { cp, mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { verifyLogProof } from "@sluice/evidence";
import { readBackupManifest } from "@sluice/evidence/backup";
import { sql } from "kysely";
import type { EvidencedReceipt } from "@sluice/protocol";
import { afterAll, beforeAll, expect, test } from "vitest";
import { backUpGateway, checkGatewayBackup, restoreGateway } from "../src/index.ts";
import { openState } from "../src/state/open-state.ts";
import { City, codeOf, receiptOf } from "./city.ts";
import { clock, makeGateway, temporaryDirectory } from "./directories.ts";

/** Each backup opens a database or two: long tests. The commands, and a gateway that was never started, are tested always. */
const slow = process.env["SLOW"] === "1";

let city: City;
let grant: string;
let root: string;
const fault = (reason: RegExp) => ({
  code: "ERR_BACKUP",
  details: { reason: expect.stringMatching(reason) as string },
});

beforeAll(async () => {
  if (!slow) return;
  root = await temporaryDirectory();
  city = await City.start();
  grant = await city.product("product");
});
afterAll(async () => {
  if (!slow) return;
  await city.close();
  await rm(root, { recursive: true, force: true });
});

async function call(): Promise<EvidencedReceipt> {
  const answer = await city.call("bank", { grant });
  expect(codeOf(answer)).toBe(200);
  return receiptOf(answer);
}

test.runIf(slow)(
  "taken while receipts are booked, a backup checks; restored it has every one of before, and proofs of the others hold",
  async () => {
    const before = [await call(), await call()];
    const during: EvidencedReceipt[] = [];
    const done = new AbortController();
    const calling = (async () => {
      while (!done.signal.aborted) during.push(await call());
    })();
    const out = join(root, "backup");
    const { linked } = await backUpGateway(city.directory, { out, clock });
    const next = await backUpGateway(city.directory, { out: join(root, "next"), previous: out, clock });
    done.abort();
    await calling;
    expect([linked, next.linked > next.files / 2]).toEqual([0, true]);
    const { receipts, entries, manifest } = await checkGatewayBackup(join(root, "next"));
    expect(receipts).toBeGreaterThan(before.length);
    expect(entries).toBeLessThanOrEqual(manifest.log.size);
    expect(await readdir(out)).not.toContain("keys");

    const late = await call();
    const { directory } = city;
    const to = join(root, "restored");
    await restoreGateway(join(root, "next"), { to, keys: join(directory, "keys") });
    await city.gateway.close();
    Object.assign(city, { directory: to });
    await city.restart();
    for (const { receipt } of before) {
      const chain = await city.send("bank", "GET", `/v1/receipts/${receipt.body.callId}`);
      expect((chain.json["receipt"] as EvidencedReceipt).receipt).toEqual(receipt);
    }
    const { logKey, logOrigin: origin } = city.identity;
    for (const { gatewayLog, receipt } of [...before, ...during, late]) {
      if (gatewayLog === undefined) throw new RangeError("no proof");
      await verifyLogProof(gatewayLog, receipt, { origin, logKey });
    }
    await call();
    await rm(directory, { recursive: true });
  },
);

test.runIf(slow)(
  "a database that checkpoints while it is copied is copied again; one that does so each time is given up",
  async () => {
    const directory = join(root, "busy");
    await mkdir(directory);
    await makeGateway(directory, city.keys.bureau.keyId);
    const state = await openState(directory);
    let left = 1;
    const out = join(root, "again");
    const seen: number[] = [];
    let checkpoint: Promise<unknown> = Promise.resolve();
    const options = {
      out,
      clock,
      onProgress: ({ files }: { files: number }) => {
        seen.push(files);
        if (files === 20 && left-- > 0) checkpoint = sql`checkpoint`.execute(state.db);
      },
    };
    const { files } = await backUpGateway(directory, options);
    expect(seen.length).toBeGreaterThan(files);
    await checkpoint;
    left = Number.POSITIVE_INFINITY;
    const never = backUpGateway(directory, { ...options, out: join(root, "never") });
    await expect(never).rejects.toMatchObject(fault(/faster/));
    await checkpoint;
    await state.close();
    expect((await readdir(root)).filter((name) => name.includes("partial"))).toEqual([]);
  },
);

test.runIf(slow)("a database that was damaged, or is of other receipts, is told", async () => {
  const folder = join(root, "altered");
  await cp(join(root, "next"), folder, { recursive: true });
  const { manifest } = await readBackupManifest(folder);
  const path = Object.keys(manifest.files).find((one) => one.startsWith("state/pg_wal/0")) ?? "";
  await rm(join(folder, path));
  await writeFile(join(folder, path), "");
  await expect(checkGatewayBackup(folder)).rejects.toMatchObject(fault(/^state\/pg_wal\/\w+ is not what was copied$/));
  const options = { to: join(root, "none") };
  await expect(restoreGateway(folder, options)).rejects.toMatchObject(fault(/ is not what was copied$/));
  expect(await readdir(root)).not.toContain("none");

  const swapped = join(root, "swapped");
  await restoreGateway(join(root, "next"), { to: swapped });
  const state = await openState(swapped);
  await state.db
    .updateTable("receipt")
    .set({ salt: "0".repeat(64) })
    .execute();
  await state.close();
  await backUpGateway(swapped, { out: join(root, "of-swapped"), clock });
  await expect(checkGatewayBackup(join(root, "of-swapped"))).rejects.toMatchObject(
    fault(/is not the one that its state/),
  );
});
