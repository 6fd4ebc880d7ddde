/** `sluice keys new FILE [--suite SUITE]`
 *  @module */
import { writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { SluiceError } from "@sluice/protocol";
import { JSON_OPTION, type Command } from "../command.ts";
import { errnoOf } from "../files.ts";
import { SUITE_OPTION, suiteOf } from "../suite-option.ts";

/** Makes a key pair. The private key goes to a file that only its owner reads; the key id is printed. */
export const keysNew: Command = {
  path: ["keys", "new"],
  summary: "make a key pair; the private key goes to FILE (mode 0600), the public key id is printed",
  positionals: ["FILE"],
  options: {
    ...SUITE_OPTION,
    ...JSON_OPTION,
  },
  notes: "A key of either suite signs documents and requests. Logs and witnesses need ed25519, as their formats say.",
  async run(args, io) {
    const file = args.positional(0);
    const suite = suiteOf(args, io);
    const { exportPrivateKey, generateSigningKey } = await import("@sluice/evidence");
    const key = await generateSigningKey(suite);
    await writeSecret(file, await exportPrivateKey(key));
    io.stdout.write(args.flag("json") ? `${JSON.stringify({ keyId: key.keyId, file })}\n` : `${key.keyId}\n`);
    return 0;
  },
};

/** Writes a file that exists not yet, readable by its owner alone. @throws ERR_CONFLICT, ERR_DIRECTORY_UNWRITABLE */
async function writeSecret(file: string, text: string): Promise<void> {
  try {
    await writeFile(file, text, { flag: "wx", mode: 0o600 });
  } catch (cause) {
    if (errnoOf(cause) === "EEXIST") throw new SluiceError("ERR_CONFLICT", { kind: "file", name: file }, { cause });
    throw new SluiceError("ERR_DIRECTORY_UNWRITABLE", { directory: dirname(file) }, { cause });
  }
}
