/** A run's columns on their way: past the broker, which never holds a row.
 *  @module */
import { spawnSync } from "node:child_process";
import { closeSync, constants, openSync, readFileSync, readSync } from "node:fs";
import { mkdtemp, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { ColumnBatch, JobEvent } from "@sluice/protocol";
import { columnBytes } from "@sluice/sandbox";
import { createWorkshop, type Workshop } from "../src/work/index.ts";
import type { Peer } from "../src/work/helper-process.ts";
import { TableSender } from "../src/work/table-sender.ts";
import { bundleOf, developRun, sampleTable } from "./work-fixture.ts";

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "sluice-columns-"));
  await symlink(process.execPath, join(directory, "node"));
  for (const name of ["bwrap", "prlimit"]) {
    const found = spawnSync("sh", ["-c", 'command -v "$0"', name], { encoding: "utf8" }).stdout.trim();
    if (found !== "") await symlink(found, join(directory, name));
  }
});
afterAll(() => rm(directory, { recursive: true }));

const SLOW = process.env["SLOW"] === "1";

/** A number that occurs nowhere by itself, in every row. */
const MARK = -1.234_567_890_123e-211;
const ROWS = 4_000;

function markedTable(): ColumnBatch {
  const table = sampleTable(ROWS);
  return { ...table, columns: { ...table.columns, age: { type: "f64", values: new Float64Array(ROWS).fill(MARK) } } };
}

/** How often two rows of `MARK` stand in what the process may write. */
function marksIn(pid: number): number {
  const needle = Buffer.from(new Float64Array([MARK, MARK]).buffer);
  const memory = openSync(`/proc/${pid}/mem`, "r");
  const space = Buffer.alloc(2 ** 20);
  let count = 0;
  try {
    for (const line of readFileSync(`/proc/${pid}/smaps`, "utf8").split(/\n(?=[0-9a-f]+-[0-9a-f]+ )/u)) {
      const [, from, to] = /^([0-9a-f]+)-([0-9a-f]+) rw/u.exec(line) ?? [];
      if (from === undefined || to === undefined || /^Rss: +0 kB$/mu.test(line)) continue;
      for (let at = BigInt(`0x${from}`); at < BigInt(`0x${to}`); at += BigInt(space.length)) {
        const left = Number(BigInt(`0x${to}`) - at);
        const read = readMemory(memory, space.subarray(0, Math.min(left, space.length)), at);
        for (let i = read.indexOf(needle); i >= 0; i = read.indexOf(needle, i + needle.length)) count++;
      }
    }
    return count;
  } finally {
    closeSync(memory);
  }
}

function readMemory(memory: number, space: Buffer, at: bigint): Buffer {
  try {
    return space.subarray(0, readSync(memory, space, 0, space.length, at));
  } catch {
    // Pages that the system shows to nobody.
    return space.subarray(0, 0);
  }
}

const RETURN = `return { fit: { share: 0.5, rows: 1 }, model: { features: ["age"], weights: [0.1], intercept: 0 } };`;
/** Jobs that say how many rows they have read of those that bear the mark. */
const COLUMNS = `let n = 0; for (const value of rows.age.values) if (value === ${MARK}) n++; log(n); ${RETURN}`;
const BATCHES = `let n = 0;
  rows.forEachBatch(({ age }) => { for (const value of age.values) if (value === ${MARK}) n++; }); log(n); ${RETURN}`;

/** Runs both, and looks at the broker's memory when they have read every row. */
async function marksAfterRuns(workshop: Workshop): Promise<number[]> {
  const found: number[] = [];
  for (const code of [await bundleOf(COLUMNS), await bundleOf(BATCHES, undefined, "", 'read: "batches",')]) {
    const { manifest } = await workshop.describe(code);
    const onEvent = (event: JobEvent): void => {
      expect(event).toEqual({ kind: "log", line: String(ROWS) });
      found.push(marksIn(workshop.pids().broker ?? 0));
    };
    await workshop.runGuarded(developRun(code, manifest, { table: markedTable(), onEvent }));
  }
  return found;
}

test.runIf(process.platform === "linux")(
  "no row comes into the broker, whether a job reads whole columns or batches",
  async () => {
    const workshop = createWorkshop();
    try {
      expect(await marksAfterRuns(workshop)).toEqual([0, 0]);
    } finally {
      await workshop.close();
    }
  },
);

test.runIf(SLOW && process.platform === "linux")(
  "where no pipes can be made, rows go through the broker, and come as they are",
  async () => {
    const workshop = createWorkshop({ searchPath: directory });
    try {
      for (const marks of await marksAfterRuns(workshop)) expect(marks).toBeGreaterThan(ROWS / 4);
    } finally {
      await workshop.close();
    }
  },
);

/** A pipe with both ends here, and a broker that has it open. */
function pipeOf(): { read: number; write: number; file: string } {
  const file = join(directory, `pipe-${Math.trunc(performance.now() * 1_000)}`);
  spawnSync("sh", ["-c", 'mkfifo "$0"', file]);
  const both = openSync(file, constants.O_RDWR);
  const ends = { read: openSync(file, constants.O_RDONLY), write: openSync(file, constants.O_WRONLY), file };
  closeSync(both);
  return ends;
}

function peerOf(
  pid: number | undefined = process.pid,
): Peer & { sent: [unknown, number][]; next: () => Promise<void> } {
  const sent: [unknown, number][] = [];
  let woken = Promise.withResolvers<void>();
  const send: Peer["send"] = (head, parts = []) => {
    sent.push([head, parts.length]);
    woken.resolve();
    woken = Promise.withResolvers<void>();
  };
  return { pid: () => pid, send, sent, next: () => woken.promise };
}

