/** Both roles of join-and-sum over a small set, and whatever carries their frames.
 *  @module */
import { padPsiItems, sumPartBounds, type Bytes, type JoinSumTerms, type Random } from "@sluice/protocol";
import { JoinSumCaller, type JoinSumCallerOptions } from "../src/he/join-sum/caller.ts";
import { JoinSumDomain, prepareSumSet, type JoinSumDomainOptions } from "../src/he/join-sum/domain.ts";
import { psiEntry } from "../src/psi/entry.ts";
import { systemRandom } from "../src/random.ts";
import { drain } from "./psi-ot-sessions.ts";

export const SESSION = new Uint8Array(16).fill(5);
export const IDENTITY = {
  domain: "health",
  product: "fees",
  version: 1,
  grant: "ab".repeat(32),
  purpose: "medical-aid",
  epoch: 1,
};
/** Few dummies. */
export const SHIFT = 4;
export const NOISE = { epsilon: "2", budget: "8", shift: SHIFT };

export type Row = readonly [entry: string, value: number];

export interface SumCase {
  readonly rows: readonly Row[];
  readonly list: readonly string[];
  readonly bound?: number;
  readonly minimum?: number;
  /** Dummies that match: as many as the middle of the noise unless given, so that a count is exact. */
  readonly dummies?: number;
  /** Of the lowest part first; none unless given. */
  readonly noise?: readonly bigint[];
  readonly random?: Random;
}

/** What both roles are made of. */
export async function optionsOf({
  rows,
  list,
  bound = 1_000,
  minimum = 1,
  dummies = SHIFT,
  noise = sumPartBounds(bound).map(() => 0n),
  random = systemRandom,
}: SumCase) {
  const source = rows.map(([entry, value]) => ({ entry: psiEntry(entry), value }));
  const set = await prepareSumSet({ identity: IDENTITY, bound, rows: source });
  const terms: JoinSumTerms = {
    paddedItems: padPsiItems(new Set(rows.map(([entry]) => entry)).size),
    bound,
    minimum,
    noise: NOISE,
  };
  const context = { session: SESSION, snapshot: "cd".repeat(32), identity: IDENTITY, terms };
  const caller: JoinSumCallerOptions = { ...context, list, random };
  const domain: JoinSumDomainOptions = { ...context, set, dummies: { shift: SHIFT, matches: dummies }, noise };
  return { caller, domain };
}

/** Both roles. */
export async function rolesOf(sumCase: SumCase) {
  const { caller, domain } = await optionsOf(sumCase);
  return { caller: JoinSumCaller.create(caller), domain: JoinSumDomain.create(domain) };
}

/** A whole session, with all frames. @param change what becomes of a frame on its way */
export async function joinSum(
  { caller, domain }: Awaited<ReturnType<typeof rolesOf>>,
  change: (frame: Bytes, from: "caller" | "domain") => Bytes = (frame) => frame,
) {
  const frames: { caller: Bytes[]; domain: Bytes[] } = { caller: [], domain: [] };
  let served: unknown;
  let result: unknown;
  for (let waiting = (await drain(caller)).frames; result === undefined;) {
    const answers: Bytes[] = [];
    for (const frame of waiting.map((each) => change(each, "caller"))) {
      frames.caller.push(frame);
      const given = await drain(domain, frame);
      answers.push(...given.frames);
      served ??= given.done;
    }
    if (answers.length === 0) throw new Error("both roles wait");
    waiting = [];
    for (const frame of answers.map((each) => change(each, "domain"))) {
      frames.domain.push(frame);
      const given = await drain(caller, frame);
      waiting.push(...given.frames);
      result ??= given.done;
    }
  }
  return { result, served, frames };
}
