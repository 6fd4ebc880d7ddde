import { cp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Checkpoint } from "@sluice/protocol";
import { expect, test } from "vitest";
import { timestampAnchor } from "../src/anchor/timestamp-anchor.ts";
import { AnchorStore } from "../src/anchor/anchor-store.ts";
import {
  generateKey,
  holdsAnchored,
  openLog,
  readAnchorRecord,
  readerOf,
  verifyAnchorRecord,
  verifyLogDirectory,
  type AnchorPin,
} from "../src/index.ts";
import { CLOCK, entriesOf, inDirectory, ORIGIN } from "./log-fixture.ts";
import { hasOpenssl, OpensslAuthority, serveAnswers } from "./openssl-authority.ts";

const key = await generateKey();
const identity = { origin: ORIGIN, logKey: key.keyId };
const { signal } = new AbortController();
const clock = { now: () => new Date() };
const network = {
  fetch,
  random: { bytes: (length: number) => new Uint8Array(length).fill(9) },
  pause: () => Promise.resolve(),
};

/** A log of entries [from, from + size) in `directory`, whole and signed by the one key. */
async function writeLog(directory: string, size: number, from = 0): Promise<Checkpoint> {
  await using log = await openLog(directory, { origin: ORIGIN, key, clock: CLOCK });
  await Promise.all(entriesOf(from + log.size, from + size).map((entry) => log.append(entry)));
  return log.publish();
}

/** Below `directory`: `log` of 300 entries, `anchors/tsa/300.*`, and the authority. */
async function anchored(directory: string): Promise<{ pin: AnchorPin; authority: OpensslAuthority }> {
  const authority = await OpensslAuthority.create(join(directory, "authority"));
  const trust = { caPem: await authority.pem("ca") };
  await using server = await serveAnswers(async (query) => ({ body: await authority.reply(query) }));
  const checkpoint = await writeLog(join(directory, "log"), 300);
  const store = new AnchorStore(join(directory, "anchors"), "tsa", "timestamp");
  const text = await store.begin(checkpoint.text, async () => false);
  const outcome = await timestampAnchor({ url: server.url, trust, clock }, network).publish(
    { ...checkpoint, text },
    { signal },
  );
  if (outcome.kind !== "anchored") throw new Error(outcome.fault);
  await store.keep(checkpoint, outcome, clock);
  return { pin: { kind: "timestamp", ...trust }, authority };
}

function subjectOf(directory: string, pin: AnchorPin) {
  const read = readerOf(join(directory, "anchors/tsa"));
  return { anchor: "tsa", size: 300, pin, log: identity, read: (suffix: string) => read(`300.${suffix}`) };
}

test.skipIf(!hasOpenssl())(
  "what was cut off or rewritten after it was anchored is found, though the log's own key signed it",
  async () => {
    await inDirectory(async (directory) => {
      const { pin } = await anchored(directory);
      const { record, stampedAt } = await verifyAnchorRecord(subjectOf(directory, pin));
      expect(Math.abs(Date.now() - (stampedAt?.getTime() ?? 0))).toBeLessThan(120_000);
      const holds = async (log: string) => holdsAnchored(readerOf(join(directory, log)), record, identity);

      await writeLog(join(directory, "log"), 700);
      await holds("log");
      await writeLog(join(directory, "shorter"), 299);
      await writeLog(join(directory, "other"), 300, 1);
      await writeLog(join(directory, "longer"), 900, 1);
      for (const [forged, reason] of [
        ["shorter", "the log has 299 entries, and had 300 when they were anchored: it was cut off"],
        ["other", "the first 300 entries of the log are not those that were anchored: it was rewritten"],
        ["longer", "the first 300 entries of the log are not those that were anchored: it was rewritten"],
      ] as const) {
        // By itself, each is a whole log.
        await verifyLogDirectory(join(directory, forged), identity);
        await expect(holds(forged)).rejects.toMatchObject({ code: "ERR_ANCHOR", details: { what: "tsa/300", reason } });
      }
      const tile = join(directory, "log/tile/1/000.p/2");
      const bytes = await readFile(tile);
      await writeFile(tile, bytes.fill(0, 0, 8));
      await expect(holds("log")).rejects.toMatchObject({ code: "ERR_LOG" });
    });
  },
);

