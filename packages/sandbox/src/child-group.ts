/** Control groups, one for each child: what it may hold of memory and how many threads, by the kernel's own count. A group is
 *  limited before its child is moved into it, and removed when the child is gone.
 *  @module */
import { mkdir, readFile, readdir, rmdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { GroupPlace } from "./group-place.ts";
import { hasEnded, thisOwner } from "./process-owner.ts";

/** What one group may use. */
export interface GroupLimits {
  /** Resident memory with what the kernel keeps for it, without swap. */
  readonly memoryBytes: number;
  /** Processes and threads together. */
  readonly tasks: number;
}

/** How a group ended. */
export interface GroupEnd {
  /** Whether the kernel ended a process of it that wanted more memory. */
  readonly outOfMemory: boolean;
  /** Whether it was refused a thread. */
  readonly outOfTasks: boolean;
}

/** The group of one child. */
export interface ChildGroup {
  /** Moves a process into it. @throws when it is not in it afterwards. */
  add(pid: number): Promise<void>;
  /** Sets limits. Whether the kernel has them then. */
  limit(limits: GroupLimits): Promise<boolean>;
  /** Ends what is left in it and removes it. */
  end(): Promise<GroupEnd>;
}

/** Groups of this process. */
export interface ChildGroups {
  /** @throws when none can be made, or the kernel does not hold the limits. */
  open(limits: GroupLimits): Promise<ChildGroup>;
  /** Waits until each group that was ended is gone. */
  close(): Promise<void>;
}

const PREFIX = "sluice-";
/** A group is busy for a moment after the last of it was killed. */
const REMOVE_ATTEMPTS = 200;
const REMOVE_DELAY_MS = 10;

// Unique in this process, whoever opens groups.
let groupCount = 0;

/** Makes ready to open groups in `place`, and removes those of processes that have ended.
 *  @throws when this process may not make groups there. */
export async function openGroups(place: GroupPlace): Promise<ChildGroups> {
  const owner = thisOwner();
  if (owner === undefined) throw new Error("the system does not tell processes apart");
  // Fails in a group that holds processes, and where it is not delegated.
  if (place.version === 2) await writeFile(join(place.directory, "cgroup.subtree_control"), "+memory +pids");
  const ending = new Set<Promise<void>>();
  await removeLeftovers(place, ending);
  return {
    async open(limits) {
      const group = new Group(place, `${PREFIX}${owner}-${groupCount++}`, ending);
      try {
        await group.make();
        if (!(await group.limit(limits))) throw new Error("the limits of a control group do not hold");
        return group;
      } catch (error) {
        await group.end();
        throw error;
      }
    },
    async close() {
      while (ending.size > 0) await Promise.allSettled(ending);
    },
  };
}

/** Ends and removes groups whose owner has ended. Those that cannot be removed stay for the next time. */
async function removeLeftovers(place: GroupPlace, ending: Set<Promise<void>>): Promise<void> {
  const directories = place.version === 2 ? [place.directory] : [place.memory, place.pids];
  const names = (await Promise.all(directories.map((directory) => readdir(directory)))).flat();
  const left = [...new Set(names)].filter((name) => {
    const [, owner] = /^sluice-(\d+\.\d+\.\d+)-\d+$/.exec(name) ?? [];
    return owner !== undefined && hasEnded(owner);
  });
  await Promise.all(left.map((name) => new Group(place, name, ending).end()));
}

class Group implements ChildGroup {
  readonly #memory: string;
  readonly #pids: string;
  readonly #version: GroupPlace["version"];
  /** What `close` of the groups waits for. */
  readonly #ending: Set<Promise<void>>;
  #ended: Promise<GroupEnd> | undefined;

  constructor(place: GroupPlace, name: string, ending: Set<Promise<void>>) {
    this.#version = place.version;
    this.#memory = join(place.version === 2 ? place.directory : place.memory, name);
    this.#pids = join(place.version === 2 ? place.directory : place.pids, name);
    this.#ending = ending;
  }

  get #directories(): string[] {
    return [...new Set([this.#memory, this.#pids])];
  }

  async make(): Promise<void> {
    for (const directory of this.#directories) await mkdir(directory);
    // Where one process of a child is ended, all are.
    if (this.#version === 2) await writeFile(join(this.#memory, "memory.oom.group"), "1");
  }

  async add(pid: number): Promise<void> {
    const missing = await Promise.all(this.#directories.map(async (directory) => !(await this.#has(directory, pid))));
    for (const directory of this.#directories.filter((_each, i) => missing[i])) {
      await writeFile(join(directory, "cgroup.procs"), String(pid));
      if (!(await this.#has(directory, pid))) throw new Error("a process is not in its control group");
    }
  }

  async #has(directory: string, pid: number): Promise<boolean> {
    return numbers(await readFile(join(directory, "cgroup.procs"), "utf8")).includes(pid);
  }

  async limit({ memoryBytes, tasks }: GroupLimits): Promise<boolean> {
    const [memory, swap, swapBytes] =
      this.#version === 2
        ? ["memory.max", "memory.swap.max", 0]
        : ["memory.limit_in_bytes", "memory.memsw.limit_in_bytes", memoryBytes];
    const set = async (file: string, most: number): Promise<boolean> => {
      await writeFile(file, String(most));
      return Number(await readFile(file, "utf8")) <= most;
    };
    try {
      const holds = [
        await set(join(this.#memory, memory), memoryBytes),
        // Where the kernel does not count swap, nothing of a group may be swapped out.
        await set(join(this.#memory, swap), swapBytes).catch(async () => await this.#withoutSwap()),
        await set(join(this.#pids, "pids.max"), tasks),
      ];
      return holds.every(Boolean);
    } catch {
      return false;
    }
  }

  async #withoutSwap(): Promise<boolean> {
    if (this.#version === 2) return true;
    await writeFile(join(this.#memory, "memory.swappiness"), "0");
    return true;
  }

  end(): Promise<GroupEnd> {
    this.#ended ??= this.#tracked(this.#end());
    return this.#ended;
  }

  #tracked<T>(work: Promise<T>): Promise<T> {
    const settled = work.then(
      () => void this.#ending.delete(settled),
      () => void this.#ending.delete(settled),
    );
    this.#ending.add(settled);
    return work;
  }

  async #end(): Promise<GroupEnd> {
    const events = this.#version === 2 ? "memory.events" : "memory.oom_control";
    const end = {
      outOfMemory: (await eventCount(join(this.#memory, events), "oom_kill")) > 0,
      outOfTasks: (await eventCount(join(this.#pids, "pids.events"), "max")) > 0,
    };
    void this.#tracked(Promise.all(this.#directories.map(remove)));
    return end;
  }
}

/** Ends what is left in a group and removes it. */
async function remove(directory: string): Promise<void> {
  for (let attempt = 0; attempt < REMOVE_ATTEMPTS; attempt++) {
    try {
      return await rmdir(directory);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EBUSY") return;
      await endProcesses(directory);
      await delay(REMOVE_DELAY_MS);
    }
  }
}

async function endProcesses(directory: string): Promise<void> {
  const text = await readFile(join(directory, "cgroup.procs"), "utf8").catch(() => "");
  for (const pid of numbers(text).filter((each) => each > 0)) {
    try {
      process.kill(pid, "SIGKILL");
    } catch {
      // It ended by itself.
    }
  }
}

function numbers(text: string): number[] {
  return text.split("\n").filter(Boolean).map(Number);
}

/** A line of counts such as `oom_kill 1`; 0 where there is none. */
async function eventCount(file: string, name: string): Promise<number> {
  const text = await readFile(file, "utf8").catch(() => "");
  return Number(new RegExp(`^${name} (\\d+)$`, "m").exec(text)?.[1] ?? 0);
}
