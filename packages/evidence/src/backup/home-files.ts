/** The files of a gateway's or domain's directory that are copied as they are.
 *  @module */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { SluiceError } from "@sluice/protocol";
import { isSealedKey } from "../keys-sealed.ts";
import { isGone, isPassing, walk } from "./walk.ts";
import type { BackupWriter } from "./writer.ts";

const KEYS = "keys";
/** Wrapped by the master secret, which is a key file of its own. */
const WRAPPED = `${KEYS}/data.json`;

/** Copies everything below `home` but its log, its keys, process logs, what is passing, and what `skip` names. */
export async function copyHome(writer: BackupWriter, home: string, skip: (path: string) => boolean): Promise<void> {
  const left = (path: string): boolean =>
    ["log", KEYS].includes(path) || /^[a-z]+\.log(\.1)?$/.test(path) || isPassing(path) || skip(path);
  for await (const { path, kind } of walk(home, left)) {
    if (kind === "empty-folder") await writer.emptyFolder(path);
    else await writer.copy(join(home, path), path);
  }
}

/** Copies the keys, when every one is sealed under a passphrase. @throws ERR_KEY naming a file that is plain */
export async function copySealedKeys(writer: BackupWriter, home: string): Promise<void> {
  for await (const { path } of walk(join(home, KEYS), isPassing)) {
    const name = `${KEYS}/${path}`;
    const text = await readFile(join(home, name), "utf8").catch((cause: unknown) => {
      if (isGone(cause)) return null;
      throw cause;
    });
    if (text === null) continue;
    if (name !== WRAPPED && !isSealedKey(text)) {
      throw new SluiceError("ERR_KEY", { key: name, reason: "it is under no passphrase, and goes into no backup" });
    }
    await writer.copy(join(home, name), name);
  }
}
