/** Client role of private lookup (匿踪查询): asks an index for the record of one key without showing the key.
 *
 *  Who learns what: the caller learns the record of its key, or that there is none, and the index's parameters. The domain
 *  and everyone between learn that this caller asked this product now; a hit and a miss send frames of
 *  the same lengths in the same order, and a key that was deleted or changed since the base table was built sends them too: each
 *  query asks base and delta, each answer is read whole. Assumptions: none for the blinded element, LWE for the query (`lwe.ts`).
 *  A cheating domain can refuse or answer wrongly; it cannot learn the key, nor serve this caller from another OPRF key or
 *  another hint than the signed snapshot names. What a caller does after a hit, a miss or an error is visible to
 *  whoever watches it: behave alike.
 *  A cheating caller gets one record per OPRF evaluation it is charged for.
 *  No `node:` import: runs in Node and in browsers.
 *  @module */
import {
  decodeEvaluateResponse,
  decodeLookupRecord,
  decodePirAnswer,
  documentHash,
  encodeEvaluateRequest,
  encodePirQuery,
  fromHex,
  lookupTables,
  SluiceError,
  type Bytes,
  type LookupSnapshot,
  type LookupTable,
  type Random,
  type Sha256Hex,
} from "@sluice/protocol";
import { blind, finalizeVerified } from "../oprf/client.ts";
import { systemRandom } from "../random.ts";
import { lookupContext, oprfInput } from "./context.ts";
import { MaskedQuery } from "./masked-query.ts";
import { openTable, tableName, type OpenedTable } from "./opened-table.ts";
import { TableQuery } from "./table-query.ts";

export { lookupContext, MAX_KEY_BYTES, type LookupIdentity } from "./context.ts";
export { systemRandom } from "../random.ts";

/** First step of a lookup: send `frame` as the body of `lookup.evaluate`. */
export interface LookupEvaluation {
  /** EvaluateRequest with one blinded element. */
  readonly frame: Bytes;
  /** Takes the EvaluateResponse. Works once. @throws ERR_FRAME_MALFORMED, ERR_OPRF_ELEMENT, ERR_OPRF_PROOF, ERR_STATE */
  evaluated(frame: Bytes): Promise<LookupQuery>;
  /** Wipes the secrets of a lookup that will not be evaluated. */
  discard(): void;
}

/** Second step: send `frame` as the body of `lookup.query`. */
export interface LookupQuery {
  /** PirQuery against the client's snapshot: one part for each of its tables. */
  readonly frame: Bytes;
  /** Takes the PirAnswer: the value, or null when the product holds no such key. Works once.
   *  @throws ERR_FRAME_MALFORMED, ERR_LOOKUP_CORRUPT, ERR_STATE */
  finish(frame: Bytes): Promise<Bytes | null>;
  /** Wipes the secrets of a query that will not be finished. */
  discard(): void;
}

/** What a client is opened from. */
export interface SnapshotSource {
  /** Its signature was verified by the caller. */
  readonly snapshot: LookupSnapshot;
  readonly snapshotHash: Sha256Hex;
  /** Hints of the tables, in the order of `lookupTables`. Null for a table that the client before `holds`. */
  readonly hints: readonly (Bytes | null)[];
}

/** Most queries that a client holds ready. */
export const MAX_PREPARED_QUERIES = 16;

/** A snapshot with its hints; makes any number of lookups, until it is closed. Holds public bytes, and queries that were made ahead:
 *  `discardPrepared` and `close` wipe them. */
export class LookupClient {
  readonly snapshot: LookupSnapshot;
  readonly snapshotHash: Sha256Hex;
  #tables: readonly OpenedTable[];
  #isClosed = false;
  readonly #context: Bytes;
  /** Made ahead, or in the making. */
  readonly #prepared: Promise<readonly MaskedQuery[]>[] = [];

  private constructor(snapshot: LookupSnapshot, snapshotHash: Sha256Hex, tables: readonly OpenedTable[]) {
    this.snapshot = snapshot;
    this.snapshotHash = snapshotHash;
    this.#tables = tables;
    this.#context = lookupContext(snapshot);
  }

  /** Checks hints and hash against the snapshot.
   *  @throws ERR_RECEIPT when a hash does not match; ERR_FRAME_MALFORMED when parameters are not acceptable. */
  static open(source: SnapshotSource): Promise<LookupClient> {
    return LookupClient.#open(source, []);
  }

  /** A client of a later snapshot, which takes over the tables that this one holds. @throws as `open` does */
  reopen(source: SnapshotSource): Promise<LookupClient> {
    return LookupClient.#open(source, this.#tables);
  }

  /** Whether this client has opened `table`, so that its hint need not be fetched again. */
  holds(table: LookupTable): boolean {
    return this.#tables.some(({ name }) => name === tableName(table));
  }

