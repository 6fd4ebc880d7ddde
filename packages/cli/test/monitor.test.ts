/** `sluice monitor` on logs that behave, forked, were cut, went back, or are silent; over HTTP. */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { generateKey, generateSm2Key, type DirectoryLog, type KeyPair } from "@sluice/evidence";
import { fromUtf8, utf8 } from "@sluice/protocol";
import { expect, test } from "vitest";
import { runCommandLine } from "../src/command-line.ts";
import { sluice, temporaryDirectory, type Outcome } from "./captured-io.ts";
import { entryOf, logOf, LogServer, ORIGIN } from "./log-server.ts";

const long = test.runIf(process.env["SLOW"] === "1");

interface Setting {
  readonly directory: string;
  readonly key: KeyPair;
  readonly log: DirectoryLog;
  readonly server: LogServer;
  readonly state: string;
  /** One look, with the state file. */
  readonly look: (...more: string[]) => Promise<Outcome>;
  /** Text of the checkpoint that is shown. */
  readonly shown: () => Promise<string>;
}

/** A log of 300 entries that was looked at once. */
async function followed(): Promise<Setting> {
  const directory = await temporaryDirectory();
  const key = await generateKey();
  const log = await logOf(join(directory, "log"), key, 300);
  const server = await LogServer.start();
  server.show(log);
  const state = join(directory, "state.json");
  const look = (...more: string[]) => sluice(["monitor", server.url, "--once", "--state", state, ...more]);
  const first = await look("--origin", ORIGIN, "--log-key", key.keyId);
  expect(first).toEqual({ code: 0, stdout: `${server.url}: 300 entries, 300 new, consistent\n`, stderr: "" });
  const shown = async () => fromUtf8((await server.read("checkpoint")) ?? new Uint8Array(0));
  return { directory, key, log, server, state, look, shown };
}

test("a log that grows is consistent, and the state file remembers which log it is", async () => {
  const { server, log, look } = await followed();
  expect((await look()).stdout).toBe(`${server.url}: 300 entries, 0 new, consistent\n`);
  await Promise.all(Array.from({ length: 300 }, (_, i) => log.append(entryOf(2_000 + i))));
  await log.publish();
  const { code, stdout } = await look("--json");
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({ kind: "consistent", size: 600, newEntries: 300 });
});

test.each([
  ["at the same size", 290, 10],
  ["beyond it", 290, 400],
])("a fork %s is found, with both checkpoints, and stays found", async (_, common, more) => {
  const { directory, key, server, look, shown } = await followed();
  const seen = await shown();
  server.show(await logOf(join(directory, "fork"), key, common, more));
  for (let i = 0; i < 2; i++) {
    const { code, stdout } = await look();
    expect([code, stdout]).toEqual([
      1,
      `${server.url}: FORK: no one log has both of these checkpoints\n--- seen before\n${seen}--- shown now\n${await shown()}---\n`,
    ]);
  }
  expect(JSON.parse((await look("--json")).stdout)).toMatchObject({ kind: "fork", seen, shown: await shown() });
});

test("a log that went back to an earlier state is found", async () => {
  const { directory, key, server, look, shown } = await followed();
  const seen = await shown();
  server.show(await logOf(join(directory, "backup"), key, 280));
  const { code, stdout } = await look();
  expect(code).toBe(1);
  expect(stdout).toContain("ROLLBACK");
  expect(stdout).toContain(`--- seen before\n${seen}--- shown now\n${await shown()}---\n`);
});

test.each([
  ["tile/entries/001.p/45", "tile/entries/001.p/45 is not whole"],
  ["tile/entries/000", null],
  ["tile/0/001.p/45", "tile/0/001.p/45 is not whole"],
])("a log that lost %s is found when that matters to what is new", async (lost, reason) => {
  const { server, log, look } = await followed();
  await log.append(entryOf(3_000));
  server.read = async (path) => (path === lost ? null : log.readPublished(path));
  const { code, stdout } = await look();
  if (reason === null) expect([code, stdout]).toEqual([0, expect.stringContaining("301 entries, 1 new")]);
  else expect([code, stdout]).toEqual([1, expect.stringContaining(`TRUNCATION: ${reason}\n--- seen before\n`)]);
});

test("new entries that are others than the tiles say are found", async () => {
  const { server, log, look } = await followed();
  await log.append(entryOf(3_000));
  server.read = async (path) => {
    const bytes = await log.readPublished(path);
    if (path === "tile/entries/001.p/45" && bytes !== null) bytes[44 * 34 + 9] = (bytes[44 * 34 + 9] ?? 0) ^ 1;
    return bytes;
  };
  const { code, stdout } = await look();
  expect([code, stdout]).toEqual([1, expect.stringContaining("tile/entries/001.p/45 holds other entries")]);
});

