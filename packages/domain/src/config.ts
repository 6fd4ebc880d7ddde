/** The configuration of one domain: who it is, whose keys it trusts, and where its own keys are named.
 *  Written by `initDomain`, and by commands at its machine while it stands still; the pins are the root of every later
 *  decision, so nothing that arrives over the network can change them.
 *  @module */
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import {
  Instant,
  KeyId,
  LogOrigin,
  MIN_RUN_LIMITS,
  Name,
  PinnedKey,
  Sm2KeyId,
  SluiceError,
  utf8,
} from "@sluice/protocol";
import { KeyKeeping, LOG_RETENTION_YEARS, MAX_RETENTION_YEARS, replaceFileDurably } from "@sluice/evidence";
import { z } from "zod";

/** Public keys a domain trusts, pinned at its creation. */
export const Pins = z.strictObject({
  /** 实施机构: co-signs grants, registers and suspends parties. */
  agencyKey: KeyId,
  /** 数源部门: signs grants and releases; the gateway does not hold it. */
  departmentKey: KeyId,
  /** May deliver messages. Can refuse work, cannot invent it. Two during a rotation, by this domain's clock. */
  gatewayKey: PinnedKey,
  /** May revoke, when the department's key is lost. */
  recoveryKey: KeyId,
  /** May issue statuses beside the agency, online: it can stop and extend, never grant or lift a stop. */
  statusKey: KeyId.optional(),
});
export type Pins = z.infer<typeof Pins>;

/** Longest time that a domain may be told to go on without hearing anything. */
export const MAX_LEASE_MS = 30 * 86_400_000;

const RunCap = z.strictObject({
  wallTimeLimitMs: z.int().min(MIN_RUN_LIMITS.wallTimeLimitMs).optional(),
  memoryLimitBytes: z.int().min(MIN_RUN_LIMITS.memoryLimitBytes).optional(),
});

/** Most workers that answer lookups of one domain. */
const MAX_WORKERS = 16;

/** A worker on another machine. */
const WorkerAddress = z.strictObject({
  /** Origin, http or https. */
  url: z
    .url({ protocol: /^https?$/ })
    .refine((url) => new URL(url).pathname === "/" && new URL(url).search === "", "an origin without a path"),
  /** File with the secret that the worker has too; only its owner may read it. */
  secretFile: z.string().min(1).max(1_024),
});

/** `domain.json` in the domain's directory. */
export const DomainConfig = z.strictObject({
  domain: Name,
  title: z.string().min(1).max(120),
  pins: Pins,
  /** How its keys are kept. */
  keys: KeyKeeping.default("plain"),
  /** Signs receipts, snapshots and events; after a rotation all keys that did, the present one last. */
  receiptKey: PinnedKey,
  logKey: KeyId,
  /** Absent in directories made before logs had SM2 lines. */
  logSm2Key: Sm2KeyId.optional(),
  logOrigin: LogOrigin,
  /** Years for which entries of the log are kept; the longest rule when absent, and never fewer. */
  logRetentionYears: z.int().min(LOG_RETENTION_YEARS).max(MAX_RETENTION_YEARS).optional(),
  /** Grants that began before are void: set where this domain takes the place of one that was lost. */
  grantsFrom: Instant.optional(),
  /** Uses need a status in force, which lasts this long at most. Absent: they need none. */
  maxLeaseMs: z.int().min(1_000).max(MAX_LEASE_MS).optional(),
  /** Answer lookups in partitions of a database; the domain itself does, where there are none. */
  workers: z.array(WorkerAddress).max(MAX_WORKERS).optional(),
  /** The most that any run of user code gets here, when that is less than what Sluice allows. */
  runLimits: z.strictObject({ development: RunCap.optional(), production: RunCap.optional() }).optional(),
});
export type DomainConfig = z.infer<typeof DomainConfig>;

const FILE = "domain.json";
/** Directory of what was anchored, by the anchors of `anchors.json`; there need not be any. */
export const ANCHORS = "anchors";

/** Creates `directory` for a new domain. @throws ERR_DIRECTORY_UNWRITABLE, ERR_CONFLICT when it is not empty. */
export async function createDirectory(directory: string, domain: string): Promise<void> {
  try {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    if ((await readdir(directory)).length > 0) throw new SluiceError("ERR_CONFLICT", { kind: "domain", name: domain });
  } catch (cause) {
    if (cause instanceof SluiceError) throw cause;
    throw new SluiceError("ERR_DIRECTORY_UNWRITABLE", { directory }, { cause });
  }
}

/** Writes the configuration. @throws ERR_DIRECTORY_UNWRITABLE */
export async function writeConfig(directory: string, config: DomainConfig): Promise<void> {
  try {
    await writeFile(join(directory, FILE), `${JSON.stringify(config, null, 2)}\n`, { flag: "wx", mode: 0o600 });
  } catch (cause) {
    throw new SluiceError("ERR_DIRECTORY_UNWRITABLE", { directory }, { cause });
  }
}

/** Reads the configuration. @throws ERR_DIRECTORY_STATE when `directory` holds no domain. */
export async function readConfig(directory: string): Promise<DomainConfig> {
  try {
    return DomainConfig.parse(JSON.parse(await readFile(join(directory, FILE), "utf8")));
  } catch (cause) {
    throw new SluiceError(
      "ERR_DIRECTORY_STATE",
      { directory, expected: "a domain", command: `sluice domain init ${directory}` },
      { cause },
    );
  }
}

/** Writes the configuration in place of the one that is there. @throws what the file system does */
export async function replaceConfig(directory: string, config: DomainConfig): Promise<void> {
  await replaceFileDurably(join(directory, FILE), utf8(`${JSON.stringify(config, null, 2)}\n`), 0o600);
}
