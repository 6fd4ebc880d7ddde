/** Profiles that were published, held against one that is to be: of two whose tables differ in few persons, the difference is
 *  about those few, and rounding does not hide it from who knows them.
 *
 *  A heuristic: a profile is compared with each earlier one of its table by itself, and not when the table has no longer the
 *  columns by which that one knew persons.
 *  @module */
import { nearProfile, BUCKETS, type ProfileSets } from "@sluice/desensitize";
import {
  canonicalBytes,
  canonicalText,
  fromBase64url,
  fromUtf8,
  SluiceError,
  toBase64url,
  toHex,
  FieldName,
  type Random,
  type ResourceProfile,
} from "@sluice/protocol";
import { z } from "zod";
import type { PersonBasis } from "../data/profile-sets.ts";
import type { DataStore } from "../data/store.ts";
import type { Keyring } from "../keyring.ts";
import type { SealedFiles } from "../rest/sealed-files.ts";
import type { ProfileRegister } from "../state/profile-register.ts";
import { SHOWN_FOLDER } from "./shown-files.ts";

/** Where the rows are, and what was published of them. */
export interface PublishedContext {
  readonly store: DataStore;
  readonly files: SealedFiles;
  readonly keyring: Keyring;
  readonly register: ProfileRegister;
  readonly random: Random;
}

/** Words of a set: BUCKETS of four bytes, little-endian, as unpadded base64url. */
const Words = z.string().length(Math.ceil((4 * BUCKETS * 4) / 3));
/** What is kept, sealed, of one published profile. */
const ShownProfile = z.strictObject({
  version: z.literal(1),
  basis: z.strictObject({ subject: FieldName.nullable(), fields: z.array(FieldName) }),
  people: Words,
  columns: z.array(z.tuple([FieldName, Words])),
});
type ShownProfile = z.infer<typeof ShownProfile>;

/** Holds `profile`, of the table that the store has, against every earlier one of its resource, and writes of whom it is.
 *  Returns the name of that file, which the state has yet to take.
 *  @throws ERR_PROFILE_NEAR, ERR_SEALED_FILE, ERR_STORE, ERR_CANCELLED */
export async function enterProfile(
  context: PublishedContext,
  profile: ResourceProfile,
  signal: AbortSignal | undefined,
): Promise<string> {
  const { files, register, random } = context;
  const { resource, subject = null } = profile;
  const setsBy = setsOf(context, profile, signal);
  for (const name of register.of(resource)) {
    const before = await readProfile(files, name, signal);
    const own = await setsBy(before.basis);
    if (own === null) continue;
    const near = nearProfile(own, unpacked(before), { hasKeys: before.basis.subject !== null });
    if (near === null) continue;
    throw new SluiceError("ERR_PROFILE_NEAR", {
      resource,
      figure: near === "people" ? "the persons" : `column ${near.column}`,
    });
  }
  const fields = context.store.describe(resource).fields.map(({ name }) => name);
  const basis: PersonBasis = { subject, fields: subject === null ? fields : [] };
  const sets = await setsBy(basis);
  if (sets === null) throw new SluiceError("ERR_POLICY_COLUMN", { column: subject ?? "" });
  const name = `profile-${toHex(random.bytes(8))}`;
  const shown: ShownProfile = {
    version: 1,
    basis: { subject, fields: [...basis.fields] },
    people: packed(sets.people),
    columns: [...sets.columns].map(([column, words]) => [column, packed(words)]),
  };
  await files.write(`${SHOWN_FOLDER}/${name}`, canonicalBytes(shown), { signal });
  return name;
}

/** Sets of the stored table, counted once for each way to know persons. */
function setsOf(
  { store, keyring }: PublishedContext,
  { resource, columns }: ResourceProfile,
  signal: AbortSignal | undefined,
): (basis: PersonBasis) => Promise<ProfileSets | null> {
  const counted = new Map<string, Promise<ProfileSets | null>>();
  const names = columns.map(({ field }) => field);
  return (basis) => {
    const key = canonicalText(basis);
    const known = counted.get(key);
    if (known !== undefined) return known;
    const secret = keyring.derive("output-register", resource, basis.subject ?? "", "profile");
    const sets = store.profileSets({ resource, basis, columns: names, secret, signal });
    counted.set(key, sets);
    return sets;
  };
}

async function readProfile(files: SealedFiles, name: string, signal: AbortSignal | undefined): Promise<ShownProfile> {
  const text = fromUtf8(await files.read(`${SHOWN_FOLDER}/${name}`, { signal }));
  return ShownProfile.parse(JSON.parse(text));
}

function packed(words: Uint32Array): string {
  const bytes = new Uint8Array(4 * words.length);
  const view = new DataView(bytes.buffer);
  for (const [i, word] of words.entries()) view.setUint32(4 * i, word, true);
  return toBase64url(bytes);
}

function unpacked({ people, columns }: ShownProfile): ProfileSets {
  const wordsOf = (text: string): Uint32Array => {
    const bytes = fromBase64url(text);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    return Uint32Array.from({ length: BUCKETS }, (_, i) => view.getUint32(4 * i, true));
  };
  return { people: wordsOf(people), columns: new Map(columns.map(([name, words]) => [name, wordsOf(words)])) };
}
