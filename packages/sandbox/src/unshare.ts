/** Namespaces without bubblewrap, by programs of util-linux: `unshare` makes them, `child/enter.sh` fills an empty file system
 *  with what is bound into it, and a second `unshare` starts the program there without privilege. No system-call filter
 *  can be set this way.
 *  @module */
import { delimiter, dirname, posix } from "node:path";
import { findProgram } from "./find-program.ts";

/** Programs that it takes. */
export interface UnshareTools {
  readonly unshare: string;
  readonly setpriv: string;
  readonly mount: string;
  readonly mkdir: string;
  readonly sh: string;
  /** Sets the name of the machine that the child sees, where it is there. */
  readonly hostname?: string;
}

/** What is mounted over in the child's own namespace: a directory that every Linux has, and from which nothing is bound. */
const ROOT = "/sys";

/** The tools on `searchPath`, or undefined when one is missing. */
export async function findUnshareTools(searchPath?: string): Promise<UnshareTools | undefined> {
  const find = (name: string): Promise<string | undefined> => findProgram(name, searchPath);
  const [unshare, setpriv, mount, mkdir, sh, hostname] = await Promise.all(
    ["unshare", "setpriv", "mount", "mkdir", "sh", "hostname"].map(find),
  );
  if (!unshare || !setpriv || !mount || !mkdir || !sh) return undefined;
  return { unshare, setpriv, mount, mkdir, sh, ...(hostname !== undefined && { hostname }) };
}

/** What to start, with what of the system. */
export interface UnshareRequest {
  /** Script that fills the file system. */
  readonly enterFile: string;
  /** Files of the system, and where they are seen. */
  readonly binds: readonly (readonly [from: string, to: string])[];
  readonly libraries: readonly string[];
  readonly userId: number;
  /** Put before the last step, whose limits the steps before could not keep. */
  readonly limit: readonly string[];
  readonly command: readonly string[];
}

/** The command that starts `command` in namespaces of its own. */
export function unshareCommand(tools: UnshareTools, request: UnshareRequest): string[] {
  const { enterFile, binds, libraries, userId, limit, command } = request;
  const directories = [...new Set(["/proc", ...binds.map(([, to]) => posix.dirname(to))])];
  const table = [
    ...binds.map(([from, to]) => `${escaped(from)} ${escaped(ROOT + to)} none bind,ro,nosuid,nodev 0 0`),
    `proc ${ROOT}/proc proc ro,nosuid,nodev,noexec 0 0`,
  ].join("\n");
  const { setpriv, unshare, sh, mkdir, mount, hostname = "" } = tools;
  const libraryPath = [...new Set(libraries.map((file) => dirname(file)))].join(delimiter);
  const namespaces = ["--user", "--map-root-user", "--mount", "--pid", "--net", "--ipc", "--uts", "--cgroup"];
  const user = ["--user", `--map-user=${userId}`, `--map-group=${userId}`, `--root=${ROOT}`];
  const entered = [...limit, setpriv, "--no-new-privs", unshare, ...user, ...command];
  const files = [...directories, "--", ...binds.map(([, to]) => to), "--"];
  const enter = [sh, enterFile, mkdir, mount, hostname, ROOT, table, libraryPath, ...files, ...entered];
  return [setpriv, "--pdeathsig", "KILL", unshare, ...namespaces, "--fork", "--kill-child", ...enter];
}

/** A path as a table of mounts has it: what ends a field is written as three octal digits. */
function escaped(path: string): string {
  return path.replaceAll(/[\s\\#]/g, (character) => `\\${character.charCodeAt(0).toString(8).padStart(3, "0")}`);
}
