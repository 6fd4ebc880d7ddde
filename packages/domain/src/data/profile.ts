/** The safe profile of a stored table, counted in an engine that sees nothing else.
 *  @module */
import { profileTable, type ProfileOptions } from "@sluice/desensitize";
import type { ResourceProfile } from "@sluice/protocol";
import type { OpenTable } from "./sample.ts";
import { openView, ROW_NUMBER } from "./view.ts";

/** Of what, and how. */
export interface ProfileRequest extends ProfileOptions {
  readonly resource: string;
  readonly signal?: AbortSignal | undefined;
}

/** Profiles every row of the table, whatever consents say: no figure stands for one person.
 *  @throws ERR_POLICY_COLUMN, ERR_SAMPLE_SIZE, ERR_STORE, ERR_CANCELLED, EngineFault */
export async function profileFrom(
  { session, entry, path }: OpenTable,
  request: ProfileRequest,
): Promise<ResourceProfile> {
  const fields = entry.description.fields.filter(({ excluded }) => excluded === undefined);
  const description = { ...entry.description, fields };
  const table = await openView(session, description, { path, consent: undefined });
  return profileTable((sql) => session.rows(sql), description, { table, rowId: ROW_NUMBER }, request);
}
