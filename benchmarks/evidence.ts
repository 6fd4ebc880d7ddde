/** Suite `evidence`: how many entries a second the log makes durable, how fast receipts are issued and verified in both
 *  suites, and how long it takes to audit a log of a million entries.
 *  @module */
import { createHash } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { generateKey, openLog, verifyLogDirectory, type KeyPair } from "@sluice/evidence";
import type { Bytes, SuiteId } from "@sluice/protocol";
import { hashFiles } from "./hashed-files.ts";
import { PlainAppendFile } from "./plain-append-file.ts";
import { issueReceipts, openIssuer, verifyReceipts } from "./issued-receipts.ts";
import { compare, measure, type Row, type Suite } from "./suite.ts";

const SLOW = process.env["SLOW"] === "1";
/** Entries of one measurement of `append`. */
const APPENDED = 40_000;
/** Callers of `append`, each of which waits for its own entry before it appends the next: the disk is the limit. */
const CALLERS = 64;
/** With so many, the processor is: each entry is hashed twice. */
const MANY_CALLERS = 512;
/** Receipts of one measurement. */
const RECEIPTS = SLOW ? 600 : 300;
/** Measurements of a figure without a peer. */
const ROUNDS = 7;
/** Entries of the log that is audited. */
const AUDITED = 1_000_000;
const ORIGIN = "log.example/benchmark";
const clock = { now: () => new Date() };

/** The suite. */
export const suite: Suite = {
  name: "evidence",
  note:
    "`append`: 64 callers, each waiting for its own entry of 32 bytes to be on the disk. A receipt is signed, logged, and proved " +
    "under a checkpoint. `verify-1M`: every entry hashed, tree and checkpoint verified.",
  chinese: [
    ["plain file, append and fdatasync, the same callers", "普通文件逐批落盘，并发相同"],
    ["append", "append 追加"],
    [", 512 callers", "，512 个并发调用"],
    ["receipt-issue", "receipt-issue 签发凭证"],
    ["receipt-verify", "receipt-verify 核验凭证"],
    ["verify-1M", "verify-1M 核验百万条日志"],
    ["SHA-256 of the same files, read once", "对同样的文件仅做一次 SHA-256"],
    ["entries/s", "条/秒"],
    ["receipts/s", "份/秒"],
    [" s ", " 秒 "],
  ],
  async run(progress) {
    const directory = await mkdtemp(join(tmpdir(), "sluice-bench-"));
    try {
      const key = await generateKey();
      progress("append");
      const rows: Row[] = [];
      for (const callers of [CALLERS, MANY_CALLERS]) rows.push(await appendRow(directory, key, callers));
      for (const suite of ["ed25519", "sm2"] as const) rows.push(...(await receiptRows(directory, suite, progress)));
      if (SLOW) rows.push(await auditRow(directory, key, progress));
      return rows;
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  },
};

async function appendRow(directory: string, key: KeyPair, callers: number): Promise<Row> {
  const entries = Array.from({ length: APPENDED }, (_, i) => entryOf(i));
  let round = 0;
  const ours = async (): Promise<number> => {
    const log = await openLog(join(directory, `append-${callers}-${round++}`), { origin: ORIGIN, key, clock });
    const rate = await perSecond(entries, callers, (entry) => log.append(entry));
    await log.close();
    return rate;
  };
  const plain = async (): Promise<number> => {
    const file = await PlainAppendFile.create(join(directory, `plain-${callers}-${round++}`));
    const rate = await perSecond(entries, callers, (entry) => file.append(entry));
    await file.close();
    return rate;
  };
  const name = callers === CALLERS ? "append" : `append, ${callers} callers`;
  const peer = "plain file, append and fdatasync, the same callers";
  return await compare({ name, n: APPENDED, unit: "entries/s", better: "higher", peer, pairs: 9 }, ours, plain);
}

async function receiptRows(directory: string, suite: SuiteId, progress: (line: string) => void): Promise<Row[]> {
  progress(`receipts, ${suite}`);
  const issuer = await openIssuer(directory, suite);
  const row = { n: RECEIPTS, unit: "receipts/s" };
  const rate = async (work: () => Promise<unknown>): Promise<number> => RECEIPTS / (await secondsOf(work));
  let receipts = await issueReceipts(issuer, RECEIPTS);
  const issued = await measure({ ...row, name: `receipt-issue ${suite}` }, ROUNDS, () =>
    rate(async () => (receipts = await issueReceipts(issuer, RECEIPTS))),
  );
  const verified = await measure({ ...row, name: `receipt-verify ${suite}` }, ROUNDS, () =>
    rate(() => verifyReceipts(issuer, receipts)),
  );
  await issuer.log.close();
  return [issued, verified];
}

async function auditRow(directory: string, key: KeyPair, progress: (line: string) => void): Promise<Row> {
  progress("a log of a million entries");
  const path = join(directory, "audited");
  const log = await openLog(path, { origin: ORIGIN, key, clock });
  for (let from = 0; from < AUDITED; from += 16_384) {
    const count = Math.min(16_384, AUDITED - from);
    await Promise.all(Array.from({ length: count }, (_, i) => log.append(entryOf(from + i))));
  }
  await log.close();
  progress("verify-1M");
  const trust = { origin: ORIGIN, logKey: key.keyId };
  const ours = async (): Promise<number> =>
    secondsOf(async () => {
      const { size } = await verifyLogDirectory(path, trust);
      if (size !== AUDITED) throw new Error(`${size} entries were verified`);
    });
  const name = "verify-1M";
  const peer = "SHA-256 of the same files, read once";
  return await compare({ name, n: AUDITED, unit: "s", better: "lower", peer }, ours, () =>
    secondsOf(() => hashFiles(join(path, "tile"))),
  );
}

function entryOf(index: number): Bytes {
  return new Uint8Array(createHash("sha256").update(`entry ${index}`).digest());
}

async function perSecond(
  entries: readonly Bytes[],
  callers: number,
  append: (entry: Bytes) => Promise<unknown>,
): Promise<number> {
  let next = 0;
  const started = performance.now();
  const caller = async (): Promise<void> => {
    for (let entry = entries[next++]; entry !== undefined; entry = entries[next++]) await append(entry);
  };
  await Promise.all(Array.from({ length: callers }, caller));
  return (entries.length * 1_000) / (performance.now() - started);
}

async function secondsOf(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await work();
  return (performance.now() - started) / 1_000;
}
