/** Runs hostile snippets and prints how much this process, their parent, grew. Argument: how many.
 *  @module */
import { isErrorCode } from "@sluice/protocol";
import { createSandboxRunner } from "@sluice/sandbox";
import { bundleOf, sealed } from "../../packages/sandbox/test/jobs.ts";
import { hostileSnippets } from "./hostile-snippets.ts";

const SEED = 20_261_128;
const WARM_UP = 20;
const AT_A_TIME = 3;
const LIMITS = { wallTimeLimitMs: 250, memoryLimitBytes: 64 * 2 ** 20 };

const snippets = hostileSnippets(Number(process.argv[2]), SEED);
const runner = await createSandboxRunner({ expectedLimits: LIMITS });
const endings: Record<string, number> = {};

async function run(snippet: string): Promise<void> {
  const outcome = await runner.run(sealed(bundleOf(`const secret = 1;\n${snippet}`), { limits: LIMITS }), {});
  const word = outcome.ok ? "ok" : outcome.code;
  if (!outcome.ok && !isErrorCode(word)) throw new Error(`no code: ${word}`);
  endings[word] = (endings[word] ?? 0) + 1;
}

for (const snippet of snippets.slice(0, WARM_UP)) await run(snippet);
const before = process.memoryUsage.rss();
const rest = snippets.slice(WARM_UP).values();
await Promise.all(
  Array.from({ length: AT_A_TIME }, async () => {
    for (const snippet of rest) await run(snippet);
  }),
);
const grownBytes = Math.max(0, process.memoryUsage.rss() - before);
const honest = await runner.run(sealed(bundleOf("")), {});
await runner.close();
process.stdout.write(`${JSON.stringify({ grownBytes, honest: honest.ok, endings })}\n`);
