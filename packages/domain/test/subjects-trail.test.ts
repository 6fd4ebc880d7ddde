/** A person's trail through builds, held against a plain reading of the files that were imported.
 *  @module */
import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { signDocument } from "@sluice/evidence";
import { sha256Hex, toHex, utf8, type Bytes } from "@sluice/protocol";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openSubjectDesk, startDomain, type Holding } from "../src/index.ts";
import { Keyring } from "../src/keyring.ts";
import { openSealedFiles } from "../src/rest/open-files.ts";
import { StateDatabase } from "../src/state/database.ts";
import { DocumentStore } from "../src/state/documents.ts";
import { MembershipStore, type KeptMembership } from "../src/state/memberships.ts";
import { holdingsOf } from "../src/subjects/trail.ts";
import { eventsOf, explanations, logEntries, withState } from "./domain-log.ts";
import { deliverFormsGrant, serveForm, setJob } from "./serving-forms-fixture.ts";
import {
  bucketOfAge,
  clock,
  consentOf,
  finishedRun,
  importPersons,
  JOB,
  openFixture,
  postJson,
  random,
  ROWS,
  rowText,
  send,
  use,
  type Fixture,
} from "./serving-fixture.ts";

/** Served products take seconds to make: these run in the long run. */
const long = test.runIf(process.env["SLOW"] === "1");

const CONSENT = { consent: { kind: "subject-consent", field: "consented" } } as const;
const GROUND = { kind: "legal-basis", basis: "test" } as const;

/** Persons whom the second import leaves out, and who takes a consent back in it. */
const LEFT = 5;
const WITHDRAWN = 10;

let fixture: Fixture;
let byLaw: string;
let byConsent: string;
/** Every row as it stood in the files, by import: what an independent reading starts from. */
const imports = [
  Array.from({ length: ROWS }, (_, i) => rowText(i)),
  Array.from({ length: ROWS }, (_, i) => rowText(i, `P${i}`, i === WITHDRAWN ? "false" : consentOf(i))).filter(
    (_, i) => i !== LEFT,
  ),
] as const;

/** Whether a build of an import held a person, read from the text of the file. */
function plainlyHeld(lines: readonly string[], person: string, consented: boolean): boolean {
  const row = lines.map((line) => line.split(",")).find(([key]) => key === person);
  return row !== undefined && (!consented || row[4] === "true");
}

async function build(grant: string, product: string, code: Bytes): Promise<void> {
  const { operator } = fixture.parties;
  const envelope = await use({ operation: "build", grant, key: operator, bundle: await sha256Hex(code), product });
  await send(fixture, "/v1/builds", envelope);
  expect((await finishedRun(fixture, envelope.request.body.callId)).state).toBe("completed");
}

const restart = async (): Promise<void> => {
  fixture.domain = await startDomain(fixture.directory, { workerThreads: 1 });
};

beforeAll(async () => {
  fixture = await openFixture();
  byLaw = await deliverFormsGrant(fixture);
  byConsent = await deliverFormsGrant(fixture, {}, CONSENT);
  await serveForm(fixture, byLaw, "bands", JOB);
  await serveForm(fixture, byLaw, "ids", setJob("psi-ids"));
  await serveForm(fixture, byConsent, "agreed", JOB);
  await fixture.domain.close();
  await importPersons(fixture.directory, imports[1]);
  // As a build leaves it that was cut off.
  await writeFile(join(fixture.directory, "memberships", "cut-off"), new Uint8Array(16));
  await restart();
  await build(byLaw, "bands", JOB);
  await build(byConsent, "agreed", JOB);
  const body = {
    type: "revocation",
    domain: "test",
    grant: byLaw,
    reason: "test",
    at: new Date().toISOString(),
  } as const;
  await postJson(fixture, "/v1/revocations", await signDocument(body, fixture.parties.department));
  await fixture.domain.close();
});

afterAll(async () => {
  await fixture[Symbol.asyncDispose]();
});

