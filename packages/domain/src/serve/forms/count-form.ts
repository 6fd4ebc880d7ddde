/** Counting: callers learn about how many entries of their list are keys of the set. The domain learns the padded size of the
 *  list; not an entry, not the count. Of what it answers a caller, one key of the set is protected by differential privacy: the
 *  domain adds dummy matches, and each count spends its ε from the caller's budget over this state of the table, in the
 *  transaction that charges for the call, before anything is computed. A retry of one call has its answer; the same list in
 *  another call looks like any other list, gets other noise and is paid for again.
 *  @module */
import { countDummies, RandomWords } from "@sluice/desensitize";
import {
  packEntries,
  psiIdentity,
  type PsiCountTask,
  type PsiPrepareCountTask,
  type PsiPrepared,
} from "@sluice/mpc/psi/sender";
import {
  countShift,
  decodePsiCardinalityQuery,
  DEFAULT_COUNT_PRIVACY,
  ELEMENT_BYTES,
  microEpsilon,
  type Bytes,
  type PsiCardinalityParameters,
  type PsiSnapshot,
} from "@sluice/protocol";
import { judgingKeys } from "../../data/unfit-keys.ts";
import type { ServedProduct } from "../../state/work.ts";
import type { DomainContext } from "../context.ts";
import { servedPart, writeIndex } from "../indexes.ts";
import { newPsiIdentity, nextEpoch } from "../product-keys.ts";
import { transferable } from "../work-pools.ts";
import { chargeNoise } from "./charge-noise.ts";
import {
  expectSnapshot,
  membersOf,
  misplaced,
  servedMembers,
  signProduct,
  type DomainForm,
  type ProductSource,
} from "./product-form.ts";

const KIND = "psi-cardinality";
/** Elements of the set, which stay in the domain. */
const ELEMENTS = "elements.bin";

/** The form psi-cardinality. */
export function countForm(context: DomainContext): DomainForm {
  return {
    form: KIND,
    downloads: {},
    build: (source, signal) => judgingKeys(source.held.grant.body.key, () => build(context, source, signal)),
    measure: (served, _operation, frame) => measure(served, frame),
    begin: (served, _frame, asking, now) => {
      const { epsilon, budget } = parametersOf(served).noise;
      chargeNoise(context, served, { cost: microEpsilon(epsilon), budget }, asking, now);
    },
    answer: (served, _operation, frame, signal) => answer(context, served, frame, signal),
  };
}

async function build(context: DomainContext, source: ProductSource, signal: AbortSignal): Promise<ServedProduct> {
  const { run, held, content } = source;
  if (content.kind !== "set" || content.match !== KIND) throw misplaced(KIND);
  const { product, version } = run;
  const identity = newPsiIdentity(held, { kind: KIND, product, version, epoch: nextEpoch(context, run) });
  const set = packEntries(membersOf(content));
  const task: PsiPrepareCountTask = { identity, set };
  const transfer = transferable(set.entries);
  const prepared = await context.pools.build<PsiPrepared>("psi", "psi.prepare-count", task, { signal, transfer });
  const index = await writeIndex(context, run.callId, { [ELEMENTS]: prepared.set });
  const privacy = content.privacy ?? DEFAULT_COUNT_PRIVACY;
  const noise = { ...privacy, shift: countShift(privacy.epsilon) };
  const body: PsiSnapshot = {
    type: "psi-snapshot",
    ...servedMembers(context, source),
    purpose: identity.purpose,
    parameters: {
      kind: KIND,
      ...(content.typed === undefined ? {} : { keys: content.typed.keys }),
      ...prepared.parameters,
      noise,
    },
    epoch: identity.epoch,
  };
  return signProduct(context, source, body, index);
}

function measure(served: ServedProduct, frame: Bytes): bigint {
  const { snapshot, elements } = decodePsiCardinalityQuery(frame);
  expectSnapshot(snapshot, served);
  return BigInt(elements.length / ELEMENT_BYTES);
}

async function answer(
  context: DomainContext,
  served: ServedProduct,
  frame: Bytes,
  signal: AbortSignal,
): Promise<Bytes> {
  const { noise } = parametersOf(served);
  const draw = countDummies(noise.epsilon, noise.shift);
  const task: PsiCountTask = {
    identity: psiIdentity(psiSnapshot(served)),
    elements: await context.parts.open(servedPart(served, ELEMENTS)),
    snapshot: served.snapshotHash,
    frame,
    dummies: { shift: noise.shift, matches: draw(new RandomWords(context.random)) },
  };
  return await context.pools.answer<Bytes>("psi", "psi.count", task, { signal, transfer: transferable(frame) });
}

function parametersOf(served: ServedProduct): PsiCardinalityParameters {
  const { parameters } = psiSnapshot(served);
  if (parameters.kind !== KIND) throw misplaced(KIND);
  return parameters;
}

function psiSnapshot({ snapshot: { body } }: ServedProduct): PsiSnapshot {
  if (body.type !== "psi-snapshot") throw misplaced(KIND);
  return body;
}
