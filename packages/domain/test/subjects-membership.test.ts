/** Tags of persons and the files that hold them. @module */
import { createHmac, createSecretKey, randomBytes, type KeyObject } from "node:crypto";
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { concatBytes, isSluiceError, type Bytes } from "@sluice/protocol";
import { expect, onTestFinished, test } from "vitest";
import { KeyColumn } from "../src/data/key-column.ts";
import { Keyring } from "../src/keyring.ts";
import { createDataKeys, openSealedFiles } from "../src/rest/open-files.ts";
import type { SealedFiles } from "../src/rest/sealed-files.ts";
import { StateDatabase } from "../src/state/database.ts";
import { MembershipStore, type MembershipRecord } from "../src/state/memberships.ts";
import { normalIdentifier } from "../src/subjects/identifier.ts";
import { holdsTag, sweepMemberships, writeMembership } from "../src/subjects/membership-files.ts";
import { membershipKey, membershipTag, membershipTags, TAG_BYTES } from "../src/subjects/membership-tags.ts";
import { random } from "./serving-fixture.ts";

const secret = (): KeyObject => createSecretKey(randomBytes(32));
const OTHER = createSecretKey(new Uint8Array(32));
const never = new AbortController().signal;

async function temporaryDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), "sluice-memberships-"));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  return directory;
}

async function sealedFiles(directory: string): Promise<SealedFiles> {
  const keyring = await Keyring.create(directory, { keeping: "plain", random });
  const domain = { directory, config: { domain: "test" }, keyring, random };
  await createDataKeys(domain, "intl");
  return openSealedFiles(domain);
}

/** Tags as plain code makes them. */
const plainTags = (key: KeyObject, values: readonly string[]): Bytes => {
  const tags = values.map((value) => createHmac("sha256", key).update(value).digest("hex").slice(0, 32));
  return new Uint8Array(Buffer.from([...new Set(tags)].sort().join(""), "hex"));
};

const refusalOf = async (work: Promise<unknown>): Promise<string> => {
  try {
    await work;
    return "nothing";
  } catch (error) {
    if (isSluiceError(error)) return error.code;
    throw error;
  }
};

test("tags stand in ascending order, each once, whatever the order and the number of rows of a person", async () => {
  const key = secret();
  for (const count of [0, 1, 2, 5_000]) {
    const values = Array.from({ length: count }, (_, i) => `3301${(i * 7_919) % 1_700}`);
    const tags = await membershipTags(key, KeyColumn.of(values), never);
    expect(Buffer.from(tags).equals(plainTags(key, values))).toBe(true);
    expect(tags.length).toBe(new Set(values).size * TAG_BYTES);
  }
});

test("tags of many persons are those of plain code, too", { skip: process.env["SLOW"] !== "1" }, async () => {
  const key = secret();
  const values = Array.from({ length: 300_000 }, (_, i) => `P${i}`);
  expect(Buffer.from(await membershipTags(key, KeyColumn.of(values), never)).equals(plainTags(key, values))).toBe(true);
});

test("making tags stops when it is told to", async () => {
  const stopped = new AbortController();
  stopped.abort(new Error("stopped"));
  await expect(membershipTags(OTHER, KeyColumn.of(["a"]), stopped.signal)).rejects.toThrow("stopped");
});

test("tags of the same persons in two resources, columns, builds or domains have nothing in common", async () => {
  const build = { resource: "persons", column: "person", name: "a-1" };
  const builds = [build, { ...build, resource: "firms" }, { ...build, column: "phone" }, { ...build, name: "a-2" }];
  const rings = await Promise.all(
    [1, 2].map(async () => Keyring.create(await temporaryDirectory(), { keeping: "plain", random })),
  );
  const values = Array.from({ length: 50 }, (_, i) => `P${i}`);
  const seen = new Set<string>();
  for (const ring of rings) {
    for (const identity of builds) {
      for (const value of values)
        seen.add(Buffer.from(membershipTag(membershipKey(ring, identity), value)).toString("hex"));
    }
  }
  expect(seen.size).toBe(rings.length * builds.length * values.length);
});

