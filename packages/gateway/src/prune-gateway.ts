/** Removing what a gateway's log need not keep any longer, while the gateway is not running.
 *  @module */
import { join } from "node:path";
import { lockDirectory, pruneLog, type KeyAccess, type PruneOutcome } from "@sluice/evidence";
import type { Clock } from "@sluice/protocol";
import { FILES, notAGateway, readConfig, readKeys } from "./configuration.ts";

/** Prunes the log of the gateway in `directory`; see `pruneLog`. Its `config.json` may ask for more years than the rule.
 *  @throws ERR_KEY, ERR_RETENTION, ERR_DIRECTORY_STATE, ERR_DIRECTORY_LOCKED, ERR_LOG */
export async function pruneGatewayLog(
  directory: string,
  { before, clock, keys }: { before: Date; clock: Clock; keys?: KeyAccess | undefined },
): Promise<PruneOutcome> {
  const config = await readConfig(directory);
  if (config === null) throw notAGateway(directory, "a gateway");
  const { logOrigin: origin, logRetentionYears: retentionYears } = config;
  using _lock = await lockDirectory(directory);
  const { logKey: key, logSm2Key: sm2Key } = await readKeys(directory, config, keys);
  return await pruneLog(join(directory, FILES.log), { origin, key, sm2Key, clock, before, retentionYears });
}
