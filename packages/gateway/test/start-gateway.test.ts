/** Starting and stopping, in this process and as a process of its own.
 *  @module */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { copyFile, readdir, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { generateKey } from "@sluice/evidence";
import { expect, onTestFinished, test } from "vitest";
import { initGateway, startGateway } from "../src/index.ts";
import { clock, makeGateway, random, testDirectory } from "./directories.ts";

const { keyId: agencyKey } = await generateKey();

async function gatewayDirectory(): Promise<string> {
  const directory = await testDirectory();
  await makeGateway(directory, agencyKey);
  return directory;
}

function startProcess(options: object) {
  const entry = fileURLToPath(new URL("../src/gateway-main.ts", import.meta.url));
  const child = spawn(process.execPath, [entry, JSON.stringify(options)]);
  onTestFinished(() => void child.kill("SIGKILL"));
  return child;
}

test("one process at a time: a second start is refused until the first has closed", async () => {
  const directory = await gatewayDirectory();
  const first = await startGateway(directory);
  await expect(startGateway(directory)).rejects.toMatchObject({
    code: "ERR_DIRECTORY_LOCKED",
    details: { directory, pid: String(process.pid) },
  });
  await first.close();
  await first.close();
  const second = await startGateway(directory);
  expect((await fetch(`${second.url}/v1/parties`)).status).toBe(200);
  await second.close();
  await expect(fetch(`${second.url}/v1/parties`)).rejects.toThrow("fetch failed");
});

test("a port in use gives one coded error and lets the directory go", async () => {
  const directory = await gatewayDirectory();
  const other = createServer().listen(0, "127.0.0.1");
  await once(other, "listening");
  const address = other.address();
  const port = address !== null && typeof address === "object" ? address.port : 0;
  const details = { address: `127.0.0.1:${port}` };
  await expect(startGateway(directory, { port })).rejects.toMatchObject({ code: "ERR_PORT_IN_USE", details });
  other.close();
  await (await startGateway(directory)).close();
});

test("a directory that is no gateway's is refused and left as it was", async () => {
  const directory = await testDirectory();
  await expect(startGateway(directory)).rejects.toMatchObject({ code: "ERR_DIRECTORY_STATE" });
  await expect(startGateway(join(directory, "missing"))).rejects.toMatchObject({ code: "ERR_DIRECTORY_STATE" });
  expect(await readdir(directory)).toEqual([]);
});

test("missing, damaged and exchanged keys are refused", async () => {
  const directory = await testDirectory();
  await initGateway(directory, { agencyKey, clock, random });
  const file = join(directory, "keys", "log.key");
  const refused = (code = "ERR_DIRECTORY_STATE") => expect(startGateway(directory)).rejects.toMatchObject({ code });
  await copyFile(join(directory, "keys", "gateway.key"), file);
  await refused();
  await writeFile(file, "not a key");
  await refused("ERR_KEY");
  await rm(file);
  await refused();
});

test("an abort closes the gateway, and one that came before keeps it from starting", async () => {
  const directory = await gatewayDirectory();
  const abort = new AbortController();
  const gateway = await startGateway(directory, { signal: abort.signal });
  abort.abort();
  await gateway.close();
  await expect(fetch(gateway.url)).rejects.toThrow("fetch failed");
  await expect(startGateway(directory, { signal: abort.signal })).rejects.toMatchObject({ code: "ERR_CANCELLED" });
});

test("the process prints its address as one line and stops on SIGTERM", async () => {
  const child = startProcess({ directory: await gatewayDirectory() });
  const [line] = (await once(createInterface({ input: child.stdout }), "line")) as [string];
  const { url } = JSON.parse(line) as { url: string };
  expect((await fetch(`${url}/v1/products`)).status).toBe(200);
  child.kill("SIGTERM");
  expect(await once(child, "exit")).toEqual([0, null]);
});

test("a process that cannot start says why as a problem on stderr, and nothing on stdout", async () => {
  const child = startProcess({ directory: await testDirectory() });
  const texts = { stdout: "", stderr: "" };
  child.stdout.on("data", (chunk) => (texts.stdout += String(chunk)));
  child.stderr.on("data", (chunk) => (texts.stderr += String(chunk)));
  expect(await once(child, "close")).toEqual([1, null]);
  expect(JSON.parse(texts.stderr)).toMatchObject({ code: "ERR_DIRECTORY_STATE", refusedBy: "gateway" });
  expect(texts.stdout).toBe("");
});
