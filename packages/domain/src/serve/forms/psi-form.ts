/** Private set intersection: callers match a list with the keys of the set, and learn which of their entries are in it. The
 *  domain learns the padded size of the list; not an entry, not a match. A call spends the padded size of its list: that
 *  quota is the only defence against a list of every identity number. Counts have a form of their own.
 *  @module */
import { psiIdentity, type PsiAnswerTask } from "@sluice/mpc/psi/sender";
import {
  decodePsiQuery,
  ELEMENT_BYTES,
  isPsiTransfer,
  SluiceError,
  toHex,
  type Bytes,
  type PsiSnapshot,
} from "@sluice/protocol";
import { judgingKeys } from "../../data/unfit-keys.ts";
import type { ServedProduct } from "../../state/work.ts";
import type { DomainContext } from "../context.ts";
import { deltaPart, servedPart } from "../indexes.ts";
import { psiSeed } from "../product-keys.ts";
import type { TypedSet } from "../joined-sets.ts";
import { transferable } from "../work-pools.ts";
import { expectSnapshot, misplaced, type DomainForm, type ProductSource } from "./product-form.ts";
import { BASE_PART, buildIdsBase, buildIdsDelta, DELTA_PART, type SetSource } from "./psi-filters.ts";
import { buildTransfer, transferSession } from "./psi-transfer.ts";
import { setContent } from "./set-content.ts";

const KIND = "psi-ids";

/** The form psi-ids. */
export function psiForm(context: DomainContext): DomainForm {
  return {
    form: KIND,
    downloads: {
      set: (served) => (isPsiTransfer(psiSnapshot(served).parameters) ? null : servedPart(served, BASE_PART)),
      "delta-set": (served) => (served.delta === null ? null : deltaPart(served, DELTA_PART)),
    },
    session: (served) => transferSession(context, served),
    build: (source, signal) => judgingKeys(source.held.grant.body.key, () => build(context, source, signal)),
    choose: (served, before, _operation, frame) => {
      const named = toHex(decodePsiQuery(frame).snapshot);
      return before !== null && named === before.snapshotHash ? before : served;
    },
    measure: (served, _operation, frame) => measure(served, frame),
    answer: (served, _operation, frame, signal) => answer(context, served, frame, signal),
  };
}

async function build(context: DomainContext, source: ProductSource, signal: AbortSignal): Promise<ServedProduct> {
  const { content } = source;
  if (content.kind !== "set" || content.match !== KIND) throw misplaced(KIND);
  if (content.sides === "equal") return await buildTransfer(context, source);
  const { keys, members, typed } = content;
  const set = { ...source, content: await setContent(keys, members, signal), ...(await typedSet(typed, signal)) };
  return (await buildIdsDelta(context, set, signal)) ?? (await buildIdsBase(context, set, signal));
}

/** With the grant's key of each person or thing once. */
async function typedSet(typed: TypedSet | undefined, signal: AbortSignal): Promise<Pick<SetSource, "typed">> {
  if (typed === undefined) return {};
  const { keys, rowKeys } = typed;
  const distinct = await setContent(rowKeys, new Uint8Array(rowKeys.length), signal);
  return { typed: { keys, rowKeys: distinct.keys } };
}

function measure(served: ServedProduct, frame: Bytes): bigint {
  if (isPsiTransfer(psiSnapshot(served).parameters)) {
    throw new SluiceError("ERR_FRAME_MALFORMED", {
      field: "frame",
      expected: "a session, which this product is asked by",
    });
  }
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
