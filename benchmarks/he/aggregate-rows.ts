/** The rows `aggregate-histogram-3x1000` and `-10x1000`: a histogram of a thousand cells over three and ten parties, from vectors to the
 *  sum at every party; processor time of all parties and the relay together, and what one party sends and receives.
 *  @module */
import { AggregateParty, memoryAggregateRegister, type AggregateIdentity } from "@sluice/mpc/aggregate/party";
import { AggregateRelay } from "@sluice/mpc/aggregate/relay";
import { aggregateOutcome } from "@sluice/mpc/aggregate/statistics";
import { aggregateThreshold, parseAggregatePlan, toHex, type AggregatePlan, type Bytes } from "@sluice/protocol";
import { createPublicKey, generateKeyPairSync, randomBytes, sign, verify } from "node:crypto";
import { measure, type Row } from "../suite.ts";

const CELLS = 1_000;
const ROUNDS = 5;
/** What stands before the raw 32 bytes of a public key of Ed25519 (RFC 8410). */
const SPKI = Buffer.from("302a300506032b6570032100", "hex");

function identity(): AggregateIdentity {
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  const { x = "" } = publicKey.export({ format: "jwk" });
  return { keyId: `ed25519:${x}`, sign: (bytes) => Promise.resolve(new Uint8Array(sign(null, bytes, privateKey))) };
}

const verifySignature = (keyId: string, bytes: Bytes, signature: Bytes): Promise<boolean> => {
  const raw = Buffer.from(keyId.slice("ed25519:".length), "base64url");
  const key = createPublicKey({ key: Buffer.concat([SPKI, raw]), format: "der", type: "spki" });
  return Promise.resolve(verify(null, bytes, key, signature));
};

interface Measured {
  readonly cpuMs: number;
  readonly bytesPerParty: number;
  readonly largestError: number;
}

async function histogram(count: number): Promise<Measured> {
  const identities = Array.from({ length: count }, identity);
  const colluding = Math.floor((count - 1) / 3);
  const plan: AggregatePlan = parseAggregatePlan({
    type: "aggregate-plan",
    version: 1,
    id: toHex(new Uint8Array(randomBytes(16))),
    population: "a benchmark",
    statistic: { kind: "histogram", column: "value", edges: Array.from({ length: CELLS - 1 }, (_, i) => i) },
    rowsAtMost: 1_000_000,
    field: "2^61-1",
    parties: identities.map(({ keyId }, i) => ({ party: `domain-${i}`, key: keyId })),
    threshold: aggregateThreshold(count, colluding),
    colluding,
  });
  const vectors = identities.map((_, p) => Array.from({ length: CELLS }, (_c, i) => BigInt((i * (p + 7)) % 1_009)));
  const before = process.cpuUsage();
  const parties = await Promise.all(
    identities.map(async (own, i) => {
      const register = memoryAggregateRegister();
      return await AggregateParty.join({
        plan,
        vector: vectors[i] ?? [],
        identity: own,
        verify: verifySignature,
        register,
      });
    }),
  );
  const relay = await AggregateRelay.open(plan, verifySignature);
  let frames: readonly Bytes[] = [];
  let bytes = 0;
  const steps = ["advert", "shares", "masked", "survivors", "unmask"] as const;
  for (const step of steps) {
    const heard = frames;
    for (const party of parties) await relay.accept(await (step === "advert" ? party.advert() : party[step](heard)));
    ({ frames } = relay.close());
    // A party sends its message and receives those of the others.
    bytes += frames.reduce((sum, frame) => sum + frame.length, 0);
  }
  const sums = await Promise.all(parties.map(async (party) => await party.open(frames)));
  const { user, system } = process.cpuUsage(before);
  let largestError = 0;
  for (const { sum } of sums) {
    const outcome = aggregateOutcome(plan.statistic, sum);
    if (outcome.kind !== "histogram") throw new Error("a histogram was asked for");
    for (let i = 0; i < CELLS; i++) {
      const plain = vectors.reduce((total, vector) => total + (vector[i] ?? 0n), 0n);
      largestError = Math.max(largestError, Math.abs(Number((outcome.counts[i] ?? 0n) - plain)));
    }
  }
  if (largestError !== 0) throw new Error(`a cell is off by ${largestError}`);
  return { cpuMs: (user + system) / 1_000, bytesPerParty: bytes, largestError };
}

/** Two rows for each number of parties. */
export async function aggregateRows(progress: (line: string) => void): Promise<Row[]> {
  const rows: Row[] = [];
  for (const count of [3, 10]) {
    const name = `aggregate-histogram-${count}x${CELLS}`;
    progress(name);
    await histogram(count); // warms up
    let last: Measured | undefined;
    rows.push(
      await measure({ name, n: CELLS, unit: "ms" }, ROUNDS, async () => {
        last = await histogram(count);
        progress(`${name}: ${last.cpuMs} ms, largest error ${last.largestError}`);
        return last.cpuMs;
      }),
    );
    rows.push({ name: `${name} traffic`, n: CELLS, value: last?.bytesPerParty ?? Number.NaN, unit: "bytes/party" });
  }
  return rows;
}
