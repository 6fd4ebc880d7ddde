/** Removing what a domain's log need not keep any longer, while the domain is not running.
 *  @module */
import { join } from "node:path";
import { lockDirectory, pruneLog, type KeyAccess, type PruneOutcome } from "@sluice/evidence";
import type { Clock } from "@sluice/protocol";
import { readConfig } from "./config.ts";
import { Keyring } from "./keyring.ts";

/** Prunes the log of the domain in `directory`; see `pruneLog`. Its `domain.json` may ask for more years than the rule.
 *  @throws ERR_KEY, ERR_RETENTION, ERR_DIRECTORY_STATE, ERR_DIRECTORY_LOCKED, ERR_LOG */
export async function pruneDomainLog(
  directory: string,
  { before, clock, keys }: { before: Date; clock: Clock; keys?: KeyAccess | undefined },
): Promise<PruneOutcome> {
  const config = await readConfig(directory);
  const { logOrigin: origin, logRetentionYears: retentionYears } = config;
  using _lock = await lockDirectory(directory);
  const { logKey: key, logSm2Key: sm2Key } = await Keyring.open(directory, config, keys);
  return await pruneLog(join(directory, "log"), { origin, key, sm2Key, clock, before, retentionYears });
}
