/** Files of a gateway's directory: `config.json`, `keys/`, `state/`, `log/`, `gateway.log`, and
 *  perhaps `witnesses.policy` and `anchors.json` with `anchors/`.
 *  @module */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import {
  currentKey,
  KeyKeeping,
  LOG_RETENTION_YEARS,
  MAX_RETENTION_YEARS,
  openHomeKeys,
  replaceFileDurably,
  settleHomeKey,
  type KeyAccess,
  type SigningKey,
} from "@sluice/evidence";
import { Instant, KeyId, LogOrigin, PinnedKey, Sm2KeyId, isSluiceError, SluiceError, utf8 } from "@sluice/protocol";
import { z } from "zod";

/** `config.json`: what the gateway is and whom it trusts. */
export const GatewayConfig = z.strictObject({
  version: z.literal(1),
  /** How its keys are kept. */
  keys: KeyKeeping.default("plain"),
  /** Key that makes and unmakes parties. */
  agencyKey: KeyId,
  /** Signs requests to domains, which pin it, and bookings; after a rotation all keys that did, the present one last. */
  gatewayKey: PinnedKey,
  /** Key that signs checkpoints of the gateway's log. */
  logKey: KeyId,
  /** Key of the SM2 line of its checkpoints; absent in directories made before logs had one. */
  logSm2Key: Sm2KeyId.optional(),
  logOrigin: LogOrigin,
  /** Years for which entries of the log are kept; the longest rule when absent, and never fewer. */
  logRetentionYears: z.int().min(LOG_RETENTION_YEARS).max(MAX_RETENTION_YEARS).optional(),
  createdAt: Instant,
});
export type GatewayConfig = z.infer<typeof GatewayConfig>;

/** Names below a gateway's directory. */
export const FILES = {
  config: "config.json",
  keys: "keys",
  log: "log",
  /** Policy of the witnesses that are asked to cosign; there need not be one. */
  witnesses: "witnesses.policy",
  /** What was anchored, by the anchors of `anchors.json`; there need not be any. */
  anchors: "anchors",
  processLog: "gateway.log",
} as const;

/** Names of the files in `keys/`, and of the variables `SLUICE_KEY_<NAME>`. */
export const KEY_NAMES = { gateway: "gateway", log: "log", logSm2: "log-sm2" } as const;

const OWNER_ONLY = 0o600;
/** The command that makes a directory a gateway's. */
const INIT_COMMAND = "sluice gateway init";

/** The error for a directory that is not a gateway's. */
export function notAGateway(directory: string, expected: string, cause?: unknown): SluiceError {
  return new SluiceError("ERR_DIRECTORY_STATE", { directory, expected, command: INIT_COMMAND }, { cause });
}

/** The configuration of `directory`; null when it has none. @throws ERR_DIRECTORY_STATE when it is damaged */
export async function readConfig(directory: string): Promise<GatewayConfig | null> {
  let text: string;
  try {
    text = await readFile(join(directory, FILES.config), "utf8");
  } catch (cause) {
    if (cause instanceof Error && "code" in cause && (cause.code === "ENOENT" || cause.code === "ENOTDIR")) return null;
    throw notAGateway(directory, "a gateway's readable configuration", cause);
  }
  try {
    return GatewayConfig.parse(JSON.parse(text));
  } catch (cause) {
    throw notAGateway(directory, "a gateway's configuration", cause);
  }
}

/** The private keys that the configuration names. Whoever calls this holds the lock of `directory`.
 *  @throws ERR_KEY when one does not open, ERR_DIRECTORY_STATE when one is missing or another */
export async function readKeys(
  directory: string,
  config: GatewayConfig,
  access: KeyAccess = {},
): Promise<{ gatewayKey: SigningKey; logKey: SigningKey; logSm2Key: SigningKey | undefined }> {
  const provider = await openHomeKeys(directory, config.keys, access);
  const read = async (name: string, keyId: KeyId): Promise<SigningKey> => {
    const key = await provider.signingKey(name).catch((cause: unknown) => {
      throw isSluiceError(cause, "ERR_NOT_FOUND") ? notAGateway(directory, `the key ${name}`, cause) : cause;
    });
    if (key.keyId !== keyId) throw notAGateway(directory, `the key ${name} of its configuration`);
    return key;
  };
  const { gatewayKey, logKey, logSm2Key } = config;
  if (config.keys !== "environment") {
    await settleHomeKey(directory, KEY_NAMES.gateway, currentKey(gatewayKey), provider);
  }
  return {
    gatewayKey: await read(KEY_NAMES.gateway, currentKey(gatewayKey)),
    logKey: await read(KEY_NAMES.log, logKey),
    logSm2Key: logSm2Key === undefined ? undefined : await read(KEY_NAMES.logSm2, logSm2Key),
  };
}

/** Writes the configuration in place of the one that is there. @throws what the file system does */
export async function replaceConfig(directory: string, config: GatewayConfig): Promise<void> {
  await replaceFileDurably(join(directory, FILES.config), utf8(`${JSON.stringify(config, null, 2)}\n`), OWNER_ONLY);
}
