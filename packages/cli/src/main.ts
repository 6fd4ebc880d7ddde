#!/usr/bin/env node
/** The `sluice` command. Only the check of Node's version runs before the rest is loaded.
 *  @module */
import { isNodeSupported } from "./node-version.ts";

if (isNodeSupported(process.versions.node)) {
  const { runCommandLine, processIo } = await import("./command-line.ts");
  const { endWhenUnwritten } = await import("./output-fault.ts");
  endWhenUnwritten(process);
  const { io, dispose } = processIo();
  process.exitCode = await runCommandLine(process.argv.slice(2), io);
  dispose();
} else {
  const { SluiceError } = await import("@sluice/protocol");
  const { formatError } = await import("./error-text.ts");
  process.stderr.write(formatError(new SluiceError("ERR_NODE_VERSION", { version: process.versions.node })));
  process.exitCode = 1;
}
