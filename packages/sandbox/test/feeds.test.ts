/** Columns that come to a child past the process that started it, by a pipe of its own.
 *  @module */
import { once } from "node:events";
import {
  closeSync,
  createWriteStream,
  openSync,
  readdirSync,
  readlinkSync,
  readSync,
  statSync,
  writeSync,
  type WriteStream,
} from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { ColumnBatch, RunOutcome } from "@sluice/protocol";
import { cutIntoBatches } from "../src/batches.ts";
import { openFeeds, type Feed, type FeedSupply } from "../src/feeds.ts";
import { createSandboxRunner, type RemoteTable, type WarmSandboxRunner } from "../src/index.ts";
import { FEED_FD, startProcess } from "../src/launch.ts";
import { columnBytes, shapeOf } from "../src/table-shape.ts";
import { LIMITS, bundleOf, sealed } from "./jobs.ts";

let feeds: FeedSupply;
let runner: WarmSandboxRunner;
beforeAll(async () => {
  feeds = openFeeds();
  runner = await createSandboxRunner({
    feeds: true,
    expectedLimits: LIMITS,
    inputLimits: { maxInputBytes: 2 ** 30, batchRows: 8 },
  });
});
afterAll(async () => {
  await runner.close();
  await feeds.close();
});

/** The writing end of a pipe that this process has as \`fd\`, as another process would open it. */
function writerOf(fd: number | undefined): number {
  if (fd === undefined) throw new Error("no feed");
  return openSync(`/proc/${process.pid}/fd/${fd}`, "w");
}

async function feed(): Promise<Feed> {
  const taken = await feeds.take();
  if (taken === undefined) throw new Error("no feed");
  return taken;
}

function tableOf(rowCount: number, first: number): ColumnBatch {
  const validity = new Uint8Array(Math.ceil(rowCount / 8)).fill(0b1010_1010);
  return {
    rowCount,
    columns: {
      a: { type: "f64", values: Float64Array.from({ length: rowCount }, (_, i) => first + i), validity },
      b: { type: "bool", values: new Uint8Array(rowCount).fill(1) },
    },
  };
}

const SUM = `let n = 0; for (let i = 0; i < rows.rowCount; i++) n += rows.a.values[i] * rows.b.values[i] + (rows.a.validity[i >> 3] & 2);
  return { fit: { n } };`;
const sumOf = (rowCount: number, first: number): number =>
  rowCount * first + (rowCount * (rowCount - 1)) / 2 + 2 * rowCount;

/** The table, written by this process as another one would; \`write\` says how. */
function remote(table: ColumnBatch, write: (pipe: WriteStream) => void): RemoteTable & { pipes: WriteStream[] } {
  const pipes: WriteStream[] = [];
  return {
    pipes,
    shape: shapeOf(table),
    ask: async (fd) => {
      const pipe = createWriteStream("", { fd: writerOf(fd) });
      pipe.on("error", () => {});
      pipes.push(pipe);
      write(pipe);
      return "fed";
    },
    askBatch: async (index, rows) => {
      for (const part of cutIntoBatches(table, rows).parts(index) ?? []) pipes[0]?.write(part);
    },
  };
}

function whole(table: ColumnBatch): RemoteTable {
  return remote(table, (pipe) => {
    for (const part of columnBytes(table)) pipe.write(part);
    pipe.end();
  });
}

const textOf = (outcome: RunOutcome): string => (outcome.ok ? new TextDecoder().decode(outcome.output) : outcome.code);

test("jobs at the same time get each their own columns", async () => {
  const sizes = [100_000, 50_001, 3];
  const outcomes = await Promise.all(
    sizes.map((size, i) => runner.run(sealed(bundleOf(SUM)), { remote: whole(tableOf(size, 1_000 * i)) })),
  );
  for (const [i, outcome] of outcomes.entries())
    expect(textOf(outcome)).toContain(`"n":${sumOf(sizes[i] ?? 0, 1_000 * i)}`);
});

test("a job without columns, and one without rows, need no byte of the pipe", async () => {
  const none = { rowCount: 0, columns: {} };
  for (const table of [none, tableOf(0, 0)]) {
    const body = "return { fit: { n: rows.rowCount + Object.keys(rows).length } };";
    const outcome = await runner.run(sealed(bundleOf(body)), { remote: whole(table) });
    expect(textOf(outcome)).toContain(`"n":${Object.keys(table.columns).length + 1}`);
  }
});

test("batches come by the same pipe, as often as they are asked for", async () => {
  const body = `let n = 0; for (let epoch = 0; epoch < 3; epoch++) rows.forEachBatch(({ a }) => { for (const value of a.values) n += value; });
    return { fit: { n } };`;
  const outcome = await runner.run(sealed(bundleOf(body), { read: "batches" }), {
    remote: remote(tableOf(29, 5), () => {}),
  });
  expect(textOf(outcome)).toContain(`"n":${3 * (sumOf(29, 5) - 58)}`);
});

test("nobody but the child can read what comes by its pipe", async () => {
  const table = tableOf(9, 0);
  const ends: string[] = [];
  const inode = (fd: string): number => statSync(`/proc/self/fd/${fd}`, { throwIfNoEntry: false })?.ino ?? -1;
  const holder = whole(table);
  const ask: RemoteTable["ask"] = (fd) => {
    ends.push(...readdirSync("/proc/self/fd").filter((each) => inode(each) === inode(String(fd))), String(fd));
    return holder.ask(fd);
  };
  expect(textOf(await runner.run(sealed(bundleOf(SUM)), { remote: { ...holder, ask } }))).toContain(
    `"n":${sumOf(9, 0)}`,
  );
  expect(ends).toEqual([ends.at(-1), ends.at(-1)]);
});

