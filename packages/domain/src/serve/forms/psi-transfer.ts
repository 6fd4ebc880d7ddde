/** Sets that are matched by oblivious transfer, for lists of about their own size: of a set the domain keeps hashes of its
 *  entries, sealed at rest; each question is a session on a thread of its own. The domain learns the padded size of the list,
 *  which is spent when the session is opened.
 *  @module */
import { prepareTransferSet, transferRole } from "@sluice/mpc/psi/sender";
import {
  fromHex,
  isPsiTransfer,
  MAX_PSI_TRANSFER_SIDE_ITEMS,
  MIN_PSI_TRANSFER_LIST_ITEMS,
  padPsiItems,
  padPsiTransferList,
  SluiceError,
  type PsiSnapshot,
  type SessionOpening,
} from "@sluice/protocol";
import type { ServedProduct } from "../../state/work.ts";
import type { DomainContext } from "../context.ts";
import { servedPart, writeIndex } from "../indexes.ts";
import { nextEpoch } from "../product-keys.ts";
import {
  membersOf,
  misplaced,
  servedMembers,
  signProduct,
  type ProductSource,
  type SessionForm,
} from "./product-form.ts";

const DIGESTS = "digests.bin";

/** Builds a set for lists of about its size. @throws ERR_PSI_SET_TOO_LARGE, ERR_OPRF_INPUT */
export async function buildTransfer(context: DomainContext, source: ProductSource): Promise<ServedProduct> {
  const { run, held, content } = source;
  if (content.kind !== "set") throw misplaced("psi-ids");
  const { count, digests } = prepareTransferSet(membersOf(content), MAX_PSI_TRANSFER_SIDE_ITEMS);
  const index = await writeIndex(context, run.callId, { [DIGESTS]: digests });
  digests.fill(0);
  const body: PsiSnapshot = {
    type: "psi-snapshot",
    ...servedMembers(context, source),
    purpose: held.grant.body.scene.purpose,
    parameters: {
      kind: "psi-ids",
      method: "transfer",
      ...(content.typed === undefined ? {} : { keys: content.typed.keys }),
      paddedItems: padPsiItems(count),
    },
    epoch: nextEpoch(context, run),
  };
  return signProduct(context, source, body, index);
}

/** How a product is asked by this method; null for one of another. */
export function transferSession(context: DomainContext, served: ServedProduct): SessionForm | null {
  const { body } = served.snapshot;
  if (body.type !== "psi-snapshot" || !isPsiTransfer(body.parameters)) return null;
  return {
    measure: ({ items }) => listUnits(items),
    open: async ({ items }: SessionOpening, callId, signal) =>
      await transferRole(
        {
          session: fromHex(callId),
          snapshot: served.snapshotHash,
          purpose: body.purpose,
          digests: await context.parts.open(servedPart(served, DIGESTS)),
          listItems: items,
        },
        signal,
      ),
  };
}

function listUnits(items: number): bigint {
  if (items > MAX_PSI_TRANSFER_SIDE_ITEMS) {
    throw new SluiceError("ERR_PSI_SET_TOO_LARGE", { maxItems: MAX_PSI_TRANSFER_SIDE_ITEMS });
  }
  if (padPsiTransferList(items) !== items) {
    const expected = `a padded size of ${MIN_PSI_TRANSFER_LIST_ITEMS} or more`;
    throw new SluiceError("ERR_FRAME_MALFORMED", { field: "items", expected });
  }
  return BigInt(items);
}
