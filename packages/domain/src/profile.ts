/** The safe profile of a resource of a domain that is not running: counted for the department to look at, or published.
 *  @module */
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { lockDirectory, type KeyAccess } from "@sluice/evidence";
import {
  documentHash,
  SluiceError,
  type Random,
  type ResourceDescription,
  type ResourceProfile,
} from "@sluice/protocol";
import { readConfig } from "./config.ts";
import type { ProfileRequest } from "./data/profile.ts";
import { openStore } from "./data/store.ts";
import { Keyring } from "./keyring.ts";
import { MemoryFiles } from "./rest/memory-files.ts";
import { openSealedFiles } from "./rest/open-files.ts";
import { StateDatabase } from "./state/database.ts";
import { EventStore } from "./state/events.ts";
import { decisionsOf } from "./state/field-decisions.ts";

/** Of what, and whether callers of the catalogue may see it. */
export interface ProfileResourceOptions extends Omit<ProfileRequest, "subject"> {
  /** Column that says whom a row is about; null when each row is about another person. Without it, the one direct identifier. */
  readonly subject?: string | null | undefined;
  readonly publish: boolean;
  readonly memoryDirectory?: string | undefined;
  readonly keys?: KeyAccess | undefined;
}

/** Counts the profile, and publishes it if that is asked for: an event of the domain's log says so.
 *  @throws ERR_DIRECTORY_STATE, ERR_DIRECTORY_LOCKED, ERR_KEY, ERR_MEMORY_FILES, ERR_NOT_FOUND, ERR_POLICY_COLUMN,
 *    ERR_USAGE when no column or more than one may say whom a row is about, ERR_SAMPLE_SIZE, ERR_STORE, ERR_CANCELLED */
export async function profileResource(directory: string, options: ProfileResourceOptions): Promise<ResourceProfile> {
  const config = await readConfig(directory);
  await using opened = new AsyncDisposableStack();
  const lock = await lockDirectory(directory);
  opened.defer(() => lock.release());
  const random: Random = { bytes: (length) => new Uint8Array(randomBytes(length)) };
  const keyring = await Keyring.open(directory, config, options.keys);
  const db = new StateDatabase(join(directory, "state.sqlite"));
  opened.defer(() => db.close());
  const store = await openStore({
    clock: { now: () => new Date() },
    random,
    decided: decisionsOf(db),
    files: await openSealedFiles({ directory, config, keyring, random }),
    memory: await MemoryFiles.open(options.memoryDirectory),
  });
  opened.defer(() => store.close());
  const subject = subjectOf(store.describe(options.resource), options.subject);
  const profile = await store.profile({ ...options, subject });
  if (options.publish) {
    // The event is put down before anybody can see the profile. The next start of the domain signs and logs it.
    new EventStore(db).put({ kind: "profile-published", subject: await documentHash(profile) }, new Date());
    await store.publishProfile(profile);
  }
  return profile;
}

function subjectOf({ fields }: ResourceDescription, wanted: string | null | undefined): string | undefined {
  if (wanted !== undefined) return wanted ?? undefined;
  const [only, ...others] = fields.filter(({ role }) => role === "direct");
  if (only !== undefined && others.length === 0) return only.name;
  const reason = `${others.length === 0 ? "no column is a direct identifier" : "more than one column is a direct identifier"}: say which one tells whom a row is about`;
  throw new SluiceError("ERR_USAGE", { reason });
}
