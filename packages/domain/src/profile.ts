/** The safe profile of a resource of a domain that is not running: counted for the department to look at, or published.
 *  @module */
import { randomBytes } from "node:crypto";
import type { KeyAccess } from "@sluice/evidence";
import {
  documentHash,
  Instant,
  SluiceError,
  type Clock,
  type Random,
  type ResourceDescription,
  type ResourceProfile,
} from "@sluice/protocol";
import type { ProfileRequest } from "./data/profile.ts";
import { enterProfile } from "./register/published-profiles.ts";
import { EventStore } from "./state/events.ts";
import { ProfileRegister } from "./state/profile-register.ts";
import { openStopped } from "./stopped-domain.ts";

/** Of what, and whether callers of the catalogue may see it. */
export interface ProfileResourceOptions extends Omit<ProfileRequest, "subject"> {
  /** Column that says whom a row is about; null when each row is about another person. Without it, the one direct identifier. */
  readonly subject?: string | null | undefined;
  readonly publish: boolean;
  readonly memoryDirectory?: string | undefined;
  readonly keys?: KeyAccess | undefined;
}

/** Counts the profile, and publishes it if that is asked for, and if it is far enough from each that was published of the table
 *  before, or the same: an event of the domain's log says so.
 *  @throws ERR_DIRECTORY_STATE, ERR_DIRECTORY_LOCKED, ERR_KEY, ERR_MEMORY_FILES, ERR_NOT_FOUND, ERR_POLICY_COLUMN,
 *    ERR_USAGE when no column or more than one may say whom a row is about, ERR_SAMPLE_SIZE,
 *    ERR_PROFILE_NEAR, ERR_SEALED_FILE, ERR_STORE, ERR_CANCELLED */
export async function profileResource(directory: string, options: ProfileResourceOptions): Promise<ResourceProfile> {
  const clock: Clock = { now: () => new Date() };
  const random: Random = { bytes: (length) => new Uint8Array(randomBytes(length)) };
  await using opened = await openStopped(directory, { ...options, clock, random });
  const { store, db } = opened;
  const subject = subjectOf(store.describe(options.resource), options.subject);
  const profile = await store.profile({ ...options, subject });
  if (options.publish) {
    // The event is put down before anybody can see the profile. The next start of the domain signs and logs it.
    const register = new ProfileRegister(db);
    const shown = await enterProfile({ ...opened, register, random }, profile, options.signal);
    const published = await documentHash(profile);
    db.transaction(() => {
      new EventStore(db).put({ kind: "profile-published", subject: published }, clock.now());
      const { resource, snapshot } = profile;
      register.put({ resource, snapshot, at: Instant.parse(clock.now().toISOString()), shown });
    });
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
