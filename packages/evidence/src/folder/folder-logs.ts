/** The logs of a folder of evidence, read from their files below `logs/`.
 *  @module */
import { SluiceError, type Bytes, type EvidencedReceipt } from "@sluice/protocol";
import { holdsAnchored, type AnchorRecord } from "../anchor/anchor-record.ts";
import { logIdentity, type LogIdentity } from "../checkpoint.ts";
import { verifyCheckpointInFiles, type ReadLogFile } from "../log-files.ts";
import { requireGatewayWord, type TrustPins } from "../receipts.ts";
import { HASH_BYTES } from "../tree-hash.ts";
import { verifyLogFiles, type VerifiedLog } from "../verify-log-files.ts";
import type { EvidenceFolder } from "./evidence-folder.ts";

/** Name of the directory of the gateway's log. */
const GATEWAY = "gateway";
/** Directory of all logs. */
const LOGS = "logs";

/** Files of logs kept between receipts, which ask for the same few: 8 KB each at most. */
const MAX_KEPT_FILES = 512;

/** Pins of logs. */
export type LogPins = Pick<TrustPins, "domains"> & Partial<Pick<TrustPins, "gateway">>;

/** The pinned logs of one folder. */
export class FolderLogs {
  readonly #folder: Pick<EvidenceFolder, "list" | "read">;
  readonly #trust: LogPins;
  /** Checkpoints of receipts that were found in their log: receipts of one second share theirs. */
  readonly #held = new Set<string>();
  /** Files, or null for what is not there, by path. */
  readonly #kept = new Map<string, Bytes | null>();

  constructor(folder: Pick<EvidenceFolder, "list" | "read">, trust: LogPins) {
    this.#folder = folder;
    this.#trust = trust;
  }

  /** Names of the logs that are there, sorted. */
  async names(): Promise<string[]> {
    const entries = await this.#folder.list(LOGS);
    return [...new Set(entries.map(({ path }) => path.split("/")[1] ?? ""))].toSorted();
  }

  /** Origin and key of the log called `name`, or null when none is pinned. */
  identity(name: string): LogIdentity | null {
    const { domains, gateway } = this.#trust;
    const pins = name === GATEWAY ? gateway : Object.hasOwn(domains, name) ? domains[name] : undefined;
    return pins === undefined ? null : logIdentity(pins);
  }

  /** Verifies the whole log called `name`. @throws ERR_LOG */
  async verify(name: string, signal: AbortSignal | undefined): Promise<VerifiedLog> {
    return await verifyLogFiles(this.#reader(name), this.#pinned(name), signal === undefined ? {} : { signal });
  }

  /** Passes when the checkpoints that a receipt's proofs lead to are those of the logs in these files. A call has a
   *  proof of both logs and a booking; a run may have been fetched before the gateway saw its receipt. @throws ERR_LOG, ERR_RECEIPT */
  async holdsProofsOf(evidenced: EvidencedReceipt): Promise<void> {
    requireGatewayWord(evidenced);
    await this.#holds(evidenced.receipt.body.domain, evidenced.domainLog.checkpoint);
    if (evidenced.gatewayLog !== undefined) await this.#holds(GATEWAY, evidenced.gatewayLog.checkpoint);
  }

  /** Passes when a checkpoint is one of the log called `name` in these files. @throws ERR_LOG */
  holdsCheckpoint(name: string, checkpoint: string): Promise<void> {
    return this.#holds(name, checkpoint);
  }

  /** Passes when the log continues what was anchored of it. @throws ERR_ANCHOR, ERR_LOG */
  holdsAnchored(name: string, record: AnchorRecord): Promise<void> {
    return holdsAnchored(this.#reader(name), record, this.#pinned(name));
  }

  async #holds(name: string, checkpoint: string): Promise<void> {
    const id = `${name}\n${checkpoint}`;
    if (this.#held.has(id)) return;
    await verifyCheckpointInFiles(
      this.#reader(name, (path) => this.#readKept(path)),
      checkpoint,
      this.#pinned(name),
    );
    this.#held.add(id);
  }

  #pinned(name: string): LogIdentity {
    const identity = this.identity(name);
    if (identity === null) throw new SluiceError("ERR_LOG", { origin: name, reason: "its key is not pinned" });
    return identity;
  }

  #reader(name: string, readFile: ReadLogFile = (path) => this.#folder.read(path)): ReadLogFile {
    const root = `${LOGS}/${name}`;
    const read = async (path: string): Promise<Bytes | null> => {
      try {
        return await readFile(`${root}/${path}`);
      } catch (cause) {
        throw new SluiceError("ERR_LOG", { origin: name, reason: `${path} cannot be read` }, { cause });
      }
    };
    return async (path) => (await read(path)) ?? (await this.#readWider(root, path, read));
  }

  async #readKept(path: string): Promise<Bytes | null> {
    const known = this.#kept.get(path);
    if (known !== undefined) return known;
    const bytes = await this.#folder.read(path);
    const oldest = this.#kept.keys().next();
    if (this.#kept.size >= MAX_KEPT_FILES && oldest.done !== true) this.#kept.delete(oldest.value);
    this.#kept.set(path, bytes);
    return bytes;
  }

  /** A log keeps the widest form of a tile only, while the checkpoint of an early receipt asks for a narrower one,
   *  which is its beginning (C2SP tlog-tiles, Partial tiles). */
  async #readWider(root: string, path: string, read: ReadLogFile): Promise<Bytes | null> {
    const [, tile, width] = PARTIAL_TILE.exec(path) ?? [];
    if (tile === undefined) return null;
    const entries = await this.#folder.list(`${root}/${tile}.p`);
    const widths = entries.map((entry) => Number(entry.path.slice(entry.path.lastIndexOf("/") + 1)));
    const wider = widths.find((other) => other > Number(width));
    const bytes = await read(wider === undefined ? tile : `${tile}.p/${wider}`);
    return bytes?.subarray(0, Number(width) * HASH_BYTES) ?? null;
  }
}

/** A tile of hashes that is partly full: `N.p/W` holds the first W hashes of tile N. */
const PARTIAL_TILE = /^(tile\/[0-9]\/.+)\.p\/([0-9]{1,3})$/;
