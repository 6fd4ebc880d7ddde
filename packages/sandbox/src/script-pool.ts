/** The pool of one script: how its children are started behind the wrappers, and how their limits are lowered.
 *  @module */
import { SluiceError, type Bytes } from "@sluice/protocol";
import { lowerLimits, type ChildLimits } from "./child-limits.ts";
import { launchCommand, type LaunchScript, type Wrappers } from "./launch.ts";
import { openPool, type ChildPool } from "./pool.ts";
import { LAYER_REMEDIES } from "./probe.ts";
import { startChild, type ReadyChild } from "./start-child.ts";

/** How to open the pool of a script. */
export interface ScriptPoolOptions {
  readonly script: LaunchScript;
  readonly wrappers: Wrappers;
  readonly addonFile: string;
  /** What a child is sent before there is work for it. */
  readonly preparation?: (limits: ChildLimits) => readonly Bytes[];
  /** Children that wait. */
  readonly size: number;
  /** Limits of the first ones. */
  readonly expected: ChildLimits;
}

/** Opens the pool and starts its children. */
export function openScriptPool(options: ScriptPoolOptions): ChildPool {
  const { script, wrappers, addonFile, preparation = () => [], size, expected } = options;
  return openPool({
    size,
    expected,
    start: (limits, signal) =>
      startChild(launchCommand(wrappers, { script, addonFile, ...limits }), preparation(limits), signal),
    lower: (child, limits) => lowerOrRefuse(wrappers, child, limits),
  });
}

/** @throws ERR_SANDBOX_LAYER_MISSING: a child whose limits are not the job's gets no job. */
async function lowerOrRefuse({ prlimit, userId }: Wrappers, { pid }: ReadyChild, limits: ChildLimits): Promise<void> {
  if (prlimit === undefined) return;
  if (pid !== undefined && (await lowerLimits({ prlimit, userId }, pid, limits))) return;
  throw new SluiceError("ERR_SANDBOX_LAYER_MISSING", { layer: "rlimit", how: LAYER_REMEDIES.rlimit });
}
