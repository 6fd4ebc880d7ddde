/** The database: durable, migrated, with the types that every driver must give.
 *  @module */
import { cpSync, fsyncSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { SceneApplication } from "@sluice/protocol";
import { sql } from "kysely";
import { Migrator, NO_MIGRATIONS } from "kysely/migration";
import { expect, inject, test } from "vitest";
import { MIGRATIONS } from "../src/state/migrations.ts";
import { CHECKPOINT_ROWS, openState } from "../src/state/open-state.ts";
import { ProductRegister } from "../src/state/product-register.ts";
import { unloggedReceipts } from "../src/state/receipt-store.ts";
import { readReviews } from "../src/state/review-store.ts";
import { copyEmptyState, testDirectory } from "./directories.ts";

const party = (name: string) => ({
  party: name,
  key_id: name,
  role: "caller",
  status: "active",
  at: "",
  statement: "{}",
});

test("every commit reaches the disk with an fsync, and reads need none", async () => {
  const directory = await testDirectory();
  copyEmptyState(directory);
  let syncs = 0;
  const state = await openState(directory, {
    fsync(descriptor) {
      fsyncSync(descriptor);
      syncs++;
    },
  });
  const settings = await sql<{ fsync: string }>`show fsync`.execute(state.db);
  expect(settings.rows).toEqual([{ fsync: "on" }]);
  for (const name of ["a", "b", "c"]) {
    const before = syncs;
    await state.db.insertInto("party").values(party(name)).execute();
    expect(syncs - before).toBeGreaterThanOrEqual(1);
  }
  const before = syncs;
  await state.db.transaction().execute(async (transaction) => {
    await transaction.insertInto("party").values(party("d")).execute();
    await transaction.insertInto("party").values(party("e")).execute();
  });
  expect(syncs - before).toBeGreaterThanOrEqual(1);
  const read = syncs;
  await state.db.selectFrom("party").selectAll().execute();
  expect(syncs).toBe(read);
  await state.close();
});

test("a receipt of before there were bookings is named as what it is", async () => {
  const directory = await testDirectory();
  copyEmptyState(directory);
  const state = await openState(directory);
  const row = {
    call_id: "a",
    key_id: null,
    grant_hash: "",
    receipt: "{}",
    openings: "{}",
    domain_log: "{}",
    booking: "",
  };
  await state.db
    .insertInto("receipt")
    .values({ ...row, request: null, salt: "", log_index: null, log_proof: null })
    .execute();
  await expect(unloggedReceipts(state.db, 1)).rejects.toMatchObject({ code: "ERR_DIRECTORY_STATE" });
  await state.close();
});

test("what was committed is found by a copy of the files of a database that was never closed", async () => {
  const directory = await testDirectory();
  const copy = await testDirectory();
  copyEmptyState(directory);
  const state = await openState(directory);
  await state.db.insertInto("party").values(party("kept")).execute();
  cpSync(join(directory, "state"), join(copy, "state"), { recursive: true });
  await state.close();
  const reopened = await openState(copy);
  expect(await reopened.db.selectFrom("party").select("party").execute()).toEqual([{ party: "kept" }]);
  await reopened.close();
});

test("int8 arrives as BigInt and amounts as exact text", async () => {
  const directory = await testDirectory();
  copyEmptyState(directory);
  const state = await openState(directory);
  const row = {
    key_id: "k",
    grant_hash: "g",
    receipt: "{}",
    openings: "{}",
    domain_log: "{}",
    booking: "{}",
    request: null,
    salt: "s",
    log_proof: null,
  };
  await state.db
    .insertInto("receipt")
    .values({ ...row, call_id: "1", log_index: 9_007_199_254_740_993n })
    .execute();
  await state.db
    .insertInto("receipt")
    .values({ ...row, call_id: "2", log_index: 3 })
    .execute();
  const indexes = await state.db.selectFrom("receipt").select("log_index").orderBy("call_id").execute();
  expect(indexes).toEqual([{ log_index: 9_007_199_254_740_993n }, { log_index: 3n }]);
  const amount = "123456789012345678901234567890";
  const usage = {
    call_id: "1",
    grant_hash: "g",
    product: "p",
    version: 1,
    form: null,
    operation: "o",
    unit: "u",
    key_id: "k",
    at: "",
  };
  await state.db
    .insertInto("usage_record")
    .values({ ...usage, amount })
    .execute();
  expect(await state.db.selectFrom("usage_record").select("amount").execute()).toEqual([{ amount }]);
  await state.close();
});

test("migrations go down to nothing and up again", async () => {
  const directory = await testDirectory();
  copyEmptyState(directory);
  const state = await openState(directory);
  const migrator = new Migrator({ db: state.db, provider: { getMigrations: async () => ({ ...MIGRATIONS }) } });
  const tables = async () => {
    const { rows } = await sql<{ name: string }>`select table_name as name from information_schema.tables
      where table_schema = 'public' and table_name not like 'kysely%' order by 1`.execute(state.db);
    return rows.map(({ name }) => name);
  };
  const before = await tables();
  expect(before).toContain("usage_record");
  expect((await migrator.migrateTo(NO_MIGRATIONS)).error).toBeUndefined();
  expect(await tables()).toEqual([]);
  expect((await migrator.migrateToLatest()).error).toBeUndefined();
  expect(await tables()).toEqual(before);
  await state.close();
});

test("what was stored before products had forms and scenes applications is completed", async () => {
  const directory = await testDirectory();
  copyEmptyState(directory);
  const state = await openState(directory);
  const migrator = new Migrator({ db: state.db, provider: { getMigrations: async () => ({ ...MIGRATIONS }) } });
  expect((await migrator.migrateTo("0001-foundation")).error).toBeUndefined();
  await sql`insert into product values ('p', 1, 'd', 's', 'g', 'b', 'r', 'SLP-2026-000001', 'serving', 'lab', '{}', '')`.execute(
    state.db,
  );
  await sql`insert into scene values ('s', 'proposed', '{"draft":1}', 'h', 'lab', '', null)`.execute(state.db);
  await sql`insert into review values ('scene', 's', 0, 'group', 'operator', 'Lin Hua', 'approve', '', '')`.execute(
    state.db,
  );
  expect((await migrator.migrateToLatest()).error).toBeUndefined();
  expect((await ProductRegister.open(state.db)).get("p", 1).form).toBe("label-lookup");
  const { proposal } = await state.db.selectFrom("scene").select("proposal").executeTakeFirstOrThrow();
  const { application, draft } = JSON.parse(proposal) as { application: unknown; draft: unknown };
  expect([SceneApplication.safeParse(application).success, draft]).toEqual([true, 1]);
  expect(await readReviews(state.db, { kind: "scene", name: "s" })).toEqual([
    { person: "Lin Hua", verdict: "approve", note: "", party: "group", role: "operator", at: "" },
  ]);
  expect((await migrator.migrateTo("0001-foundation")).error).toBeUndefined();
  expect((await state.db.selectFrom("scene").select("proposal").execute()).map((row) => row.proposal)).toEqual([
    '{"draft":1}',
  ]);
  await state.close();
});

test("a checkpoint runs after enough rows, so that the write-ahead log does not grow without end", async () => {
  const directory = await testDirectory();
  copyEmptyState(directory);
  const state = await openState(directory);
  const position = async () => {
    const { rows } = await sql<{ at: string }>`select redo_lsn::text as at from pg_control_checkpoint()`.execute(
      state.db,
    );
    return rows[0]?.at;
  };
  const before = await position();
  state.wrote(CHECKPOINT_ROWS - 1);
  await state.db.insertInto("party").values(party("x")).execute();
  expect(await position()).toBe(before);
  state.wrote(1);
  expect(await position()).not.toBe(before);
  await state.close();
});

test("a creation that was cut off is begun again, and leaves nothing beside the database", async () => {
  // The template was created over the remains of a half-made cluster.
  expect(await readdir(inject("gatewayTemplate"))).toEqual(["state"]);
});
