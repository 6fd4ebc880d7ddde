/** `sluice witness init DIR` and `sluice witness start DIR`
 *  @module */
import { JSON_OPTION, usage, type Command } from "../command.ts";
import { LISTEN_OPTIONS, listenAddress, serveUntilInterrupted } from "../serving.ts";
import { formatTable } from "../table.ts";

const { port, host } = LISTEN_OPTIONS;

/** Creates a witness. */
export const witnessInit: Command = {
  path: ["witness", "init"],
  summary: "create a witness in DIR with a key of its own",
  positionals: ["DIR"],
  options: { name: { value: "NAME", description: "name in its signature lines, e.g. its address" }, ...JSON_OPTION },
  notes:
    'Then write the logs to follow into DIR/config.json: "logs": [{ "origin": "…", "logKey": "ed25519:…" }], and "logSm2Key", as\n' +
    "`sluice gateway init` and `sluice domain init` print them. docs/log.md says how logs and verifiers use a witness.",
  async run(args, io) {
    const directory = args.positional(0);
    const { noteVerifierKey, NOTE_SIGNATURE_TYPES } = await import("@sluice/evidence/verify");
    const { initWitness, NoteName } = await import("../witness/witness-directory.ts");
    const name = NoteName.safeParse(args.required("name"));
    if (!name.success) throw usage('"--name" expected 1 to 200 characters without space and "+"');
    const { witnessKey } = await initWitness(directory, name.data);
    const verifierKey = noteVerifierKey(name.data, witnessKey, NOTE_SIGNATURE_TYPES.cosignature);
    if (args.flag("json")) io.stdout.write(`${JSON.stringify({ name: name.data, witnessKey, verifierKey })}\n`);
    else {
      const rows = [
        ["witness", directory],
        ["verifier key", verifierKey],
      ];
      io.stdout.write(`${formatTable(rows)}\n\nIn a policy: witness ${name.data} ${verifierKey} URL\n`);
    }
    return 0;
  },
};

/** Starts a witness. */
export const witnessStart: Command = {
  path: ["witness", "start"],
  summary: "start the witness in DIR and cosign the checkpoints of its logs until interrupted",
  positionals: ["DIR"],
  options: { port, host, ...JSON_OPTION },
  async run(args, io) {
    const directory = args.positional(0);
    const address = listenAddress(args);
    const { systemClock } = await import("@sluice/client");
    const { lockDirectory, Witness } = await import("@sluice/evidence");
    const { readWitness, witnessStore } = await import("../witness/witness-directory.ts");
    const { serveWitness } = await import("../witness/witness-server.ts");
    const { config, key } = await readWitness(directory);
    // Two processes with one store could cosign two trees of one size.
    using _lock = await lockDirectory(directory);
    const store = witnessStore(directory);
    const witness = new Witness({ name: config.name, key, logs: config.logs, store, clock: systemClock });
    const onFault = (error: unknown): void => {
      io.stderr.write(`a checkpoint was not cosigned: ${error instanceof Error ? error.message : "unknown fault"}\n`);
    };
    return await serveUntilInterrupted(
      await serveWitness(witness, { ...address, onFault }),
      "witness",
      args.flag("json"),
      io,
    );
  },
};
