/** Vectors of sums over several domains: four parties of which one is lost before its vector, all that each drew, all messages, the sum.
 *  @module */
import { AggregateRelay } from "@sluice/mpc/aggregate/relay";
import { AggregateParty, memoryAggregateRegister } from "@sluice/mpc/aggregate/party";
import { documentHash, toHex, type AggregateRound, type Bytes } from "@sluice/protocol";
import { identityOf, planOf, speak, verifyEd25519 } from "../packages/mpc/test/aggregate-parties.ts";
import { recorded } from "./wire-seeded.ts";

const COUNT = 4;
/** Is not heard of after it has shared. */
const LOST = 3;
const EDGES = [20, 60];
const ROWS = [
  [5n, 0n, 7n],
  [0n, 1n, 2n],
  [1_000n, 0n, 0n],
  [9n, 9n, 9n],
];

/** One aggregation, and messages that are refused. */
export async function makeAggregateVectors() {
  const plan = planOf(COUNT, { kind: "histogram", column: "age", edges: EDGES }, { threshold: 3, seed: 42 });
  const drawn = ROWS.map((_, i) => recorded(`aggregate party ${i}`));
  const parties = await Promise.all(
    ROWS.map(
      async (vector, i) =>
        await AggregateParty.join({
          plan,
          vector,
          identity: identityOf(i),
          verify: verifyEd25519,
          register: memoryAggregateRegister(),
          random: drawn[i] ?? recorded(""),
        }),
    ),
  );
  const relay = await AggregateRelay.open(plan, verifyEd25519);
  const messages: { round: AggregateRound; from: number; hex: string }[] = [];
  let frames: readonly Bytes[] = [];
  for (let { round } = relay; round !== null; round = relay.round) {
    const heard = frames;
    for (const [from, party] of parties.entries()) {
      if (from === LOST && round !== "advert" && round !== "shares") continue;
      const frame = await speak(round, party, heard);
      messages.push({ round, from, hex: toHex(frame) });
      await relay.accept(frame);
    }
    ({ frames } = relay.close());
  }
  const sums = await Promise.all(parties.slice(0, LOST).map(async (party) => await party.open(frames)));
  return {
    plan,
    planHash: await documentHash(plan),
    parties: ROWS.map((vector, i) => ({
      vector: vector.map(String),
      // The private keys and the seed, in this order; the highest bit of each is dropped.
      drawn: (drawn[i]?.drawn ?? []).slice(0, 3).map(toHex),
    })),
    messages,
    sum: (sums[0]?.sum ?? []).map(String),
    malformed: malformed(messages),
  };
}

/** By what is done to a message; every one is refused before its signature is looked at. */
function malformed(messages: readonly { round: AggregateRound; hex: string }[]) {
  const of = (round: AggregateRound): string => messages.find((message) => message.round === round)?.hex ?? "";
  const code = "ERR_FRAME_MALFORMED";
  const survivors = of("survivors");
  const counted = 2 * (2 + 1 + 32 + 1 + 32);
  return [
    { name: "another version", round: "advert", hex: `0002${of("advert").slice(4)}`, code },
    { name: "the type of another round", round: "advert", hex: of("masked"), code },
    {
      name: "a party beyond the most",
      round: "advert",
      hex: `${of("advert").slice(0, 70)}20${of("advert").slice(72)}`,
      code,
    },
    { name: "a byte less", round: "masked", hex: of("masked").slice(0, -2), code },
    { name: "a byte more", round: "unmask", hex: `${of("unmask")}00`, code },
    {
      name: "survivors that do not ascend",
      round: "survivors",
      hex: `${survivors.slice(0, counted + 2)}000201${survivors.slice(counted + 8)}`,
      code,
    },
  ] as const;
}
