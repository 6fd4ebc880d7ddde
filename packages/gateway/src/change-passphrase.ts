/** Another passphrase for the keys of a gateway that is not running.
 *  @module */
import { join } from "node:path";
import { changePassphrase, lockDirectory, replaceFileDurably, type Passphrase } from "@sluice/evidence";
import { SluiceError, utf8, type Random } from "@sluice/protocol";
import { FILES, notAGateway, readConfig, type GatewayConfig } from "./configuration.ts";

const OWNER_ONLY = 0o600;

/** Seals the keys of the gateway in `directory` under `to`. `from` opens them; plain ones need none. An end in the middle leaves
 *  either passphrase in force. @throws ERR_KEY, ERR_STATE when keys are in the environment, ERR_DIRECTORY_STATE, ERR_DIRECTORY_LOCKED */
export async function changeGatewayPassphrase(
  directory: string,
  options: {
    readonly from?: Passphrase | undefined;
    readonly to: Passphrase;
    readonly random: Random;
    readonly logN?: number;
  },
): Promise<void> {
  const config = await readConfig(directory);
  if (config === null) throw notAGateway(directory, "a gateway");
  using _lock = await lockDirectory(directory);
  if (config.keys === "environment") {
    const details = {
      kind: "gateway",
      name: directory,
      state: "opened by keys of the environment",
      needed: "key files",
    };
    throw new SluiceError("ERR_STATE", details);
  }
  await changePassphrase(directory, options);
  if (config.keys === "plain") {
    const changed: GatewayConfig = { ...config, keys: "passphrase" };
    const text = `${JSON.stringify(changed, null, 2)}\n`;
    await replaceFileDurably(join(directory, FILES.config), utf8(text), OWNER_ONLY);
  }
}
