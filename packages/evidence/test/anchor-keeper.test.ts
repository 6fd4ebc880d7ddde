import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fromUtf8, type Checkpoint, type Clock } from "@sluice/protocol";
import { expect, test } from "vitest";
import {
  generateKey,
  keepAnchors,
  openLog,
  readAnchorFile,
  type AnchorKeeper,
  type AnchorNews,
  type AnchorOutcome,
  type ConfiguredAnchor,
  type DirectoryLog,
} from "../src/index.ts";
import type { LogOptions } from "../src/log-options.ts";
import { entriesOf, inDirectory, ORIGIN } from "./log-fixture.ts";

const key = await generateKey();
const START = Date.parse("2026-01-02T03:00:00.000Z");
const ANSWER = new Uint8Array(Buffer.from('{"tx":1}'));

/** A log, an anchor with an interval of ten minutes, and a clock that is moved by hand. */
class Bench {
  minutes = 0;
  readonly given: string[] = [];
  readonly news: AnchorNews[] = [];
  readonly faults: unknown[] = [];
  answer: (checkpoint: Checkpoint, signal: AbortSignal) => Promise<AnchorOutcome> = async () => ({
    kind: "anchored",
    answer: ANSWER,
  });
  readonly clock: Clock = { now: () => new Date(START + this.minutes * 60_000) };
  readonly directory: string;
  #log: DirectoryLog | undefined;
  #keeper: AnchorKeeper | undefined;

  constructor(directory: string) {
    this.directory = directory;
  }

  get log(): DirectoryLog {
    if (this.#log === undefined) throw new Error("open the bench first");
    return this.#log;
  }

  get keeper(): AnchorKeeper {
    if (this.#keeper === undefined) throw new Error("open the bench first");
    return this.#keeper;
  }

  async open(cosign?: LogOptions["cosign"]): Promise<void> {
    this.#log = await openLog(join(this.directory, "log"), { origin: ORIGIN, key, clock: this.clock, cosign });
    const anchor: ConfiguredAnchor = {
      name: "chain",
      kind: "webhook",
      intervalMs: 600_000,
      pin: { kind: "webhook" },
      connect: () => ({
        kind: "webhook",
        publish: async (checkpoint, { signal }) => {
          this.given.push(checkpoint.text);
          return this.answer(checkpoint, signal);
        },
      }),
    };
    this.#keeper = keepAnchors({
      anchors: [anchor],
      directory: join(this.directory, "anchors"),
      log: this.log,
      identity: { origin: ORIGIN, logKey: key.keyId },
      clock: this.clock,
      random: { bytes: (length) => new Uint8Array(length) },
      fetch: () => Promise.reject(new Error("no network here")),
      env: {},
      onNews: (news) => void this.news.push(news),
      onFault: (error) => void this.faults.push(error),
    });
    await this.keeper.look();
  }

  async close(): Promise<void> {
    await this.keeper.close();
    await this.log.close();
  }

  /** Brings the log to `size` entries, and the clock forward until strangers see them. */
  async grow(size: number, minutes = 1): Promise<void> {
    await Promise.all(entriesOf(this.log.size, size).map((entry) => this.log.append(entry)));
    await this.pass(minutes);
  }

  async pass(minutes: number): Promise<void> {
    this.minutes += minutes;
    await this.log.readPublished("checkpoint");
    await this.keeper.look();
  }

  get sizes(): number[] {
    return this.given.map((text) => Number(text.split("\n")[1]));
  }

  async records(): Promise<string[]> {
    return (await readdir(join(this.directory, "anchors/chain"))).toSorted();
  }
}

async function onBench(body: (bench: Bench) => Promise<void>): Promise<void> {
  await inDirectory(async (directory) => {
    const bench = new Bench(directory);
    await bench.open();
    try {
      await body(bench);
    } finally {
      await bench.close();
    }
  });
}