const trailOf = async (identifier: string, at = clock): Promise<Holding[]> => {
  await using desk = await openSubjectDesk(fixture.directory, { clock: at, random });
  return (await desk.trail({ resource: "persons", identifier })).holdings;
};

/** Product and end of each holding, in order. */
const shortly = (holdings: readonly Holding[]): string[] =>
  holdings.map(({ product, ended }) => `${product} ${ended ?? "answers"}`);

/** What the trail of a person must be. */
function expectedOf(person: string): string[] {
  const [first, second] = imports;
  const held = (lines: readonly string[], consented = false): boolean => plainlyHeld(lines, person, consented);
  const entries: [boolean, string][] = [
    [held(first), `bands ${held(second) ? "rebuilt" : "left-out"}`],
    [held(first), "ids revoked"],
    [held(first, true), `agreed ${held(second, true) ? "rebuilt" : "left-out"}`],
    [held(second), "bands revoked"],
    [held(second, true), "agreed answers"],
  ];
  return entries.flatMap(([is, entry]) => (is ? [entry] : []));
}

long("a trail lists the builds that read the row, whatever became of it, and how each ended", async () => {
  const persons = [0, 1, 2, LEFT, 6, WITHDRAWN, ROWS - 1].map((i) => `P${i}`);
  for (const person of persons) expect([person, shortly(await trailOf(person))]).toEqual([person, expectedOf(person)]);
  expect(expectedOf("P0")).toEqual(["bands rebuilt", "ids revoked", "bands revoked"]);
  expect(expectedOf(`P${LEFT}`)).toContain("bands left-out");
  expect(expectedOf(`P${WITHDRAWN}`)).toContain("agreed left-out");
});

long(
  "a trail names purpose, ground, parties that could ask and the time, and neither a label nor a caller's call",
  async () => {
    const [bands, ids] = await trailOf("P0");
    expect(bands).toMatchObject({
      product: "bands",
      version: 1,
      form: "label-lookup",
      scene: { scene: "bands", title: "Bands", purpose: "bands" },
      ground: GROUND,
      grant: byLaw,
      operator: { party: "operator", title: null },
      callers: [{ party: "caller", title: null }],
    });
    expect(ids?.form).toBe("psi-ids");
    expect(bands?.until).not.toBeNull();
    expect((bands?.from ?? "") < (bands?.until ?? "")).toBe(true);
    expect(Object.keys(bands ?? {}).sort()).toEqual(
      ["callers", "developer", "ended", "form", "from", "grant", "ground", "operator", "product", "scene"].concat([
        "snapshot",
        "until",
        "version",
      ]),
    );
    const agreed = (await trailOf("P2")).filter(({ product }) => product === "agreed");
    expect(agreed.map(({ ground }) => ground)).toEqual([CONSENT.consent, CONSENT.consent]);
  },
);

long(
  "a build ends when its snapshot answers no more: an hour after an update, at once where persons consented",
  async () => {
    const rows = withState(fixture.directory, (db) =>
      db.prepare("SELECT product, from_at, until_at FROM membership WHERE product <> 'ids' ORDER BY rowid").all(),
    );
    const [bands, agreed, bandsAgain, agreedAgain] = rows.map((row) => ({
      product: String(row["product"]),
      from: String(row["from_at"]),
      until: row["until_at"],
    }));
    expect([bands?.product, agreed?.product]).toEqual(["bands", "agreed"]);
    expect(agreed?.until).toBe(agreedAgain?.from);
    // The grant was taken back before the hour had passed.
    expect(bands?.until).toBe(bandsAgain?.until);
    expect(bandsAgain?.until).not.toBeNull();
    const before = withState(fixture.directory, (db) => db.prepare("SELECT product FROM product_before").all());
    expect(before).toEqual([{ product: "bands" }]);
  },
);

