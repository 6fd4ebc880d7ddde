/** A command that serves until it is interrupted, inside a test.
 *  @module */
import { onTestFinished } from "vitest";
import { runCommandLine } from "../src/command-line.ts";

/** A serving command. */
export interface RunningCommand {
  readonly url: string;
  /** Interrupts it and gives its exit code; doing it twice is harmless. */
  readonly stop: () => Promise<number>;
}

/** Runs `args`, which serve, and waits for the address they print. */
export async function startCommand(args: readonly string[]): Promise<RunningCommand> {
  const interrupt = new AbortController();
  const listening = Promise.withResolvers<string>();
  const ended = runCommandLine([...args, "--json"], {
    stdout: { write: (text) => listening.resolve(text) },
    stderr: { write: (text) => listening.reject(new Error(text)) },
    readStdin: () => Promise.resolve(""),
    env: {},
    signal: interrupt.signal,
  });
  const { url } = JSON.parse(await listening.promise) as { url: string };
  const stop = (): Promise<number> => {
    interrupt.abort();
    return ended;
  };
  onTestFinished(async () => void (await stop()));
  return { url, stop };
}
