/** How commands open a domain that is not running.
 *  @module */
import type { KeyAccess } from "@sluice/evidence";
import type { Clock, Random } from "@sluice/protocol";
import type { Arguments, CommandIo } from "./command.ts";
import { accessOf } from "./key-access.ts";
import { memoryDirectory } from "./memory-directory.ts";

/** What every such command gives the domain. */
export interface StoppedDomainOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly memoryDirectory: string | undefined;
  readonly keys: KeyAccess;
  readonly signal: AbortSignal;
}

/** From ACCESS_OPTIONS and the environment. @throws ERR_USAGE, ERR_KEY */
export async function stoppedDomainOptions(args: Arguments, io: CommandIo): Promise<StoppedDomainOptions> {
  const { systemClock: clock, systemRandom: random } = await import("@sluice/client");
  const keys = await accessOf(args, io);
  return { clock, random, memoryDirectory: memoryDirectory(io.env), keys, signal: io.signal };
}
