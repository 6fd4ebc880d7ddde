/** `sluice gateway init DIR` and `sluice gateway start DIR`
 *  @module */
import { JSON_OPTION, type Command } from "../command.ts";
import { ACCESS_OPTIONS, accessOf, NEW_KEYS_OPTIONS, newKeysOf } from "../key-access.ts";
import { SUITE_OPTION, suiteOf } from "../suite-option.ts";
import { LISTEN_OPTIONS, listenAddress, serveUntilInterrupted } from "../serving.ts";
import { formatTable } from "../table.ts";
import { keyOption } from "../words.ts";

/** Creates a gateway. */
export const gatewayInit: Command = {
  path: ["gateway", "init"],
  summary: "create a gateway in DIR with keys of its own",
  positionals: ["DIR"],
  options: {
    "agency-key": { value: "KEYID", description: "key of the agency, which registers every party" },
    ...SUITE_OPTION,
    ...NEW_KEYS_OPTIONS,
    ...JSON_OPTION,
  },
  async run(args, io) {
    const directory = args.positional(0);
    const agencyKey = keyOption(args, "agency-key");
    const { systemClock, systemRandom } = await import("@sluice/client");
    const { currentKey } = await import("@sluice/evidence");
    const { initGateway } = await import("@sluice/gateway");
    const config = await initGateway(directory, {
      agencyKey,
      clock: systemClock,
      random: systemRandom,
      suite: suiteOf(args, io),
      keys: await newKeysOf(args, io),
    });
    if (args.flag("json")) io.stdout.write(`${JSON.stringify(config)}\n`);
    else {
      const rows = [
        ["gateway", directory],
        ["gateway key", currentKey(config.gatewayKey)],
        ["log key", config.logKey],
        ...(config.logSm2Key === undefined ? [] : [["log SM2 key", config.logSm2Key]]),
        ["log origin", config.logOrigin],
      ];
      io.stdout.write(
        `${formatTable(rows)}\n\nDomains pin the gateway key: sluice domain init … --gateway-key KEYID\n` +
          "Verifiers pin all three in trust.json: key, logKey, logOrigin of `gateway`\n",
      );
    }
    return 0;
  },
};

/** Starts a gateway. */
export const gatewayStart: Command = {
  path: ["gateway", "start"],
  summary: "start the gateway in DIR and serve until interrupted",
  positionals: ["DIR"],
  options: { ...LISTEN_OPTIONS, ...ACCESS_OPTIONS, ...JSON_OPTION },
  async run(args, io) {
    const directory = args.positional(0);
    const address = listenAddress(args);
    const { startGateway } = await import("@sluice/gateway");
    const gateway = await startGateway(directory, { ...address, keys: await accessOf(args, io) });
    return await serveUntilInterrupted(gateway, "gateway", args.flag("json"), io);
  },
};
