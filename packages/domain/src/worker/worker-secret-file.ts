/** The file with the secret of one domain and one worker: 64 hexadecimal digits, for its owner only, the same at both.
 *  @module */
import { readFile, stat, writeFile } from "node:fs/promises";
import { WorkerSecret } from "@sluice/mpc/remote/server";
import { fromHex, isSluiceError, SluiceError, toHex, type Random } from "@sluice/protocol";

const SECRET_BYTES = 32;
/** Bits that let others in. */
const OTHERS = 0o077;

/** Writes a new secret, never over another. @throws what the file system does */
export async function createWorkerSecret(file: string, random: Random): Promise<void> {
  await writeFile(file, `${toHex(random.bytes(SECRET_BYTES))}\n`, { flag: "wx", mode: 0o600 });
}

/** The secret in `file`. @throws ERR_KEY when it is missing, malformed, or others than its owner may read it */
export async function readWorkerSecret(file: string): Promise<WorkerSecret> {
  const refuse = (reason: string, cause?: unknown): SluiceError =>
    new SluiceError("ERR_KEY", { reason: `the worker's secret ${file}: ${reason}` }, { cause });
  try {
    const { mode } = await stat(file);
    if ((mode & OTHERS) !== 0) throw refuse("others than its owner may open its file");
    const text = (await readFile(file, "utf8")).trim();
    if (!/^[0-9a-f]{64}$/.test(text)) throw refuse("it is not 64 hexadecimal digits");
    return new WorkerSecret(fromHex(text));
  } catch (cause) {
    throw isSluiceError(cause) ? cause : refuse("its file cannot be read", cause);
  }
}
