/** The logs of a directory of evidence, read from their files.
 *  @module */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { verifyCheckpointInFiles, verifyLogFiles, type ReadLogFile, type TrustPins } from "@sluice/evidence/verify";
import { SluiceError, type Checkpoint, type EvidencedReceipt, type KeyId } from "@sluice/protocol";
import { errnoOf } from "../files.ts";

/** Name of the directory of the gateway's log. */
const GATEWAY = "gateway";

/** The pinned logs under one directory. */
export class LogDirectories {
  readonly #directory: string;
  readonly #trust: TrustPins;
  /** Checkpoints of receipts that were found in their log: receipts of one second share theirs. */
  readonly #held = new Set<string>();

  constructor(directory: string, trust: TrustPins) {
    this.#directory = directory;
    this.#trust = trust;
  }

  /** Origin and key of the log called `name`, or null when none is pinned. */
  identity(name: string): { origin: string; logKey: KeyId } | null {
    const { domains, gateway } = this.#trust;
    const pins = name === GATEWAY ? gateway : Object.hasOwn(domains, name) ? domains[name] : undefined;
    return pins === undefined ? null : { origin: pins.logOrigin, logKey: pins.logKey };
  }

  /** Verifies the whole log called `name`. @throws ERR_LOG */
  async verify(name: string, signal: AbortSignal | undefined): Promise<Checkpoint> {
    return await verifyLogFiles(this.#reader(name), this.#pinned(name), signal === undefined ? {} : { signal });
  }

  /** Passes when the checkpoints that a receipt's proofs lead to are those of the logs in these files. A call has a
   *  proof of both logs; a run may have been fetched before the gateway saw its receipt. @throws ERR_LOG, ERR_RECEIPT */
  async holdsProofsOf(evidenced: EvidencedReceipt): Promise<void> {
    const { domain, operation } = evidenced.receipt.body;
    await this.#holds(domain, evidenced.domainLog.checkpoint);
    if (evidenced.gatewayLog !== undefined) await this.#holds(GATEWAY, evidenced.gatewayLog.checkpoint);
    else if (operation !== "develop" && operation !== "build") {
      throw new SluiceError("ERR_RECEIPT", { reason: "the proof of the gateway's log is missing" });
    }
  }

  async #holds(name: string, checkpoint: string): Promise<void> {
    const id = `${name}\n${checkpoint}`;
    if (this.#held.has(id)) return;
    await verifyCheckpointInFiles(this.#reader(name), checkpoint, this.#pinned(name));
    this.#held.add(id);
  }

  #pinned(name: string): { origin: string; logKey: KeyId } {
    const identity = this.identity(name);
    if (identity === null) throw new SluiceError("ERR_LOG", { origin: name, reason: "its key is not pinned" });
    return identity;
  }

  #reader(name: string): ReadLogFile {
    return async (path) => {
      try {
        return new Uint8Array(await readFile(join(this.#directory, name, path)));
      } catch (cause) {
        if (errnoOf(cause) === "ENOENT" || errnoOf(cause) === "ENOTDIR") return null;
        throw new SluiceError("ERR_LOG", { origin: name, reason: `${path} cannot be read` }, { cause });
      }
    };
  }
}
