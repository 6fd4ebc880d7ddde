/** `sluice domain rotate-key DIR` and `sluice gateway rotate-key DIR`
 *  @module */
import type { RotatedKey, RotateKeyOptions } from "@sluice/evidence";
import { JSON_OPTION, type Arguments, type Command, type CommandIo } from "../command.ts";
import { ACCESS_OPTIONS, accessOf } from "../key-access.ts";
import { SUITE_OPTION, suiteOf } from "../suite-option.ts";

const MAX_OVERLAP_HOURS = 8_784; // one year
const HOUR_MS = 3_600_000;

const OPTIONS = {
  prepare: { description: "only make the next key and print it, to be handed out before it signs" },
  "overlap-hours": {
    value: "N",
    description: "hours for which the old key counts beside the new one; 0 for a stolen one (default: 24)",
  },
  suite: { ...SUITE_OPTION.suite, description: "suite of the next key: ed25519 or sm2 (default: as before)" },
  ...ACCESS_OPTIONS,
  ...JSON_OPTION,
} as const;

/** Gives a domain another receipt key. */
export const domainRotateKey: Command = {
  path: ["domain", "rotate-key"],
  summary: "give the domain in DIR, which does not run, another key for receipts, snapshots and events",
  positionals: ["DIR"],
  options: OPTIONS,
  notes:
    "The old private key is destroyed; what it signed stays valid. Afterwards: start the domain, register it again at the\n" +
    "gateway, and hand out the printed keys as `receiptKey` of trust.json.",
  async run(args, io) {
    const { rotateReceiptKey } = await import("@sluice/domain");
    const rotated = await rotateReceiptKey(args.positional(0), await optionsOf(args, io));
    print(args, io, "receiptKey", rotated);
    return 0;
  },
};

/** Gives a gateway another key. */
export const gatewayRotateKey: Command = {
  path: ["gateway", "rotate-key"],
  summary: "give the gateway in DIR, which does not run, another key for requests to domains and bookings",
  positionals: ["DIR"],
  options: OPTIONS,
  notes:
    "First --prepare, then `sluice domain pin-gateway` with the printed key in every domain, then without --prepare: so no\n" +
    "request is refused in between. Hand out the printed keys as `gateway.key` of trust.json.",
  async run(args, io) {
    const { rotateGatewayKey } = await import("@sluice/gateway");
    const rotated = await rotateGatewayKey(args.positional(0), await optionsOf(args, io));
    print(args, io, "gateway.key", rotated);
    return 0;
  },
};

async function optionsOf(args: Arguments, io: CommandIo): Promise<RotateKeyOptions> {
  const hours = args.integer("overlap-hours", 0, MAX_OVERLAP_HOURS);
  const { systemClock, systemRandom } = await import("@sluice/client");
  return {
    prepareOnly: args.flag("prepare"),
    overlapMs: hours === undefined ? undefined : hours * HOUR_MS,
    suite: args.text("suite") === undefined ? undefined : suiteOf(args, io),
    clock: systemClock,
    random: systemRandom,
    keys: await accessOf(args, io),
  };
}

function print(args: Arguments, { stdout }: CommandIo, member: string, rotated: RotatedKey): void {
  const { nextKey, pin } = rotated;
  if (args.flag("json")) stdout.write(`${JSON.stringify(rotated)}\n`);
  else if (args.flag("prepare")) stdout.write(`next key ${nextKey}; it does not sign yet\n`);
  else stdout.write(`${nextKey} signs from now on; ${member} of trust.json:\n${JSON.stringify(pin, null, 2)}\n`);
}
