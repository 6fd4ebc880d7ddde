/** A gateway anchors what strangers see of its log, where its directory says so.
 *  @module */
import { once } from "node:events";
import { readFile, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { commitment, generateKey, importPrivateKey, importSm2Key, openLog } from "@sluice/evidence";
import { readLogLine } from "@sluice/evidence/observe";
import { expect, onTestFinished, test } from "vitest";
import { startGateway } from "../src/index.ts";
import { clock, makeGateway, random, testDirectory } from "./directories.ts";

const { keyId: agencyKey } = await generateKey();

/** A gateway's directory whose log has `count` entries. */
async function gatewayDirectory(count: number): Promise<string> {
  const directory = await testDirectory();
  const { logOrigin } = await makeGateway(directory, agencyKey);
  const key = await importPrivateKey(await readFile(join(directory, "keys/log.key"), "utf8"));
  const sm2Key = await importSm2Key(await readFile(join(directory, "keys/log-sm2.key"), "utf8"));
  await using log = await openLog(join(directory, "log"), { origin: logOrigin, key, sm2Key, clock });
  for (let i = 0; i < count; i++) await log.append(commitment({ i }, random.bytes(32)));
  return directory;
}

/** The front end of a chain; `posted` are the documents it got. */
async function frontEnd(): Promise<{ url: string; posted: unknown[] }> {
  const posted: unknown[] = [];
  const server = createServer((request, response) => {
    void text(request).then((body) => response.end(`{"block":${posted.push(JSON.parse(body))}}`));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => void server.close());
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, posted };
}

test("the published checkpoint is anchored and its record is there for everybody; an anchor that fails keeps nobody waiting", async () => {
  const directory = await gatewayDirectory(3);
  const { url, posted } = await frontEnd();
  const chain = { kind: "webhook", name: "chain", url, intervalMinutes: 1 };
  const anchors = [chain, { ...chain, name: "without-token", token: { file: "none" } }];
  await writeFile(join(directory, "anchors.json"), JSON.stringify({ version: 1, anchors }));
  const lines: string[] = [];
  const gateway = await startGateway(directory, { logTo: { write: (line) => void lines.push(line) } });
  const read = async (path: string) => (await fetch(`${gateway.url}/log/anchors/${path}`)).text();
  await expect.poll(() => read("chain/index"), { timeout: 20_000 }).toBe("3\n");
  expect(JSON.parse(await read("chain/3.json"))).toMatchObject({ anchor: "chain", kind: "webhook", size: 3 });
  expect(await read("chain/3.answer")).toBe('{"block":1}');
  expect(posted).toEqual([expect.objectContaining({ size: 3, checkpoint: await read("chain/3.checkpoint") })]);
  for (const path of [
    "chain/pending.checkpoint",
    "chain/4.json",
    "without-token/index",
    "other/index",
    "../log/journal",
  ]) {
    expect(JSON.parse(await read(path))).toMatchObject({ status: 404 });
  }
  const told = () => lines.map((line) => readLogLine(line)).filter(({ event }) => event.event === "anchor");
  await expect.poll(told, { timeout: 20_000 }).toHaveLength(2);
  expect(told()).toEqual(
    expect.arrayContaining([
      expect.objectContaining({ level: "info", event: { event: "anchor", anchor: "chain", state: "anchored" } }),
      expect.objectContaining({
        level: "warn",
        event: { event: "anchor", anchor: "without-token", state: "failed", fault: "token" },
      }),
    ]),
  );
  await gateway.close();
});

test("a file of anchors that is not understood stops the start", async () => {
  const directory = await gatewayDirectory(0);
  await writeFile(join(directory, "anchors.json"), '{"version":1,"anchors":[{"kind":"none"}]}');
  await expect(startGateway(directory)).rejects.toMatchObject({ code: "ERR_BODY_INVALID" });
  await expect(startGateway(directory)).rejects.toMatchObject({ code: "ERR_BODY_INVALID" });
});
