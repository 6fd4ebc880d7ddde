/** What every handle of a product starts from: the signed snapshot, checked against the product that the gateway lists,
 *  and the uses and the grant that follow from it.
 *  @module */
import { verifySignedAt } from "@sluice/evidence/verify";
import {
  BINARY_MEDIA_TYPE,
  documentHash,
  formOfSnapshot,
  MAX_SNAPSHOT_PART_BYTES,
  Product,
  SignedSnapshot,
  type Bytes,
  type DatasetSnapshot,
  type JoinSumSnapshot,
  type LookupSnapshot,
  type Operation,
  type ProductForm,
  type ProductSnapshot,
  type PsiSnapshot,
  type ReportSnapshot,
  type ScoreSnapshot,
  type SelectionSnapshot,
  type Sha256Hex,
  type SignedGrant,
  type SnapshotPart,
} from "@sluice/protocol";
import { fetchGrant } from "./grant.ts";
import type { CallOptions } from "./options.ts";
import { pinsOf } from "./pins.ts";
import type { ProductionContext, ProductionUse } from "./production-call.ts";
import { asClient, refusal } from "./refusal.ts";

/** The snapshot that products of each form serve. */
export interface SnapshotOfForm {
  "label-lookup": LookupSnapshot;
  "psi-ids": PsiSnapshot;
  "psi-cardinality": PsiSnapshot;
  "join-sum": JoinSumSnapshot;
  score: ScoreSnapshot;
  report: ReportSnapshot;
  dataset: DatasetSnapshot;
  "hidden-selection": SelectionSnapshot;
}

/** One product at one snapshot. It holds memory only; open a new one when the domain answers ERR_SNAPSHOT. */
export interface ProductHandle<S extends ProductSnapshot> {
  readonly snapshot: S;
  readonly snapshotHash: Sha256Hex;
  /** The signed grant that the product rests on: its `restrictions` are the rules of use, which each call accepts.
   *  Fetched when it is asked for. @throws ERR_RECEIPT, ERR_SIGNATURE, ERR_NOT_FOUND, and transport errors */
  grant(options?: CallOptions): Promise<SignedGrant>;
}

/** Fetches product and snapshot, and no part of it. The snapshot is signed by the domain's pinned key, and agrees with the listed
 *  product in every member that both have. @throws ERR_SIGNATURE, ERR_RECEIPT, ERR_NOT_FOUND, and transport errors */
export async function openSnapshot(
  context: ProductionContext,
  name: string,
  { signal }: CallOptions = {},
): Promise<ProductHandle<ProductSnapshot>> {
  const path = productPath(name);
  const product = await context.transport.json({ method: "GET", path, signal }, Product);
  const signed = await context.transport.json({ method: "GET", path: `${path}/snapshot`, signal }, SignedSnapshot);
  await checkSignature(context, signed);
  const { body } = signed;
  checkBinding(name, product, body);
  return {
    snapshot: body,
    snapshotHash: await documentHash(body),
    grant: (options = {}) => fetchGrant(context, body.grant, options),
  };
}

/** The same, where the snapshot is of the form that the handle is for.
 *  @throws ERR_STATE when the product is of another form, and as `openSnapshot` */
export async function openProduct<F extends ProductForm>(
  context: ProductionContext,
  name: string,
  form: F,
  options: CallOptions,
): Promise<ProductHandle<SnapshotOfForm[F]>> {
  const { snapshot, ...opened } = await openSnapshot(context, name, options);
  if (!isOfForm(snapshot, form)) {
    throw refusal("ERR_STATE", { kind: "product", name, state: formOfSnapshot(snapshot), needed: form });
  }
  return { snapshot, ...opened };
}

/** Fetches a part of a snapshot, not larger than `maxBytes`; whoever asked checks its hash.
 *  @throws ERR_FRAME_TOO_LARGE, ERR_NOT_FOUND, and transport errors */
export async function fetchPart(
  context: ProductionContext,
  { snapshot, snapshotHash }: Pick<ProductHandle<ProductSnapshot>, "snapshot" | "snapshotHash">,
  part: SnapshotPart,
  { sizeBytes, signal }: { readonly sizeBytes: number; readonly signal: AbortSignal | undefined },
): Promise<Bytes> {
  if (sizeBytes > MAX_SNAPSHOT_PART_BYTES) {
    throw refusal("ERR_FRAME_TOO_LARGE", { sizeBytes, maxBytes: MAX_SNAPSHOT_PART_BYTES });
  }
  const path = `${productPath(snapshot.product)}/snapshots/${snapshotHash}/${part}`;
  const headers = { accept: BINARY_MEDIA_TYPE };
  return await context.transport.bytes({ method: "GET", path, headers, signal }, sizeBytes);
}

/** A use of the product as its snapshot has it, of `amount` units. */
export function useOf(
  { snapshot, snapshotHash }: Pick<ProductHandle<ProductSnapshot>, "snapshot" | "snapshotHash">,
  operation: Operation,
  amount: number,
): ProductionUse {
  const { domain, grant, product, version, bundle, release, sealKey } = snapshot;
  const subject = { operation, domain, grant, product, version, bundle };
  return { ...subject, release, snapshot: snapshotHash, sealKey, amount: String(amount) };
}

function productPath(name: string): string {
  return `/v1/products/${encodeURIComponent(name)}`;
}

/** By this client's clock: no log holds a snapshot, so that the instant in it is nothing but the signer's word. */
async function checkSignature({ trust, clock }: ProductionContext, signed: SignedSnapshot): Promise<void> {
  const { receiptKey } = pinsOf(trust, signed.body.domain, signed.body.type);
  await asClient(() => verifySignedAt(signed, receiptKey, clock.now().toISOString()));
}

function checkBinding(name: string, product: Product, snapshot: ProductSnapshot): void {
  if (snapshot.product !== name || product.product !== name) throw unbound("product");
  if (formOfSnapshot(snapshot) !== product.form) throw unbound("form");
  for (const member of ["domain", "version", "grant", "bundle", "release"] as const) {
    if (snapshot[member] !== product[member]) throw unbound(member);
  }
}

function unbound(member: string): Error {
  return refusal("ERR_RECEIPT", { reason: `the ${member} of the signed snapshot is not the product's` });
}

function isOfForm<F extends ProductForm>(snapshot: ProductSnapshot, form: F): snapshot is SnapshotOfForm[F] {
  return formOfSnapshot(snapshot) === form;
}
