/** The processes of the walk: a gateway and the domains, each with its own directory, talking over loopback.
 *  @module */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { extname } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { fromProblem, SluiceError } from "@sluice/protocol";
import { z } from "zod";
import { trialMemoryDirectory } from "../memory-directory.ts";

/** How long a process may take until it listens. */
const START_TIMEOUT_MS = 60_000;
/** How long a process may take to stop by itself. */
const STOP_TIMEOUT_MS = 10_000;

/** The walk verifies at once what it did: its logs show each receipt when it is given. */
const publishIntervalMs = 0;

const Ready = z.object({ url: z.url() });

/** A started server process. */
export interface ServerProcess {
  readonly name: string;
  readonly url: string;
  readonly pid: number;
  /** Asks the process to stop and waits until it has. */
  stop(): Promise<void>;
  /** `kill -9`, for fault tests; waits until it is gone. */
  kill(): Promise<void>;
}

/** Starts the gateway of `directory`. */
export function startGatewayProcess(directory: string, port = 0): Promise<ServerProcess> {
  return startServer("gateway", import.meta.resolve("@sluice/gateway"), "gateway-main", {
    directory,
    port,
    publishIntervalMs,
  });
}

/** Starts the domain of `directory`. */
export function startDomainProcess(name: string, directory: string, port = 0): Promise<ServerProcess> {
  return startServer(name, import.meta.resolve("@sluice/domain"), "domain-main", {
    directory,
    port,
    publishIntervalMs,
    memoryDirectory: trialMemoryDirectory(process.env),
    // A trial on invented data runs with the layers that are there, and `sluice doctor` says which are not.
    productionLayers: [],
  });
}

async function startServer(name: string, index: string, entry: string, options: object): Promise<ServerProcess> {
  const file = fileURLToPath(new URL(`./${entry}${extname(index)}`, index));
  const child = spawn(process.execPath, [file, JSON.stringify(options)], { stdio: ["ignore", "pipe", "pipe"] });
  const exited = once(child, "exit");
  const stderr: string[] = [];
  child.stderr.setEncoding("utf8").on("data", (text: string) => stderr.push(text));
  const url = await firstLine(child, name, exited, stderr);
  const gone = async (signal: NodeJS.Signals): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill(signal);
    const timer = setTimeout(() => child.kill("SIGKILL"), STOP_TIMEOUT_MS);
    await exited;
    clearTimeout(timer);
  };
  return { name, url, pid: child.pid ?? 0, stop: () => gone("SIGTERM"), kill: () => gone("SIGKILL") };
}

async function firstLine(
  child: ChildProcess,
  name: string,
  exited: Promise<unknown>,
  stderr: string[],
): Promise<string> {
  if (child.stdout === null) throw new SluiceError("ERR_UNREACHABLE", { peer: name });
  const lines = createInterface({ input: child.stdout });
  const timer = setTimeout(() => child.kill("SIGKILL"), START_TIMEOUT_MS);
  try {
    const first = await Promise.race([once(lines, "line"), exited.then(() => null)]);
    if (first === null) throw startFailure(name, stderr.join(""));
    return Ready.parse(JSON.parse(String(first[0]))).url;
  } finally {
    clearTimeout(timer);
  }
}

/** The coded error that the process printed, if it printed one. */
function startFailure(name: string, stderr: string): SluiceError {
  for (const line of stderr.split("\n")) {
    try {
      const error = fromProblem(JSON.parse(line));
      if (error !== null) return error;
    } catch {
      // Not a problem document: the next line may be.
    }
  }
  return new SluiceError("ERR_UNREACHABLE", { peer: name }, { cause: new Error(stderr.slice(0, 4_000)) });
}
