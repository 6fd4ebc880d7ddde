/** `sluice grant show FILE`
 *  @module */
import { usage, type Command, type CommandIo } from "../command.ts";
import type { GrantDocument } from "../officer/documents.ts";
import { nameSources, SHOW_OPTIONS, showPage } from "../officer/show.ts";
import { readTrust } from "../party-context.ts";

/** Explains a grant to the officer who signs it. */
export const grantShow: Command = {
  path: ["grant", "show"],
  summary: "explain a grant to its officer, in Chinese: verified, in words, with what changed",
  positionals: ["FILE"],
  options: {
    policy: { value: "FILE", description: "the desensitisation policy, when FILE does not carry it" },
    odrl: { description: "print the signed grant as an ODRL 2.2 agreement (JSON-LD) instead; nothing is checked" },
    ...SHOW_OPTIONS,
  },
  notes:
    "FILE is a signed grant, the delivery that carries one with its policy, a scene with its reviews, or a draft that\n" +
    "nobody signed yet. Nothing is sent anywhere. Exit code 1 when a signature or the policy does not fit; without --trust, who signed is not checked.",
  async run(args, io) {
    const { readGrant, readPolicy } = await import("../officer/documents.ts");
    const { grantPage } = await import("../officer/grant-page.ts");
    if (args.flag("odrl")) return printAgreement(await readGrant(args.positional(0)), io);
    const [policy, previous, trust] = [args.text("policy"), args.text("previous"), args.text("trust")];
    const page = await grantPage({
      grant: await readGrant(args.positional(0)),
      ...(policy === undefined ? {} : { policy: await readPolicy(policy) }),
      ...(previous === undefined ? {} : { previous: await readGrant(previous) }),
      ...(trust === undefined ? {} : { trust: await readTrust(trust) }),
      names: await nameSources(args),
      now: new Date(),
    });
    return showPage(page, args, io, ["policy", "previous", "trust", "catalogue", "parties"]);
  },
};

/** @throws ERR_USAGE for a draft: an agreement has parties who agreed */
async function printAgreement({ body, signatures }: GrantDocument, io: CommandIo): Promise<number> {
  if (signatures.length === 0) throw usage('"--odrl" needs a signed grant: nobody agreed to a draft');
  const { odrlAgreement } = await import("@sluice/evidence/verify");
  const agreement = await odrlAgreement({ body, signatures: [...signatures] });
  io.stdout.write(`${JSON.stringify(agreement, null, 2)}\n`);
  return 0;
}
