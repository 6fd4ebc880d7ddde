/** Backups of a domain: taken while it answers, checked offline, restored without giving anything a second life.
 *  @module */
import { createHash } from "node:crypto";
import { renameSync } from "node:fs";
import { appendFile, cp, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { DatabaseSync } from "node:sqlite";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { verifyReceipt } from "@sluice/evidence";
import { blind } from "@sluice/mpc/oprf/client";
import { decodeAnswer, encodeEvaluateRequest, utf8, type AnswerEnvelope, type CallEnvelope } from "@sluice/protocol";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { backUpDomain, checkDomainBackup, restoreDomain, resumeDomain, startDomain } from "../src/index.ts";
import {
  clock,
  deliverGrant,
  importPersons,
  openFixture,
  random,
  sealedCall,
  send,
  serveProduct,
  trustOf,
  type Fixture,
} from "./serving-fixture.ts";
import { buildAgain, CHANGED } from "./lookup-fixture.ts";
import { startWitness } from "./witness-server.ts";

/** Served products take seconds to make: these run in the long run. */
const long = test.runIf(process.env["SLOW"] === "1");

/** What restarts domains more than once is a long test. */
const slow = process.env["SLOW"] === "1";

let fixture: Fixture;
let grant: string;
let root: string;
let keys: string;
let count = 0;

const fresh = (name: string): string => join(root, `${name}-${++count}`);
const fault = (reason: RegExp) => ({
  code: "ERR_BACKUP",
  details: { reason: expect.stringMatching(reason) as string },
});

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "sluice-backup-"));
  fixture = await openFixture();
  const amount = "1000000"; // callers ask as fast as the machine lets them
  const quotas = (["develop", "build", "lookup.evaluate", "lookup.query"] as const).map((operation) => ({
    operation,
    amount,
  }));
  grant = await deliverGrant(fixture, { quotas });
  await serveProduct(fixture, grant);
  keys = join(fixture.directory, "keys");
  await fixture.domain.close();
  await start(fixture.directory);
});

afterAll(async () => {
  await fixture[Symbol.asyncDispose]();
  await rm(root, { recursive: true, force: true });
});

const { blindedElement } = blind(utf8("P1"), random);
const frame = (snapshot: Uint8Array): Uint8Array => encodeEvaluateRequest({ snapshot, elements: [blindedElement] });
const question = async (): Promise<CallEnvelope> => {
  const options = { operation: "lookup.evaluate", grant, key: fixture.parties.caller } as const;
  return (await sealedCall(fixture, frame, options)).envelope;
};
const ask = async (envelope: CallEnvelope): Promise<AnswerEnvelope> =>
  decodeAnswer(await send(fixture, "/v1/calls", envelope));

/** Callers that ask at the same time. */
const CALLERS = 4;

/** Does `work` while callers ask without a pause. */
async function whileAsking<T>(work: () => Promise<T>): Promise<{ result: T; answers: AnswerEnvelope[] }> {
  const answers: AnswerEnvelope[] = [];
  const done = new AbortController();
  const asking = Array.from({ length: CALLERS }, async () => {
    while (!done.signal.aborted) answers.push(await ask(await question()));
  });
  const result = await work();
  done.abort();
  await Promise.all(asking);
  return { result, answers };
}

const backUp = (options: Partial<Parameters<typeof backUpDomain>[1]> = {}) =>
  backUpDomain(fixture.directory, { out: fresh("backup"), clock, ...options });

/** A backup of the domain as it stands. */
async function folder(): Promise<string> {
  const out = fresh("backup");
  await backUp({ out });
  return out;
}

/** Restores `from` and makes it the fixture's domain while `work` lasts. */
async function restored(from: string, work: (directory: string) => Promise<void>, log?: string): Promise<void> {
  const to = fresh("restored");
  await restoreDomain(from, { to, keys, clock, log });
  const { domain } = fixture;
  try {
    await work(to);
  } finally {
    await fixture.domain.close();
    fixture.domain = domain;
  }
}

const start = async (directory: string): Promise<void> => {
  fixture.domain = await startDomain(directory, { workerThreads: 1, publishIntervalMs: 0 });
};

