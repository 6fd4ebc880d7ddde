/** `sluice trace CALLID`
 *  @module */
import { Random128 } from "@sluice/protocol";
import { JSON_OPTION, usage, type Command } from "../command.ts";
import { errorDocument } from "../error-text.ts";
import { openClient, PARTY_OPTIONS, trustOf } from "../party-context.ts";
import { chainText } from "../trace-text.ts";

/** Shows and verifies everything that a call rests on. */
export const trace: Command = {
  path: ["trace"],
  summary: "show everything that a call rests on, each step verified against the pins",
  positionals: ["CALLID"],
  options: { ...PARTY_OPTIONS, ...JSON_OPTION },
  notes:
    "For the parties of the call and the agency. From the receipt to the scene: the request, the product, the build, the\n" +
    "release, the development run with its certificate, guard report and reviews, the grant, the policy. What is listed is\n" +
    "the gateway's own word. What is erased is not there to be verified, and nothing shows who took it away. Exit code 1 when\n" +
    "a step fails or is missing.",
  async run(args, io) {
    const callId = Random128.safeParse(args.positional(0));
    if (!callId.success) throw usage("CALLID is 32 hexadecimal digits, as receipts name them");
    const client = await openClient(args, io);
    const trust = await trustOf(args, io);
    const { verifyCallChain } = await import("@sluice/evidence/verify");
    const chain = await client.receipt(callId.data, { signal: io.signal });
    const steps = await verifyCallChain(chain, trust, callId.data);
    const ok = steps.every(({ outcome }) => outcome !== "failed" && outcome !== "missing");
    if (args.flag("json")) {
      const told = steps.map(({ error, ...step }) => ({
        ...step,
        ...(error === undefined ? {} : errorDocument(error)),
      }));
      io.stdout.write(`${JSON.stringify({ ok, steps: told, chain })}\n`);
    } else io.stdout.write(chainText(chain, steps));
    if (!ok) io.stderr.write("the chain is NOT whole\n");
    return ok ? 0 : 1;
  },
};
