/** Join-and-sum (求交求和): the sum of a product's values over the entries of a list, and how many they are, both with noise. The caller
 *  learns nothing else of the set but its padded size; domain and gateway learn the padded size of the list, and the domain the
 *  count: not an entry, not the sum.
 *  @module */
import type { JoinSumResult } from "@sluice/mpc/he/join-sum/caller";
import type { NoisyCount } from "@sluice/mpc/psi/receiver";
import {
  canonicalBytes,
  likelySumError,
  MAX_JOIN_SUM_LIST_ITEMS,
  padPsiItems,
  sha256Hex,
  unitsText,
  type BegunCall,
  type Bytes,
  type EvidencedReceipt,
  type JoinSumSnapshot,
  type Session,
  type Sha256Hex,
} from "@sluice/protocol";
import {
  askRows,
  invalidKeys,
  listSource,
  rowSource,
  type AskedSource,
  type InvalidKey,
  type JoinRow,
} from "./asked-rows.ts";
import { readJournal, withJournal, type KeptCall } from "./call-journal.ts";
import type { ListCallOptions } from "./list-call.ts";
import { expectSame, toldSession } from "./list-session.ts";
import type { JoinOptions, MatchOptions } from "./match.ts";
import type { CallOptions } from "./options.ts";
import { openProduct, useOf, type ProductHandle } from "./product-handle.ts";
import type { ProductionContext } from "./production-call.ts";
import { throwIfCancelled } from "./refusal.ts";
import { resumeSessionCall, runSessionCall } from "./session-call.ts";

/** A sum and how far it can be off; or that the entries that have a value are too few for one. Decimals, in the column's own unit. */
type ToldSum =
  | {
      readonly kind: "sum";
      readonly sum: string;
      /** 19 times out of 20 the sum is off by no more than this; there is no most. */
      readonly likelySumError: string;
    }
  | {
      readonly kind: "too-few";
      /** Fewest entries by the count, with its noise, that a sum is told for. */
      readonly minimum: number;
    };

/** What it rests on, and what it cost. */
interface SumCosts {
  /** About how many distinct entries of the list have a value. */
  readonly count: NoisyCount;
  /** ε of count and sum together: what was spent, whichever was told. */
  readonly epsilon: string;
  /** Entries that are none of the key's type, where they are skipped: they count as no match. */
  readonly skipped: readonly InvalidKey[];
  readonly receipt: EvidencedReceipt;
  /** Of the snapshot that answered: that of the call's beginning, when a journal had it. */
  readonly snapshotHash: Sha256Hex;
}

/** What summing yields. */
export type SumResult = ToldSum & SumCosts;

/** A product of the form `join-sum` at one snapshot. */
export interface SumHandle extends ProductHandle<JoinSumSnapshot> {
  /** Sums the values of a list's distinct entries, as `MatchHandle.match` reads it. Each call has noise of its own, and spends the ε of its
   *  count and of its sum of the caller's budget, for the same list too, and also when there is no sum or the call ends early.
   *  @throws ERR_COUNT_BUDGET when it is spent; ERR_JOIN_KEY, ERR_JOIN_COLUMNS, ERR_PSI_SET_TOO_LARGE, ERR_SESSION_ENDED, ERR_SESSION_LIMIT,
   *  ERR_CALL_JOURNAL, ERR_RECEIPT, ERR_ANSWER_ALTERED, ERR_CANCELLED, and refusals of the peers */
  sum(list: Iterable<string>, options?: MatchOptions): Promise<SumResult>;
  /** Sums the values of the distinct keys of rows. A row with a NULL in its key counts as none. @throws as `sum` does */
  sumRows(rows: readonly JoinRow[], options?: JoinOptions): Promise<SumResult>;
  /** As those of `MatchHandle`. */
  check(list: Iterable<string>, options?: CallOptions): Promise<readonly InvalidKey[]>;
  checkRows(rows: readonly JoinRow[], options?: JoinOptions): Promise<readonly InvalidKey[]>;
}