long("a set holds whom it was made from: members and others have the same trail", async () => {
  const persons = [2, 3, 4, 6, 7];
  expect(new Set(persons.map((i) => bucketOfAge(i) >= 60)).size).toBe(2);
  const trails = new Set<string>();
  for (const i of persons) trails.add(JSON.stringify(await trailOf(`P${i}`)));
  expect(trails.size).toBe(1);
});

long("what answers ends with the term of its grant", async () => {
  const later = { now: () => new Date(Date.now() + 2 * 86_400_000) };
  expect(shortly(await trailOf("P2", later)).at(-1)).toBe("agreed term-ended");
});

long("a person whom no table has, and no build held, has the same trail without holdings", async () => {
  await using desk = await openSubjectDesk(fixture.directory, { clock, random });
  const known = await desk.trail({ resource: "persons", identifier: "P0" });
  for (const identifier of ["P400", "p0", "P0 ", "nobody"]) {
    const { holdings, ...rest } = await desk.trail({ resource: "persons", identifier });
    expect(holdings).toEqual([]);
    expect(Object.keys({ ...rest, holdings })).toEqual(Object.keys(known));
  }
});

long("files stand for each build, name no person, and tell nothing without the master secret", async () => {
  const state = new StateDatabase(join(fixture.directory, "state.sqlite"));
  try {
    const builds = new MembershipStore(state).ofResource("persons");
    const files = await readdir(join(fixture.directory, "memberships"));
    expect(files.sort()).toEqual(builds.map(({ name }) => name).sort());
    expect(builds.map(({ product }) => product)).toEqual(["bands", "ids", "agreed", "bands", "agreed"]);
    // Each build has a trail of its own, also one that made a delta over the base of an earlier one.
    expect((await readdir(join(fixture.directory, "indexes"))).length).toBe(5);
    const keyring = await Keyring.open(fixture.directory, fixture.config);
    const sealed = await openSealedFiles({ directory: fixture.directory, config: fixture.config, keyring, random });
    const read = async ({ name }: KeptMembership): Promise<string> => toHex(await sealed.read(`memberships/${name}`));
    const tags = (await Promise.all(builds.map(read))).map((hex): string[] => hex.match(/.{32}/gu) ?? []);
    // Whoever opens the files and has not the master secret learns how many persons a build held: no two share a tag.
    expect(tags.map(({ length }) => length)).toEqual(
      builds.map(({ product }, i) => {
        const lines = imports[i < 3 ? 0 : 1];
        return Array.from({ length: ROWS }, (_, k) => plainlyHeld(lines, `P${k}`, product === "agreed")).filter(Boolean)
          .length;
      }),
    );
    expect(new Set(tags.flat()).size).toBe(tags.flat().length);
    const person = { column: "person", identifier: "P0" };
    const reader = { files: sealed, documents: new DocumentStore(state) };
    expect(await holdingsOf({ ...reader, keyring }, builds, person, new Date())).toHaveLength(3);
    await mkdir(join(fixture.directory, "..", "foreign"));
    const foreign = await Keyring.create(join(fixture.directory, "..", "foreign"), { keeping: "plain", random });
    expect(await holdingsOf({ ...reader, keyring: foreign }, builds, person, new Date())).toEqual([]);
  } finally {
    state.close();
  }
});

long("no identifier that was asked for is in any file of the domain", async () => {
  const asked = "canary-33010019900101002X";
  await using desk = await openSubjectDesk(fixture.directory, { clock, random });
  desk.open({ resource: "persons", identifier: asked, kind: "copy" });
  await desk.trail({ resource: "persons", identifier: asked });
  const entries = await readdir(fixture.directory, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name));
  expect(files.map((file) => relative(fixture.directory, file))).toContain("state.sqlite-wal");
  const forms = [asked, toHex(utf8(asked)), Buffer.from(asked, "utf16le"), Buffer.from(asked).toString("base64url")];
  for (const file of files) {
    const bytes = await readFile(file);
    expect([file, forms.some((form) => bytes.includes(form))]).toEqual([file, false]);
  }
});

