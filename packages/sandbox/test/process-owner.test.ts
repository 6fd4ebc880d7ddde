import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { childLimits } from "../src/child-limits.ts";
import { checkEngine } from "../src/index.ts";
import { launchCommand } from "../src/launch.ts";
import { endLeftChildren, hasEnded, ownerMark, thisOwner } from "../src/process-owner.ts";
import { LIMITS } from "./jobs.ts";

/** Whether a process runs: of one that has ended and waits to be seen there is no command left. */
function alive(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8") !== "";
  } catch {
    return false;
  }
}

/** A process that leaves one behind that bears its mark, and one whose mark is not the last word. */
function owner(): ChildProcess {
  const url = JSON.stringify(new URL("../src/process-owner.ts", import.meta.url).href);
  const source = `
    const { ownerMark } = await import(${url});
    const { spawn } = await import("node:child_process");
    const leave = (...words) => spawn("sh", ["-c", "sleep 60; :", "sh", ...words], { detached: true, stdio: "ignore" }).pid;
    process.stdout.write(JSON.stringify([leave(...ownerMark()), leave(...ownerMark(), "more")]));
    setInterval(() => {}, 1000);`;
  return spawn(process.execPath, ["--input-type=module", "-e", source], { stdio: ["ignore", "pipe", "inherit"] });
}

test("a child whose owner was killed is ended by whoever looks next, and nothing else is", async () => {
  const owners = [owner(), owner()];
  const left = await Promise.all(
    owners.map(async ({ stdout }) => {
      const [text] = stdout === null ? [] : ((await once(stdout, "data")) as [Buffer]);
      return JSON.parse(String(text)) as number[];
    }),
  );
  const [[orphan = 0, unmarked = 0] = [], [child = 0] = []] = left;
  try {
    owners[0]?.kill("SIGKILL");
    await once(owners[0] ?? process, "exit");
    await endLeftChildren();
    await expect.poll(() => alive(orphan)).toBe(false);
    expect([unmarked, child].filter(alive)).toEqual([unmarked, child]);
  } finally {
    owners[1]?.kill("SIGKILL");
    for (const pid of left.flat().filter(alive)) process.kill(-pid, "SIGKILL");
  }
});

test.each(["child", "decoder", "probe"] as const)("the last word of a %s says whose it is", (script) => {
  const request = { script, addonFile: checkEngine().addonFile, ...childLimits(LIMITS, 0) };
  for (const wrappers of [{ libraries: [] }, { libraries: [], bwrap: "/usr/bin/bwrap" }]) {
    expect(launchCommand(wrappers, request).args.at(-1)).toBe(ownerMark()[0] ?? "none");
  }
});

test("an owner has ended when its process has, or another bears its number now, and not when that cannot be known", () => {
  const [namespace = "", pid = "", start = ""] = (thisOwner() ?? "").split(".");
  expect(hasEnded([namespace, pid, start].join("."))).toBe(false);
  expect(hasEnded([namespace, pid, `${start}1`].join("."))).toBe(true);
  expect(hasEnded([namespace, 2 ** 30, start].join("."))).toBe(true);
  expect(hasEnded([`${namespace}1`, 2 ** 30, start].join("."))).toBe(false);
  expect(hasEnded("nobody")).toBe(false);
});