const TABLE: ColumnBatch = {
  rowCount: 20,
  columns: { n: { type: "i32", values: Int32Array.from({ length: 20 }, (_, i) => i) } },
};

const senderOf = (table: ColumnBatch, inBatches = false): TableSender =>
  new TableSender(table, columnBytes(table), inBatches);

test("columns are written into the pipe that the broker names, and then it ends", () => {
  const { read, write } = pipeOf();
  const [peer, sender] = [peerOf(), senderOf(TABLE)];
  sender.answer({ kind: "want", id: 7, fd: write }, peer);
  expect(peer.sent).toEqual([[{ kind: "opened", id: 7 }, 0]]);
  closeSync(write);
  const got = new Int32Array(20);
  expect(readSync(read, got)).toBe(80);
  expect(got).toEqual(TABLE.columns["n"]?.values);
  closeSync(read);
  sender.close();
});

test.each<[string, () => { fd?: number; pid?: number | undefined; after?: () => void }]>([
  ["names none", () => ({})],
  ["names one that nobody has open", () => ({ fd: 999_999 })],
  [
    "names a file",
    () => {
      const fd = openSync(join(directory, "file"), "w+");
      return { fd, after: () => closeSync(fd) };
    },
  ],
  [
    "names one that nobody reads",
    () => {
      const { read, write } = pipeOf();
      closeSync(read);
      return { fd: write, after: () => closeSync(write) };
    },
  ],
])("columns are sent to a broker that %s", (_name, make) => {
  const { fd, after } = make();
  const peer = peerOf();
  const sender = senderOf(TABLE);
  sender.answer({ kind: "want", id: 7, ...(fd === undefined ? {} : { fd }) }, peer);
  expect(peer.sent).toEqual([[{ kind: "columns", id: 7 }, 1]]);
  after?.();
});

test("nothing is written into a pipe of a process that has ended, and whose number another may have", () => {
  const { read, write } = pipeOf();
  const peer = peerOf();
  let asked = 0;
  senderOf(TABLE).answer(
    { kind: "want", id: 7, fd: write },
    { ...peer, pid: () => (asked++ === 0 ? process.pid : undefined) },
  );
  expect(peer.sent).toEqual([[{ kind: "columns", id: 7 }, 1]]);
  closeSync(write);
  expect(readSync(read, new Uint8Array(1))).toBe(0);
  closeSync(read);
});

test("batches are written as they are asked for; one that there is not, or columns a second time, are a breach", async () => {
  const { read, write } = pipeOf();
  const [peer, sender] = [peerOf(), senderOf(TABLE, true)];
  const batch = (index: number): void => sender.answer({ kind: "wantBatch", id: 7, index, rows: 8 }, peer);
  expect(() => batch(0)).toThrow(/malformed/u);
  sender.answer({ kind: "want", id: 7, fd: write }, peer);
  for (const [index, numbers] of [
    [2, [16, 17, 18, 19]],
    [0, [0, 1, 2, 3, 4, 5, 6, 7]],
  ] as const) {
    const taken = peer.next();
    batch(index);
    const got = new Int32Array(numbers.length);
    readSync(read, got);
    expect([...got]).toEqual(numbers);
    await taken;
  }
  expect(peer.sent.slice(1)).toEqual([
    [{ kind: "taken", id: 7 }, 0],
    [{ kind: "taken", id: 7 }, 0],
  ]);
  expect(() => batch(3)).toThrow(/malformed/u);
  expect(() => sender.answer({ kind: "want", id: 7, fd: write }, peer)).toThrow(/malformed/u);
  sender.close();
  for (const fd of [read, write]) closeSync(fd);
});

test("a child that dies in the middle of its columns is no error of the one that writes them", async () => {
  const { read, write } = pipeOf();
  const large: ColumnBatch = { rowCount: 2 ** 20, columns: { f: { type: "f64", values: new Float64Array(2 ** 20) } } };
  const [peer, sender] = [peerOf(), senderOf(large, true)];
  sender.answer({ kind: "want", id: 7, fd: write }, peer);
  closeSync(write);
  const taken = peer.next();
  sender.answer({ kind: "wantBatch", id: 7, index: 0, rows: 2 ** 20 }, peer);
  readSync(read, new Uint8Array(1_000));
  closeSync(read);
  await taken;
  sender.close();
});

test("a run that is closed in the middle of its columns ends the stream", async () => {
  const { read, write } = pipeOf();
  const large: ColumnBatch = { rowCount: 2 ** 20, columns: { f: { type: "f64", values: new Float64Array(2 ** 20) } } };
  const sender = senderOf(large);
  sender.answer({ kind: "want", id: 7, fd: write }, peerOf());
  closeSync(write);
  sender.close();
  await new Promise((resolve) => setImmediate(resolve));
  let bytes = 0;
  for (let count = 1; count > 0; bytes += count) count = readSync(read, new Uint8Array(65_536));
  expect(bytes).toBeLessThan(2 ** 23);
  closeSync(read);
});

test.runIf(SLOW)(
  "a run that is cancelled at any moment of its columns' way ends so, and the next run works",
  async () => {
    const workshop = createWorkshop();
    try {
      const code = await bundleOf(COLUMNS);
      const { manifest } = await workshop.describe(code);
      const table = sampleTable(1_000_000);
      for (let round = 0; round < 12; round++) {
        const abort = new AbortController();
        const running = workshop.runGuarded(developRun(code, manifest, { table, signal: abort.signal }));
        setTimeout(() => abort.abort(), 2 * round);
        expect(await running).toMatchObject({ ok: false, code: "ERR_CANCELLED" });
      }
      expect(await workshop.runGuarded(developRun(code, manifest))).toMatchObject({
        layers: expect.arrayContaining(["isolate"]),
      });
    } finally {
      await workshop.close();
    }
  },
);
