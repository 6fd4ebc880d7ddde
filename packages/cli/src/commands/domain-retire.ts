/** `sluice domain retire DIR`
 *  @module */
import { usage, type Command } from "../command.ts";
import { ACCESS_OPTIONS, accessOf } from "../key-access.ts";

/** Takes a domain out of use for ever. */
export const domainRetire: Command = {
  path: ["domain", "retire"],
  summary: "take the domain in DIR, which does not run, out of use: hand over, then destroy its keys and data for ever",
  positionals: ["DIR"],
  options: {
    yes: { description: "confirm: what is destroyed cannot be brought back" },
    ...ACCESS_OPTIONS,
  },
  notes:
    "Log, receipts and signed documents stay readable, in `log` and `handover`. When it is cut off, run it again.\n" +
    "数据域停用退出：销毁密钥与数据，日志、凭证与已签名文件保留供监管查验。",
  async run(args, io) {
    const directory = args.positional(0);
    if (!args.flag("yes")) throw usage("confirm with --yes: keys and data are destroyed for ever");
    const { systemClock, systemRandom } = await import("@sluice/client");
    const { retireDomain } = await import("@sluice/domain");
    const options = { clock: systemClock, random: systemRandom, keys: await accessOf(args, io) };
    const { at } = await retireDomain(directory, options);
    io.stdout.write(
      `the domain in ${directory} is out of use since ${at}; ${directory}/handover says what remains to do\n`,
    );
    return 0;
  },
};
