/** What the index page of an export tells: usage added up, and the documents behind it. It grows with products, parties
 *  and runs, not with calls.
 *  @module */
import { openReference, verifySigned, type AnchorRecord } from "@sluice/evidence/verify";
import {
  isSluiceError,
  type EvidencedReceipt,
  type Grant,
  type KeyId,
  type Operation,
  type PriceRule,
  type Product,
  type ReviewRecord,
  type Run,
  type RunReviews,
  type Scene,
  type SignedGrant,
  type SignedParty,
  type Unit,
} from "@sluice/protocol";

/** Calls of one kind, added up. */
export interface UsageLine {
  readonly domain: string;
  readonly grant: string;
  readonly product: string;
  readonly version: number;
  readonly operation: Operation;
  /** Key of who asked; null where the reference to it was erased. */
  readonly caller: KeyId | null;
  readonly unit: Unit;
  readonly price: PriceRule;
  calls: number;
  amount: bigint;
}

/** A log of the export. */
export interface LogLine {
  readonly name: string;
  readonly origin: string;
  readonly logKey: KeyId;
  readonly entries: number;
  /** Index of the first entry that is kept, when the log was pruned. */
  readonly firstKept?: number | undefined;
}

/** An anchor of a log of the export, with its last record. */
export interface AnchorLine {
  readonly log: string;
  readonly anchor: string;
  readonly kind: AnchorRecord["kind"];
  readonly records: number;
  readonly newest: AnchorRecord | null;
}

/** A review, with what it was of. */
export interface ReviewLine {
  readonly kind: "scene" | "run";
  readonly subject: string;
  readonly review: ReviewRecord;
}

/** A run that ended without a result. */
export type FailedRun = Pick<Run, "callId" | "operation" | "product" | "version" | "failure">;

/** Adds up an export. */
export class Summary {
  receipts = 0;
  readonly #usage = new Map<string, UsageLine>();
  readonly #products = new Map<string, Product>();
  readonly #grants = new Map<string, Grant>();
  readonly #scenes = new Set<string>();
  readonly #titles = new Map<KeyId, string>();
  readonly reviews: ReviewLine[] = [];
  readonly failed: FailedRun[] = [];
  readonly logs: LogLine[] = [];
  readonly anchors: AnchorLine[] = [];

  /** Counts a receipt. @throws ERR_RECEIPT when the opening of its party does not fit */
  addReceipt(evidenced: EvidencedReceipt): void {
    const { domain, grant, product, version, operation, quantity, price } = evidenced.receipt.body;
    const caller = openReference(evidenced, "party");
    const { unit } = quantity;
    const id = JSON.stringify([domain, grant, product, version, operation, caller, unit, price]);
    const line = this.#usage.get(id) ?? {
      domain,
      grant,
      product,
      version,
      operation,
      caller,
      unit,
      price,
      calls: 0,
      amount: 0n,
    };
    line.calls += 1;
    line.amount += BigInt(quantity.amount);
    this.#usage.set(id, line);
    this.receipts += 1;
  }

  /** Notes a product. */
  addProduct(product: Product): void {
    this.#products.set(`${product.product} ${product.version}`, product);
  }

  /** Notes a grant with its scene. */
  addScene(hash: string, { body }: SignedGrant, { scene, reviews }: Scene): void {
    this.#grants.set(hash, body);
    if (this.#scenes.has(scene)) return;
    this.#scenes.add(scene);
    for (const review of reviews) this.reviews.push({ kind: "scene", subject: scene, review });
  }

  /** Notes a run and its reviews. */
  addRun({ callId, operation, product, version, failure, state }: Run, { reviews }: RunReviews): void {
    for (const review of reviews) this.reviews.push({ kind: "run", subject: callId, review });
    if (state !== "failed") return;
    this.failed.push({ callId, operation, product, version, ...(failure === undefined ? {} : { failure }) });
  }

  /** Notes a copied log. */
  addLog(log: LogLine): void {
    this.logs.push(log);
  }

  /** Notes the copied records of an anchor. */
  addAnchor(line: AnchorLine): void {
    this.anchors.push(line);
  }

  /** Notes the titles of parties that the agency stated. */
  async addParties(parties: readonly SignedParty[], agencyKey: KeyId): Promise<void> {
    for (const party of parties) {
      try {
        await verifySigned(party, { required: [[agencyKey]] });
        this.#titles.set(party.body.keyId, party.body.title);
      } catch (error) {
        if (!isSluiceError(error, "ERR_SIGNATURE")) throw error;
      }
    }
  }

  /** Usage in the order of a reader: by domain, product, caller. */
  usage(): UsageLine[] {
    const key = (line: UsageLine): string => JSON.stringify([line.domain, line.product, line.version, line.operation]);
    return [...this.#usage.values()].toSorted((a, b) => (key(a) < key(b) ? -1 : key(a) > key(b) ? 1 : 0));
  }

  products(): Product[] {
    return [...this.#products.values()];
  }

  grants(): [hash: string, grant: Grant][] {
    return [...this.#grants];
  }

  /** The grant of that hash, when the gateway had it. */
  grant(hash: string): Grant | undefined {
    return this.#grants.get(hash);
  }

  /** Title of the party behind a key, when the agency stated it. */
  title(keyId: KeyId): string | undefined {
    return this.#titles.get(keyId);
  }
}
