/** Private set intersection: callers match a list with the keys of the set, and learn which of their entries are in it. The
 *  domain learns the padded size of the list; not an entry, not a match. A call spends the padded size of its list: that
 *  quota is the only defence against a list of every identity number. Counts have a form of their own.
 *  @module */
import {
  packEntries,
  psiIdentity,
  type PsiAnswerTask,
  type PsiPrepared,
  type PsiPrepareTask,
} from "@sluice/mpc/psi/sender";
import { decodePsiQuery, ELEMENT_BYTES, type Bytes, type PsiSnapshot } from "@sluice/protocol";
import { judgingKeys } from "../../data/unfit-keys.ts";
import type { ServedProduct } from "../../state/work.ts";
import type { DomainContext } from "../context.ts";
import { servedPart, writeIndex } from "../indexes.ts";
import { newPsiIdentity, nextEpoch, psiSeed } from "../product-keys.ts";
import { transferable } from "../work-pools.ts";
import {
  expectSnapshot,
  membersOf,
  misplaced,
  servedMembers,
  signProduct,
  type DomainForm,
  type ProductSource,
} from "./product-form.ts";

const KIND = "psi-ids";
/** The set that callers fetch. */
const SET = "set.bin";

/** The form psi-ids. */
export function psiForm(context: DomainContext): DomainForm {
  return {
    form: KIND,
    downloads: { set: (served) => servedPart(served, SET) },
    build: (source, signal) => judgingKeys(source.held.grant.body.key, () => build(context, source, signal)),
    measure: (served, _operation, frame) => measure(served, frame),
    answer: (served, _operation, frame, signal) => answer(context, served, frame, signal),
  };
}

async function build(context: DomainContext, source: ProductSource, signal: AbortSignal): Promise<ServedProduct> {
  const { run, held, content } = source;
  if (content.kind !== "set" || content.match !== KIND) throw misplaced(KIND);
  const { product, version } = run;
  const identity = newPsiIdentity(held, { kind: KIND, product, version, epoch: nextEpoch(context, run) });
  const set = packEntries(membersOf(content));
  const task: PsiPrepareTask = { identity, seed: psiSeed(context), set };
  const transfer = transferable(set.entries);
  const prepared = await context.pools.build<PsiPrepared>("psi", "psi.prepare", task, { signal, transfer });
  const index = await writeIndex(context, run.callId, { [SET]: prepared.set });
  const { purpose, epoch } = identity;
  const body: PsiSnapshot = {
    type: "psi-snapshot",
    ...servedMembers(context, source),
    purpose,
    parameters: { kind: KIND, ...prepared.parameters },
    epoch,
  };
  return signProduct(context, source, body, index);
}

function measure(served: ServedProduct, frame: Bytes): bigint {
  const { snapshot, elements } = decodePsiQuery(frame);
  expectSnapshot(snapshot, served);
  return BigInt(elements.length / ELEMENT_BYTES);
}

async function answer(
  context: DomainContext,
  served: ServedProduct,
  frame: Bytes,
  signal: AbortSignal,
): Promise<Bytes> {
  const identity = psiIdentity(psiSnapshot(served));
  const task: PsiAnswerTask = {
    identity,
    seed: psiSeed(context),
    snapshot: served.snapshotHash,
    frame,
  };
  return await context.pools.answer<Bytes>("psi", "psi.answer", task, { signal, transfer: transferable(frame) });
}

function psiSnapshot({ snapshot: { body } }: ServedProduct): PsiSnapshot {
  if (body.type !== "psi-snapshot") throw misplaced(KIND);
  return body;
}
