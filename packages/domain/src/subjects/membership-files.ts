/** Files of tags, one for each build that read rows, in a folder of their own: the index of the build may go, they stay
 *  as long as the state names them. Each is sealed, and whole or absent.
 *
 *  // struct { opaque tag<16>; } Membership[persons]; ascending, each once
 *  @module */
import { mkdir, readdir } from "node:fs/promises";
import { join } from "node:path";
import type { Bytes } from "@sluice/protocol";
import type { SealedFiles } from "../rest/sealed-files.ts";
import { TAG_BYTES } from "./membership-tags.ts";

/** Folder of membership files below a domain's directory. */
const MEMBERSHIPS = "memberships";

/** Writes `tags` as the file of the build `name`; when this returns it is on disk. */
export async function writeMembership(
  files: SealedFiles,
  name: string,
  tags: Bytes,
  signal: AbortSignal,
): Promise<void> {
  await files.write(fileOf(name), tags, { signal });
}

/** Whether the file of the build `name` holds `tag`. Every tag is compared, so that the time tells nothing of where one
 *  stands. @throws ERR_SEALED_FILE when the file is missing, altered or another's */
export async function holdsTag(files: SealedFiles, name: string, tag: Bytes): Promise<boolean> {
  let position = 0;
  let difference = 0;
  let matches = 0;
  for await (const bytes of files.stream(fileOf(name))) {
    for (const byte of bytes) {
      difference |= byte ^ (tag[position] ?? 0);
      if (++position < TAG_BYTES) continue;
      matches += difference === 0 ? 1 : 0;
      position = 0;
      difference = 0;
    }
  }
  return matches > 0;
}

/** Removes the file of a build that the state has forgotten. */
export async function removeMembership(files: SealedFiles, name: string): Promise<void> {
  await files.remove(fileOf(name));
}

/** Removes the files that the state does not name: of builds that were cut off, and of those it has forgotten. */
export async function sweepMemberships(files: SealedFiles, named: ReadonlySet<string>): Promise<void> {
  const folder = join(files.directory, MEMBERSHIPS);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  for (const name of await readdir(folder)) {
    if (!named.has(name)) await removeMembership(files, name);
  }
}

function fileOf(name: string): string {
  return `${MEMBERSHIPS}/${name}`;
}