long(
  "each access is an event, put down before anything is given out: a commitment that the register opens",
  async () => {
    const before = eventsOf(fixture.directory).length;
    const requests: string[] = [];
    const out = join(fixture.directory, "..", "copy.json");
    {
      await using desk = await openSubjectDesk(fixture.directory, { clock, random });
      const subject = { resource: "persons", identifier: "P2" };
      requests.push((await desk.trail(subject)).request, (await desk.copy({ ...subject, out })).request);
      // What is refused gives nothing out and leaves no request.
      await expect(desk.copy({ ...subject, out })).rejects.toThrow("a copy replaces no file");
      await expect(desk.trail({ ...subject, column: "none" })).rejects.toThrow("none");
      expect(desk.requests().filter(({ answeredAt }) => answeredAt === null)).toHaveLength(1);
    }
    const events = eventsOf(fixture.directory).slice(before);
    expect(events.map(({ kind }) => kind)).toEqual(["subject-trail", "subject-copy"]);
    const subjects = requests.map((request) =>
      withState(fixture.directory, (db) => {
        const row = db.prepare("SELECT tag, salt FROM subject_request WHERE request = ?").get(request);
        const parts = [row?.["salt"] as Uint8Array, Buffer.from(request, "hex"), row?.["tag"] as Uint8Array];
        const hash = createHash("sha256").update("sluice/subject-access/v1");
        for (const part of parts) hash.update(part);
        return hash.digest("hex");
      }),
    );
    expect(events.map(({ subject }) => subject)).toEqual(subjects);
    // The next start signs and logs them.
    await restart();
    await fixture.domain.close();
    const entries = await logEntries(fixture.directory);
    const logged = explanations(fixture.directory).filter(({ document }) => document.body.type === "event");
    for (const { entry, logIndex } of logged) expect(entries[logIndex ?? -1]).toBe(entry);
  },
);

long("a domain that is older than its log gives out no trail, which may be incomplete", async () => {
  const note = (reason: string | null): void =>
    void withState(fixture.directory, (db) => db.prepare("UPDATE rollback SET reason = ?").run(reason));
  note("the log has entries that the state does not know");
  await expect(trailOf("P2")).rejects.toMatchObject({ code: "ERR_ROLLED_BACK" });
  note(null);
  expect(await trailOf("P2")).not.toEqual([]);
});

long("a grant that a status takes back ends the service, too", async () => {
  await restart();
  const issuedAt = new Date().toISOString();
  const validUntil = new Date(Date.now() + 60_000).toISOString();
  const stops = { revoked: [byConsent], suspended: [] };
  const body = { type: "status", domain: "test", sequence: 1, ...stops, issuedAt, validUntil } as const;
  await postJson(fixture, "/v1/statuses", await signDocument(body, fixture.parties.agency));
  await fixture.domain.close();
  expect(shortly(await trailOf("P2"))).toEqual(expectedOf("P2").map((entry) => entry.replace("answers", "revoked")));
});

long(
  "three years after the end of their service, records and files are gone, and the log says that something went",
  async () => {
    const end = new Date((await trailOf("P2")).at(-1)?.until ?? "");
    const files = (): Promise<string[]> => readdir(join(fixture.directory, "memberships"));
    const pruned = (): number => eventsOf(fixture.directory).filter(({ kind }) => kind === "pruned").length;
    const startAt = async (time: number): Promise<void> => {
      const domain = await startDomain(fixture.directory, { workerThreads: 1, clock: { now: () => new Date(time) } });
      await domain.close();
    };
    const threeYears = new Date(end).setUTCFullYear(end.getUTCFullYear() + 3);
    await startAt(threeYears - 3_600_000);
    expect([(await files()).length, pruned()]).toEqual([5, 0]);
    await startAt(threeYears + 60_000);
    expect([await files(), pruned()]).toEqual([[], 1]);
    expect(await trailOf("P2")).toEqual([]);
  },
);
