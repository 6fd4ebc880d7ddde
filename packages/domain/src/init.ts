/** Creation of a domain: its keys, and the keys it will trust from then on.
 *  @module */
import { SluiceError, toHex, type Clock, type Instant, type Random, type SuiteId } from "@sluice/protocol";
import type { FileSuite, NewKeys } from "@sluice/evidence";
import { createDirectory, Pins, writeConfig, type DomainConfig } from "./config.ts";
import { Keyring } from "./keyring.ts";
import { createDataKeys } from "./rest/open-files.ts";

/** What `initDomain` needs to know. */
export interface InitDomainOptions extends Pins {
  /** Short name of the domain, for example `hrss`. */
  readonly domain: string;
  /** Name shown to people. */
  readonly title: string;
  readonly random: Random;
  readonly clock?: Clock;
  /** Suite in which receipts, snapshots and events are signed; Ed25519 unless given. */
  readonly suite?: SuiteId;
  /** Suite in which data at rest is sealed. */
  readonly atRest?: FileSuite;
  /** How keys are kept; in plain files unless given. */
  readonly keys?: Omit<NewKeys, "random">;
  /** See `DomainConfig`. */
  readonly grantsFrom?: Instant;
  readonly maxLeaseMs?: number;
}

/** Suite in which data at rest is sealed when no other is named. */
export const DEFAULT_AT_REST: FileSuite = "intl";

/** Random bytes in the origin of a log that takes the place of another. */
const ORIGIN_BYTES = 8;

/** Creates a domain in an empty `directory`. @throws ERR_CONFLICT, ERR_DIRECTORY_UNWRITABLE, ERR_BODY_INVALID;
 *  ERR_KEY, ERR_NOT_FOUND when a key that should be in the environment is not, or a passphrase is missing */
export async function initDomain(directory: string, options: InitDomainOptions): Promise<DomainConfig> {
  const { domain, title, random, agencyKey, departmentKey, gatewayKey, recoveryKey, statusKey } = options;
  const own = statusKey === undefined ? {} : { statusKey };
  const pins = Pins.safeParse({ agencyKey, departmentKey, gatewayKey, recoveryKey, ...own });
  if (!pins.success) {
    const pointer = `/${pins.error.issues[0]?.path.map(String).join("/") ?? ""}`;
    throw new SluiceError("ERR_BODY_INVALID", { pointer, expected: "a key id (ed25519:… or sm2:…)" });
  }
  await createDirectory(directory, domain);
  const { keys = { keeping: "plain" } } = options;
  const keyring = await Keyring.create(directory, { ...keys, random }, options.suite ?? "ed25519");
  const config: DomainConfig = {
    domain,
    title,
    pins: pins.data,
    keys: keys.keeping,
    receiptKey: keyring.receiptKey.keyId,
    logKey: keyring.logKey.keyId,
    ...(keyring.logSm2Key === undefined ? {} : { logSm2Key: keyring.logSm2Key.keyId }),
    // Witnesses remember a log by its origin: one that takes the place of a lost one is another log.
    logOrigin: `sluice/domain/${domain}${options.grantsFrom === undefined ? "" : `/${toHex(random.bytes(ORIGIN_BYTES))}`}`,
    ...(options.grantsFrom === undefined ? {} : { grantsFrom: options.grantsFrom }),
    ...(options.maxLeaseMs === undefined ? {} : { maxLeaseMs: options.maxLeaseMs }),
  };
  await createDataKeys({ directory, config, keyring, random }, options.atRest ?? DEFAULT_AT_REST);
  await writeConfig(directory, config);
  return config;
}
