/** Another passphrase for the keys of a gateway that is not running.
 *  @module */
import { changePassphrase, lockDirectory, type Passphrase } from "@sluice/evidence";
import { SluiceError, type Random } from "@sluice/protocol";
import { notAGateway, readConfig, replaceConfig } from "./configuration.ts";

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
  if (config.keys === "plain") await replaceConfig(directory, { ...config, keys: "passphrase" });
}
