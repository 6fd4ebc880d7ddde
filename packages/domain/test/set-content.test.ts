/** What a set was made from, and what has changed since: compared with plain sets.
 *  @module */
import fc from "fast-check";
import { expect, test } from "vitest";
import { type KeyColumn, KeyColumnBuilder } from "../src/data/key-column.ts";
import type { LookupContent } from "../src/serve/forms/lookup-content.ts";
import { memberChanges, membersOfSet, setContent } from "../src/serve/forms/set-content.ts";

const { signal } = new AbortController();
/** Rows of few keys, so that keys occur in several rows; one of them is not ASCII. */
const rows = fc.array(fc.tuple(fc.constantFrom("a", "b", "c", "dd", "é", "e"), fc.boolean()), { maxLength: 12 });
type Rows = readonly (readonly [string, boolean])[];

function contentOf(table: Rows): Promise<LookupContent> {
  const keys = new KeyColumnBuilder();
  for (const [key] of table) keys.addBytes(new TextEncoder().encode(key));
  const members = Uint8Array.from(table, ([, isMember]) => (isMember ? 1 : 0));
  return setContent(keys.finish(), members, signal);
}

const textsOf = (keys: KeyColumn): string[] => Array.from({ length: keys.length }, (_, row) => keys.text(row));
const plain = (table: Rows): Set<string> => new Set(table.flatMap(([key, isMember]) => (isMember ? [key] : [])));

const without = (set: Set<string>, other: Set<string>): string[] =>
  [...set].filter((key) => !other.has(key)).toSorted();

test("each key is kept once, in the order of its first row, and is a member if any of its rows is", async () => {
  await fc.assert(
    fc.asyncProperty(rows, async (table) => {
      const content = await contentOf(table);
      expect(textsOf(content.keys)).toEqual([...new Set(table.map(([key]) => key))]);
      const members = textsOf(await membersOfSet(content, signal));
      expect(members).toHaveLength(plain(table).size);
      expect(new Set(members)).toEqual(plain(table));
    }),
  );
});

test("what was added and what was removed make the members before into those after, and nothing is in both", async () => {
  await fc.assert(
    fc.asyncProperty(rows, rows, async (before, after) => {
      const { added, removed } = await memberChanges(await contentOf(before), await contentOf(after), signal);
      expect(textsOf(added).toSorted()).toEqual(without(plain(after), plain(before)));
      expect(textsOf(removed).toSorted()).toEqual(without(plain(before), plain(after)));
    }),
  );
});

test("work on a set ends when it is cancelled", async () => {
  const controller = new AbortController();
  controller.abort();
  const keys = new KeyColumnBuilder();
  for (let i = 0; i < 20_000; i++) keys.addBytes(new TextEncoder().encode(`P${i}`));
  const column = keys.finish();
  const work = setContent(column, new Uint8Array(column.length), controller.signal);
  await expect(work).rejects.toMatchObject({ code: "ERR_CANCELLED" });
});
