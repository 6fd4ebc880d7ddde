/** The handover (交接) of a domain that goes out of use: what its successor, the department and the regulator read without it.
 *  Signed documents, receipts and events stand in files with one document in each line; `manifest.json` has their hashes, and
 *  the last event of the log commits to the manifest, unless state and log did not belong together any more.
 *  @module */
import { createHash } from "node:crypto";
import { mkdir, open, rm } from "node:fs/promises";
import { join } from "node:path";
import { syncFile } from "@sluice/evidence";
import { canonicalBytes, utf8, type Instant, type Sha256Hex } from "@sluice/protocol";
import type { DomainConfig } from "../config.ts";
import type { StateDatabase } from "../state/database.ts";
import { handoverNote } from "./handover-note.ts";

/** Folder below the domain's directory. */
export const HANDOVER = "handover";

/** What each file has, a JSON document in each line; `log_index` is the place of its entry in the log. */
const TABLES = {
  "parties.jsonl": "SELECT document FROM party ORDER BY party",
  "grants.jsonl": `SELECT json_object('grant', json(document), 'policy', json(policy)) AS document FROM grants ORDER BY hash`,
  "revocations.jsonl": "SELECT document FROM revocation ORDER BY grant_hash",
  "releases.jsonl": "SELECT document FROM release ORDER BY product, version",
  "snapshots.jsonl": "SELECT snapshot AS document FROM product ORDER BY product, version",
  "receipts.jsonl": `SELECT json_object('receipt', json(receipt), 'salt', salt, 'logIndex', log_index) AS document FROM answer
    ORDER BY log_index`,
  "events.jsonl": `SELECT json_object('event', json(document), 'salt', salt, 'logIndex', log_index) AS document FROM event
    WHERE document IS NOT NULL ORDER BY id`,
} as const;

/** Writes the handover anew and returns the hash of its manifest. `unfit` says why log and state do not belong together. */
export async function writeHandover(
  directory: string,
  {
    config,
    db,
    at,
    unfit,
  }: {
    readonly config: DomainConfig;
    readonly db: StateDatabase;
    readonly at: Instant;
    readonly unfit: string | null;
  },
): Promise<Sha256Hex> {
  const folder = join(directory, HANDOVER);
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { mode: 0o700 });
  const files: Record<string, { sha256: Sha256Hex; lines: number }> = {};
  for (const [name, sql] of Object.entries(TABLES)) {
    files[name] = await writeLines(join(folder, name), db.prepare(sql).iterate());
  }
  const { domain, title, pins, receiptKey, logKey, logSm2Key, logOrigin } = config;
  const keys = { receiptKey, logKey, ...(logSm2Key === undefined ? {} : { logSm2Key }) };
  const manifest = canonicalBytes({
    version: 1,
    domain,
    title,
    at,
    logOrigin,
    ...keys,
    pins,
    files,
    ...(unfit === null ? {} : { unfit }),
  });
  await writeFile(join(folder, "manifest.json"), manifest);
  const sha256 = createHash("sha256").update(manifest).digest("hex");
  await writeFile(join(folder, "README.txt"), utf8(handoverNote(config, { at, manifest: sha256, unfit })));
  await syncFile(folder);
  await syncFile(directory);
  return sha256;
}

async function writeLines(
  path: string,
  rows: Iterable<Record<string, unknown>>,
): Promise<{ sha256: Sha256Hex; lines: number }> {
  await using file = await open(path, "wx", 0o600);
  const hash = createHash("sha256");
  let lines = 0;
  for (const row of rows) {
    const line = utf8(`${String(row["document"])}\n`);
    hash.update(line);
    await file.writeFile(line);
    lines++;
  }
  await file.sync();
  return { sha256: hash.digest("hex"), lines };
}

async function writeFile(path: string, bytes: Uint8Array): Promise<void> {
  await using file = await open(path, "wx", 0o600);
  await file.writeFile(bytes);
  await file.sync();
}
