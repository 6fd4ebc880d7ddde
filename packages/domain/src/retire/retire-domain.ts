/** The exit of a domain (退出): it serves nothing from its first step on, hands over what stays readable, and destroys its keys
 *  and data. Cut off anywhere, it is ended by doing it again.
 *  @module */
import { join } from "node:path";
import { lockDirectory, openLog, type KeyAccess } from "@sluice/evidence";
import { SluiceError, type Clock, type Instant, type Random } from "@sluice/protocol";
import { readConfig, type DomainConfig } from "../config.ts";
import { Keyring } from "../keyring.ts";
import { recoverLog } from "../serve/recover-log.ts";
import { AnswerStore } from "../state/answers.ts";
import { StateDatabase } from "../state/database.ts";
import { EventStore } from "../state/events.ts";
import { RollbackStore } from "../state/rollback.ts";
import { destroyKeys, emptyState, removeData } from "./destroy.ts";
import { writeHandover } from "./handover.ts";
import { readMark, writeMark } from "./retired-mark.ts";

/** What `retireDomain` needs. */
export interface RetireOptions {
  readonly keys?: KeyAccess | undefined;
  readonly clock: Clock;
  readonly random: Random;
}

/** Retires the domain in `directory`, which must not be running. Returns when it was first asked for.
 *  @throws ERR_DIRECTORY_LOCKED when it runs, ERR_KEY, ERR_ROLLED_BACK, ERR_DIRECTORY_STATE; what was done stays done */
export async function retireDomain(directory: string, options: RetireOptions): Promise<{ readonly at: Instant }> {
  const config = await readConfig(directory);
  using _lock = await lockDirectory(directory);
  const earlier = await readMark(directory);
  // Wrong keys are told before anything is done.
  const keyring = earlier === null ? await Keyring.open(directory, config, options.keys) : null;
  const mark = earlier ?? { version: 1, at: options.clock.now().toISOString(), step: "closing" };
  const { at } = mark;
  if (earlier === null) await writeMark(directory, mark);
  if (mark.step === "done") return { at };
  const db = new StateDatabase(join(directory, "state.sqlite"));
  try {
    if (mark.step === "closing") {
      const opened = keyring ?? (await Keyring.open(directory, config, options.keys, { retired: true }));
      await handOver(directory, { ...options, config, keyring: opened, db, at });
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

/** Writes the handover and logs the event that commits to it. */
async function handOver(
  directory: string,
  parts: RetireOptions & { config: DomainConfig; keyring: Keyring; db: StateDatabase; at: Instant },
): Promise<void> {
  const { config, keyring, db, clock, random, at } = parts;
  const log = await openLog(join(directory, "log"), {
    origin: config.logOrigin,
    key: keyring.logKey,
    sm2Key: keyring.logSm2Key,
    clock,
    publishIntervalMs: 0,
  });
  try {
    const [answers, events, rollback] = [new AnswerStore(db), new EventStore(db), new RollbackStore(db)];
    const recover = async (): Promise<void> => {
      const reason = await recoverLog({ config, keyring, random, log, answers, events, rollback });
      if (reason !== null) throw new SluiceError("ERR_ROLLED_BACK", { reason });
    };
    await recover();
    const manifest = await writeHandover(directory, { config, db, at });
    events.put({ kind: "retired", subject: manifest }, clock.now());
    await recover();
  } finally {
    await log.close();
  }
}