long(
  "taken while callers ask, a backup checks; restored, it refuses work until a person decides, and then old grants",
  async () => {
    const [first, second] = [fresh("backup"), fresh("backup")];
    const { result, answers } = await whileAsking(async () => [
      await backUp({ out: first }),
      await backUp({ out: second }),
    ]);
    const checked = await checkDomainBackup(second);
    expect(checked.sha256).toBe(result[1]?.sha256);
    expect(checked.entries).toBeGreaterThan(checked.receipts);
    expect(checked.manifest.log.size).toBe(checked.entries + (await unnoted(second)));
    const spent = await question();
    const late = await ask(spent);
    await restored(second, async (directory) => {
      await start(directory);
      await expect(ask(await question())).rejects.toMatchObject({ code: "ERR_ROLLED_BACK" });
      await fixture.domain.close();
      await resumeDomain(directory, { clock });
      await start(directory);
      // Acknowledged after the backup, spent once.
      await expect(ask(spent)).rejects.toMatchObject({ code: "ERR_GRANT_BURNED" });
    });
    for (const { receipt } of [...answers, late]) await verifyReceipt(receipt, trustOf(fixture));
  },
);

test.runIf(slow)("state and log of a backup explain each other, whenever it was taken", async () => {
  const taken: string[] = [];
  await whileAsking(async () => {
    for (let round = 0; round < 6; round++) taken.push(await folder());
  });
  for (const from of taken.slice(-1)) {
    await restored(from, async (directory) => {
      const state = new DatabaseSync(join(directory, "state.sqlite"));
      state.exec("UPDATE rollback SET reason = NULL"); // what restoring put down, whatever the files say
      state.close();
      await start(directory);
      await ask(await question());
    });
  }
  for (const from of taken) await checkDomainBackup(from);
});

test.runIf(slow)(
  "with a newer copy of its public log a restored domain goes on where witnesses and callers saw it last, and from no other",
  async () => {
    const { logOrigin: origin, logKey } = fixture.config;
    await using witness = await startWitness("w", { origin, logKey });
    const policy = join(fixture.directory, "witnesses.policy");
    onTestFinished(() => rm(policy));
    await writeFile(policy, `${witness.policyLine}quorum w\n`);
    const from = await folder();
    const older = await mirror(fixture.directory);
    const late = [await ask(await question()), await ask(await question())];
    await fixture.domain.close();
    await start(fixture.directory); // the witness cosigns all of it
    const seen = witness.head()?.size ?? 0;
    const newer = await mirror(fixture.directory);
    const later = await folder();
    const show = async (checkpoint: string): Promise<number> => {
      const headers = { "content-type": "application/json" };
      const body = JSON.stringify({ checkpoint });
      return (await fetch(`${fixture.domain.url}/v1/checkpoints`, { method: "POST", headers, body })).status;
    };
    let fork = "";
    for (const log of [newer, undefined]) {
      await restored(
        from,
        async (directory) => {
          await resumeDomain(directory, { clock });
          await start(directory);
          const code = log === undefined ? "ERR_ROLLED_BACK" : "ERR_GRANT_BURNED";
          await expect(ask(await question())).rejects.toMatchObject({ code });
          for (const { receipt } of late) expect(await show(receipt.domainLog.checkpoint)).toBe(204);
          await expect(ask(await question())).rejects.toMatchObject({ code });
          expect((witness.head()?.size ?? 0) > seen).toBe(true);
          if (log === undefined) fork = await mirror(directory);
        },
        log,
      );
    }
    const to = fresh("none");
    const refuse = (log: string) => restoreDomain(later, { to, clock, keys, log });
    await expect(refuse(older)).rejects.toMatchObject(fault(/^its log has \d+ entries, the backup \d+$/));
    await expect(refuse(fork)).rejects.toMatchObject(fault(/does not continue|entries, the backup/));
    await expect(refuse(root)).rejects.toMatchObject({ code: "ERR_LOG" });
  },
);

/** A copy of the public files of a domain's log. */
async function mirror(directory: string): Promise<string> {
  const to = fresh("mirror");
  await cp(join(directory, "log", "tile"), join(to, "tile"), { recursive: true });
  await cp(join(directory, "log", "checkpoint"), join(to, "checkpoint"));
  return to;
}

/** Kept entries of a backup whose place is not noted. */
async function unnoted(from: string): Promise<number> {
  const state = new DatabaseSync(join(from, "state.sqlite"), { readOnly: true });
  const row = state
    .prepare("SELECT max(log_index) AS last FROM (SELECT log_index FROM answer UNION ALL SELECT log_index FROM event)")
    .get();
  state.close();
  const { log } = JSON.parse(await readFile(join(from, "backup.json"), "utf8")) as { log: { size: number } };
  return log.size - 1 - Number(row?.["last"]);
}

