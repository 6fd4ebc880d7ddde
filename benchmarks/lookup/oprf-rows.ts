/** The row `oprf-batch`: blind evaluations with one proof for the batch, in one thread, beside the same by `@noble/curves`.
 *  @module */
import { ristretto255_oprf } from "@noble/curves/ed25519.js";
import { MAX_OPRF_ELEMENTS, utf8 } from "@sluice/protocol";
import { blind } from "@sluice/mpc/oprf/client";
import { blindEvaluate, deriveKeyPair } from "@sluice/mpc/oprf/server";
import { compare, type Row } from "../suite.ts";

/** Elements of a batch: as many as one frame carries, but for the short run. */
const ELEMENTS = process.env["SLOW"] === "1" ? MAX_OPRF_ELEMENTS : 256;
const PEER = "@noble/curves";

/** `oprf-batch`, per second of processor time: there is one thread, and others use the machine. */
export async function oprfRows(progress: (line: string) => void): Promise<Row[]> {
  progress("oprf-batch");
  const keyPair = await deriveKeyPair(new Uint8Array(32).fill(7), utf8("benchmark"));
  const secret = keyPair.secret.reveal();
  const elements = Array.from({ length: ELEMENTS }, (_, i) => blind(utf8(`input ${i}`)).blindedElement);
  const row = await compare(
    { name: "oprf-batch", n: ELEMENTS, unit: "evaluations/s", better: "higher", peer: PEER },
    () => rateOf(() => blindEvaluate(keyPair, elements)),
    () => rateOf(() => ristretto255_oprf.voprf.blindEvaluateBatch(secret, keyPair.publicKey, elements)),
  );
  keyPair.secret.wipe();
  return [row];
}

/** Elements per second of processor time. */
async function rateOf(work: () => unknown): Promise<number> {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return (ELEMENTS * 1e6) / (user + system);
}