test("a file finds its tags under their key and nobody else's", async () => {
  const directory = await temporaryDirectory();
  const key = secret();
  const values = Array.from({ length: 3_000 }, (_, i) => `P${i}`);
  const files = await sealedFiles(directory);
  await writeMembership(files, "a-1", await membershipTags(key, KeyColumn.of(values), never), never);
  expect((await stat(join(directory, "memberships", "a-1"))).mode & 0o777).toBe(0o600);
  for (const value of ["P0", "P1777", "P2999"]) {
    expect(await holdsTag(files, "a-1", membershipTag(key, value))).toBe(true);
    expect(await holdsTag(files, "a-1", membershipTag(OTHER, value))).toBe(false);
  }
  expect(await holdsTag(files, "a-1", membershipTag(key, "P3000"))).toBe(false);
  // A run of bytes across two tags is no tag.
  const bytes = await files.read("memberships/a-1");
  expect(await holdsTag(files, "a-1", new Uint8Array(bytes.subarray(8, 24)))).toBe(false);
});

test("a file that is missing, cut, longer, altered or another build's tells nothing but that", async () => {
  const directory = await temporaryDirectory();
  const files = await sealedFiles(directory);
  const path = join(directory, "memberships", "a-1");
  const other = join(directory, "memberships", "a-2");
  await writeMembership(files, "a-1", await membershipTags(OTHER, KeyColumn.of(["a", "b", "c"]), never), never);
  await writeMembership(files, "a-2", await membershipTags(OTHER, KeyColumn.of(["a"]), never), never);
  const ask = (): Promise<boolean> => holdsTag(files, "a-1", membershipTag(OTHER, "a"));
  const sealed = await readFile(path);
  const altered = new Uint8Array(sealed);
  altered[altered.length - 20] = (altered[altered.length - 20] ?? 0) ^ 1;
  const longer = concatBytes(sealed, sealed.subarray(0, 16));
  for (const bytes of [sealed.subarray(0, -16), longer, altered, await readFile(other), new Uint8Array(0)]) {
    await writeFile(path, bytes);
    expect(await refusalOf(ask())).toBe("ERR_SEALED_FILE");
  }
  await rm(path);
  expect(await refusalOf(ask())).toBe("ERR_SEALED_FILE");
});

test("files that no build names are swept, and only they", async () => {
  const directory = await temporaryDirectory();
  const files = await sealedFiles(directory);
  await sweepMemberships(files, new Set());
  for (const name of ["kept", "cut-off"]) await writeMembership(files, name, new Uint8Array(16), never);
  await writeFile(join(directory, "memberships", "torn.partial"), "x");
  await mkdir(join(directory, "memberships", "folder"));
  await sweepMemberships(files, new Set(["kept"]));
  expect(await readdir(join(directory, "memberships"))).toEqual(["kept"]);
});

/** A record as a build leaves it. */
const record = (name: string, change: Partial<MembershipRecord> = {}): MembershipRecord => ({
  name,
  product: name,
  version: 1,
  form: "label-lookup",
  grant: name,
  resource: "persons",
  column: "person",
  columnType: "text",
  snapshot: "1".repeat(64),
  callId: name,
  from: "2026-01-01T00:00:00.000Z",
  termEnd: "2030-01-01T00:00:00.000Z",
  ...change,
});

