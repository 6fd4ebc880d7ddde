/** Another passphrase for the keys of a gateway or a domain. All files are made anew beside the old ones and change places after
 *  one rename: whenever the process ends, either the old passphrase opens every key or the new one does. Node only.
 *  @module */
import { mkdir, readdir, readFile, rename, rm, rmdir } from "node:fs/promises";
import { join } from "node:path";
import { fromHex, SluiceError } from "@sluice/protocol";
import { syncFile } from "./durable-files.ts";
import { importSigningKey } from "./keys.ts";
import type { Passphrase } from "./keys-passphrase.ts";
import { writeKeyText } from "./keys-provider.ts";
import {
  isSealedKey,
  openPrivateKey,
  openSecret,
  sealPrivateKey,
  sealSecret,
  type SealTextOptions,
} from "./keys-sealed.ts";

/** New files, of which some may be missing: whoever opens the keys next removes them. */
export const DRAFT = "draft";
/** New files, all of them, that have to take the places of the old ones. */
const NEXT = "next";
const SUFFIX = ".key";

/** Seals every key in `keys/` of `home` under `to`. Keys that are not sealed yet need no `from`. Whoever calls this holds the lock
 *  of `home`. @throws ERR_KEY when `from` does not open one */
export async function changePassphrase(
  home: string,
  { from, to, ...options }: { readonly from?: Passphrase | undefined; readonly to: Passphrase } & SealTextOptions,
): Promise<void> {
  await finishPassphraseChange(home);
  const keys = join(home, "keys");
  const draft = join(keys, DRAFT);
  await mkdir(draft, { mode: 0o700 });
  for (const file of await readdir(keys)) {
    if (!file.endsWith(SUFFIX)) continue;
    const name = file.slice(0, -SUFFIX.length);
    await writeKeyText(
      draft,
      name,
      await sealedAnew(await readFile(join(keys, file), "utf8"), name, from, to, options),
    );
  }
  await syncFile(draft);
  await rename(draft, join(keys, NEXT));
  await syncFile(keys);
  await finishPassphraseChange(home);
}

/** Ends a change that was cut off: it is taken back, or carried out when all new files were there. */
export async function finishPassphraseChange(home: string): Promise<void> {
  const keys = join(home, "keys");
  await rm(join(keys, DRAFT), { recursive: true, force: true });
  const next = join(keys, NEXT);
  const files = await readdir(next).catch(() => null);
  if (files === null) return;
  for (const file of files) await rename(join(next, file), join(keys, file));
  await syncFile(keys);
  await rmdir(next);
}

async function sealedAnew(
  text: string,
  name: string,
  from: Passphrase | undefined,
  to: Passphrase,
  options: SealTextOptions,
): Promise<string> {
  const sealed = isSealedKey(text);
  if (sealed && from === undefined) throw new SluiceError("ERR_KEY", { key: name, reason: "no passphrase was given" });
  if (isSecret(text)) {
    const secret = sealed && from !== undefined ? await openSecret(text, name, from) : fromHex(text.trim());
    return sealSecret(secret, name, to, options);
  }
  const key = sealed && from !== undefined ? await openPrivateKey(text, from, name) : await importSigningKey(text);
  return sealPrivateKey(key, to, options);
}

function isSecret(text: string): boolean {
  return /^[0-9a-f]{64}\s*$/.test(text) || /^\s*\{\s*"sluiceSecret"/.test(text);
}
