/** Keys as a job declares them for its set, and what they are under a grant: the grant says by which columns callers may join.
 *  @module */
import { z } from "zod";
import { SluiceError } from "../errors.ts";
import { FieldName } from "../identifiers.ts";
import { JoinKeys, KeyType, MAX_JOIN_KEYS, MAX_KEY_PARTS, type JoinKeys as Keys } from "./join-key.ts";

/** Keys of a set: the type of each part, and its column; the grant's key unless given. */
export const DeclaredKeys = z
  .array(
    z
      .array(z.strictObject({ field: FieldName.optional(), type: KeyType }))
      .min(1)
      .max(MAX_KEY_PARTS),
  )
  .min(1)
  .max(MAX_JOIN_KEYS);
export type DeclaredKeys = z.infer<typeof DeclaredKeys>;

/** The keys with the column of each part.
 *  @throws ERR_GRANT_FIELD when the grant lets nobody join by a column; ERR_JOB_MANIFEST when a key has one twice, or is there twice */
export function grantedKeys(
  declared: DeclaredKeys,
  { key, joinFields = [] }: { readonly key: FieldName; readonly joinFields?: readonly FieldName[] | undefined },
): Keys {
  const keys = declared.map((parts) => parts.map(({ field = key, type }) => ({ field, type })));
  for (const { field } of keys.flat()) {
    if (field !== key && !joinFields.includes(field)) throw new SluiceError("ERR_GRANT_FIELD", { field });
  }
  const parsed = JoinKeys.safeParse(keys);
  if (parsed.success) return parsed.data;
  throw new SluiceError("ERR_JOB_MANIFEST", {
    pointer: "/outputs",
    expected: parsed.error.issues[0]?.message ?? "keys of a set",
  });
}
