/** Sums under hidden selections: the caller gets noisy sums over groups that it selected, and the domain does not learn which. A
 *  commitment is registered first; a grant allows few, because the difference of two tells of fewer groups. Each sum is
 *  paid for from the caller's privacy budget over this state of the table, in the transaction that charges for the call,
 *  before anything is computed, and once: the same sum again, in any call, is the one that was kept.
 *  @module */
import { discreteLaplace, rational, RandomWords } from "@sluice/desensitize";
import {
  commitmentOf,
  selectionNoise,
  type SelectionGroupSums,
  type SelectionTask,
} from "@sluice/mpc/he/selection/server";
import {
  canonicalBytes,
  decodeSelection,
  decodeSelectionCall,
  decodeSelectionRegistration,
  decodeSelectionRequest,
  decodeSelectionSums,
  encodeSelectionRegistered,
  encodeSelectionRequest,
  encodeSelectionSums,
  equalBytes,
  fromUtf8,
  isSelectionRegistration,
  microEpsilon,
  selectionCost,
  SluiceError,
  toHex,
  type Asking,
  type Bytes,
  type Grant,
  type GrantParty,
  type Operation,
  type SelectionMeasure,
  type SelectionRequest,
  type SelectionSnapshot,
} from "@sluice/protocol";
import { z } from "zod";
import type { AskedSelection } from "../../state/selections.ts";
import type { ServedProduct } from "../../state/work.ts";
import type { DomainContext } from "../context.ts";
import { servedPart, writeIndex } from "../indexes.ts";
import { transferable } from "../work-pools.ts";
import {
  expectSnapshot,
  misplaced,
  servedMembers,
  signProduct,
  type DomainForm,
  type ProductSource,
} from "./product-form.ts";

const FORM = "hidden-selection";
/** Sums of the groups, which stay in the domain. */
const SUMS_PART = "sums.json";
const REGISTER = "selection.register";

const KeptGroups = z.array(z.strictObject({ label: z.string(), rows: z.int(), sums: z.array(z.string()) }));

/** The form hidden-selection. */
export function selectionForm(context: DomainContext): DomainForm {
  return {
    form: FORM,
    downloads: {},
    build: (source) => build(context, source),
    measure: (served, operation, frame) => measure(served, operation, frame),
    begin: (served, frame, asking, now) =>
      isSelectionRegistration(frame)
        ? register(context, served, frame, asking, now)
        : charge(context, served, frame, asking, now),
    answer: (served, operation, frame, signal, asking) =>
      operation === REGISTER
        ? Promise.resolve(registered(context, served, frame, asking))
        : answer(context, served, frame, signal, asking),
  };
}

async function build(context: DomainContext, source: ProductSource): Promise<ServedProduct> {
  const { run, content } = source;
  if (content.kind !== "selection") throw misplaced(FORM);
  const { parameters, digits, groups, source: epoch } = content;
  const kept = groups.map(({ label, rows, sums }) => ({ label, rows, sums: sums.map(String) }));
  const index = await writeIndex(context, run.callId, { [SUMS_PART]: canonicalBytes(kept) });
  const body: SelectionSnapshot = {
    type: "selection-snapshot",
    ...servedMembers(context, source),
    parameters,
    digits,
    epoch,
  };
  return signProduct(context, source, body, index);
}

/** A registration is one unit; a call is one for each sum that it asks. @throws ERR_SNAPSHOT, ERR_SELECTION_REFUSED */
function measure(served: ServedProduct, operation: Operation, frame: Bytes): bigint {
  if (operation === REGISTER) {
    expectSnapshot(decodeSelectionRegistration(frame).snapshot, served);
    return 1n;
  }
  const { parameters, epoch } = snapshotOf(served);
  const { selection, request } = decodeSelectionCall(frame);
  const { commitment, epoch: asked, measures } = requestOf(served, frame);
  if (!equalBytes(commitmentOf(decodeSelection(selection)), commitment))
    throw refused("it asks under another selection");
  if (asked !== epoch) throw refused("there is no such epoch");
  if (measures.some((index) => index >= parameters.measures.length)) throw refused("there is no such measure");
  return BigInt(decodeSelectionRequest(request).measures.length);
}

/** @throws ERR_SELECTION_REFUSED */
function register(context: DomainContext, served: ServedProduct, frame: Bytes, asking: Asking, now: Date): void {
  const { commitment } = decodeSelectionRegistration(frame);
  const { party, most } = callerOf(context, served, asking);
  const entry = { party, product: served.product, commitment: toHex(commitment) };
  const note = { callId: asking.callId, at: now.toISOString() };
  if (!context.selections.register(entry, most, note)) throw refused("the grant allows no further selection");
}

function registered(context: DomainContext, served: ServedProduct, frame: Bytes, asking: Asking): Bytes {
  const { commitment } = decodeSelectionRegistration(frame);
  const { party, most } = callerOf(context, served, asking);
  const used = context.selections.count({ party, product: served.product });
  return encodeSelectionRegistered({ commitment, used, most });
}

