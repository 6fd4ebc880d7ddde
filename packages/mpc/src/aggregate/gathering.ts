/** Shares that others gave to unmask a sum. What is wrong is left out, and who signed it is named; messages that are none count as
 *  not sent. All that could be given away has been given by now, so nothing is lost by going on with what is right.
 *  @module */
import { equalBytes, isSluiceError, SluiceError, type AggregateMessage, type Bytes } from "@sluice/protocol";
import { fitsHash, placeOf, wrongShares, type Dealing } from "./dealing.ts";
import { readMessage, type RoundMessages } from "./messages.ts";
import type { Share } from "./shamir.ts";

/** What a party has before the others' shares. */
export interface Gathering extends Omit<Dealing, "transcript"> {
  /** The transcript that messages to unmask name. */
  readonly transcript: Bytes;
  /** What each party dealt. */
  readonly dealt: RoundMessages<"shares">;
  readonly survivors: ReadonlySet<number>;
  /** This party's own shares, one of a secret of each party that dealt. */
  readonly released: ReadonlyMap<number, Share>;
}

/** Right shares of each secret, by their places. */
export interface GatheredShares {
  readonly given: ReadonlyMap<number, readonly Share[]>;
  /** Parties that gave wrong ones. */
  readonly wrong: ReadonlySet<number>;
}

/** Enough shares of each secret. @throws ERR_FRAME_MALFORMED; ERR_AGGREGATE_SHARE, or ERR_AGGREGATE_TOO_FEW if nobody gave wrong ones */
export async function gatherShares(gathering: Gathering, frames: readonly Bytes[]): Promise<GatheredShares> {
  const { context, own, released, survivors } = gathering;
  if (frames.length > survivors.size) {
    throw new SluiceError("ERR_FRAME_MALFORMED", { field: "frames", expected: `at most ${survivors.size}` });
  }
  const given = new Map([...released].map(([owner, share]) => [owner, [share]]));
  const wrong = new Set<number>();
  for (const frame of frames) {
    const message = await readMessage(context, "unmask", frame).catch(nothing);
    if (message === null || message.head.party === own || !survivors.has(message.head.party)) continue;
    const shares = await sharesIn(gathering, message);
    if (shares.size < released.size) wrong.add(message.head.party);
    for (const [owner, share] of shares) {
      const all = given.get(owner);
      if (all?.every(({ x }) => x !== share.x) === true) all.push(share);
    }
  }
  const { threshold: needed } = context.plan;
  const present = Math.min(...[...given.values()].map(({ length }) => length));
  if (present < needed) {
    throw wrong.size > 0 ? wrongShares(context, wrong) : new SluiceError("ERR_AGGREGATE_TOO_FEW", { present, needed });
  }
  // In one order for all, so that all who heard the same have the same result.
  for (const shares of given.values()) shares.sort((a, b) => Number(a.x - b.x));
  return { given, wrong };
}

/** Right shares of one message, by whose secret they are of. */
async function sharesIn(
  { context, own, sealing, holders, transcript, dealt, survivors, released }: Gathering,
  { head, body }: AggregateMessage<"unmask">,
): Promise<Map<number, Share>> {
  const right = new Map<number, Share>();
  if (!equalBytes(head.transcript, transcript)) return right;
  const owners = [...released.keys()];
  const place = { round: "unmask", transcript } as const;
  const values = await sealing.open(place, head.party, body.shares, owners.length).catch(nothing);
  for (const [i, value] of (values ?? []).entries()) {
    const owner = owners[i] ?? own;
    const promised = dealt.get(owner)?.body;
    const share = { x: placeOf(head.party), value };
    const at = { owner, holder: head.party, secret: survivors.has(owner) ? "seed" : "key" } as const;
    if (promised !== undefined && (await fitsHash(context, holders, promised, at, share))) right.set(owner, share);
  }
  return right;
}

function nothing(error: unknown): null {
  if (isSluiceError(error)) return null;
  throw error;
}
