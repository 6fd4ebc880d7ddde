/** Whether a gateway's database opens; for `sluice doctor`. A copy is opened: opening changes files.
 *  @module */
import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openState, STATE_DIRECTORY } from "./open-state.ts";

/** Opens a copy of the database below `directory`, counts its receipts, and removes the copy. No process may run there.
 *  @throws the database's error */
export async function probeState(directory: string): Promise<{ receipts: number }> {
  const copy = await mkdtemp(join(tmpdir(), "sluice-doctor-"));
  try {
    await cp(join(directory, STATE_DIRECTORY), join(copy, STATE_DIRECTORY), { recursive: true });
    const state = await openState(copy);
    try {
      const row = await state.db
        .selectFrom("receipt")
        .select(({ fn }) => fn.countAll().as("count"))
        .executeTakeFirst();
      return { receipts: Number(row?.count ?? 0) };
    } finally {
      await state.close();
    }
  } finally {
    await rm(copy, { recursive: true, force: true });
  }
}
