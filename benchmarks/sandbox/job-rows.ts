/** `job-warm` and `job-cold`: an empty job from its submission to its result, with a child that waits and without.
 *  @module */
import { spawn } from "node:child_process";
import { once } from "node:events";
import type { SealedJob } from "@sluice/protocol";
import { createSandboxRunner, EXPECTED_LIMITS, type SandboxRunnerOptions } from "@sluice/sandbox";
import { compare, type Row } from "../suite.ts";

const PAIRS = 21;
const EMPTY_JOB: SealedJob = {
  bundle: new TextEncoder().encode(
    'var sluiceJob = { default: { name: "empty", purpose: "bench", input: {}, outputs: {} } };',
  ),
  entry: "describe",
  environment: "production",
  seed: 0,
  limits: EXPECTED_LIMITS,
};

/** Both rows. */
export async function jobRows(progress: (line: string) => void): Promise<Row[]> {
  return [await jobRow("job-warm", {}, progress), await jobRow("job-cold", { warmChildren: 0 }, progress)];
}

async function jobRow(name: string, options: SandboxRunnerOptions, progress: (line: string) => void): Promise<Row> {
  const runner = await createSandboxRunner(options);
  progress(`${name}: ${(await runner.layers()).join(", ")}`);
  try {
    return await compare(
      { name, n: 1, unit: "ms", better: "lower", peer: "bare `node -e 0` child", pairs: PAIRS },
      async () => {
        await runner.filled();
        const startedAt = performance.now();
        const outcome = await runner.run(EMPTY_JOB, {});
        if (!outcome.ok) throw new Error(outcome.code);
        return performance.now() - startedAt;
      },
      async () => {
        // Children that are being started in the background would slow the bare one.
        await runner.filled();
        return await bareChildMs();
      },
    );
  } finally {
    await runner.close();
  }
}

async function bareChildMs(): Promise<number> {
  const startedAt = performance.now();
  const child = spawn(process.execPath, ["-e", "0"], { stdio: ["pipe", "pipe", "ignore"], env: {}, cwd: "/" });
  await once(child, "close");
  return performance.now() - startedAt;
}
