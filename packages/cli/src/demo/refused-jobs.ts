/** Code that asks for what no job has. The bundles are written by hand, as someone would who goes around the
 *  bundler: the sandbox itself has to hold.
 *  @module */
import { utf8, type Bytes, type ErrorCode } from "@sluice/protocol";
import { developJob, runFailure } from "./product.ts";
import type { RefusalCase } from "./refusals.ts";
import type { Scenery } from "./scenery.ts";

/** Wall time that the endless loop is given. */
const LOOP_WALL_TIME_MS = 2_000;

/** Product name under which hostile code is submitted; none is ever built. */
const HOSTILE_PRODUCT = "hostile";

/** Bundle whose `develop` is `body`, reading `column`. */
function handWritten({ spec }: Scenery, body: string, more: { column?: string; limits?: string } = {}): Bytes {
  const { column = spec.probe.granted, limits = "" } = more;
  return utf8(`var sluiceJob = { default: {
    name: "hostile", purpose: "${spec.purpose}", input: { ${column}: "f64" },
    outputs: { fit: { kind: "metrics", keys: ["rows"] } },
    ${limits}
    develop(rows, context) { ${body}; return { fit: { rows: rows.rowCount } }; },
  } };`);
}

async function runHostile({ running, grant }: Scenery, code: Bytes): Promise<void> {
  const run = await developJob(running, grant, HOSTILE_PRODUCT, code);
  if (run.state !== "completed") throw runFailure(run);
}

function hostile(name: string, code: ErrorCode, body: string, limits = ""): RefusalCase {
  return {
    name,
    code,
    refusedBy: "sandbox",
    attempt: (scenery) => runHostile(scenery, handWritten(scenery, body, { limits })),
  };
}

/** A column outside of the grant, and five ways out of the sandbox. */
export const hostileJobs: RefusalCase[] = [
  {
    name: "field-outside-grant",
    code: "ERR_GRANT_FIELD",
    refusedBy: "domain",
    attempt: (scenery) => runHostile(scenery, handWritten(scenery, "", { column: scenery.spec.probe.outside })),
  },
  hostile("code-process", "ERR_JOB_CAPABILITY", "process.exit(0)"),
  hostile("code-network", "ERR_JOB_CAPABILITY", 'return fetch("http://127.0.0.1/")'),
  hostile("code-file", "ERR_JOB_CAPABILITY", 'require("node:fs").readFileSync("/etc/hostname")'),
  hostile("code-loop", "ERR_JOB_TIMEOUT", "for (;;);", `limits: { wallTimeLimitMs: ${LOOP_WALL_TIME_MS} },`),
  hostile("code-memory", "ERR_JOB_MEMORY", "const kept = []; for (;;) kept.push(new Array(100_000).fill(kept.length))"),
];
