/** `sluice worker init DIR` and `sluice worker start DIR`
 *  @module */
import { JSON_OPTION, type Command } from "../command.ts";
import { LISTEN_OPTIONS, listenAddress, serveUntilInterrupted } from "../serving.ts";

const { port, host } = LISTEN_OPTIONS;
const LOOPBACK = /^(?:127\.|::1$|localhost$)/;

/** Creates a worker. */
export const workerInit: Command = {
  path: ["worker", "init"],
  summary: "create a worker in DIR, which answers lookups for one domain on another machine",
  positionals: ["DIR"],
  options: JSON_OPTION,
  notes:
    'Copy DIR/worker.secret to the domain, for its owner only, and name the worker in domain.json: "workers":\n' +
    '[{ "url": "http://…", "secretFile": "…" }]. A worker gets encrypted records and encrypted queries, never a key: docs/workers.md.\n' +
    "计算节点只得到密文记录与密文查询，不得到任何密钥；见 docs/workers.md。",
  async run(args, io) {
    const { systemRandom } = await import("@sluice/client");
    const { initWorker } = await import("@sluice/domain");
    const { secretFile } = await initWorker(args.positional(0), systemRandom);
    if (args.flag("json")) io.stdout.write(`${JSON.stringify({ secretFile })}\n`);
    else io.stdout.write(`worker in ${args.positional(0)}\nIts domain needs a copy of ${secretFile}\n`);
    return 0;
  },
};

/** Starts a worker. */
export const workerStart: Command = {
  path: ["worker", "start"],
  summary: "start the worker in DIR and answer its domain until interrupted",
  positionals: ["DIR"],
  options: { port, host, ...JSON_OPTION },
  async run(args, io) {
    const address = listenAddress(args);
    if (!LOOPBACK.test(address.host)) {
      io.stderr.write(
        "warning: messages are authenticated, not encrypted; put TLS in front of them (docs/workers.md)\n",
      );
    }
    const { systemRandom } = await import("@sluice/client");
    const { startWorker } = await import("@sluice/domain");
    const onFault = (error: unknown): void => {
      io.stderr.write(`a request was not answered: ${error instanceof Error ? error.name : "unknown fault"}\n`);
    };
    const worker = await startWorker(args.positional(0), { ...address, random: systemRandom, onFault });
    return await serveUntilInterrupted(worker, "worker", args.flag("json"), io);
  },
};