test("a stream that ends too soon ends the run", async () => {
  const table = tableOf(100_000, 0);
  const short = remote(table, (pipe) => void pipe.end(columnBytes(table)[0]?.subarray(0, 70_000)));
  expect(await runner.run(sealed(bundleOf(SUM)), { remote: short })).toMatchObject({
    ok: false,
    code: "ERR_JOB_CRASHED",
  });
});

test.each<[string, RemoteTable["ask"]]>([
  ["does not answer", () => new Promise(() => {})],
  ["opens the pipe and writes nothing", async (fd) => (writerOf(fd), "fed")],
])("the wall clock ends a run whose holder of columns %s", async (_name, ask) => {
  const limits = { ...LIMITS, wallTimeLimitMs: 300 };
  const holder: RemoteTable = { ...whole(tableOf(9, 0)), ask };
  const outcome = await runner.run(sealed(bundleOf(SUM), { limits }), { remote: holder });
  expect(outcome).toMatchObject({ ok: false, code: "ERR_JOB_TIMEOUT" });
});

test("a holder of columns that fails ends the run", async () => {
  const holder: RemoteTable = { ...whole(tableOf(9, 0)), ask: () => Promise.reject(new Error("failed")) };
  expect(await runner.run(sealed(bundleOf(SUM)), { remote: holder })).toMatchObject({
    ok: false,
    code: "ERR_JOB_CRASHED",
  });
});

test("whoever writes hears of the child's death", async () => {
  const limits = { ...LIMITS, wallTimeLimitMs: 300 };
  const table = tableOf(1_000_000, 0);
  const broken = Promise.withResolvers<string | undefined>();
  // A byte more than there is: the child that has what it wants reads it no more.
  const endless = remote(table, (pipe) => {
    pipe.on("error", ({ code }: NodeJS.ErrnoException) => broken.resolve(code));
    const more = (): void => void pipe.write(new Uint8Array(65_536), (error) => error ?? more());
    more();
  });
  const job = sealed(bundleOf("for (;;);"), { limits });
  expect(await runner.run(job, { remote: endless })).toMatchObject({ ok: false, code: "ERR_JOB_TIMEOUT" });
  expect(await broken.promise).toBe("EPIPE");
});

test.runIf(process.env["SLOW"] === "1")("columns are sent here where there is no pipe", async () => {
  const without = await createSandboxRunner({ feeds: true, searchPath: "/nonexistent", warmChildren: 1 });
  try {
    const table = tableOf(11, 4);
    const asked: unknown[] = [];
    const holder = { ...whole(table), ask: async (fd?: number) => (asked.push(fd), { table }) };
    expect(textOf(await without.run(sealed(bundleOf(SUM)), { remote: holder }))).toContain(`"n":${sumOf(11, 4)}`);
    expect(asked).toEqual([undefined]);
  } finally {
    await without.close();
  }
});

test("a writing end that was lent stays open under its number until it is taken back", async () => {
  const lent = await feed();
  const fd = lent.lend() ?? -1;
  const link = readlinkSync(`/proc/self/fd/${fd}`);
  lent.close();
  expect(readlinkSync(`/proc/self/fd/${fd}`)).toBe(link);
  lent.takeBack();
  expect(() => readlinkSync(`/proc/self/fd/${fd}`)).toThrow("ENOENT");
  expect(lent.lend()).toBeUndefined();
});

test("a feed is a pipe of which no file is left, and ends when its writer ends", async () => {
  const taken = await feed();
  const fd = taken.lend();
  expect(readlinkSync(`/proc/self/fd/${fd}`)).toMatch(/ \(deleted\)$/);
  const writer = writerOf(fd);
  taken.takeBack();
  writeSync(writer, "ab");
  closeSync(writer);
  const bytes = new Uint8Array(4);
  expect([readSync(taken.readFd ?? -1, bytes), readSync(taken.readFd ?? -1, bytes)]).toEqual([2, 0]);
  taken.close();
});

test("there are feeds for more children than are made at a time", async () => {
  const taken = await Promise.all(Array.from({ length: 50 }, () => feed()));
  expect(new Set(taken.map(({ readFd }) => readFd)).size).toBe(50);
  for (const each of taken) each.close();
});

test("a child inherits the reading end of its feed, and no other descriptor", async () => {
  const [own, other] = [await feed(), await feed()];
  const list = `const { readdirSync, readlinkSync, readFileSync, writeSync } = require("fs");
    const at = (fd) => { try { return [+fd, readlinkSync("/proc/self/fd/" + fd), /flags:\\s*(\\d+)/.exec(readFileSync("/proc/self/fdinfo/" + fd, "utf8"))[1]]; } catch { return [+fd, "closed"]; } };
    writeSync(1, JSON.stringify(readdirSync("/proc/self/fd").map(at)));`;
  const child = startProcess({ program: process.execPath, args: ["-e", list], filter: undefined, feedFd: own.readFd });
  let text = "";
  child.stdout.on("data", (chunk: Buffer) => (text += chunk.toString()));
  await once(child, "close");
  const found = JSON.parse(text) as [number, string, string?][];
  const named = found.filter(([, link]) => link.startsWith("/") && link !== "/dev/null");
  expect(named.map(([fd]) => fd)).toEqual([FEED_FD]);
  // Of the flags the last digit says how it is open: to read.
  expect(named[0]?.[2]).toMatch(/0$/);
  expect(found.filter(([fd, link]) => fd < 3 && link.startsWith("socket:")).map(([fd]) => fd)).toEqual([0, 1]);
  for (const each of [own, other]) each.close();
});
