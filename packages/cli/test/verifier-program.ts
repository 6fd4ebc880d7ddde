/** `verify.mjs` as a regulator runs it.
 *  @module */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";

/** The machine's own Node, which may be older than the one that this repository brings; else that one. */
function machineNode(): string {
  const places = (process.env["PATH"] ?? "").split(delimiter).filter((place) => !place.includes("node_modules"));
  const found = places.map((place) => join(place, "node")).find((file) => existsSync(file));
  return found ?? process.execPath;
}

/** Runs `program` in `directory`, with nothing of this process's environment but the path. */
export function runVerifier(
  program: string,
  directory: string,
  ...args: readonly string[]
): { status: number | null; stdout: string; stderr: string } {
  const env = { PATH: process.env["PATH"] ?? "" };
  return spawnSync(machineNode(), [program, ...args], { cwd: directory, env, encoding: "utf8" });
}
