/** Private set intersection: callers match a list with the keys of the set. The domain learns the padded size of the
 *  list; not an entry, not a match. What callers learn depends on the variant: which of their entries are in the set
 *  (`psi-ids`), or how many (`psi-cardinality`). A call spends the padded size of its list: that quota is the only
 *  defence against a list of every identity number.
 *  @module */
import {
  packEntries,
  psiIdentity,
  type PsiAnswerTask,
  type PsiPrepared,
  type PsiPrepareTask,
} from "@sluice/mpc/psi/sender";
import {
  decodePsiQuery,
  ELEMENT_BYTES,
  SluiceError,
  type Bytes,
  type PsiKind,
  type PsiSnapshot,
} from "@sluice/protocol";
import { judgingKeys } from "../../data/unfit-keys.ts";
import type { ServedProduct } from "../../state/work.ts";
import type { DomainContext } from "../context.ts";
import { servedPart, writeIndex } from "../indexes.ts";
import { newPsiIdentity, nextEpoch, psiSeed } from "../product-keys.ts";
import { transferable } from "../work-pools.ts";
import {
  expectSnapshot,
  misplaced,
  servedMembers,
  signProduct,
  type DomainForm,
  type ProductSource,
  type ServedContent,
} from "./product-form.ts";

/** What each variant serves from: a set that callers fetch, or elements that stay in the domain. */
const PARTS = { "psi-ids": "set.bin", "psi-cardinality": "elements.bin" } as const satisfies Record<PsiKind, string>;

/** The forms psi-ids and psi-cardinality. */
export function psiForm(context: DomainContext, kind: PsiKind): DomainForm {
  return {
    form: kind,
    downloads: kind === "psi-ids" ? { set: (served) => servedPart(served, PARTS[kind]) } : {},
    build: (source, signal) => judgingKeys(source.held.grant.body.key, () => build(context, kind, source, signal)),
    measure: (served, _operation, frame) => measure(served, frame),
    answer: (served, _operation, frame, signal) => answer(context, served, frame, signal),
  };
}

async function build(
  context: DomainContext,
  kind: PsiKind,
  source: ProductSource,
  signal: AbortSignal,
): Promise<ServedProduct> {
  const { run, held, content } = source;
  if (content.kind !== "set" || content.match !== kind) throw misplaced(kind);
  const { product, version } = run;
  const identity = newPsiIdentity(held, { kind, product, version, epoch: nextEpoch(context, run) });
  const set = packEntries(membersOf(content));
  const task: PsiPrepareTask = { identity, seed: psiSeed(context), set };
  const transfer = transferable(set.entries);
  const prepared = await context.pools.build<PsiPrepared>("psi", "psi.prepare", task, { signal, transfer });
  const { parameters } = prepared;
  const index = await writeIndex(context, run.callId, { [PARTS[kind]]: prepared.set });
  const { purpose, epoch } = identity;
  const body: PsiSnapshot = {
    type: "psi-snapshot",
    ...servedMembers(context, source),
    purpose,
    parameters,
    epoch,
  };
  return signProduct(context, source, body, index);
}

function* membersOf({ keys, members }: Extract<ServedContent, { kind: "set" }>): Generator<string> {
  for (let row = 0; row < keys.length; row++) if (members[row] === 1) yield keys.text(row);
}

function measure(served: ServedProduct, frame: Bytes): bigint {
  const { parameters } = psiSnapshot(served);
  const { kind, snapshot, elements } = decodePsiQuery(frame);
  if (kind !== parameters.kind) {
    throw new SluiceError("ERR_FRAME_MALFORMED", { field: "kind", expected: parameters.kind });
  }
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
  const { kind } = identity;
  const task: PsiAnswerTask = {
    identity,
    seed: psiSeed(context),
    ...(kind === "psi-ids" ? {} : { elements: await context.parts.open(servedPart(served, PARTS[kind])) }),
    snapshot: served.snapshotHash,
    frame,
  };
  return await context.pools.answer<Bytes>("psi", "psi.answer", task, { signal, transfer: transferable(frame) });
}

function psiSnapshot({ snapshot: { body } }: ServedProduct): PsiSnapshot {
  if (body.type !== "psi-snapshot") throw misplaced("psi");
  return body;
}