/** Opens a product of the form `join-sum`; there is nothing to download. @throws what `openProduct` throws */
export async function openSum(context: ProductionContext, name: string, options: CallOptions = {}): Promise<SumHandle> {
  const product = await openProduct(context, name, "join-sum", options);
  const { keys } = product.snapshot.parameters;
  const summed = async (source: AskedSource, options: MatchOptions): Promise<SumResult> => {
    const { entries, skipped } = await askRows(source, { keys, maxItems: MAX_JOIN_SUM_LIST_ITEMS }, options);
    const { told, ...costs } = await withJournal(options.journal, () => sumEntries(context, product, entries, options));
    return { ...told, ...costs, skipped };
  };
  return {
    ...product,
    sum: async (list, options = {}) => await summed(listSource([...list], keys), options),
    sumRows: async (rows, options = {}) => await summed(rowSource(rows, keys, options.on), options),
    check: async (list, { signal } = {}) => await invalidKeys(listSource([...list], keys), keys, signal),
    checkRows: async (rows, { on, signal } = {}) => await invalidKeys(rowSource(rows, keys, on), keys, signal),
  };
}

async function sumEntries(
  context: ProductionContext,
  product: ProductHandle<JoinSumSnapshot>,
  list: readonly string[],
  { signal, onProgress, journal }: ListCallOptions,
): Promise<Omit<SumCosts, "skipped"> & { readonly told: ToldSum }> {
  throwIfCancelled(signal);
  const digest = await sha256Hex(canonicalBytes([...list]));
  const before = journal === undefined ? null : await readJournal(journal);
  if (before !== null) expectSame(before.begun, product, digest);
  const items = padPsiItems(list.length);
  const use = before?.begun.use ?? useOf(product, "psi.sum", items);
  const asked = askedOf(product.snapshot, before);
  const { purpose, epoch, parameters } = asked;
  const { terms } = parameters;
  const { domain, grant, product: name, version } = use;
  const identity = { domain, product: name, version, grant, purpose, epoch };
  const role = async (session: Bytes, seed: Bytes): Promise<Session> => {
    const { JoinSumCaller, joinSumRandomness } = await import("@sluice/mpc/he/join-sum/caller");
    const randomness = await joinSumRandomness(seed, list.length, terms.bound);
    const caller = JoinSumCaller.create({
      session,
      snapshot: use.snapshot,
      identity,
      terms,
      list,
      signal,
      ...randomness,
    });
    return toldSession(caller, items, onProgress);
  };
  const kept = { list: digest, facts: factsOf(asked) };
  const outcome =
    before === null
      ? await runSessionCall(context, use, { items, role, kept }, { signal, journal })
      : await resumeSessionCall(context, before, role, { signal, journal });
  const result = outcome.done as JoinSumResult;
  const epsilon = addDecimals(terms.noise.epsilon, parameters.sumEpsilon);
  const { receipt } = outcome;
  return { told: toldOf(result, parameters), count: result.count, epsilon, receipt, snapshotHash: use.snapshot };
}

type Asked = Pick<JoinSumSnapshot, "purpose" | "epoch" | "parameters">;

/** What the call that a journal holds was about, since another snapshot may be served by now. */
function askedOf(snapshot: JoinSumSnapshot, before: KeptCall | null): Asked {
  const facts = before?.begun.facts;
  return facts?.sum === undefined ? snapshot : { purpose: facts.purpose, ...facts.sum };
}

function factsOf({ purpose, epoch, parameters }: Asked): BegunCall["facts"] {
  return { purpose, setItems: parameters.terms.paddedItems, sum: { epoch, parameters } };
}

function toldOf(result: JoinSumResult, parameters: Asked["parameters"]): ToldSum {
  if (result.kind === "refused") return { kind: "too-few", minimum: result.minimum };
  const { digits } = parameters;
  const error = unitsText(BigInt(likelySumError(parameters)), digits);
  return { kind: "sum", sum: unitsText(result.sum, digits), likelySumError: error };
}

/** Exact: both have six decimals at most. */
function addDecimals(a: string, b: string): string {
  return String(Math.round((Number(a) + Number(b)) * 1e6) / 1e6);
}
