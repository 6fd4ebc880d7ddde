/** What stands in a domain's log, and what its state says stands there.
 *  @module */
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { commitment, decodeEntryTile, readerOf, readTile, TILE_WIDTH, tileOf } from "@sluice/evidence";
import { fromHex, fromUtf8, toHex, type DomainEvent, type SignedEvent, type SignedReceipt } from "@sluice/protocol";

/** Entries of the published log in order, hexadecimal. */
export async function logEntries(directory: string): Promise<string[]> {
  const read = readerOf(join(directory, "log"));
  const size = Number(fromUtf8((await read("checkpoint")) ?? new Uint8Array()).split("\n")[1]);
  const entries: string[] = [];
  for (let from = 0; from < size; from += TILE_WIDTH) {
    const tile = tileOf("entries", from, size);
    const bytes = await readTile(read, tile);
    entries.push(...((bytes === null ? null : decodeEntryTile(bytes, tile.width)) ?? []).map(toHex));
  }
  return entries;
}

/** A document that a domain keeps, with the entry that it must have. */
export interface Explained {
  readonly document: SignedReceipt | SignedEvent;
  readonly entry: string;
  readonly logIndex: number | null;
}

/** Everything that the state keeps of the log. */
export function explanations(directory: string): Explained[] {
  return withState(directory, (db) =>
    db
      .prepare(
        "SELECT receipt AS document, salt, log_index FROM answer UNION ALL SELECT document, salt, log_index FROM event",
      )
      .all()
      .map((row) => {
        const document = JSON.parse(String(row["document"])) as SignedReceipt | SignedEvent;
        const index = row["log_index"];
        const entry = toHex(commitment(document, fromHex(String(row["salt"]))));
        return { document, entry, logIndex: index === null ? null : Number(index) };
      }),
  );
}

/** Kinds and subjects of the events, in order. */
export function eventsOf(directory: string): Pick<DomainEvent, "kind" | "subject">[] {
  return withState(directory, (db) =>
    db
      .prepare("SELECT kind, subject FROM event ORDER BY id")
      .all()
      .map((row) => ({ kind: String(row["kind"]), subject: row["subject"] ?? undefined }) as DomainEvent),
  );
}

/** Runs SQL on the state of a domain, for what no message can bring about. */
export function withState<T>(directory: string, work: (db: DatabaseSync) => T): T {
  const db = new DatabaseSync(join(directory, "state.sqlite"));
  try {
    return work(db);
  } finally {
    db.close();
  }
}
