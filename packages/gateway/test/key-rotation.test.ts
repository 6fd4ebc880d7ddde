/** Another key of the gateway, and receipts of domains that have another.
 *  @module */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import {
  currentKey,
  exportPrivateKey,
  generateKey,
  generateSm2Key,
  referTo,
  rotatedPin,
  signDocument,
} from "@sluice/evidence";
import type { EvidencedReceipt, Receipt, UseRequest } from "@sluice/protocol";
import { expect, test } from "vitest";
import { readConfig, readKeys, replaceConfig } from "../src/configuration.ts";
import { initGateway, rotateGatewayKey } from "../src/index.ts";
import { checkReceiptFits } from "../src/rules/receipt-fit.ts";
import { clock, random, testDirectory } from "./directories.ts";

const { keyId: agencyKey } = await generateKey();

async function signerOf(directory: string): Promise<string> {
  const config = await readConfig(directory);
  if (config === null) throw new Error("a gateway");
  return (await readKeys(directory, config)).gatewayKey.keyId;
}

test("a prepared key signs once it is taken into use, and what others pin then has both", async () => {
  const directory = await testDirectory();
  const before = await initGateway(directory, { agencyKey, clock, random });
  const { nextKey, pin } = await rotateGatewayKey(directory, { clock, random, prepareOnly: true });
  expect([pin, await signerOf(directory)]).toEqual([before.gatewayKey, before.gatewayKey]);
  const old = await readFile(join(directory, "keys/gateway.key"), "utf8");
  const rotated = await rotateGatewayKey(directory, { clock, random, overlapMs: 1_000 });
  expect([rotated.nextKey, await signerOf(directory)]).toEqual([nextKey, nextKey]);
  expect(await readFile(join(directory, "keys/gateway.key"), "utf8")).not.toBe(old);
  expect(rotated.pin).toEqual([
    { keyId: before.gatewayKey, until: expect.any(String) },
    { keyId: nextKey, from: expect.any(String) },
  ]);
  const { gatewayKey, ...others } = before;
  expect(await initGateway(directory, { agencyKey, clock, random })).toEqual({ ...others, gatewayKey: rotated.pin });
  expect(currentKey(gatewayKey)).not.toBe(nextKey);
});

test("a rotation that was cut off after its decision is ended by whoever reads the keys next", async () => {
  const directory = await testDirectory();
  const { gatewayKey } = await initGateway(directory, { agencyKey, clock, random });
  const { nextKey } = await rotateGatewayKey(directory, { clock, random, suite: "sm2", prepareOnly: true });
  const config = await readConfig(directory);
  if (config === null) throw new Error("a gateway");
  const turn = { from: "2026-01-01T00:00:00.000Z", until: "2026-01-02T00:00:00.000Z" };
  await replaceConfig(directory, { ...config, gatewayKey: rotatedPin(gatewayKey, nextKey, turn) });
  expect([await signerOf(directory), nextKey.slice(0, 4)]).toEqual([nextKey, "sm2:"]);
});

test("with keys in the environment the next one has a variable of its own, and afterwards only it opens the gateway", async () => {
  const directory = await testDirectory();
  const [old, next, log] = [await generateKey(), await generateKey(), await generateKey()];
  const withKey = async (key: typeof old, more: Record<string, string> = {}) => ({
    environment: {
      SLUICE_KEY_GATEWAY: await exportPrivateKey(key),
      SLUICE_KEY_LOG: await exportPrivateKey(log),
      SLUICE_KEY_LOG_SM2: sm2,
      ...more,
    },
  });
  const sm2 = await exportPrivateKey(await generateSm2Key());
  const keys = { keeping: "environment" as const, ...(await withKey(old)) };
  await initGateway(directory, { agencyKey, clock, random, keys });
  const without = rotateGatewayKey(directory, { clock, random, keys: await withKey(old) });
  await expect(without).rejects.toMatchObject({ code: "ERR_NOT_FOUND", details: { name: "SLUICE_KEY_GATEWAY_NEXT" } });
  const beside = await withKey(old, { SLUICE_KEY_GATEWAY_NEXT: await exportPrivateKey(next) });
  expect((await rotateGatewayKey(directory, { clock, random, keys: beside })).nextKey).toBe(next.keyId);
  const config = await readConfig(directory);
  if (config === null) throw new Error("a gateway");
  await expect(readKeys(directory, config, await withKey(old))).rejects.toMatchObject({ code: "ERR_DIRECTORY_STATE" });
  expect((await readKeys(directory, config, await withKey(next))).gatewayKey.keyId).toBe(next.keyId);
});

test("no answer passes whose receipt an ended key of the domain signed after its end", async () => {
  const [old, next, log] = [await generateKey(), await generateKey(), await generateKey()];
  const party = log.keyId;
  const { references, openings } = referTo({ party, snapshot: "4".repeat(64) }, random);
  const request = { operation: "lookup.query", callId: "0".repeat(32), domain: "hrss" } as UseRequest;
  const pins = {
    receiptKey: rotatedPin(old.keyId, next.keyId, {
      from: "2026-01-01T00:00:00.000Z",
      until: "2026-01-02T00:00:00.000Z",
    }),
    logKey: log.keyId,
    logOrigin: "test.domain/hrss",
  };
  const reasonOf = async (key: typeof old, at: string): Promise<unknown> => {
    const body = { ...request, type: "receipt", ...references, quantity: { unit: "pir-query", amount: "1" }, at };
    const receipt = await signDocument(body as unknown as Receipt, key);
    const domainLog: EvidencedReceipt["domainLog"] = {
      origin: pins.logOrigin,
      index: 0,
      salt: "0".repeat(64),
      checkpoint: "",
      inclusion: [],
    };
    const checked = checkReceiptFits({ receipt, openings, domainLog }, { request, party, answer: undefined }, pins);
    return checked.catch(({ details }: { details: object }) => details);
  };
  const unsigned = { reason: "the domain's key did not sign it" };
  const unlogged = { reason: "the domain's log does not hold it" };
  expect(await reasonOf(old, "2026-01-02T00:00:00.000Z")).toEqual(unsigned);
  expect(await reasonOf(next, "2025-12-31T00:00:00.000Z")).toEqual(unsigned);
  // Signed in its time: then the log decides, which is another key's.
  expect(await reasonOf(old, "2026-01-01T12:00:00.000Z")).toEqual(unlogged);
  expect(await reasonOf(next, "2026-01-02T00:00:00.000Z")).toEqual(unlogged);
});
