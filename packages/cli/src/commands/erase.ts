/** `sluice domain erase DIR` and `sluice gateway erase DIR`
 *  @module */
import { JSON_OPTION, type Command } from "../command.ts";
import { keyOption } from "../words.ts";

const OPTIONS = {
  "party-key": { value: "KEYID", description: "key to which nothing shall lead any more" },
  ...JSON_OPTION,
} as const;
const NOTES =
  "For a directory that no process runs on. Receipts, usage and logs stay and verify; retries of the calls are refused.\n" +
  "Erase in the gateway and in every domain; copies that others hold, exports and backups are not reached. Statements of\n" +
  "the agency and grants that name the key stay. See docs/operating.md.";

/** Erases who asked, in a domain. */
export const domainErase: Command = {
  path: ["domain", "erase"],
  summary: "erase what links receipts and runs of a domain that is not running to one key",
  positionals: ["DIR"],
  options: OPTIONS,
  notes: NOTES,
  async run(args, io) {
    const [directory, keyId] = [args.positional(0), keyOption(args, "party-key")];
    const [{ erasePartyOfDomain }, { systemClock }] = await Promise.all([
      import("@sluice/domain"),
      import("@sluice/client"),
    ]);
    const erased = await erasePartyOfDomain(directory, { keyId, clock: systemClock });
    const text = `erased: the party of ${erased.receipts} receipts, the requests of ${erased.runs} runs\n`;
    io.stdout.write(args.flag("json") ? `${JSON.stringify({ ok: true, ...erased })}\n` : text);
    return 0;
  },
};

/** Erases who asked, in a gateway. */
export const gatewayErase: Command = {
  path: ["gateway", "erase"],
  summary: "erase what links receipts, usage and runs of a gateway that is not running to one key",
  positionals: ["DIR"],
  options: OPTIONS,
  notes: NOTES,
  async run(args, io) {
    const [directory, keyId] = [args.positional(0), keyOption(args, "party-key")];
    const [{ erasePartyOfGateway }, { systemClock }] = await Promise.all([
      import("@sluice/gateway"),
      import("@sluice/client"),
    ]);
    const erased = await erasePartyOfGateway(directory, { keyId, clock: systemClock });
    const text =
      `erased: the party of ${erased.receipts} receipts, the requests of ${erased.runs} runs,\n` +
      `the party's name in ${erased.lines} lines of the process log\n`;
    io.stdout.write(args.flag("json") ? `${JSON.stringify({ ok: true, ...erased })}\n` : text);
    return 0;
  },
};