/** Alters a backup so that its manifest tells nothing. */
async function alter(from: string, path: string, change: (file: string) => Promise<void>): Promise<string> {
  const to = fresh("altered");
  await cp(from, to, { recursive: true });
  await change(join(to, path));
  const manifest = JSON.parse(await readFile(join(to, "backup.json"), "utf8")) as {
    files: Record<string, { sha256: string; bytes: number }>;
  };
  const bytes = await readFile(join(to, path));
  manifest.files[path] = { sha256: createHash("sha256").update(bytes).digest("hex"), bytes: bytes.length };
  await writeFile(join(to, "backup.json"), JSON.stringify(manifest));
  return to;
}

/** A copy of a backup without `path`, with a manifest that does not know it. */
async function without(from: string, path: string): Promise<string> {
  const to = fresh("lacking");
  await cp(from, to, { recursive: true });
  await rm(join(to, path), { recursive: true });
  const manifest = JSON.parse(await readFile(join(to, "backup.json"), "utf8")) as {
    files: Record<string, unknown>;
    folders: string[];
  };
  const isLeft = (one: string): boolean => one !== path && !one.startsWith(`${path}/`);
  manifest.files = Object.fromEntries(Object.entries(manifest.files).filter(([one]) => isLeft(one)));
  manifest.folders = manifest.folders.filter(isLeft);
  await writeFile(join(to, "backup.json"), JSON.stringify(manifest));
  return to;
}

async function flip(file: string): Promise<void> {
  const bytes = await readFile(file);
  bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 1;
  await rm(file);
  await writeFile(file, bytes);
}

const sql = (statement: string) => async (file: string) => {
  const state = new DatabaseSync(file);
  state.exec(statement);
  state.close();
};

long("what was altered, lost or added in a backup is named, also when its manifest was made to fit", async () => {
  const whole = await folder();
  const paths = Object.keys((await checkDomainBackup(whole)).manifest.files);
  for (const path of [paths.find((one) => one.startsWith("data/tables/")) ?? "", "log/checkpoint", "domain.json"]) {
    const flipped = fresh("flipped");
    await cp(whole, flipped, { recursive: true });
    await flip(join(flipped, path));
    await expect(checkDomainBackup(flipped)).rejects.toMatchObject(
      fault(new RegExp(`^${path} is not what was copied$`)),
    );
    await expect(restoreDomain(flipped, { to: fresh("none"), clock })).rejects.toMatchObject(
      fault(/is not what was copied$/),
    );
    await rm(join(flipped, path));
    await expect(checkDomainBackup(flipped)).rejects.toMatchObject(fault(/ is missing$/));
  }
  const added = fresh("added");
  await cp(whole, added, { recursive: true });
  await writeFile(join(added, "indexes", "more"), "");
  await expect(checkDomainBackup(added)).rejects.toMatchObject(fault(/^indexes\/more is not in its backup.json$/));

  const lastEvent = "log_index = (SELECT max(log_index) FROM event)";
  const lost = await alter(whole, "state.sqlite", sql(`DELETE FROM answer; DELETE FROM event WHERE ${lastEvent}`));
  await expect(checkDomainBackup(lost)).rejects.toMatchObject(fault(/do not explain each other/));
  const other = await alter(whole, "state.sqlite", sql(`UPDATE answer SET salt = '${"0".repeat(64)}'`));
  await expect(checkDomainBackup(other)).rejects.toMatchObject(fault(/^entry \d+ of its log is not the one/));
  const journal = await alter(whole, "log/journal", flip);
  await expect(checkDomainBackup(journal)).rejects.toMatchObject({
    code: expect.stringMatching(/^ERR_(BACKUP|LOG)$/) as string,
  });
  const tile = paths.find((one) => one.startsWith("log/tile/0/")) ?? "";
  await expect(checkDomainBackup(await alter(whole, tile, flip))).rejects.toMatchObject({ code: "ERR_LOG" });
  const broken = await alter(whole, "state.sqlite", (file) => writeFile(file, "SQLite format 3\0"));
  await expect(checkDomainBackup(broken)).rejects.toMatchObject(fault(/state.sqlite is/));
  await writeFile(join(added, "backup.json"), JSON.stringify({ version: 1, files: { "../out": {} } }));
  await expect(restoreDomain(added, { to: fresh("none"), clock })).rejects.toMatchObject(fault(/no valid backup.json/));
});