/** @throws ERR_SELECTION_REFUSED when the selection was not registered; ERR_SELECTION_BUDGET */
function charge(context: DomainContext, served: ServedProduct, frame: Bytes, asking: Asking, now: Date): void {
  const { parameters, epoch: source } = snapshotOf(served);
  const { commitment, measures } = requestOf(served, frame);
  const { party, resource, budget } = callerOf(context, served, asking);
  const asked = askedOf(served, party, commitment);
  if (!context.selections.holds(asked)) throw refused("it is not registered");
  const owed = context.selections.owed(asked, measures);
  if (owed.length === 0) return;
  const note = { callId: asking.callId, at: now.toISOString() };
  const cost = owed.reduce((sum, index) => sum + selectionCost(measureOf(parameters.measures, index)), 0);
  const holder = { party, resource, source };
  if (!context.counts.spend(holder, { ...note, cost, budget: microEpsilon(budget) })) {
    throw new SluiceError("ERR_SELECTION_BUDGET", { budget });
  }
  context.selections.pay(asked, owed, note);
}

/** @throws ERR_SELECTION_PROOF; ERR_SELECTION_REFUSED when the selection is made for another product or caller */
async function answer(
  context: DomainContext,
  served: ServedProduct,
  frame: Bytes,
  signal: AbortSignal,
  asking: Asking,
): Promise<Bytes> {
  const { parameters, epoch } = snapshotOf(served);
  const { commitment, measures } = requestOf(served, frame);
  const { party } = callerOf(context, served, asking);
  const asked = askedOf(served, party, commitment);
  const kept = context.selections.sums(asked);
  const missing = measures.filter((index) => !kept.has(index));
  if (missing.length > 0) {
    const words = new RandomWords(context.random);
    const draw = (scale: number): bigint => discreteLaplace(rational(BigInt(scale), 1n))(words);
    const selection = decodeSelectionCall(frame).selection.slice();
    const task: SelectionTask = {
      parameters,
      epoch,
      groups: await groupsOf(context, served),
      caller: party,
      selection,
      request: encodeSelectionRequest({ commitment, epoch, measures: missing }),
      noise: missing.map((index) => selectionNoise(measureOf(parameters.measures, index), draw)),
    };
    const options = { signal, transfer: transferable(selection) };
    const sums = decodeSelectionSums(await context.pools.answer<Bytes>("selection", "selection.answer", task, options));
    context.selections.keep(asked, new Map(sums.measures.map((index, i) => [index, sums.sums[i] ?? new Uint8Array()])));
  }
  const all = context.selections.sums(asked);
  const sums = measures.map((index) => all.get(index) ?? new Uint8Array());
  return encodeSelectionSums({ commitment, epoch, measures, sums });
}

/** @throws ERR_SEALED_FILE when the file is missing or damaged */
async function groupsOf(context: DomainContext, served: ServedProduct): Promise<SelectionGroupSums[]> {
  const bytes = await context.files.read(servedPart(served, SUMS_PART));
  return KeptGroups.parse(JSON.parse(fromUtf8(bytes))).map((group) => ({ ...group, sums: group.sums.map(BigInt) }));
}

/** @throws ERR_SNAPSHOT, ERR_FRAME_MALFORMED */
function requestOf(served: ServedProduct, frame: Bytes): SelectionRequest {
  const { snapshot, request } = decodeSelectionCall(frame);
  expectSnapshot(snapshot, served);
  return decodeSelectionRequest(request);
}

function askedOf({ product, snapshotHash }: ServedProduct, party: string, commitment: Bytes): AskedSelection {
  return { party, product, commitment: toHex(commitment), snapshot: snapshotHash };
}

/** The party that asks, whatever its key is called, and what the grant gives it. */
function callerOf(
  context: DomainContext,
  { snapshot }: ServedProduct,
  { keyId }: Asking,
): { party: string; resource: string; most: number; budget: string } {
  const grant: Grant | undefined = context.documents.grant(snapshot.body.grant)?.grant.body;
  const caller: GrantParty | undefined = grant?.callers.find((one) => one.keyId === keyId);
  if (grant === undefined || caller === undefined) throw misplaced(FORM);
  const { most, epsilon } = grant.selections ?? { most: 0, epsilon: "0" };
  return { party: caller.party, resource: grant.resource, most, budget: epsilon };
}

function measureOf(measures: readonly SelectionMeasure[], index: number): SelectionMeasure {
  const measure = measures[index];
  if (measure === undefined) throw refused("there is no such measure");
  return measure;
}

function snapshotOf({ snapshot: { body } }: ServedProduct): SelectionSnapshot {
  if (body.type !== "selection-snapshot") throw misplaced(FORM);
  return body;
}

function refused(reason: string): SluiceError {
  return new SluiceError("ERR_SELECTION_REFUSED", { reason });
}
