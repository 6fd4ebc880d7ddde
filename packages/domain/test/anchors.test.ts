/** A domain anchors what strangers see of its log, where its directory says so.
 *  @module */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { generateKey } from "@sluice/evidence";
import { expect, onTestFinished, test } from "vitest";
import { initDomain, startDomain } from "../src/index.ts";

const random = { bytes: (length: number) => crypto.getRandomValues(new Uint8Array(length)) };

test("the event of the first start is anchored at the second, and the record is served beside the log", async () => {
  const directory = await mkdtemp(join(tmpdir(), "sluice-anchors-"));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  const { keyId: key } = await generateKey();
  const pins = { agencyKey: key, departmentKey: key, recoveryKey: key, gatewayKey: key };
  await initDomain(directory, { domain: "health", title: "Health", random, ...pins });
  await (await startDomain(directory, { workerThreads: 1 })).close();
  const chain = createServer((_, response) => void response.end("taken"));
  chain.listen(0, "127.0.0.1");
  await once(chain, "listening");
  onTestFinished(() => void chain.close());
  const url = `http://127.0.0.1:${(chain.address() as AddressInfo).port}/`;
  const anchors = [{ kind: "webhook", name: "chain", url, intervalMinutes: 60 }];
  await writeFile(join(directory, "anchors.json"), JSON.stringify({ version: 1, anchors }));
  const domain = await startDomain(directory, { workerThreads: 1 });
  onTestFinished(() => domain.close());
  const read = async (path: string) => (await fetch(`${domain.url}/log/anchors/chain/${path}`)).text();
  await expect.poll(() => read("index"), { timeout: 20_000 }).toBe("1\n");
  expect(await read("1.answer")).toBe("taken");
  expect(JSON.parse(await read("1.json"))).toMatchObject({ size: 1, kind: "webhook" });
  expect((await fetch(`${domain.url}/log/anchors/chain/pending.checkpoint`)).status).toBe(404);
});
