/** Where this process may make control groups for its children. Always below a group that was given to it, never beside:
 *  in version 1 its own group of the memory and of the pids hierarchy; in version 2, where a group holds processes or other
 *  groups but not both, the group above its own when its own is called `sluice`, by which whoever delegates says that the
 *  upper one is delegated (`DelegateSubgroup=sluice` of systemd), and else its own.
 *  @see https://docs.kernel.org/admin-guide/cgroup-v2.html  @module */
import { readFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";

/** Directories in which groups are made: one for both controllers, or one for memory and one for pids. */
export type GroupPlace =
  | { readonly version: 2; readonly directory: string }
  | { readonly version: 1; readonly memory: string; readonly pids: string };

/** Name of the group that holds the domain's own processes where the group above it is delegated. */
const OWN_GROUP = "sluice";

/** The place by `/proc/self`, or undefined where there is none. Whether it may be written to is for a trial to find. */
export async function findGroupPlace(): Promise<GroupPlace | undefined> {
  try {
    const [groups, mounts] = await Promise.all(
      ["cgroup", "mountinfo"].map((name) => readFile(`/proc/self/${name}`, "utf8")),
    );
    return groupPlace(groups ?? "", mounts ?? "");
  } catch {
    return undefined;
  }
}

/** The place, by the text of `/proc/self/cgroup` and `/proc/self/mountinfo`. */
export function groupPlace(groups: string, mounts: string): GroupPlace | undefined {
  const hierarchies = parseMounts(mounts);
  const own = (controller: string): string | undefined => {
    const path = ownPath(groups, controller);
    const mount = hierarchies.find(({ controllers }) => controllers.includes(controller));
    if (path === undefined || mount === undefined) return undefined;
    if (mount.root === "/") return join(mount.directory, path);
    // The mount shows a part of the hierarchy, and this process may be outside it.
    if (path !== mount.root && !path.startsWith(`${mount.root}/`)) return undefined;
    return join(mount.directory, path.slice(mount.root.length));
  };
  const [memory, pids] = [own("memory"), own("pids")];
  if (memory !== undefined && pids !== undefined) return { version: 1, memory, pids };
  if (memory !== undefined || pids !== undefined) return undefined;
  const directory = own("");
  if (directory === undefined) return undefined;
  const isLeaf = basename(ownPath(groups, "") ?? "") === OWN_GROUP;
  return { version: 2, directory: isLeaf ? dirname(directory) : directory };
}

// hierarchy:controller,controller:/path
function ownPath(groups: string, controller: string): string | undefined {
  for (const line of groups.split("\n")) {
    const [, names, path] = /^\d+:([^:]*):(\/.*)$/.exec(line) ?? [];
    if (path !== undefined && !path.split("/").includes("..") && names?.split(",").includes(controller)) return path;
  }
  return undefined;
}

interface Hierarchy {
  readonly root: string;
  readonly directory: string;
  /** Of version 2, whose controllers no mount names: the empty name, as `/proc/self/cgroup` has it. */
  readonly controllers: readonly string[];
}

// id parent device root directory options … - type source options
function parseMounts(mounts: string): Hierarchy[] {
  return mounts.split("\n").flatMap((line): Hierarchy[] => {
    const [before = "", after = ""] = line.split(" - ");
    const [, , , root = "", directory = ""] = before.split(" ").map(unescaped);
    const [type, , options = ""] = after.split(" ");
    if (type === "cgroup2") return [{ root, directory, controllers: [""] }];
    return type === "cgroup" ? [{ root, directory, controllers: options.split(",") }] : [];
  });
}

/** Spaces and their like are three octal digits there. */
function unescaped(field: string): string {
  return field.replaceAll(/\\([0-7]{3})/g, (_match, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)));
}