test("a checkpoint that another key signed, or none, is found", async () => {
  const { directory, server, look } = await followed();
  server.show(await logOf(join(directory, "other"), await generateKey(), 300));
  expect(await look()).toMatchObject({ code: 1, stdout: expect.stringContaining("UNSIGNED") as string });
  server.read = async () => utf8("hello\n");
  expect(await look()).toMatchObject({ code: 1, stdout: expect.stringContaining("shown now\nhello\n") as string });
});

test("what is shown moves no cursor when it is printed, and is whole as JSON", async () => {
  const { server, look } = await followed();
  const shown = "one\u001b[2J\rtwo\n\u202ethree\n";
  server.read = async () => utf8(shown);
  const { stdout } = await look();
  expect(stdout).toContain("--- shown now\none[U+001B][2J two\n[U+202E]three\n---\n");
  expect(JSON.parse((await look("--json")).stdout)).toMatchObject({ kind: "unsigned", shown });
});

test("a log that does not answer is reported, and what was seen is kept", async () => {
  const { server, state, look } = await followed();
  const before = await readFile(state, "utf8");
  const silent = { code: 1, stdout: `${server.url}: does not answer with a checkpoint\n` };
  server.read = async () => null;
  expect(await look()).toMatchObject(silent);
  server.read = () => Promise.reject(new Error("broken"));
  expect(await look()).toMatchObject(silent);
  await server.close();
  expect(await look()).toMatchObject(silent);
  expect(await readFile(state, "utf8")).toBe(before);
});

long("it goes on looking until it is interrupted, through silence, and ends at a fork", async () => {
  const { directory, key, server, log, state } = await followed();
  const args = ["monitor", server.url, "--state", state, "--interval", "1", "--json"];
  const kinds: string[] = [];
  const follow = async (onLook: (count: number) => void, signal: AbortSignal): Promise<number> => {
    const write = (text: string) => {
      kinds.push((JSON.parse(text) as { kind: string }).kind);
      onLook(kinds.length);
    };
    const stderr = { write: (text: string) => expect(text).toBe("") };
    return await runCommandLine(args, { stdout: { write }, stderr, readStdin: async () => "", env: {}, signal });
  };
  const interrupt = new AbortController();
  expect(await follow(() => interrupt.abort(), interrupt.signal)).toBe(0);
  const fork = await logOf(join(directory, "fork"), key, 290, 20);
  const change = (count: number): void => {
    if (count === 2) server.read = async () => null;
    if (count === 3) server.show(log);
    if (count === 4) server.show(fork);
  };
  expect(await follow(change, new AbortController().signal)).toBe(1);
  expect(kinds).toEqual(["consistent", "consistent", "unreachable", "consistent", "fork"]);
});

test("with the SM2 key pinned, a checkpoint without its line is not the log's; the state file remembers the pin", async () => {
  const { directory, key, server, log } = await followed();
  const sm2Key = await generateSm2Key();
  const state = join(directory, "sm2-state.json");
  const look = (...more: string[]) => sluice(["monitor", server.url, "--once", "--state", state, ...more]);
  const pins = ["--origin", ORIGIN, "--log-key", key.keyId, "--log-sm2-key", sm2Key.keyId];
  expect(await look(...pins)).toMatchObject({ code: 1, stdout: expect.stringContaining("UNSIGNED") as string });
  await log.close();
  const both = await logOf(join(directory, "log"), key, 0, 0, sm2Key);
  server.show(both);
  expect(await look(...pins)).toMatchObject({ code: 0 });
  expect(await look()).toMatchObject({ code: 0 });
  await both.close();
  server.show(await logOf(join(directory, "log"), key, 1));
  expect(await look()).toMatchObject({ code: 1, stdout: expect.stringContaining("UNSIGNED") as string });
  const other = await generateSm2Key();
  expect(await look("--log-sm2-key", other.keyId)).toMatchObject({
    code: 2,
    stderr: expect.stringContaining(`the SM2 key ${sm2Key.keyId}`) as string,
  });
  expect(await look("--log-sm2-key", key.keyId)).toMatchObject({ code: 2 });
});

test("wrong usage says what is missing", async () => {
  const { key, state, server } = await followed();
  const usage = (text: string) => ({ code: 2, stderr: expect.stringContaining(text) as string });
  expect(await sluice(["monitor", "ftp://x"])).toMatchObject(usage("http or https"));
  expect(await sluice(["monitor", server.url, "--once"])).toMatchObject(usage("--origin is missing"));
  expect(await sluice(["monitor", server.url, "--origin", ORIGIN])).toMatchObject(usage("--log-key is missing"));
  const other = ["monitor", server.url, "--state", state, "--origin", "log.example/other", "--log-key", key.keyId];
  expect(await sluice(other)).toMatchObject(usage(`is of the log ${ORIGIN}`));
  await writeFile(state, "{}");
  expect(await sluice(["monitor", server.url, "--state", state])).toMatchObject(usage("is not one of a monitor"));
});
