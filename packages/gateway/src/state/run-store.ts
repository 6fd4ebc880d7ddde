/** Development and build runs that the gateway passed on to domains.
 *  @module */
import { Run, SignedRequest, SluiceError, type Release, type Sha256Hex } from "@sluice/protocol";
import type { Kysely, Selectable } from "kysely";
import type { RunTable, Tables } from "./tables.ts";

/** A run with the request that ordered it, and its document once it has ended. */
export interface HeldRun {
  readonly callId: string;
  readonly domain: string;
  readonly grant: Sha256Hex;
  /** The signed order, and the key of the party that signed it; null once they were erased, of a run that has ended. */
  readonly request: SignedRequest | null;
  readonly keyId: string | null;
  readonly ended: Run | null;
}

/** The run of that call id; null when none passed through here. */
export async function findRun(db: Kysely<Tables>, callId: string): Promise<HeldRun | null> {
  const row = await db.selectFrom("run").selectAll().where("call_id", "=", callId).executeTakeFirst();
  return row === undefined ? null : parse(row);
}

/** Keeps a run that a domain is about to be asked for; a retry changes nothing, and gives false.
 *  @throws ERR_CALL_REUSED */
export async function putRun(db: Kysely<Tables>, request: SignedRequest, keyId: string, at: Date): Promise<boolean> {
  const { body } = request;
  return db.transaction().execute(async (transaction) => {
    const known = await transaction
      .selectFrom("run")
      .select(["key_id", "operation", "grant_hash", "bundle"])
      .where("call_id", "=", body.callId)
      .executeTakeFirst();
    if (known !== undefined) {
      const same =
        known.key_id === keyId &&
        known.operation === body.operation &&
        known.grant_hash === body.grant &&
        known.bundle === body.bundle;
      if (!same) throw new SluiceError("ERR_CALL_REUSED");
      return false;
    }
    const row = {
      call_id: body.callId,
      operation: body.operation,
      domain: body.domain,
      grant_hash: body.grant,
      product: body.product,
      version: body.version,
      bundle: body.bundle,
      key_id: keyId,
      request: JSON.stringify(request),
      document: null,
      submitted_at: at.toISOString(),
    };
    await transaction.insertInto("run").values(row).execute();
    return true;
  });
}

/** Forgets a run that its domain never took. */
export async function dropRun(db: Kysely<Tables>, callId: string): Promise<void> {
  await db.deleteFrom("run").where("call_id", "=", callId).where("document", "is", null).execute();
}

/** Runs whose end is not known, by call id, at most `limit` behind `after`. */
export async function openRuns(db: Kysely<Tables>, after: string, limit: number): Promise<HeldRun[]> {
  const rows = await db
    .selectFrom("run")
    .selectAll()
    .where("document", "is", null)
    .where("call_id", ">", after)
    .orderBy("call_id")
    .limit(limit)
    .execute();
  return rows.map(parse);
}

/** Keeps the document of a run that has ended. The first one stands. */
export async function endRun(db: Kysely<Tables>, run: Run): Promise<void> {
  await db
    .updateTable("run")
    .set({ document: JSON.stringify(run) })
    .where("call_id", "=", run.callId)
    .where("document", "is", null)
    .execute();
}

/** Most development runs of one product version that a release is compared with, newest first. */
const MAX_CANDIDATE_RUNS = 64;

/** Development runs that a release could name, newest first. */
export async function developmentRuns(
  db: Kysely<Tables>,
  { grant, product, version }: Pick<Release, "grant" | "product" | "version">,
): Promise<HeldRun[]> {
  const rows = await db
    .selectFrom("run")
    .selectAll()
    .where("operation", "=", "develop")
    .where("product", "=", product)
    .where("version", "=", version)
    .where("grant_hash", "=", grant)
    .orderBy("submitted_at", "desc")
    .limit(MAX_CANDIDATE_RUNS)
    .execute();
  return rows.map(parse);
}

/** Ended runs of one bundle under a grant, newest first. */
export async function endedRuns(
  db: Kysely<Tables>,
  wanted: Pick<Release, "grant" | "product" | "version" | "bundle"> & { readonly operation: Run["operation"] },
): Promise<Run[]> {
  const rows = await db
    .selectFrom("run")
    .select("document")
    .where("operation", "=", wanted.operation)
    .where("product", "=", wanted.product)
    .where("version", "=", wanted.version)
    .where("grant_hash", "=", wanted.grant)
    .where("bundle", "=", wanted.bundle)
    .where("document", "is not", null)
    .orderBy("submitted_at", "desc")
    .limit(MAX_CANDIDATE_RUNS)
    .execute();
  return rows.flatMap(({ document }) => (document === null ? [] : [Run.parse(JSON.parse(document))]));
}

function parse(row: Selectable<RunTable>): HeldRun {
  return {
    callId: row.call_id,
    domain: row.domain,
    grant: row.grant_hash,
    request: row.request === null ? null : SignedRequest.parse(JSON.parse(row.request)),
    keyId: row.key_id,
    ended: row.document === null ? null : Run.parse(JSON.parse(row.document)),
  };
}
