/** The witnesses of a domain: `witnesses.policy` (C2SP tlog-policy) in its directory.
 *  @module */
import { join } from "node:path";
import { witnessesOfFile, type LogWitnesses, type WitnessOutcome } from "@sluice/evidence";
import { SluiceError } from "@sluice/protocol";

/** The witnesses that the policy names; undefined when there is none.
 *  @throws ERR_BODY_INVALID naming the line; ERR_DIRECTORY_STATE when they are `needed` */
export async function openWitnesses(
  directory: string,
  needed: boolean,
  told: { onFault: (error: unknown) => void; onOutcome: (outcome: WitnessOutcome) => void },
): Promise<LogWitnesses | undefined> {
  const witnesses = await witnessesOfFile(join(directory, "witnesses.policy"), { fetch, ...told });
  if (witnesses !== undefined || !needed) return witnesses;
  const details = { directory, expected: "a file witnesses.policy", command: "sluice witness init" };
  throw new SluiceError("ERR_DIRECTORY_STATE", details);
}