test.skipIf(!hasOpenssl())("any changed byte of a record is found, and its file named", async () => {
  await inDirectory(async (directory) => {
    const { pin } = await anchored(directory);
    const files = join(directory, "anchors/tsa");
    expect((await readdir(files)).toSorted()).toEqual(["300.checkpoint", "300.json", "300.tsr", "pending.checkpoint"]);
    for (const suffix of ["json", "checkpoint", "tsr"]) {
      const path = join(files, `300.${suffix}`);
      const whole = await readFile(path);
      for (let at = 0; at < whole.length; at += suffix === "json" ? 3 : 41) {
        const changed = Buffer.from(whole);
        changed.writeUInt8(changed.readUInt8(at) ^ 1, at);
        await writeFile(path, changed);
        const verified = verifyAnchorRecord(subjectOf(directory, pin));
        await expect(verified, `${suffix} ${at}`).rejects.toMatchObject({
          code: "ERR_ANCHOR",
          details: { what: `tsa/300.${suffix}` },
        });
      }
      await writeFile(path, Buffer.concat([whole, Buffer.alloc(20_000)]));
      await expect(verifyAnchorRecord(subjectOf(directory, pin))).rejects.toMatchObject({ code: "ERR_ANCHOR" });
      await rm(path);
      await expect(verifyAnchorRecord(subjectOf(directory, pin))).rejects.toMatchObject({
        details: { what: `tsa/300.${suffix}`, reason: "it is missing" },
      });
      await writeFile(path, whole);
    }
    await verifyAnchorRecord(subjectOf(directory, pin));
  });
});

test.skipIf(!hasOpenssl())("a record counts under its own name, size, kind, log key and authority only", async () => {
  await inDirectory(async (directory) => {
    const { pin, authority } = await anchored(directory);
    const subject = subjectOf(directory, pin);
    const foreign = await OpensslAuthority.create(join(directory, "foreign"));
    const { keyId } = await generateKey();
    const wrong: [object, RegExp][] = [
      [{ anchor: "other" }, /another anchor/],
      [{ size: 299, read: (suffix: string) => subject.read(suffix) }, /another anchor, size/],
      [{ pin: { kind: "webhook" } }, /kind/],
      [{ log: { origin: ORIGIN, logKey: keyId } }, /no checkpoint of this log/],
      [{ pin: { kind: "timestamp", caPem: await foreign.pem("ca") } }, /does not lead to a pinned one/],
      [{ pin: { ...pin, policy: "1.2.3" } }, /another policy/],
    ];
    for (const [change, message] of wrong) {
      await expect(verifyAnchorRecord({ ...subject, ...change })).rejects.toThrow(message);
    }
    // A record that somebody made anew, around a stamp of another checkpoint.
    const other = await writeLog(join(directory, "other"), 300, 1);
    const store = new AnchorStore(join(directory, "forged"), "tsa", "timestamp");
    await store.begin(other.text, async () => false);
    const record = readAnchorRecord(await readFile(join(directory, "anchors/tsa/300.json")), "300.json");
    const answer = new Uint8Array(await readFile(join(directory, "anchors/tsa/300.tsr")));
    await store.keep(other, { kind: "anchored", answer, nonce: Buffer.from(record.nonce ?? "", "hex") }, clock);
    await rm(join(directory, "anchors"), { recursive: true });
    await cp(join(directory, "forged"), join(directory, "anchors"), { recursive: true });
    await expect(verifyAnchorRecord(subject)).rejects.toThrow(/another checkpoint/);
    expect(await authority.verifies(await readFile(join(directory, "anchors/tsa/300.checkpoint")), answer)).toBe(false);
  });
});
