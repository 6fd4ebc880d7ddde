import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fromUtf8, type Clock } from "@sluice/protocol";
import fc from "fast-check";
import { expect, test } from "vitest";
import {
  createLogProof,
  generateKey,
  openCheckpoint,
  openLog,
  verifyLogFiles,
  type DirectoryLog,
} from "../src/index.ts";
import type { LogOptions } from "../src/log-options.ts";
import { entriesOf, entryOf, inDirectory, ORIGIN } from "./log-fixture.ts";

const key = await generateKey();
const trust = { origin: ORIGIN, logKey: key.keyId };
const START = Date.parse("2026-01-02T03:04:00.000Z");

/** A clock that is moved by hand, in seconds from the beginning of a minute. */
function movableClock(): Clock & { seconds: number } {
  return {
    seconds: 0,
    now() {
      return new Date(START + this.seconds * 1_000);
    },
  };
}

async function withLog(
  options: Partial<LogOptions>,
  body: (log: DirectoryLog, clock: { seconds: number }, directory: string) => Promise<void>,
): Promise<void> {
  await inDirectory(async (directory) => {
    const clock = movableClock();
    await using log = await openLog(directory, { origin: ORIGIN, key, clock, ...options });
    await body(log, clock, directory);
  });
}

async function shownSize(log: DirectoryLog): Promise<number> {
  const text = fromUtf8((await log.readPublished("checkpoint")) ?? new Uint8Array(0));
  return (await openCheckpoint(text, trust)).size;
}

test("strangers see a new checkpoint at the end of an interval, whoever holds an entry sees it at once", async () => {
  await withLog({}, async (log, clock) => {
    const shown: number[] = [];
    for (let second = 0; second <= 180; second += 10) {
      clock.seconds = second;
      await log.append(entryOf(second));
      expect(
        (await openCheckpoint((await createLogProof(log, log.size - 1, new Uint8Array(32))).checkpoint, trust)).size,
      ).toBe(log.size);
      shown.push(await shownSize(log));
    }
    expect(shown).toEqual([0, 0, 0, 0, 0, 0, 7, 7, 7, 7, 7, 7, 13, 13, 13, 13, 13, 13, 19]);
  });
});

test("an entry after a quiet hour waits for the end of its interval like any other", async () => {
  await withLog({}, async (log, clock) => {
    clock.seconds = 3_605;
    expect(await shownSize(log)).toBe(0);
    await log.append(entryOf(1));
    await log.checkpoint();
    clock.seconds = 3_659;
    expect(await shownSize(log)).toBe(0);
    clock.seconds = 3_660;
    expect(await shownSize(log)).toBe(1);
  });
});

test("a clock that is set back does not keep strangers waiting until it has caught up", async () => {
  await withLog({}, async (log, clock) => {
    clock.seconds = 3_600;
    expect(await shownSize(log)).toBe(0);
    await log.append(entryOf(1));
    clock.seconds = 3_599;
    expect(await shownSize(log)).toBe(1);
  });
});

test("a tile is not shown before a checkpoint covers it, full or not, and then as wide as it was", async () => {
  await withLog({}, async (log, clock) => {
    await Promise.all(entriesOf(0, 300).map((entry) => log.append(entry)));
    expect(await log.readPublished("tile/entries/000")).toBeNull();
    clock.seconds = 60;
    expect(await shownSize(log)).toBe(300);
    await Promise.all(entriesOf(300, 700).map((entry) => log.append(entry)));
    await log.checkpoint();
    expect((await verifyLogFiles((path) => log.readPublished(path), trust)).size).toBe(300);
    expect((await log.readPublished("tile/0/001.p/44"))?.length).toBe(44 * 32);
    expect((await log.readPublished("tile/entries/001.p/44"))?.length).toBe(44 * 34);
    for (const path of ["tile/0/001", "tile/entries/001", "tile/0/001.p/45", "tile/0/002", "tile/1/000.p/2"]) {
      expect([path, await log.readPublished(path)]).toEqual([path, null]);
    }
    for (const path of ["journal", "lock", "../log/checkpoint", "tile/0/1", ""]) {
      expect(await log.readPublished(path)).toBeNull();
    }
  });
});

test("at every interval the shown files verify as a whole, whatever came between", async () => {
  const growth = fc.array(fc.integer({ min: 0, max: 300 }), { minLength: 1, maxLength: 5 });
  await fc.assert(
    fc.asyncProperty(growth, async (counts) => {
      await withLog({}, async (log, clock) => {
        let before = 0;
        for (const count of counts) {
          await Promise.all(entriesOf(log.size, log.size + count).map((entry) => log.append(entry)));
          expect((await verifyLogFiles((path) => log.readPublished(path), trust)).size).toBe(before);
          clock.seconds += 60;
          expect(await shownSize(log)).toBe(log.size);
          before = log.size;
        }
      });
    }),
    { numRuns: 10 },
  );
});

test("with an interval of 0 a checkpoint is shown before it is given", async () => {
  await withLog({ publishIntervalMs: 0 }, async (log, _, directory) => {
    await log.append(entryOf(0));
    const { text } = await log.checkpoint();
    expect(await readFile(join(directory, "checkpoint"), "utf8")).toBe(text);
  });
});

test("witnesses are asked before a checkpoint is shown, and nobody waits for them", async () => {
  const asked = Promise.withResolvers<void>();
  const answer = Promise.withResolvers<string>();
  const cosign: LogOptions["cosign"] = async ({ text, size }, { consistency }) => {
    expect([size, (await consistency(1)).length]).toEqual([3, 2]);
    asked.resolve();
    return text + (await answer.promise);
  };
  await withLog({ cosign }, async (log, clock, directory) => {
    await Promise.all(entriesOf(0, 3).map((entry) => log.append(entry)));
    clock.seconds = 60;
    expect(await shownSize(log)).toBe(0);
    await asked.promise;
    await log.append(entryOf(3));
    expect(await shownSize(log)).toBe(0);
    answer.resolve("— witness.example AAAAAAA=\n");
    await expect.poll(() => shownSize(log)).toBe(3);
    const shown = fromUtf8((await log.readPublished("checkpoint")) ?? new Uint8Array(0));
    expect(shown).toMatch(/— witness\.example AAAAAAA=\n$/);
    expect(await readFile(join(directory, "checkpoint"), "utf8")).toBe(shown);
  });
});

test("what witnesses added survives the next start, and a log that closes does not wait for them", async () => {
  await inDirectory(async (directory) => {
    const clock = movableClock();
    const line = "— witness.example AAAAAAA=\n";
    const options = { origin: ORIGIN, key, clock };
    const asked = Promise.withResolvers<void>();
    const first = await openLog(directory, { ...options, cosign: async ({ text }) => text + line });
    clock.seconds = 60;
    await expect
      .poll(async () => fromUtf8((await first.readPublished("checkpoint")) ?? new Uint8Array(0)))
      .toContain(line);
    await first.close();
    const never: LogOptions["cosign"] = ({ text }, { signal }) => {
      asked.resolve();
      return new Promise((resolve) => signal.addEventListener("abort", () => resolve(text)));
    };
    const second = await openLog(directory, { ...options, cosign: never });
    expect(fromUtf8((await second.readPublished("checkpoint")) ?? new Uint8Array(0))).toContain(line);
    clock.seconds = 120;
    await second.readPublished("checkpoint");
    await asked.promise;
    await second.close();
    expect(await readFile(join(directory, "checkpoint"), "utf8")).toContain(line);
  });
});
