/** `sluice domain compact DIR PRODUCT`
 *  @module */
import { JSON_OPTION, type Command } from "../command.ts";

/** Marks a product for compaction. */
export const domainCompact: Command = {
  path: ["domain", "compact"],
  summary: "build a product of a domain that is not running anew at its next start, with what was deleted left out",
  positionals: ["DIR", "PRODUCT"],
  options: JSON_OPTION,
  notes:
    "Updates of a lookup, or of a set to match, keep its base, and with it what was deleted. A compaction leaves that out,\n" +
    "under a key of the next epoch: callers fetch a new base. It runs in the background once the domain is started again.\n" +
    "A product whose grant was revoked is removed instead.",
  async run(args, io) {
    const { compactProductOfDomain } = await import("@sluice/domain");
    const product = args.positional(1);
    const versions = await compactProductOfDomain(args.positional(0), product);
    const text = `marked: ${product} version ${versions.join(", ")}; compacted once the domain is started\n`;
    io.stdout.write(args.flag("json") ? `${JSON.stringify({ ok: true, product, versions })}\n` : text);
    return 0;
  },
};
