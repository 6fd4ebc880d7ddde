/** Files of a witness: `config.json` (name, key, the logs it follows), `witness.key`, and `heads/`, what it cosigned.
 *  @module */
import { createHash } from "node:crypto";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import {
  exportPrivateKey,
  generateKey,
  importPrivateKey,
  readerOf,
  replaceFileDurably,
  type KeyPair,
  type WitnessStore,
} from "@sluice/evidence";
import { CheckpointText, fromHex, KeyId, Sha256Hex, Sm2KeyId, SluiceError, toHex, utf8 } from "@sluice/protocol";
import { z } from "zod";
import { errnoOf } from "../files.ts";

/** Name of a witness, or origin of a log of whatever make, as it stands in signature lines. */
export const NoteName = z.string().regex(/^[^+\p{White_Space}\p{Cc}]{1,200}$/u);

/** `config.json`. */
export const WitnessConfig = z.strictObject({
  version: z.literal(1),
  name: NoteName,
  witnessKey: KeyId,
  /** Logs that are followed; one origin may stand with several keys. */
  logs: z.array(z.strictObject({ origin: NoteName, logKey: KeyId, logSm2Key: Sm2KeyId.optional() })).max(1_000),
});
export type WitnessConfig = z.infer<typeof WitnessConfig>;

const Head = z.strictObject({
  origin: NoteName,
  size: z.int().nonnegative(),
  rootHash: Sha256Hex,
  checkpoint: CheckpointText.optional(),
});

const CONFIG = "config.json";
const KEY = "witness.key";
const HEADS = "heads";

/** Makes a witness in `directory`, which must not hold one. @throws ERR_CONFLICT, ERR_DIRECTORY_UNWRITABLE */
export async function initWitness(directory: string, name: string): Promise<WitnessConfig> {
  const key = await generateKey();
  const config: WitnessConfig = { version: 1, name, witnessKey: key.keyId, logs: [] };
  try {
    await mkdir(join(directory, HEADS), { recursive: true });
    // The key first, and never over another: without it the directory is nobody's witness.
    await writeFile(join(directory, KEY), await exportPrivateKey(key), { flag: "wx", mode: 0o600 });
    await writeFile(join(directory, CONFIG), `${JSON.stringify(config, null, 2)}\n`, { flag: "wx" });
  } catch (cause) {
    if (errnoOf(cause) === "EEXIST")
      throw new SluiceError("ERR_CONFLICT", { kind: "witness", name: directory }, { cause });
    throw new SluiceError("ERR_DIRECTORY_UNWRITABLE", { directory }, { cause });
  }
  return config;
}

/** The witness of `directory`. @throws ERR_DIRECTORY_STATE */
export async function readWitness(directory: string): Promise<{ config: WitnessConfig; key: KeyPair }> {
  try {
    const config = WitnessConfig.parse(JSON.parse(await readFile(join(directory, CONFIG), "utf8")));
    const key = await importPrivateKey(await readFile(join(directory, KEY), "utf8"));
    if (key.keyId === config.witnessKey) return { config, key };
  } catch (cause) {
    throw notAWitness(directory, cause);
  }
  throw notAWitness(directory);
}

/** What the witness of `directory` has cosigned, one file for each log. */
export function witnessStore(directory: string): WitnessStore {
  const read = readerOf(join(directory, HEADS));
  return {
    async read(origin) {
      const bytes = await read(fileOf(origin));
      if (bytes === null) return null;
      const head = Head.safeParse(jsonOf(bytes));
      // A damaged file must not make a witness that has forgotten: it refuses until a person looks.
      if (!head.success || head.data.origin !== origin) {
        throw new SluiceError("ERR_LOG", { origin, reason: `${HEADS}/${fileOf(origin)} is damaged` });
      }
      const { size, rootHash, checkpoint } = head.data;
      return { size, rootHash: fromHex(rootHash), checkpoint };
    },
    async write(origin, { size, rootHash, checkpoint }) {
      const text = `${JSON.stringify({ origin, size, rootHash: toHex(rootHash), checkpoint })}\n`;
      await replaceFileDurably(join(directory, HEADS, fileOf(origin)), utf8(text));
    },
  };
}

function fileOf(origin: string): string {
  return `${createHash("sha256").update(origin).digest("hex")}.json`;
}

function jsonOf(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes)) as unknown;
  } catch {
    return null;
  }
}

function notAWitness(directory: string, cause?: unknown): SluiceError {
  const command = "sluice witness init DIR --name NAME";
  return new SluiceError("ERR_DIRECTORY_STATE", { directory, expected: "a witness", command }, { cause });
}
