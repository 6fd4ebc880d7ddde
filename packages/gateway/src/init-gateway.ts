/** Makes a directory a gateway's: keys of its own and a configuration. The configuration is written last, so that a
 *  directory is a gateway's or it is not.
 *  @module */
import { mkdir, open, readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { createHomeKey, lockDirectory, type NewKeys } from "@sluice/evidence";
import {
  KeyId,
  LogOrigin,
  SluiceError,
  toHex,
  type Clock,
  type PinnedKey,
  type Random,
  type SuiteId,
} from "@sluice/protocol";
import { FILES, KEY_NAMES, notAGateway, readConfig, type GatewayConfig } from "./configuration.ts";

/** What `initGateway` needs. */
export interface InitGatewayOptions {
  /** Key of the agency, which alone makes and unmakes parties. */
  readonly agencyKey: KeyId;
  /** Origin of the gateway's log; by default a name with random digits. */
  readonly origin?: string;
  readonly clock: Clock;
  readonly random: Random;
  /** Suite in which requests to domains and bookings are signed; Ed25519 unless given. */
  readonly suite?: SuiteId;
  /** How keys are kept; in plain files unless given. */
  readonly keys?: Omit<NewKeys, "random">;
}

/** What others pin. */
export interface GatewayIdentity {
  /** After a rotation all keys that it had. */
  readonly gatewayKey: PinnedKey;
  readonly logKey: KeyId;
  /** Absent in a directory made before logs had SM2 lines. */
  readonly logSm2Key?: KeyId;
  readonly logOrigin: string;
}

const CONFIG_DRAFT = "config.json.new";
/** What an initialisation that was cut off leaves behind. */
const OWN_LEFTOVERS = new Set<string>([FILES.keys, CONFIG_DRAFT, "lock", "lock.pid"]);
const ORIGIN_BYTES = 4;

/** Creates a gateway in `directory`; one that is there with the same agency stays as it is.
 *  @throws ERR_DIRECTORY_STATE when the directory holds something else; ERR_DIRECTORY_UNWRITABLE,
 *  ERR_DIRECTORY_LOCKED; ERR_BODY_INVALID when key or origin are malformed */
export async function initGateway(directory: string, options: InitGatewayOptions): Promise<GatewayIdentity> {
  const { clock, random } = options;
  const agencyKey = KeyId.safeParse(options.agencyKey);
  if (!agencyKey.success) throw new SluiceError("ERR_BODY_INVALID", { pointer: "/agencyKey", expected: "a key id" });
  const origin = LogOrigin.safeParse(options.origin ?? `sluice.gateway/${toHex(random.bytes(ORIGIN_BYTES))}`);
  if (!origin.success) throw new SluiceError("ERR_BODY_INVALID", { pointer: "/origin", expected: "a log origin" });
  await refuseForeign(directory);
  const lock = await lockDirectory(directory);
  try {
    const present = await readConfig(directory);
    if (present !== null) {
      if (present.agencyKey !== agencyKey.data) throw notAGateway(directory, "a gateway of this agency");
      return identityOf(present);
    }
    const facts = { agencyKey: agencyKey.data, logOrigin: origin.data, createdAt: clock.now().toISOString() };
    const { keys = { keeping: "plain" } } = options;
    const config = await create(directory, facts, { ...keys, random }, options.suite ?? "ed25519");
    return identityOf(config);
  } catch (cause) {
    if (cause instanceof SluiceError) throw cause;
    throw new SluiceError("ERR_DIRECTORY_UNWRITABLE", { directory }, { cause });
  } finally {
    lock.release();
  }
}

async function refuseForeign(directory: string): Promise<void> {
  let names: string[];
  try {
    names = await readdir(directory);
  } catch (cause) {
    if (cause instanceof Error && "code" in cause && cause.code === "ENOENT") return;
    throw new SluiceError("ERR_DIRECTORY_UNWRITABLE", { directory }, { cause });
  }
  if ((await readConfig(directory)) !== null) return;
  if (names.some((name) => !OWN_LEFTOVERS.has(name))) throw notAGateway(directory, "a gateway, and is not empty");
}

async function create(
  directory: string,
  { agencyKey, logOrigin, createdAt }: Pick<GatewayConfig, "agencyKey" | "logOrigin" | "createdAt">,
  keys: NewKeys,
  suite: SuiteId,
): Promise<GatewayConfig> {
  await rm(join(directory, FILES.keys), { recursive: true, force: true });
  await mkdir(join(directory, FILES.keys), { recursive: true, mode: 0o700 });
  const gatewayKey = await createHomeKey(directory, KEY_NAMES.gateway, suite, keys);
  const logKey = await createHomeKey(directory, KEY_NAMES.log, "ed25519", keys);
  const logSm2Key = await createHomeKey(directory, KEY_NAMES.logSm2, "sm2", keys);
  await syncDirectory(join(directory, FILES.keys));
  const config: GatewayConfig = {
    version: 1,
    keys: keys.keeping,
    agencyKey,
    gatewayKey: gatewayKey.keyId,
    logKey: logKey.keyId,
    logSm2Key: logSm2Key.keyId,
    logOrigin,
    createdAt,
  };
  const draft = join(directory, CONFIG_DRAFT);
  await rm(draft, { force: true });
  await writeDurably(draft, `${JSON.stringify(config, null, 2)}\n`);
  await rename(draft, join(directory, FILES.config));
  await syncDirectory(directory);
  return config;
}

/** Only the owner reads what this writes. */
async function writeDurably(file: string, text: string): Promise<void> {
  await using handle = await open(file, "wx", 0o600);
  await handle.writeFile(text);
  await handle.sync();
}

async function syncDirectory(directory: string): Promise<void> {
  await using handle = await open(directory, "r");
  await handle.sync();
}

function identityOf({ gatewayKey, logKey, logSm2Key, logOrigin }: GatewayConfig): GatewayIdentity {
  return { gatewayKey, logKey, ...(logSm2Key === undefined ? {} : { logSm2Key }), logOrigin };
}
