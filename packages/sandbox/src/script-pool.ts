/** The pool of one script: how its children are started behind the wrappers, and how their limits are lowered.
 *  @module */
import { SluiceError, type Bytes } from "@sluice/protocol";
import type { ChildGroup, ChildGroups } from "./child-group.ts";
import { groupLimits, limitThreads, lowerLimits, type ChildLimits, type LimitSetter } from "./child-limits.ts";
import type { Feed, FeedSupply } from "./feeds.ts";
import { launchCommand, type LaunchScript, type Wrappers } from "./launch.ts";
import { openPool, type ChildPool } from "./pool.ts";
import { LAYER_REMEDIES } from "./probe.ts";
import { startChild, type ChildHold, type ReadyChild } from "./start-child.ts";

/** How to open the pool of a script. */
export interface ScriptPoolOptions {
  readonly script: LaunchScript;
  readonly wrappers: Wrappers;
  readonly addonFile: string;
  /** Control groups, where they work: each child has one. */
  readonly groups?: ChildGroups | undefined;
  /** Where each child's feed comes from; without it they have none. */
  readonly feeds?: FeedSupply | undefined;
  /** Where no group counts threads: what does, if anything. */
  readonly threads?: LimitSetter | undefined;
  /** What a child is sent before there is work for it. */
  readonly preparation?: (limits: ChildLimits) => readonly Bytes[];
  /** Children that wait. */
  readonly size: number;
  /** Limits of the first ones. */
  readonly expected: ChildLimits;
}

/** Opens the pool and starts its children. */
export function openScriptPool(options: ScriptPoolOptions): ChildPool {
  const { script, wrappers, addonFile, groups, threads, feeds, preparation = () => [], size, expected } = options;
  const held = new WeakMap<ReadyChild, ChildGroup>();
  return openPool({
    size,
    expected,
    async start(limits, signal) {
      const command = launchCommand(wrappers, { script, addonFile, ...limits });
      const group = await groups?.open(groupLimits(limits)).catch(refuse);
      const hold = group === undefined ? threads && holdThreads(threads, limits) : holdBy(group);
      const child = await startFed(await feeds?.take(), (feedFd) =>
        startChild({ ...command, feedFd }, preparation(limits), signal, hold),
      );
      if (group !== undefined) held.set(child, group);
      return child;
    },
    async lower(child, limits) {
      if ((await held.get(child)?.limit(groupLimits(limits))) === false) refuse();
      await lowerOrRefuse(wrappers, child, limits);
    },
  });
}

/** A child with `feed`, which is closed when the child is gone. */
async function startFed(
  feed: Feed | undefined,
  start: (feedFd: number | undefined) => Promise<ReadyChild>,
): Promise<ReadyChild> {
  if (feed === undefined) return await start(undefined);
  try {
    const starting = start(feed.readFd);
    // It has been started, and has an end of its own.
    feed.closeRead();
    const child = await starting;
    void child.exited.then(() => feed.close());
    return { ...child, feed };
  } catch (error) {
    feed.close();
    throw error;
  }
}

function holdBy(group: ChildGroup): ChildHold {
  return { take: (pid) => group.add(pid).catch(refuse), end: () => group.end() };
}

/** Of a child that no group holds: its threads alone, and from the moment on at which it is in its user namespace. */
function holdThreads(threads: LimitSetter, limits: ChildLimits): ChildHold {
  return {
    async take(pid, isWorking) {
      if (!isWorking || (await limitThreads(threads, pid, groupLimits(limits).tasks))) return;
      throw new SluiceError("ERR_SANDBOX_LAYER_MISSING", { layer: "rlimit", how: LAYER_REMEDIES.rlimit });
    },
    end: () => Promise.resolve({ outOfMemory: false }),
  };
}

/** @throws ERR_SANDBOX_LAYER_MISSING: a child that no group holds gets no job. */
function refuse(): never {
  throw new SluiceError("ERR_SANDBOX_LAYER_MISSING", { layer: "cgroup", how: LAYER_REMEDIES.cgroup });
}

/** @throws ERR_SANDBOX_LAYER_MISSING: a child whose limits are not the job's gets no job. */
async function lowerOrRefuse({ prlimit, userId }: Wrappers, { pid }: ReadyChild, limits: ChildLimits): Promise<void> {
  if (prlimit === undefined) return;
  if (pid !== undefined && (await lowerLimits({ prlimit, userId }, pid, limits))) return;
  throw new SluiceError("ERR_SANDBOX_LAYER_MISSING", { layer: "rlimit", how: LAYER_REMEDIES.rlimit });
}