long(
  "keys stay out unless asked for and sealed; a backup without the right keys is not restored with others",
  async () => {
    const from = await folder();
    expect(await readdir(from)).not.toContain("keys");
    expect((await stat(join(from, "state.sqlite"))).mode & 0o777).toBe(0o600);
    await expect(backUp({ withKeys: true })).rejects.toMatchObject({ code: "ERR_KEY" });
    expect((await readdir(root)).filter((name) => name.includes("partial"))).toEqual([]);
    const foreign = fresh("keys");
    await cp(keys, foreign, { recursive: true });
    const data = JSON.parse(await readFile(join(foreign, "data.json"), "utf8")) as { keys: { id: string }[] };
    for (const key of data.keys) key.id = "0".repeat(16);
    await writeFile(join(foreign, "data.json"), JSON.stringify(data));
    const to = fresh("none");
    await expect(restoreDomain(from, { to, clock, keys: foreign })).rejects.toMatchObject(fault(/lack data key/));
    await expect(stat(to)).rejects.toMatchObject({ code: "ENOENT" });
    expect((await restoreDomain(from, { to, clock })).manifest.keys).toBe("none");
    await expect(restoreDomain(from, { to, clock })).rejects.toMatchObject(fault(/not empty/));
  },
);

long("a later backup links what did not change; one that was cancelled leaves nothing", async () => {
  const previous = await folder();
  await ask(await question());
  const out = fresh("backup");
  const { linked, files } = await backUp({ out, previous });
  expect(linked).toBeGreaterThan(0);
  expect(linked).toBeLessThan(files);
  const table = (await readdir(join(out, "data/tables")))[0] ?? "";
  const inode = async (of: string) => (await stat(join(of, "data/tables", table))).ino;
  expect(await inode(out)).toBe(await inode(previous));
  await checkDomainBackup(out);
  await rm(previous, { recursive: true });
  await checkDomainBackup(out);

  const cancel = new AbortController();
  const cancelled = fresh("cancelled");
  const onProgress = ({ files: done }: { files: number }): void => void (done === 3 && cancel.abort());
  await expect(backUp({ out: cancelled, signal: cancel.signal, onProgress })).rejects.toMatchObject({
    code: "ERR_CANCELLED",
  });
  await expect(stat(cancelled)).rejects.toMatchObject({ code: "ENOENT" });
  expect((await readdir(root)).filter((name) => name.includes("partial"))).toEqual([]);
  await appendFile(join(out, "backup.json"), "}");
  await expect(backUp({ previous: out })).rejects.toMatchObject(fault(/no valid backup.json/));
});

long(
  "a backup has what lookups answer from: base, delta and what they were built from, also when an update came between",
  async () => {
    await fixture.domain.close();
    await importPersons(fixture.directory, CHANGED);
    await start(fixture.directory);
    await buildAgain(fixture, grant);
    const state = new DatabaseSync(join(fixture.directory, "state.sqlite"));
    onTestFinished(() => state.close());
    const delta = String(state.prepare("SELECT delta FROM product").get()?.["delta"]);
    expect(delta).not.toBe("");
    const rename = (from: string, to: string): void => {
      state.prepare("UPDATE product SET delta = ?").run(to);
      for (const part of ["indexes", "contents"]) {
        renameSync(join(fixture.directory, part, from), join(fixture.directory, part, to));
      }
    };
    // What an update does, once the state was copied: the base stays, the delta before is named no more, and goes.
    let attempts = 0;
    const out = fresh("updated");
    const onProgress = ({ files }: { files: number }): void => {
      if (files === 1 && ++attempts === 1) rename(delta, "updated");
    };
    await backUp({ out, onProgress });
    rename("updated", delta);
    const { manifest } = await checkDomainBackup(out);
    const copy = new DatabaseSync(join(out, "state.sqlite"), { readOnly: true });
    onTestFinished(() => copy.close());
    expect(copy.prepare("SELECT delta FROM product").get()).toEqual({ delta: "updated" });
    expect(Object.keys(manifest.files)).toContain("contents/updated");

    const whole = await folder();
    await checkDomainBackup(whole);
    const before = String(state.prepare("SELECT directory FROM product_before").get()?.["directory"]);
    for (const path of [`indexes/${before}`, `contents/${before}`, `indexes/${delta}`, `contents/${delta}`]) {
      const lacking = await without(whole, path);
      await expect(checkDomainBackup(lacking)).rejects.toMatchObject(
        fault(new RegExp(`^its state names ${path}, which`)),
      );
    }
  },
);
