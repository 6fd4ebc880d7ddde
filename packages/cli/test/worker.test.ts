/** `sluice worker`: a worker is made once and starts from its directory; two processes answer a database in two partitions,
 *  and one that is killed is stood in for. */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { chmod, readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test } from "vitest";
import { asked, expected, newQuery, random } from "../../domain/test/lookup-workers-fixture.ts";
import { openLookupWorkers } from "../../domain/src/serve/open-lookup-workers.ts";
import { sluice, temporaryDirectory } from "./captured-io.ts";

const long = test.runIf(process.env["SLOW"] === "1");

test("`worker init` makes a secret for its owner only, and never a second one", async () => {
  const directory = join(await temporaryDirectory(), "w");
  const made = await sluice(["worker", "init", directory, "--json"]);
  expect(made).toMatchObject({ code: 0, stderr: "" });
  const { secretFile } = JSON.parse(made.stdout) as { secretFile: string };
  expect((await readdir(directory)).toSorted()).toEqual(["worker.json", "worker.secret"]);
  expect((await stat(secretFile)).mode & 0o777).toBe(0o600);
  const secret = await readFile(secretFile, "utf8");
  expect(secret).toMatch(/^[0-9a-f]{64}\n$/);
  expect(made.stdout).not.toContain(secret.trim());
  const again = await sluice(["worker", "init", directory]);
  expect(again).toMatchObject({ code: 1, stderr: expect.stringContaining("ERR_CONFLICT") as string });
  expect(await readFile(secretFile, "utf8")).toBe(secret);
});

test("a worker whose secret others may read does not start, nor does one that is none", async () => {
  const directory = join(await temporaryDirectory(), "w");
  const none = await sluice(["worker", "start", directory]);
  expect(none.stderr).toMatch(/^error ERR_DIRECTORY_STATE: .+\nwhat to do: .*sluice worker init.*\n$/);
  await sluice(["worker", "init", directory]);
  await chmod(join(directory, "worker.secret"), 0o644);
  const open = await sluice(["worker", "start", directory]);
  expect(open).toMatchObject({ code: 1, stderr: expect.stringContaining("ERR_KEY") as string });
});

async function startProcess(directory: string): Promise<{ url: string; child: ChildProcess }> {
  const main = fileURLToPath(new URL("../src/main.ts", import.meta.url));
  const child = spawn(process.execPath, [main, "worker", "start", directory, "--json"], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  onTestFinished(async () => {
    if (child.exitCode === null && child.signalCode === null && child.kill("SIGKILL")) await once(child, "exit");
  });
  for await (const line of createInterface({ input: child.stdout })) {
    return { url: (JSON.parse(line) as { url: string }).url, child };
  }
  throw new Error("the worker ended before it listened");
}

long(
  "two processes answer as the domain would; when one is killed the other does, and then the domain itself",
  async () => {
    const root = await temporaryDirectory();
    const started = [];
    for (const name of ["one", "two"]) {
      await sluice(["worker", "init", join(root, name)]);
      started.push(await startProcess(join(root, name)));
    }
    const workers = started.map(({ url }, i) => ({ url, secretFile: join(i === 0 ? "one" : "two", "worker.secret") }));
    const faults: unknown[] = [];
    const spread = await openLookupWorkers(root, { workers }, { random, onFault: (error) => faults.push(error) });
    onTestFinished(() => spread.close());
    const signal = new AbortController().signal;
    expect(await spread.answer(asked, newQuery(), signal)).toBeNull();
    await spread.settled();
    const ask = async () => {
      const query = newQuery();
      const answer = await spread.answer(asked, query, signal);
      if (answer !== null) expect(answer).toEqual(expected(query));
      return answer !== null;
    };
    expect(await Promise.all(Array.from({ length: 20 }, ask))).not.toContain(false);
    expect(spread.load()).toMatchObject({ fallbacks: 1, workers: [{ up: true }, { up: true }] });

    const underWay = Array.from({ length: 20 }, ask);
    started[0]?.child.kill("SIGKILL");
    expect(await Promise.all(underWay)).not.toContain(false);
    await Promise.all(Array.from({ length: 5 }, ask));
    expect(spread.load().workers.map(({ up }) => up)).toEqual([false, true]);
    started[1]?.child.kill("SIGKILL");
    if (started[1]?.child.exitCode === null) await once(started[1].child, "exit");
    expect(await ask()).toBe(false);
    expect(faults).toEqual([]);
  },
);
