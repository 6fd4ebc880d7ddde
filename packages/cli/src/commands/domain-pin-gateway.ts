/** `sluice domain pin-gateway DIR`
 *  @module */
import { JSON_OPTION, type Command } from "../command.ts";
import { instantOption, keyOption } from "../words.ts";

/** Pins another key of the gateway in a domain. */
export const domainPinGateway: Command = {
  path: ["domain", "pin-gateway"],
  summary: "let the domain in DIR, which does not run, take requests of another key of the gateway",
  positionals: ["DIR"],
  options: {
    "gateway-key": { value: "KEYID", description: "key that the gateway's operator gave you, not over the network" },
    until: {
      value: "INSTANT",
      description: "end of the keys before it, by this domain's clock (default: in 24 hours)",
    },
    ...JSON_OPTION,
  },
  notes:
    "A key that is believed stolen ends now: give an instant that has passed. The same key again, with an earlier --until,\n" +
    "brings the end of the old one forward; an ended key never comes back.",
  async run(args, io) {
    const gatewayKey = keyOption(args, "gateway-key");
    const until = args.text("until") === undefined ? undefined : instantOption(args, "until");
    const { systemClock: clock } = await import("@sluice/client");
    const { pinGateway } = await import("@sluice/domain");
    const pinned = await pinGateway(args.positional(0), { gatewayKey, until, clock });
    if (args.flag("json")) io.stdout.write(`${JSON.stringify({ gatewayKey: pinned })}\n`);
    else
      for (const { keyId, until: end } of pinned)
        io.stdout.write(`${keyId}${end === undefined ? "" : ` until ${end}`}\n`);
    return 0;
  },
};
