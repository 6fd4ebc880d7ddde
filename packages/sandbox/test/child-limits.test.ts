import { spawn } from "node:child_process";
import { chmod, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { childLimits, limitThreads, lowerLimits } from "../src/child-limits.ts";
import { findProgram } from "../src/find-program.ts";
import { countsByNamespace } from "../src/probe-threads.ts";

const LIMITS = childLimits({ wallTimeLimitMs: 10_000, memoryLimitBytes: 64 * 2 ** 20 }, 0);

test("limits count as lowered when the process has them, whatever the program says that set them", async () => {
  const prlimit = await findProgram("prlimit");
  if (prlimit === undefined) return void process.stdout.write("skipped: prlimit is missing\n");
  const directory = await mkdtemp(join(tmpdir(), "sluice-prlimit-"));
  const idle = join(directory, "prlimit");
  await writeFile(idle, "#!/bin/sh\nexit 0\n");
  await chmod(idle, 0o755);
  const child = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000);"], { stdio: "ignore" });
  try {
    const { pid = 0 } = child;
    expect(await lowerLimits({ prlimit: idle }, pid, LIMITS)).toBe(false);
    expect(await lowerLimits({ prlimit }, pid, LIMITS)).toBe(true);
    expect(await readFile(`/proc/${pid}/limits`, "utf8")).toMatch(
      new RegExp(`Max address space +${LIMITS.addressSpaceBytes} +${LIMITS.addressSpaceBytes} `),
    );
    expect(await limitThreads({ prlimit: idle }, pid, 99)).toBe(false);
    expect(await limitThreads({ prlimit }, pid, 99)).toBe(true);
    // What it has already may be lower.
    const { addressSpaceBytes, cpuSeconds } = LIMITS;
    const higher = { addressSpaceBytes: addressSpaceBytes + 1, cpuSeconds: cpuSeconds + 1 };
    expect(await lowerLimits({ prlimit: idle }, pid, { ...LIMITS, ...higher })).toBe(true);
  } finally {
    child.kill("SIGKILL");
    await rm(directory, { recursive: true });
  }
});

test("threads are counted by user namespace from Linux 5.14 on", () => {
  const kernels = [
    "4.19.0",
    "5.4.0-150-generic",
    "5.13.19",
    "5.14.0-427.el9",
    "5.15",
    "6.1.0-31-amd64",
    "10.0",
    "?",
    "",
  ];
  expect(kernels.filter(countsByNamespace)).toEqual(["5.14.0-427.el9", "5.15", "6.1.0-31-amd64", "10.0"]);
});
