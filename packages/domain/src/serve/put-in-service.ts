/** The turn in which a product serves another snapshot. An update of a lookup keeps the snapshot before for a while, so that
 *  whoever asks with it is answered; anything else ends what was served before. So does an update of rows that are there because
 *  their persons consented: who withdrew is answered for no more. All such updates do, whatever they change, so that none
 *  tells whether anybody withdrew.
 *  @module */
import { SluiceError, type Instant, type Sha256Hex } from "@sluice/protocol";
import type { ReplacedFolder, ServedProduct } from "../state/work.ts";
import type { DomainContext } from "./context.ts";

/** How long the snapshot before an update answers: one snapshot, at most this long. A lookup takes seconds. */
export const SNAPSHOT_GRACE_MS = 3_600_000;

/** What a product coming into service ends. */
export interface Replaced {
  /** Folders that nothing serves from any more. */
  readonly folders: ReplacedFolder[];
  /** The snapshot before answers until then; null when it has ended. */
  readonly graceUntil: Instant | null;
}

/** Serves `product`, which was made over `from`, the hash of what was served then. Part of the caller's transaction.
 *  @throws ERR_STATE when something else is served by now */
export function putInService(
  context: Pick<DomainContext, "work" | "clock" | "documents">,
  product: ServedProduct,
  from: Sha256Hex | null,
): Replaced {
  const now = context.work.product(product.product, product.version);
  const isUpdate = product.delta !== null;
  const isOver = isUpdate ? now?.index === product.index : from === null || now?.snapshotHash === from;
  if (!isOver) {
    const name = product.product;
    throw new SluiceError("ERR_STATE", { kind: "product", name, state: "built meanwhile", needed: "another build" });
  }
  const hasGrace =
    isUpdate && context.documents.grant(product.snapshot.body.grant)?.grant.body.consent.kind === "legal-basis";
  const until = new Date(context.clock.now().getTime() + SNAPSHOT_GRACE_MS).toISOString();
  const graceUntil = hasGrace ? until : null;
  return { folders: context.work.replaceProduct(product, graceUntil), graceUntil };
}
