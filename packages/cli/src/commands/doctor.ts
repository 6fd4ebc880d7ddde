/** `sluice doctor`
 *  @module */
import { JSON_OPTION, usage, type Command } from "../command.ts";
import { examine } from "../doctor/examine.ts";
import { thisMachine } from "../doctor/machine.ts";
import { findingsDocument, formatFindings } from "../doctor/report.ts";

/** Looks at the machine, and at a directory, and says what to do. */
export const doctor: Command = {
  path: ["doctor"],
  summary: "look at this machine and a data directory, and say what to do; changes nothing",
  positionals: [],
  options: {
    data: {
      value: "DIR",
      description: "directory of a gateway, a domain or a city: its keys, disk, database and clock",
    },
    port: { value: "N", description: "port that a server is to listen on" },
    gateway: { value: "URL", description: "gateway to compare the clock with" },
    ...JSON_OPTION,
  },
  notes:
    "✓ well, ! works but should be known, ✗ to be repaired. Isolation layers are tried, not assumed. Exit code 1 when\n" +
    "something has to be repaired. The document of --json is described in docs/operating.md.",
  async run(args, io) {
    const port = args.integer("port", 1, 65_535);
    const gatewayUrl = args.text("gateway");
    if (gatewayUrl !== undefined && !/^https?:$/.test(URL.parse(gatewayUrl)?.protocol ?? "")) {
      throw usage('"--gateway" expected an http or https address');
    }
    const subject = { directory: args.text("data"), ports: port === undefined ? [] : [port], gatewayUrl };
    const findings = await examine(thisMachine(io.env), subject);
    io.stdout.write(args.flag("json") ? `${JSON.stringify(findingsDocument(findings))}\n` : formatFindings(findings));
    return findings.some(({ verdict }) => verdict === "failure") ? 1 : 0;
  },
};
