/** The command line inside a test: streams are kept as text.
 *  @module */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { runCommandLine } from "../src/command-line.ts";

/** What a command left behind. */
export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `sluice` with `args`. */
export async function sluice(
  args: readonly string[],
  options: { env?: Record<string, string>; stdin?: string; signal?: AbortSignal; terminal?: boolean } = {},
): Promise<Outcome> {
  const out = { stdout: "", stderr: "" };
  const write = (name: "stdout" | "stderr") => ({ write: (text: string) => (out[name] += text) });
  const stderr = { ...write("stderr"), isTTY: options.terminal };
  const code = await runCommandLine(args, {
    stdout: write("stdout"),
    stderr,
    readStdin: () => Promise.resolve(options.stdin ?? ""),
    env: options.env ?? {},
    signal: options.signal ?? new AbortController().signal,
  });
  return { code, ...out };
}

/** A directory of this test, removed when it ends. */
export async function temporaryDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), "sluice-cli-"));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  return directory;
}
