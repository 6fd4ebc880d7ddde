/** The witnesses of a log that a server writes: a policy file (C2SP tlog-policy) beside its configuration, each witness
 *  with the address that it is asked at.
 *  @module */
import { SluiceError } from "@sluice/protocol";
import { readFileIfAny } from "./durable-files.ts";
import type { Cosign } from "./log-options.ts";
import { askWitnesses, type CosignOptions, type WitnessAddress } from "./witness-client.ts";
import { parseWitnessPolicy, type WitnessPolicy } from "./witness-policy.ts";

const LOOPBACK: ReadonlySet<string> = new Set(["localhost", "127.0.0.1", "[::1]"]);

/** The witnesses of one log. */
export type LogWitnesses = { readonly policy: WitnessPolicy; readonly cosign: Cosign };

/** Asks the witnesses in the policy `file` that have an address; undefined when there is no file. `onFault` hears when a
 *  witness begins to give no cosignature, `onOutcome` of every submission. @throws ERR_BODY_INVALID naming the line, or the
 *  witness whose address everybody on the way could answer for */
export async function witnessesOfFile(
  file: string,
  {
    fetch,
    onFault,
    onOutcome = () => undefined,
  }: Pick<CosignOptions, "fetch" | "onOutcome"> & { onFault: (error: unknown) => void },
): Promise<LogWitnesses | undefined> {
  const bytes = await readFileIfAny(file);
  if (bytes === null) return undefined;
  const policy = parseWitnessPolicy(new TextDecoder().decode(bytes));
  const open = policy.witnesses.find(({ url }) => url !== null && !isPrivate(url));
  if (open !== undefined) {
    throw new SluiceError("ERR_BODY_INVALID", {
      pointer: `/${open.name}`,
      expected: "an https address, or one of loopback",
    });
  }
  const addresses: WitnessAddress[] = policy.witnesses.flatMap(({ url, ...one }) =>
    url === null ? [] : [{ ...one, url }],
  );
  const last = new Map<string, string>();
  const cosign = askWitnesses(addresses, {
    fetch,
    onOutcome: (told) => {
      const { witness, outcome } = told;
      if (outcome !== "cosigned" && last.get(witness) !== outcome) {
        onFault(new SluiceError("ERR_LOG", { origin: witness, reason: `the witness is ${outcome}` }));
      }
      last.set(witness, outcome);
      onOutcome(told);
    },
  });
  return { policy, cosign };
}

/** Whether nobody on the way can answer in the place of `url`. */
function isPrivate(url: string): boolean {
  if (!URL.canParse(url)) return false;
  const { protocol, hostname } = new URL(url);
  return protocol === "https:" || (protocol === "http:" && LOOPBACK.has(hostname));
}
