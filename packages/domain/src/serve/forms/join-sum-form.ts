/** Join-and-sum: callers learn the sum of a column over the entries of their list, and how many they are, both with noise. The domain learns
 *  the padded size of the list and the count; not an entry, not the sum. What one entry changes is protected by differential privacy:
 *  each answer spends the ε of its count and of its sum from the caller's budget over this state of the table, in the transaction
 *  that charges for the call, before the role is made. An answer is a session on a thread of its own, which draws nothing of the noise.
 *  @module */
import { countDummies, RandomWords, sumNoise } from "@sluice/desensitize";
import {
  joinSumIdentity,
  joinSumRole,
  type PreparedSum,
  type PrepareSumTask,
} from "@sluice/mpc/he/join-sum/domain-role";
import {
  countShift,
  DEFAULT_SUM_PRIVACY,
  fromHex,
  MAX_JOIN_SUM_LIST_ITEMS,
  padPsiItems,
  sumBound,
  sumCost,
  sumPartBounds,
  SluiceError,
  type JoinSumSnapshot,
  type SessionOpening,
} from "@sluice/protocol";
import { judgingKeys } from "../../data/unfit-keys.ts";
import type { ServedProduct } from "../../state/work.ts";
import type { DomainContext } from "../context.ts";
import { servedPart, writeIndex } from "../indexes.ts";
import { nextEpoch } from "../product-keys.ts";
import { transferable } from "../work-pools.ts";
import { chargeNoise } from "./charge-noise.ts";
import {
  misplaced,
  servedMembers,
  signProduct,
  type DomainForm,
  type ProductSource,
  type SessionForm,
} from "./product-form.ts";

const KIND = "join-sum";
/** Elements and values of the set, which stay in the domain. */
const CONTENT = "sums.bin";

/** The form join-sum. */
export function joinSumForm(context: DomainContext): DomainForm {
  return {
    form: KIND,
    downloads: {},
    session: (served) => sumSession(context, served),
    build: (source, signal) => judgingKeys(source.held.grant.body.key, () => build(context, source, signal)),
    measure: () => {
      const expected = "a session, which this product is asked by";
      throw new SluiceError("ERR_FRAME_MALFORMED", { field: "frame", expected });
    },
    answer: () => Promise.reject(misplaced(KIND)),
  };
}

async function build(context: DomainContext, source: ProductSource, signal: AbortSignal): Promise<ServedProduct> {
  const { run, held, content } = source;
  if (content.kind !== "sum") throw misplaced(KIND);
  const { spec, keys, set, values } = content;
  const { count, sum, budget } = spec.privacy ?? DEFAULT_SUM_PRIVACY;
  const { domain, scene } = held.grant.body;
  const { product, version } = run;
  const epoch = nextEpoch(context, run);
  const identity = { domain, product, version, grant: held.hash, purpose: scene.purpose, epoch };
  const bound = sumBound(spec);
  const task: PrepareSumTask = { identity, bound, set, values };
  const transfer = transferable(set.entries);
  const prepared = await context.pools.build<PreparedSum>("psi", "psi.prepare-sum", task, { signal, transfer });
  const index = await writeIndex(context, run.callId, { [CONTENT]: prepared.content });
  prepared.content.fill(0);
  const body: JoinSumSnapshot = {
    type: "join-sum-snapshot",
    ...servedMembers(context, source),
    purpose: scene.purpose,
    parameters: {
      ...(keys === undefined ? {} : { keys }),
      digits: spec.digits,
      terms: {
        paddedItems: prepared.paddedItems,
        bound,
        minimum: spec.minimum,
        noise: { epsilon: count, budget, shift: countShift(count) },
      },
      sumEpsilon: sum,
      set: prepared.hash,
    },
    epoch,
  };
  return signProduct(context, source, body, index);
}

function sumSession(context: DomainContext, served: ServedProduct): SessionForm {
  const snapshot = joinSumSnapshot(served);
  const { terms, sumEpsilon } = snapshot.parameters;
  const { noise } = terms;
  return {
    measure: ({ items }) => listUnits(items),
    begin: (asking, now) =>
      chargeNoise(context, served, { cost: sumCost(snapshot.parameters), budget: noise.budget }, asking, now),
    open: async ({ items }: SessionOpening, callId, signal) => {
      const content = await context.parts.open(servedPart(served, CONTENT));
      const words = new RandomWords(context.random);
      const input = {
        session: fromHex(callId),
        snapshot: served.snapshotHash,
        identity: joinSumIdentity(snapshot),
        terms,
        content,
        listItems: items,
        dummies: { shift: noise.shift, matches: countDummies(noise.epsilon, noise.shift)(words) },
        noise: sumPartBounds(terms.bound).map((bound, _, parts) => sumNoise(sumEpsilon, bound, parts.length)(words)),
      };
      return await joinSumRole(input, signal);
    },
  };
}

function listUnits(items: number): bigint {
  if (items > padPsiItems(MAX_JOIN_SUM_LIST_ITEMS)) {
    throw new SluiceError("ERR_PSI_SET_TOO_LARGE", { maxItems: MAX_JOIN_SUM_LIST_ITEMS });
  }
  if (padPsiItems(items) !== items) {
    throw new SluiceError("ERR_FRAME_MALFORMED", { field: "items", expected: "a padded size" });
  }
  return BigInt(items);
}

function joinSumSnapshot({ snapshot: { body } }: ServedProduct): JoinSumSnapshot {
  if (body.type !== "join-sum-snapshot") throw misplaced(KIND);
  return body;
}
