/** The exit of a domain (退出): it serves nothing from its first step on, hands over what stays readable, and destroys its keys
 *  and data. Cut off anywhere, it is ended by doing it again.
 *  @module */
import { join } from "node:path";
import { lockDirectory, openLog, type DirectoryLog, type KeyAccess } from "@sluice/evidence";
import { isSluiceError, SluiceError, type Clock, type Instant, type Random } from "@sluice/protocol";
import { readConfig, type DomainConfig } from "../config.ts";
import { Keyring } from "../keyring.ts";
import { noteKeyChanges } from "../serve/key-changes.ts";
import { recoverLog } from "../serve/recover-log.ts";
import { AnswerStore } from "../state/answers.ts";
import { StateDatabase } from "../state/database.ts";
import { EventStore } from "../state/events.ts";
import { RollbackStore } from "../state/rollback.ts";
import { destroyKeys, emptyState, removeData } from "./destroy.ts";
import { writeHandover } from "./handover.ts";
import { readMark, writeMark, type RetiredMark } from "./retired-mark.ts";

/** What `retireDomain` needs. */
export interface RetireOptions {
  readonly keys?: KeyAccess | undefined;
  readonly clock: Clock;
  readonly random: Random;
}

/** Retires the domain in `directory`, which must not be running. Returns when it was first asked for. A domain that lost its
 *  memory, or whose log is damaged, is retired as well: its log stays as it is, and the handover says so.
 *  @throws ERR_DIRECTORY_LOCKED when it runs, ERR_KEY, ERR_DIRECTORY_STATE; what was done stays done */
export async function retireDomain(directory: string, options: RetireOptions): Promise<{ readonly at: Instant }> {
  const config = await readConfig(directory);
  using _lock = await lockDirectory(directory);
  const earlier = await readMark(directory);
  // Wrong keys are told before anything is done.
  const keyring = earlier === null ? await Keyring.open(directory, config, options.keys) : null;
  const mark = earlier ?? { version: 1, at: options.clock.now().toISOString(), step: "closing" };
  const { at } = mark;
  if (mark.step === "done") return { at };
  const db = new StateDatabase(join(directory, "state.sqlite"));
  try {
    if (mark.step === "closing") {
      const opened = keyring ?? (await Keyring.open(directory, config, options.keys, { retired: true }));
      await handOver(directory, { ...options, config, keyring: opened, db, mark });
      await writeMark(directory, { ...mark, step: "handed-over" });
    }
    await destroyKeys(directory);
    await removeData(directory);
    emptyState(db);
  } finally {
    db.close();
  }
  await writeMark(directory, { ...mark, step: "done" });
  return { at };
}

/** Parts of a domain that is being retired. */
type Parts = RetireOptions & { config: DomainConfig; keyring: Keyring; db: StateDatabase; mark: RetiredMark };

/** Marks the domain, writes the handover, and logs the event that commits to it where log and state belong together. */
async function handOver(directory: string, parts: Parts): Promise<void> {
  const { config, keyring, db, clock, random, mark } = parts;
  const [answers, events, rollback] = [new AnswerStore(db), new EventStore(db), new RollbackStore(db)];
  const log = await logOf(directory, parts);
  try {
    const recover = async (): Promise<string | null> =>
      log instanceof SluiceError
        ? log.message
        : await recoverLog({ config, keyring, random, log, answers, events, rollback });
    await noteKeyChanges(config, events, clock.now());
    const unfit = await recover();
    await writeMark(directory, mark);
    const manifest = await writeHandover(directory, { config, db, at: mark.at, unfit });
    if (unfit !== null) return;
    events.put({ kind: "retired", subject: manifest }, clock.now());
    await recover();
  } finally {
    if (!(log instanceof SluiceError)) await log.close();
  }
}

/** The log, or why it does not open. */
async function logOf(directory: string, { config, keyring, clock }: Parts): Promise<DirectoryLog | SluiceError> {
  try {
    return await openLog(join(directory, "log"), {
      origin: config.logOrigin,
      key: keyring.logKey,
      sm2Key: keyring.logSm2Key,
      clock,
      publishIntervalMs: 0,
    });
  } catch (error) {
    if (isSluiceError(error, "ERR_LOG")) return error;
    throw error;
  }
}
