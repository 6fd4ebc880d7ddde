/** `sluice match --journal`: a process that is killed in the middle of a call, and another one that goes on with it. With SLOW=1 the
 *  processes; what the journal's files hold, always.
 *  @module */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdir, readFile, stat, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { exportPrivateKey, Passphrase } from "@sluice/evidence";
import { systemRandom } from "@sluice/client";
import { utf8, type Bytes, type EvidencedReceipt } from "@sluice/protocol";
import { afterAll, beforeAll, expect, test } from "vitest";
import { StubCity } from "../../client/test/stub-city.ts";
import { StubSessions } from "../../client/test/stub-sessions.ts";
import { openSealedJournal } from "../src/sealed-journal.ts";
import { temporaryDirectory } from "./captured-io.ts";

const MAIN = fileURLToPath(new URL("../src/main.ts", import.meta.url));
const passphrase = new Passphrase("correct horse");
// The least cost that is taken: guessing is not tried here.
const options = { passphrase, random: systemRandom, logN: 14 };
const RECORDS = [utf8("begun"), new Uint8Array(200_000).fill(7), utf8("message 1"), utf8("message 2")];

let city: StubCity;
let sessions: StubSessions;
beforeAll(async () => {
  sessions = new StubSessions();
  city = await StubCity.start({ "person-1": 0 }, sessions.products);
});
afterAll(() => city.close());

async function journalWith(records: readonly Bytes[]): Promise<string> {
  const directory = await temporaryDirectory();
  const journal = await openSealedJournal(directory, options);
  // At once: they are stored in the order of the asking.
  await Promise.all(records.map((record) => journal.append(record)));
  await journal.close();
  return directory;
}

test("records come back in their order, sealed, for their owner and one process only, and are gone when it is over", async () => {
  const directory = await journalWith(RECORDS);
  const bytes = await readFile(join(directory, "records"));
  expect([bytes.includes("begun"), bytes.includes("message 1")]).toEqual([false, false]);
  for (const file of ["records", "key.json"]) expect((await stat(join(directory, file))).mode & 0o777).toBe(0o600);
  const journal = await openSealedJournal(directory, options);
  await expect(openSealedJournal(directory, options)).rejects.toMatchObject({ code: "ERR_DIRECTORY_LOCKED" });
  expect(await journal.read()).toEqual(RECORDS);
  await journal.clear();
  await journal.close();
  expect((await readdir(directory)).filter((name) => !name.startsWith("lock"))).toEqual([]);
});

test("a record that was not whole is not there; one that was altered, moved or of another passphrase is refused", async () => {
  const directory = await journalWith(RECORDS);
  const records = join(directory, "records");
  await truncate(records, (await stat(records)).size - 1);
  const journal = await openSealedJournal(directory, options);
  await journal.append(utf8("after"));
  expect(await journal.read()).toEqual([...RECORDS.slice(0, 3), utf8("after")]);
  await journal.close();
  const whole = await readFile(records);
  const first = 8 + whole.readUInt32BE(0);
  const alteredAt = (at: number): Buffer => {
    const altered = Buffer.from(whole);
    altered[at] = (altered[at] ?? 0) ^ 0x40;
    return altered;
  };
  // A record, lengths of records with others behind them and of the last, the first or last of their bytes; a record that is missing.
  const second = first + 8 + whole.readUInt32BE(first);
  const last = second + 8 + whole.readUInt32BE(second);
  const lengths = [0, first, second, last].flatMap((at) => [0, 3, 4, 7].map((byte) => at + byte));
  for (const bytes of [...[100, ...lengths].map(alteredAt), whole.subarray(first)]) {
    await writeFile(records, bytes);
    const broken = await openSealedJournal(directory, options);
    await expect(broken.read()).rejects.toMatchObject({ code: "ERR_CALL_JOURNAL" });
    await broken.close();
    expect((await stat(records)).size).toBe(bytes.length);
  }
  const other = { ...options, passphrase: new Passphrase("another") };
  await expect(openSealedJournal(directory, other)).rejects.toMatchObject({ code: "ERR_KEY" });
});

test.runIf(process.env["SLOW"] === "1")(
  "a process that is killed in the middle of a call is followed by one that ends it, with one charge and its receipt",
  async () => {
    sessions.begin(city);
    const directory = await temporaryDirectory();
    const file = (name: string): string => join(directory, name);
    await writeFile(file("bank.key"), await exportPrivateKey(city.caller));
    await writeFile(file("trust.json"), JSON.stringify(city.trust));
    await writeFile(file("list.txt"), "nobody\nperson-7\nsomebody\nperson-1\n");
    const env = {
      ...process.env,
      SLUICE_GATEWAY: city.url,
      SLUICE_KEY: file("bank.key"),
      SLUICE_TRUST: file("trust.json"),
      SLUICE_PASSPHRASE: "correct horse",
    };
    const run = (list = "list.txt") => {
      const args = [MAIN, "match", "equals", file(list), "--journal", file("journal"), "--json"];
      const child = spawn(process.execPath, args, { env, stdio: ["ignore", "pipe", "pipe"] });
      return { child, ended: Promise.all([once(child, "exit"), text(child.stdout), text(child.stderr)]) };
    };
    const first = run();
    // The rows have come; their answer does not reach the process.
    sessions.lost = (reply) => {
      if (reply === 2) first.child.kill("SIGKILL");
      return reply === 2;
    };
    const [[, signal]] = await first.ended;
    expect([signal, sessions.held.size, sessions.host.open]).toEqual(["SIGKILL", 1, 1]);
    await writeFile(file("other.txt"), "person-7\n");
    const [[code], , refused] = await run("other.txt").ended;
    expect([code === 0, refused.includes("ERR_CALL_JOURNAL")]).toEqual([false, true]);
    const [[ended], printed] = await run().ended;
    const { found, receipt } = JSON.parse(printed) as { found: string[]; receipt: EvidencedReceipt };
    expect([ended, found, sessions.held.size]).toEqual([0, ["person-7", "person-1"], 1]);
    expect(receipt.receipt.body.callId).toBe([...sessions.held.keys()][0]);
    expect((await readdir(file("journal"))).filter((name) => !name.startsWith("lock"))).toEqual([]);
    sessions.close();
  },
);