test("what strangers see is anchored, once in an interval, and an empty log or the same size is not", async () => {
  await onBench(async (bench) => {
    await bench.pass(10);
    expect(bench.sizes).toEqual([]);
    await Promise.all(entriesOf(0, 3).map((entry) => bench.log.append(entry)));
    await bench.log.checkpoint();
    await bench.keeper.look();
    expect(bench.sizes).toEqual([]);
    await bench.pass(1);
    expect(bench.sizes).toEqual([3]);
    await bench.grow(5, 8);
    expect(bench.sizes).toEqual([3]);
    await bench.pass(1);
    expect(bench.sizes).toEqual([3, 5]);
    await bench.pass(60);
    expect(bench.sizes).toEqual([3, 5]);
    await bench.grow(9);
    expect(bench.sizes).toEqual([3, 5, 9]);
    expect(bench.news).toEqual([{ anchor: "chain", state: "anchored" }]);
    expect(bench.given[2]).toBe(fromUtf8((await bench.log.readPublished("checkpoint")) ?? new Uint8Array(0)));
  });
});

test("a record is the checkpoint, the answer, and what was when", async () => {
  await onBench(async (bench) => {
    await bench.grow(3);
    const below = (path: string) => readFile(join(bench.directory, "anchors/chain", path), "utf8");
    expect([await below("3.checkpoint"), await below("3.answer")]).toEqual([bench.given[0], '{"tx":1}']);
    const facts = { anchor: "chain", kind: "webhook", origin: ORIGIN, size: 3, at: "2026-01-02T03:01:00.000Z" };
    expect(JSON.parse(await below("3.json"))).toMatchObject(facts);
    const files = join(bench.directory, "anchors");
    expect(fromUtf8((await readAnchorFile(files, "anchors/chain/index")) ?? new Uint8Array(0))).toBe("3\n");
    expect(await readAnchorFile(files, "anchors/chain/3.answer")).toEqual(ANSWER);
    for (const path of [
      "anchors/chain/pending.checkpoint",
      "anchors/chain/4.json",
      "anchors/other/index",
      "anchors/../log/journal",
      "anchors/chain/03.json",
      "anchors/chain/../../log/checkpoint",
    ]) {
      expect([path, await readAnchorFile(files, path)]).toEqual([path, null]);
    }
  });
});

test("what was not taken is tried in the next interval, with what is published then, and told once", async () => {
  await onBench(async (bench) => {
    bench.answer = async () => ({ kind: "failed", fault: "refused", status: 500 });
    await bench.grow(3);
    await bench.grow(4, 1);
    expect(bench.sizes).toEqual([3]);
    await bench.pass(10);
    await bench.pass(10);
    bench.answer = async () => ({ kind: "failed", fault: "timeout" });
    await bench.pass(10);
    bench.answer = async () => ({ kind: "anchored", answer: ANSWER });
    await bench.pass(10);
    expect(bench.sizes).toEqual([3, 4, 4, 4, 4]);
    expect(bench.news.map((news) => (news.state === "failed" ? news.fault : news.state))).toEqual([
      "refused",
      "timeout",
      "anchored",
    ]);
    expect(await bench.records()).toEqual(["4.answer", "4.checkpoint", "4.json", "pending.checkpoint"]);
  });
});

test("across restarts no size is anchored twice, nor two in one interval", async () => {
  await inDirectory(async (directory) => {
    const bench = new Bench(directory);
    await bench.open();
    await bench.grow(3);
    await bench.close();
    await bench.open();
    await bench.grow(5);
    await bench.close();
    expect(bench.sizes).toEqual([3]);
    bench.minutes = 25;
    await bench.open();
    await bench.close();
    bench.minutes = 45;
    await bench.open();
    await bench.close();
    expect(bench.sizes).toEqual([3, 5]);
  });
});

