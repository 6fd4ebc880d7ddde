/** Which suite new keys are of: an option, or the installation's default.
 *  @module */
import { SuiteId } from "@sluice/protocol";
import { usage, type Arguments, type CommandIo, type OptionSpec } from "./command.ts";

/** Names the suite for a whole installation. */
const VARIABLE = "SLUICE_SUITE";

/** `--suite`, wherever keys are made. */
export const SUITE_OPTION = {
  suite: {
    value: "SUITE",
    description: `suite of new signing keys: ${SuiteId.options.join(" or ")} (or ${VARIABLE}; default ed25519)`,
  },
} as const satisfies Record<string, OptionSpec>;

/** The suite that the option or the environment names. @throws ERR_USAGE */
export function suiteOf(args: Arguments, io: Pick<CommandIo, "env">): SuiteId {
  const text = args.text("suite");
  const suite = SuiteId.safeParse(text ?? io.env[VARIABLE] ?? "ed25519");
  if (suite.success) return suite.data;
  throw usage(`${text === undefined ? VARIABLE : '"--suite"'} expected one of ${SuiteId.options.join(", ")}`);
}
