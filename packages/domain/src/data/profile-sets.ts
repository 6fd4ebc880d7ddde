/** Reads of whom a profile's figures are, from the rows that the profile counts: one of each person.
 *  @module */
import { setImmediate } from "node:timers/promises";
import { personRows, ProfileDigest, type ProfileSets } from "@sluice/desensitize";
import { canonicalText, SluiceError, type Bytes, type FieldName } from "@sluice/protocol";
import { taggedBy } from "../register/person-tags.ts";
import { guarded, quoteIdentifier, refuseAborted } from "./engine.ts";
import type { OpenTable } from "./sample.ts";
import { openView, ROW_NUMBER } from "./view.ts";

/** By what persons are known. */
export interface PersonBasis {
  /** Column that names them; null when each row is a person, known by what it has in `fields`. */
  readonly subject: FieldName | null;
  readonly fields: readonly FieldName[];
}

/** Of which table, and of which columns. */
export interface ProfileSetsRequest {
  readonly resource: string;
  readonly basis: PersonBasis;
  /** Columns that the profile shows. */
  readonly columns: readonly FieldName[];
  /** Key of the tags of persons. */
  readonly secret: Bytes;
  readonly signal?: AbortSignal | undefined;
}

/** The sets of the stored table, or null when it has not the columns by which persons are known.
 *  @throws ERR_STORE, ERR_CANCELLED, EngineFault */
export async function profileSetsFrom(
  { session, entry: { description }, path }: OpenTable,
  { basis: { subject, fields }, columns, secret, signal }: ProfileSetsRequest,
): Promise<ProfileSets | null> {
  const names = subject === null ? fields : [subject];
  const known = new Set(description.fields.map(({ name }) => name));
  if (!names.every((name) => known.has(name))) return null;
  const view = await openView(session, description, { path, consent: undefined });
  const source = { table: view, rowId: ROW_NUMBER };
  const { from } = await personRows((sql) => session.rows(sql), source, subject ?? undefined);
  const selected = [...names, ...columns].map((name) => `CAST(${quoteIdentifier(name)} AS VARCHAR)`);
  const result = await session.stream(`SELECT ${selected.join(", ")} FROM ${from}`);
  const tagOf = taggedBy(secret);
  const digest = new ProfileDigest(columns);
  for (;;) {
    refuseAborted(signal);
    const chunk = await guarded(() => result.fetchChunk());
    if (chunk === null || chunk.rowCount === 0) return digest.sets();
    for (const row of chunk.getRows()) {
      const texts = row.map(textOrNull);
      const own = texts.slice(0, names.length);
      const tag = tagOf(subject === null ? canonicalText(own) : (own[0] ?? ""));
      digest.add(tag.readUInt32LE(0), tag.readUInt32LE(4), texts.slice(names.length));
    }
    await setImmediate();
  }
}

function textOrNull(value: unknown): string | null {
  if (value === null || typeof value === "string") return value;
  throw new SluiceError("ERR_STORE", { reason: "a value is no text" });
}
