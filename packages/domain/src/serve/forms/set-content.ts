/** What a set of `psi-ids` was made from, sealed in a file of its own beside what callers fetch: the keys of all rows that were read, members
 *  or not, so that a later build finds what has changed and a compaction needs no rows of the source.
 *  @module */
import { type KeyColumn, KeyColumnBuilder, turnAfter } from "../../data/key-column.ts";
import { KeyIndex } from "../../data/key-index.ts";
import type { LookupContent } from "./lookup-content.ts";

/** Code of a key that is in the set; of any other it is 0. */
const MEMBER = 1;

/** Members that a base has not, and those that it has too many. */
export interface MemberChanges {
  readonly added: KeyColumn;
  readonly removed: KeyColumn;
}

/** Each distinct key of rows once. A key of several rows is a member when one of them is. @throws ERR_CANCELLED */
export async function setContent(keys: KeyColumn, members: Uint8Array, signal: AbortSignal): Promise<LookupContent> {
  const isMember = new Uint8Array(keys.length);
  const isFirst = new Uint8Array(keys.length);
  await KeyIndex.of(keys, signal, (row, first) => {
    if (row === first) isFirst[row] = 1;
    if (members[row] === MEMBER) isMember[first] = MEMBER;
  });
  return { keys: await rowsOf(keys, isFirst, signal), codes: isMember.filter((_, row) => isFirst[row] === 1) };
}

/** The members of a content. @throws ERR_CANCELLED */
export function membersOfSet({ keys, codes }: LookupContent, signal: AbortSignal): Promise<KeyColumn> {
  return rowsOf(keys, codes, signal);
}

/** What makes the members of `base` into those of `now`. @throws ERR_CANCELLED */
export async function memberChanges(
  base: LookupContent,
  now: LookupContent,
  signal: AbortSignal,
): Promise<MemberChanges> {
  const before = await membersOfSet(base, signal);
  const after = await membersOfSet(now, signal);
  const added = await KeyIndex.of(before, signal).then((held) => missing(after, held, signal));
  const removed = await KeyIndex.of(after, signal).then((held) => missing(before, held, signal));
  return { added, removed };
}

async function missing(keys: KeyColumn, held: KeyIndex, signal: AbortSignal): Promise<KeyColumn> {
  const isMissing = new Uint8Array(keys.length);
  for (let row = 0; row < keys.length; row++) {
    if (held.find(keys, row) === null) isMissing[row] = 1;
    await turnAfter(row, signal);
  }
  return rowsOf(keys, isMissing, signal);
}

/** The keys of the rows that have a 1. */
async function rowsOf(keys: KeyColumn, taken: Uint8Array, signal: AbortSignal): Promise<KeyColumn> {
  const column = new KeyColumnBuilder();
  for (let row = 0; row < keys.length; row++) {
    if (taken[row] === 1) column.addBytes(keys.bytes(row));
    await turnAfter(row, signal);
  }
  return column.finish();
}