test("what an anchor may have taken without our knowing is given to it again as the same text", async () => {
  await inDirectory(async (directory) => {
    const bench = new Bench(directory);
    const shown = async (): Promise<string> => {
      const bytes = await bench.log.readPublished("checkpoint");
      return bytes === null ? "" : fromUtf8(bytes);
    };
    // From the fifth minute on a witness cosigns, so that the same tree is published with another text.
    const cosign: LogOptions["cosign"] = async ({ text }) =>
      bench.minutes < 5 ? text : `${text}— witness.example AAAAAAA=\n`;
    bench.answer = async () => ({ kind: "failed", fault: "timeout" });
    await bench.open(cosign);
    await Promise.all(entriesOf(0, 3).map((entry) => bench.log.append(entry)));
    bench.minutes = 1;
    await expect.poll(shown).toContain("\n3\n");
    await bench.keeper.look();
    await bench.close();
    bench.answer = async () => ({ kind: "anchored", answer: ANSWER });
    bench.minutes = 5;
    const first = await openLog(join(directory, "log"), { origin: ORIGIN, key, clock: bench.clock, cosign });
    bench.minutes = 6;
    await expect.poll(async () => fromUtf8((await first.readPublished("checkpoint")) ?? ANSWER)).toContain("witness");
    await first.close();
    bench.minutes = 11;
    await bench.open(cosign);
    expect(await shown()).toContain("witness");
    expect([bench.sizes, bench.given[1]]).toEqual([[3, 3], bench.given[0]]);
    expect(await readFile(join(directory, "anchors/chain/3.checkpoint"), "utf8")).toBe(bench.given[0]);
    await bench.log.append(entriesOf(3, 4)[0] ?? ANSWER);
    bench.minutes = 21;
    await expect.poll(shown).toContain("\n4\n");
    await bench.keeper.look();
    await bench.close();
    expect([bench.sizes, bench.given[2]]).toEqual([[3, 3, 4], expect.stringContaining("witness")]);
  });
});

test("a crash before the record was whole gives the anchor the same text again, and leaves one record", async () => {
  await inDirectory(async (directory) => {
    const bench = new Bench(directory);
    await bench.open();
    await bench.grow(3);
    await bench.close();
    const files = join(directory, "anchors/chain");
    for (const lost of [["3.json"], ["3.json", "3.answer"], ["3.json", "3.answer", "3.checkpoint"]]) {
      for (const name of lost) await rm(join(files, name));
      await writeFile(join(files, "3.answer.tmp"), "half of an ans");
      await bench.open();
      await bench.close();
      expect(new Set(bench.given)).toEqual(new Set([bench.given[0]]));
      const parts = ["3.answer", "3.checkpoint", "3.json", "pending.checkpoint"];
      expect((await bench.records()).filter((name) => !name.endsWith(".tmp"))).toEqual(parts);
    }
    expect(bench.given).toHaveLength(4);
  });
});

test("an anchor that hangs delays no publication, and closing cuts it off without a record", async () => {
  await inDirectory(async (directory) => {
    const bench = new Bench(directory);
    await bench.open();
    const asked = Promise.withResolvers<void>();
    bench.answer = (_, signal) => {
      asked.resolve();
      return new Promise((resolve) =>
        signal.addEventListener("abort", () => resolve({ kind: "failed", fault: "cancelled" })),
      );
    };
    await Promise.all(entriesOf(0, 3).map((entry) => bench.log.append(entry)));
    bench.minutes = 1;
    await bench.log.readPublished("checkpoint");
    void bench.keeper.look();
    await asked.promise;
    await bench.log.append(entriesOf(3, 4)[0] ?? new Uint8Array(32));
    bench.minutes = 2;
    expect(fromUtf8((await bench.log.readPublished("checkpoint")) ?? new Uint8Array(0))).toContain("\n4\n");
    await bench.close();
    expect([bench.news, await bench.records()]).toEqual([[], ["pending.checkpoint"]]);
  });
});

test("a log that is shorter than what was anchored, or another one, is told and not anchored", async () => {
  await inDirectory(async (directory) => {
    const bench = new Bench(directory);
    await bench.open();
    await bench.grow(7);
    await bench.close();
    for (const size of [5, 7]) {
      await rm(join(directory, "log"), { recursive: true });
      bench.minutes += 20;
      await bench.open();
      await Promise.all(entriesOf(100, 100 + size).map((entry) => bench.log.append(entry)));
      await bench.pass(11);
      await bench.close();
    }
    expect(bench.sizes).toEqual([7]);
    const ahead = { anchor: "chain", state: "failed", fault: "ahead" };
    expect(bench.news.slice(1)).toEqual([ahead, ahead]);
  });
});

test("after a damaged record nothing is anchored until a person has looked, which is told once", async () => {
  await inDirectory(async (directory) => {
    const bench = new Bench(directory);
    await mkdir(join(directory, "anchors/chain"), { recursive: true });
    await writeFile(join(directory, "anchors/chain/2.json"), "{}\n");
    await bench.open();
    await bench.grow(3);
    await bench.pass(20);
    await bench.close();
    expect(bench.sizes).toEqual([]);
    expect(bench.faults).toEqual([expect.objectContaining({ code: "ERR_ANCHOR" })]);
  });
});
