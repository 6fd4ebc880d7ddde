/** The part of a query that asks one table: where the key would lie, the LWE query for it, and what opens the record.
 *  @module */
import { fromHex, type Bytes } from "@sluice/protocol";
import { deriveRecordSecrets, wipeRecordSecrets, type RecordSecrets } from "./derive.ts";
import type { MaskedQuery } from "./masked-query.ts";
import type { OpenedTable } from "./opened-table.ts";
import { PirQueryState } from "./pir-query.ts";
import { positionsOf } from "./positions.ts";

/** A part under way. */
export class TableQuery {
  readonly #secrets: RecordSecrets;
  readonly #state: PirQueryState;

  private constructor(secrets: RecordSecrets, state: PirQueryState) {
    this.#secrets = secrets;
    this.#state = state;
  }

  /** @param output OPRF output of the key; the caller wipes it. @param masked of this table, unused. */
  static create({ parameters }: Pick<OpenedTable, "parameters">, masked: MaskedQuery, output: Bytes): TableQuery {
    const secrets = deriveRecordSecrets(output, fromHex(parameters.matrixSeed));
    const positions = positionsOf(secrets.position, fromHex(parameters.filterSeed), parameters);
    return new TableQuery(secrets, PirQueryState.select(parameters, masked, positions));
  }

  /** LWE ciphertext, one word per row. */
  get words(): Uint32Array {
    return this.#state.query;
  }

  /** The payload, or null when the table has no record of this key. Works once.
   *  @throws ERR_FRAME_MALFORMED, ERR_LOOKUP_CORRUPT, ERR_STATE */
  async open(answer: Uint32Array): Promise<Bytes | null> {
    try {
      return await openRecord(this.#secrets, this.#state.recover(answer));
    } finally {
      this.discard();
    }
  }

  /** Wipes what the query holds. */
  discard(): void {
    this.#state.discard();
    wipeRecordSecrets(this.#secrets);
  }
}

/** AES-256-GCM. Null when the tag does not fit: the slots of an absent key sum to bytes that no one chose. */
async function openRecord({ key, nonce }: RecordSecrets, record: Bytes): Promise<Bytes | null> {
  const aes = await crypto.subtle.importKey("raw", new Uint8Array(key), "AES-GCM", false, ["decrypt"]);
  try {
    const iv = new Uint8Array(nonce);
    return new Uint8Array(await crypto.subtle.decrypt({ name: "AES-GCM", iv }, aes, new Uint8Array(record)));
  } catch {
    return null;
  }
}
