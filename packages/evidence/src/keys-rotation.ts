/** The key after the present one, in the directory of a gateway or a domain: `NAME-next.key` beside `NAME.key`, or a variable of
 *  that name. Which of the two signs is what the configuration says, so that a rotation is done, or not, with the rename
 *  of the configuration; the files follow. Node only.
 *  @module */
import { mkdir, open, rename } from "node:fs/promises";
import { join } from "node:path";
import {
  isSluiceError,
  MAX_CLOCK_SKEW_MS,
  SluiceError,
  type Clock,
  type KeyId,
  type Keyring,
  type PinnedKey,
  type Random,
  type SuiteId,
} from "@sluice/protocol";
import { syncFile } from "./durable-files.ts";
import { DRAFT } from "./keys-change.ts";
import { createHomeKey, openHomeKeys, type KeyAccess, type NewKeys } from "./keys-home.ts";
import { DEFAULT_KEY_OVERLAP_MS, rotatedPin } from "./keys-keyring.ts";
import type { KeyProvider } from "./keys-provider.ts";
import type { SigningKey } from "./keys-signing.ts";

/** How to rotate a signing key. */
export interface RotateKeyOptions {
  readonly keys?: KeyAccess | undefined;
  /** Suite of the next key; that of the present one unless given. */
  readonly suite?: SuiteId | undefined;
  /** Time for which the old key counts beside the new one. */
  readonly overlapMs?: number | undefined;
  /** Whether the next key is only made, to be handed out before it signs. */
  readonly prepareOnly?: boolean | undefined;
  readonly clock: Clock;
  readonly random: Random;
  /** See `NewKeys`. */
  readonly logN?: number | undefined;
}

/** The next key, and what others pin of the signer now. */
export interface RotatedKey {
  readonly nextKey: KeyId;
  readonly pin: PinnedKey;
}

/** The pin when `next` signs from now on. It counts from a little earlier, so that a clock that is set back after the rotation
 *  makes nothing that nobody accepts. @throws ERR_BODY_INVALID as `rotatedPin` */
export function pinFromNow(
  pin: PinnedKey,
  next: KeyId,
  { clock, overlapMs = DEFAULT_KEY_OVERLAP_MS }: Pick<RotateKeyOptions, "clock" | "overlapMs">,
): Keyring {
  const now = clock.now().getTime();
  const from = new Date(now - MAX_CLOCK_SKEW_MS).toISOString();
  return rotatedPin(pin, next, { from, until: new Date(now + overlapMs).toISOString() });
}

/** The key that will follow `present`, called `name`: the one that was prepared, or a new one of `suite`. Whoever calls this
 *  holds the lock of `home` and has opened the present key.
 *  @throws ERR_KEY when the prepared one does not open, or is of another suite than asked for; ERR_NOT_FOUND when the
 *  environment has none */
export async function nextHomeKey(
  home: string,
  name: string,
  { present, suite, keys }: { readonly present: KeyId; readonly suite: SuiteId | undefined; readonly keys: NewKeys },
): Promise<SigningKey> {
  const next = nextName(name);
  const prepared = await openedKey(await openHomeKeys(home, keys.keeping, keys), next);
  if (prepared !== null && suite !== undefined && prepared.suite !== suite) {
    throw new SluiceError("ERR_KEY", { key: next, reason: `it has to be a key of ${suite}` });
  }
  if (prepared !== null || keys.keeping === "environment") {
    if (prepared !== null && prepared.keyId !== present) return prepared;
    throw new SluiceError("ERR_NOT_FOUND", { kind: "key", name: variableOf(next) });
  }
  // What is cut off while it is written is not called the next key, and nobody was told of it.
  const draft = join(home, "keys", DRAFT);
  await mkdir(join(draft, "keys"), { recursive: true, mode: 0o700 });
  const made = await createHomeKey(draft, next, suite ?? suiteOfKey(present), keys);
  await rename(fileOf(draft, next), fileOf(home, next));
  await syncFile(join(home, "keys"));
  return made;
}

/** Ends a rotation of keys in files that the configuration says: when the next key is the `wanted` one, its file takes the place of the old one,
 *  whose bytes are overwritten. @throws ERR_KEY when a next key is there and does not open */
export async function settleHomeKey(home: string, name: string, wanted: KeyId, provider: KeyProvider): Promise<void> {
  const next = await openedKey(provider, nextName(name));
  if (next?.keyId !== wanted) return;
  await using old = await open(fileOf(home, name), "r+").catch(() => null);
  await rename(fileOf(home, nextName(name)), fileOf(home, name));
  await syncFile(join(home, "keys"));
  if (old === null) return;
  const { size } = await old.stat();
  await old.write(new Uint8Array(size), 0, size, 0);
  await old.sync();
}

async function openedKey(provider: KeyProvider, name: string): Promise<SigningKey | null> {
  try {
    return await provider.signingKey(name);
  } catch (cause) {
    if (isSluiceError(cause, "ERR_NOT_FOUND")) return null;
    throw cause;
  }
}

function nextName(name: string): string {
  return `${name}-next`;
}

function fileOf(home: string, name: string): string {
  return join(home, "keys", `${name}.key`);
}

function variableOf(name: string): string {
  return `SLUICE_KEY_${name.toUpperCase().replaceAll("-", "_")}`;
}

function suiteOfKey(keyId: KeyId): SuiteId {
  return keyId.startsWith("sm2:") ? "sm2" : "ed25519";
}