test("a build that an update replaced ends when it answers no more: with its time, its term, the next build, or its grant", async () => {
  const db = new StateDatabase(join(await temporaryDirectory(), "state.sqlite"));
  onTestFinished(() => db.close());
  const store = new MembershipStore(db);
  const ends = (): (string | null)[] =>
    store.ofResource("persons").map(({ name, until, ended }) => (until === null ? null : `${name} ${ended} ${until}`));
  const at = (minutes: number): string => new Date(Date.UTC(2026, 0, 1, 0, minutes)).toISOString();
  const build = (minutes: number, change: Partial<MembershipRecord> = {}): MembershipRecord =>
    record(`b${minutes}`, { product: "bands", grant: "g", from: at(minutes), ...change });
  store.begin(build(0), null);
  store.begin(build(10), at(70));
  expect(ends()).toEqual([`b0 rebuilt ${at(70)}`, null]);
  // One snapshot before answers at most.
  store.begin(build(20), at(80));
  expect(ends()).toEqual([`b0 rebuilt ${at(20)}`, `b10 rebuilt ${at(80)}`, null]);
  // A full build ends all at once.
  store.begin(build(30), null);
  expect(ends()).toEqual([`b0 rebuilt ${at(20)}`, `b10 rebuilt ${at(30)}`, `b20 rebuilt ${at(30)}`, null]);
  // Another version, or product, ends for itself.
  store.begin(build(31, { name: "other", version: 2 }), at(91));
  store.begin(build(40), at(100));
  store.endOfGrant("another", at(45));
  expect(ends().slice(3)).toEqual([`b30 rebuilt ${at(100)}`, null, null]);
  store.endOfGrant("g", at(50));
  store.endOfGrant("g", at(60));
  expect(ends().slice(3)).toEqual([`b30 rebuilt ${at(50)}`, `other revoked ${at(50)}`, `b40 revoked ${at(50)}`]);

  store.begin(record("term", { from: at(0), termEnd: at(30) }), null);
  store.begin(record("after", { product: "term", from: at(10) }), at(70));
  store.begin(record("over", { product: "term", from: at(15) }), at(75));
  store.endAll(at(20));
  const of = (...names: string[]): (string | undefined)[] =>
    names.map((name) => store.ofResource("persons").find((one) => one.name === name)?.until ?? undefined);
  expect(of("term", "after", "over", "b0")).toEqual([at(15), at(20), at(20), at(20)]);
  store.begin(record("short", { from: at(0), termEnd: at(30) }), null);
  store.begin(record("long", { product: "short", from: at(10) }), at(70));
  expect(of("short")).toEqual([at(30)]);
});

test("a build is remembered for three years after its end, and not a day less", async () => {
  const db = new StateDatabase(join(await temporaryDirectory(), "state.sqlite"));
  onTestFinished(() => db.close());
  const store = new MembershipStore(db);
  store.begin(record("revoked"), null);
  store.endOfGrant("revoked", "2026-02-28T00:00:00.000Z");
  store.begin(record("term", { termEnd: "2026-03-01T00:00:00.000Z" }), null);
  store.begin(record("rebuilt"), null);
  store.begin(record("again", { product: "rebuilt", from: "2026-03-02T00:00:00.000Z" }), null);
  // Taken back long after its term: it ended with the term.
  store.begin(record("late", { termEnd: "2026-03-03T00:00:00.000Z" }), null);
  store.endOfGrant("late", "2028-01-01T00:00:00.000Z");
  const left = (): string[] => [...store.names()].sort();
  const steps: [string, string[]][] = [
    ["2029-02-28T00:00:00.000Z", []],
    ["2029-03-01T00:00:00.000Z", ["revoked"]],
    ["2029-03-02T00:00:00.000Z", ["term"]],
    ["2029-03-03T00:00:00.000Z", ["rebuilt"]],
    ["2029-03-03T00:00:00.001Z", ["late"]],
    ["2033-01-01T00:00:00.000Z", []],
    ["2033-01-01T00:00:00.001Z", ["again"]],
  ];
  for (const [now, pruned] of steps) expect([now, store.prune(new Date(now))]).toEqual([now, pruned]);
  expect(left()).toEqual([]);
});

test("identifiers are read as an import reads keys", () => {
  const cases: [string, Parameters<typeof normalIdentifier>[1], string | null][] = [
    ["33010019900101002X", "text", "33010019900101002X"],
    [" a ", "text", " a "],
    ["007", "integer", "7"],
    ["+7", "integer", "7"],
    ["-0", "integer", "0"],
    ["7.0", "integer", null],
    ["1e3", "integer", null],
    ["2026-02-28", "date", "2026-02-28"],
    ["2026-02-30", "date", null],
    ["1.5", "decimal", null],
    ["true", "boolean", null],
  ];
  for (const [text, type, expected] of cases) expect([text, normalIdentifier(text, type)]).toEqual([text, expected]);
});
