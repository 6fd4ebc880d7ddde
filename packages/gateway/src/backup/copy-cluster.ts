/** A copy of the gateway's database that its process may write to meanwhile. PGlite lets no second process in, so files are
 *  copied in the order in which PostgreSQL's own base backup needs them: the control file, which names where recovery
 *  begins; everything else; last the write-ahead log. With full page writes, which are on, recovery then makes each page
 *  that was torn, and the copy is the database as of the end of its log. That holds as long as no checkpoint falls in
 *  between: then the control file is another, and copying begins again.
 *  @see https://www.postgresql.org/docs/17/continuous-archiving.html
 *  @module */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { isGone, isPassing, walk, type BackupWriter } from "@sluice/evidence/backup";
import { STATE_DIRECTORY } from "../state/open-state.ts";

const CONTROL = "global/pg_control";
const WRITE_AHEAD_LOG = "pg_wal";
/** Names the process, if it is one. */
const PROCESS_FILE = "postmaster.pid";

/** Copies the database of the gateway in `home`: true when the copy holds, and when there is no database yet; false when a
 *  checkpoint fell in between. */
export async function copyCluster(writer: BackupWriter, home: string): Promise<boolean> {
  const root = join(home, STATE_DIRECTORY);
  const before = await readControl(root);
  if (before === null) return true;
  await writer.put(`${STATE_DIRECTORY}/${CONTROL}`, before);
  await copyBelow(writer, root, (path) => [CONTROL, WRITE_AHEAD_LOG, PROCESS_FILE].includes(path));
  await copyBelow(writer, root, (path) => !path.startsWith(WRITE_AHEAD_LOG));
  const after = await readControl(root);
  return after !== null && before.equals(after);
}

async function copyBelow(writer: BackupWriter, root: string, skip: (path: string) => boolean): Promise<void> {
  for await (const { path, kind } of walk(root, (one) => skip(one) || isPassing(one))) {
    if (kind === "empty-folder") await writer.emptyFolder(`${STATE_DIRECTORY}/${path}`);
    else await writer.copy(join(root, path), `${STATE_DIRECTORY}/${path}`);
  }
}

async function readControl(root: string): Promise<Buffer | null> {
  try {
    return await readFile(join(root, CONTROL));
  } catch (error) {
    if (isGone(error)) return null;
    throw error;
  }
}
