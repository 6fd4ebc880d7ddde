/** Uses of cryptography that a gateway, a domain, or a city of both chose when they were made: read from their
 *  configuration and from the heads of their key files. No secret is opened.
 *  @module */
import type { DomainConfig } from "@sluice/domain";
import type { GatewayConfig } from "@sluice/gateway";
import { ringOf } from "@sluice/evidence/verify";
import { SluiceError, SuiteId, type KeyId, type PinnedKey } from "@sluice/protocol";
import type { DataDirectory, Home } from "../doctor/data-directory.ts";
import { AT_REST, SIGNATURES, type AlgorithmUse } from "./algorithm-use.ts";

/** What belongs to one gateway or domain. */
export interface HomeUses {
  /** `gateway`, or the name of the domain. */
  readonly home: string;
  readonly uses: readonly AlgorithmUse[];
}

/** The uses below `directory`. @throws ERR_DIRECTORY_STATE when it holds neither, or one cannot be read */
export async function directoryUses({ directory, homes }: DataDirectory): Promise<HomeUses[]> {
  if (homes.length === 0) throw unreadable(directory);
  return Promise.all(homes.map(homeUses));
}

async function homeUses(home: Home): Promise<HomeUses> {
  if (home.config === null) throw unreadable(home.directory);
  if (home.kind === "gateway") return { home: "gateway", uses: gatewayUses(home.config) };
  const { dataKeySuites } = await import("@sluice/domain");
  const sealed = (await dataKeySuites(home.directory)).map(({ id, suite }): AlgorithmUse => ({
    use: { en: "tables and indexes at rest", zh: "静态数据表与索引" },
    ...AT_REST[suite],
    keyId: id,
  }));
  return { home: home.config.domain, uses: [...domainUses(home.config), ...sealed] };
}

function gatewayUses({ gatewayKey, logKey, logSm2Key, agencyKey }: GatewayConfig): AlgorithmUse[] {
  return [
    ...signedByAll("requests to domains, bookings of receipts", "对数据域的请求、凭证登记", gatewayKey),
    ...logLines(logKey, logSm2Key),
    signed("party statements, as pinned", "主体登记（已固定的实施机构公钥）", agencyKey),
  ];
}

function domainUses({ receiptKey, logKey, logSm2Key, pins }: DomainConfig): AlgorithmUse[] {
  return [
    ...signedByAll("receipts, snapshots, events", "凭证、快照与事件", receiptKey),
    ...logLines(logKey, logSm2Key),
    signed("grants and parties by the agency, as pinned", "实施机构对授权与主体的签名（已固定）", pins.agencyKey),
    signed(
      "grants and releases by the department, as pinned",
      "数源部门对授权与发布许可的签名（已固定）",
      pins.departmentKey,
    ),
    ...signedByAll("requests of the gateway, as pinned", "网关请求（已固定）", pins.gatewayKey),
    signed("revocations by the recovery key, as pinned", "恢复密钥的撤销（已固定）", pins.recoveryKey),
  ];
}

function logLines(logKey: KeyId, logSm2Key: KeyId | undefined): AlgorithmUse[] {
  const line = (keyId: KeyId) => signed("checkpoints of the log", "日志检查点", keyId);
  return [line(logKey), ...(logSm2Key === undefined ? [] : [line(logSm2Key)])];
}

/** One use for each key over time: what an ended one signed is still verified. */
function signedByAll(en: string, zh: string, pin: PinnedKey): AlgorithmUse[] {
  return ringOf(pin).map(({ keyId }) => signed(en, zh, keyId));
}

function signed(en: string, zh: string, keyId: KeyId): AlgorithmUse {
  return { use: { en, zh }, ...SIGNATURES[SuiteId.parse(keyId.split(":")[0])], keyId };
}

function unreadable(directory: string): SluiceError {
  const details = { directory, expected: "a gateway, a domain or a city", command: "sluice gateway init" };
  return new SluiceError("ERR_DIRECTORY_STATE", details);
}