  static async #open(source: SnapshotSource, held: readonly OpenedTable[]): Promise<LookupClient> {
    const { snapshot, snapshotHash, hints } = source;
    if ((await documentHash(snapshot)) !== snapshotHash) {
      throw new SluiceError("ERR_RECEIPT", { reason: "the snapshot is not the one that was named" });
    }
    const opened: OpenedTable[] = [];
    for (const [i, table] of lookupTables(snapshot).entries()) {
      const hint = hints[i] ?? null;
      const before = held.find(({ name }) => name === tableName(table));
      if (hint === null && before === undefined) {
        throw new SluiceError("ERR_RECEIPT", { reason: "a table of the snapshot has no hint" });
      }
      opened.push(hint === null && before !== undefined ? before : await openTable(table, hint ?? new Uint8Array()));
    }
    return new LookupClient(snapshot, snapshotHash, opened);
  }

  /** Starts a lookup of `key`, used exactly as it is. @throws ERR_OPRF_INPUT when the key cannot be a key; ERR_STATE when closed */
  start(key: string, random: Random = systemRandom): LookupEvaluation {
    this.#expectOpen();
    const input = oprfInput(this.#context, key);
    const { blind: blindScalar, blindedElement } = blind(input, random);
    let open = true;
    const discard = (): void => {
      open = false;
      blindScalar.wipe();
      input.fill(0);
    };
    return {
      frame: encodeEvaluateRequest({ snapshot: fromHex(this.snapshotHash), elements: [blindedElement] }),
      evaluated: async (frame) => {
        if (!open) {
          throw new SluiceError("ERR_STATE", { kind: "query", name: "lookup", state: "evaluated", needed: "new" });
        }
        open = false;
        try {
          const { elements, proof } = decodeEvaluateResponse(frame);
          const [output] = finalizeVerified({
            inputs: [input],
            blinds: [blindScalar],
            blindedElements: [blindedElement],
            evaluatedElements: elements,
            proof,
            publicKey: fromHex(this.snapshot.oprfPublicKey),
          });
          if (output === undefined) throw new SluiceError("ERR_OPRF_PROOF");
          return await this.#query(output, random);
        } finally {
          discard();
        }
      },
      discard,
    };
  }

  /** Makes queries ahead until `count` are held, at most MAX_PREPARED_QUERIES: most of the work of a query does not depend on the
   *  key. Each has secrets and errors of its own and serves one lookup. Ends when they are there. @throws ERR_STATE when closed */
  async prepare(count = 1, random: Random = systemRandom): Promise<void> {
    this.#expectOpen();
    while (this.#prepared.length < Math.min(count, MAX_PREPARED_QUERIES)) {
      const made = maskAll(this.#tables, random);
      // A lookup that meets one that failed makes its own, and tells what is wrong.
      made.catch(() => {});
      this.#prepared.push(made);
    }
    await Promise.allSettled(this.#prepared);
  }

  /** Wipes the queries that were made ahead. The client can go on. */
  discardPrepared(): void {
    for (const made of this.#prepared.splice(0)) void discardWhenMade(made);
  }

  /** Wipes the queries that were made ahead and lets go of matrices and hints. Lookups that have no query yet get none; a query that
   *  was made is finished or discarded by whoever has it. */
  close(): void {
    this.#isClosed = true;
    this.#tables = [];
    this.discardPrepared();
  }

  /** @throws ERR_STATE */
  #expectOpen(): void {
    if (!this.#isClosed) return;
    throw new SluiceError("ERR_STATE", { kind: "product", name: "lookup", state: "closed", needed: "open" });
  }

  /** A query that was made ahead, or a new one. */
  async #masked(random: Random): Promise<readonly MaskedQuery[]> {
    const made = this.#prepared.shift();
    return await (made?.catch(() => maskAll(this.#tables, random)) ?? maskAll(this.#tables, random));
  }

  async #query(output: Bytes, random: Random): Promise<LookupQuery> {
    const queries: TableQuery[] = [];
    const discard = (): void => {
      for (const query of queries) query.discard();
    };
    try {
      this.#expectOpen();
      const masked = await this.#masked(random);
      if (this.#isClosed) for (const each of masked) each.discard();
      this.#expectOpen();
      for (const [i, table] of this.#tables.entries()) {
        const mask = masked[i];
        if (mask !== undefined) queries.push(TableQuery.create(table, mask, output));
      }
    } finally {
      output.fill(0);
    }
    const parts = queries.map(({ words }) => words);
    return {
      frame: encodePirQuery({ snapshot: fromHex(this.snapshotHash), parts }),
      finish: async (frame) => {
        try {
          return newest(await openAll(queries, decodePirAnswer(frame)));
        } finally {
          discard();
        }
      },
      discard,
    };
  }
}

/** Secrets and errors of each part are drawn anew: one secret in two parts would show the difference of two selections. */
function maskAll(tables: readonly OpenedTable[], random: Random): Promise<readonly MaskedQuery[]> {
  return Promise.all(tables.map((table) => MaskedQuery.create(table, random)));
}

async function discardWhenMade(made: Promise<readonly MaskedQuery[]>): Promise<void> {
  for (const masked of await made.catch(() => [])) masked.discard();
}

/** Every part is recovered and opened, wherever the key lies. */
async function openAll(queries: readonly TableQuery[], parts: readonly Uint32Array[]): Promise<(Bytes | null)[]> {
  if (parts.length !== queries.length) {
    throw new SluiceError("ERR_FRAME_MALFORMED", { field: "parts", expected: String(queries.length) });
  }
  const payloads: (Bytes | null)[] = [];
  for (const [i, query] of queries.entries()) payloads.push(await query.open(parts[i] ?? new Uint32Array()));
  return payloads;
}

/** The last table that holds the key decides: its value, or null when it says that the key was deleted. */
function newest(payloads: readonly (Bytes | null)[]): Bytes | null {
  const records = payloads.map((payload) => (payload === null ? undefined : decodeLookupRecord(payload)));
  return records.findLast((record) => record !== undefined) ?? null;
}
