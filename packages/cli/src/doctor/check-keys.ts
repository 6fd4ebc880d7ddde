/** Keys: there, readable by their owner only, well-formed, and the ones that the configuration names. What is printed
 *  is a file and a mode, never a key.
 *  @module */
import { existsSync } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { currentKey, importSigningKey, isSealedKey, ringOf } from "@sluice/evidence";
import { namesIn, type DataDirectory, type Home } from "./data-directory.ts";
import { failure, warning, well, type Finding } from "./finding.ts";

const MASTER_SECRET = /^[0-9a-f]{64}\s*$/;
/** Permissions of group and others. */
const OTHERS = 0o077;

/** Checks the keys of every home and party. */
export async function checkKeys(data: DataDirectory): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const home of data.homes) findings.push(...(await checkHome(home)));
  if (data.parties !== undefined) findings.push(...(await checkParties(data.parties)));
  return [...findings, ...checkPins(data.homes)];
}

async function checkHome(home: Home): Promise<Finding[]> {
  const name = home.config !== null && home.kind === "domain" ? `domain ${home.config.domain}` : home.kind;
  if (home.config === null) {
    return [
      failure(
        "keys",
        `${name}: the configuration in ${home.directory} cannot be read`,
        "restore it from the backup; its pins cannot be made again",
        "从备份恢复该配置文件；其中的信任公钥无法重新生成",
      ),
    ];
  }
  if (existsSync(join(home.directory, "retired.json"))) return [well("keys", `${name}: out of use, without keys`)];
  if (home.config.keys === "environment") return [well("keys", `${name}: in the environment`)];
  const keys = join(home.directory, "keys");
  const { logSm2Key } = home.config;
  const sm2Key = logSm2Key === undefined ? {} : { "log-sm2.key": logSm2Key };
  const expected =
    home.kind === "domain"
      ? {
          "receipt.key": currentKey(home.config.receiptKey),
          "log.key": home.config.logKey,
          ...sm2Key,
          "master.key": undefined,
        }
      : { "gateway.key": currentKey(home.config.gatewayKey), "log.key": home.config.logKey, ...sm2Key };
  const faults = [...(await openDirectory(keys, name))];
  for (const [file, keyId] of Object.entries(expected)) {
    const fault = await keyFault(join(keys, file), `${name}: ${file}`, keyId);
    if (fault === undefined) continue;
    // A rotation that was cut off after its decision: the next start puts this key in its place.
    const next = file.replace(/\.key$/, "-next.key");
    if ((await keyFault(join(keys, next), next, keyId)) !== undefined) faults.push(fault);
  }
  if (faults.length > 0) return faults;
  const fact = `${name}: ${Object.keys(expected).length} keys, as configured`;
  return [home.config.keys === "plain" ? plain(fact) : well("keys", fact)];
}

function plain(fact: string): Finding {
  return warning(
    "keys",
    `${fact}, in plain files`,
    "put them under a passphrase: `sluice keys passphrase DIR`; whoever copied the disk before has them",
    "用 `sluice keys passphrase 目录` 为其加口令；此前复制过磁盘的人已持有这些密钥",
  );
}

async function checkParties(directory: string): Promise<Finding[]> {
  const files = (await namesIn(directory)).filter((name) => name.endsWith(".key"));
  const faults = [...(await openDirectory(directory, "parties"))];
  for (const file of files) {
    const fault = await keyFault(join(directory, file), `parties: ${file}`, undefined);
    if (fault !== undefined) faults.push(fault);
  }
  return faults.length > 0 ? faults : [well("keys", `parties: ${files.length} keys`)];
}

async function openDirectory(directory: string, name: string): Promise<Finding[]> {
  try {
    const { mode } = await stat(directory);
    if ((mode & OTHERS) === 0) return [];
  } catch {
    return []; // its files are missing, which is told of each
  }
  return [
    failure(
      "keys",
      `${name}: others may look into ${basename(directory)}`,
      `chmod 700 ${directory}`,
      `执行 chmod 700 ${directory}，只允许所有者访问`,
    ),
  ];
}

async function keyFault(file: string, name: string, keyId: string | undefined): Promise<Finding | undefined> {
  let text: string;
  try {
    const { mode } = await stat(file);
    if ((mode & OTHERS) !== 0) {
      const shown = (mode & 0o777).toString(8).padStart(4, "0");
      return failure(
        "keys",
        `${name} has mode ${shown}: others may read it`,
        `chmod 600 ${file}; if others could log in here, take the key out of use`,
        `执行 chmod 600 ${file}；若他人可登录此机，应停用该密钥`,
      );
    }
    text = await readFile(file, "utf8");
  } catch {
    return failure("keys", `${name} is missing`, "restore it from the backup", "从备份恢复该文件");
  }
  const sealed = sealedId(text);
  if (basename(file) === "master.key") {
    return MASTER_SECRET.test(text) || sealed === "a secret" ? undefined : damaged(name);
  }
  if (sealed !== undefined && (keyId === undefined || sealed === keyId)) return undefined;
  try {
    const key = await importSigningKey(text);
    if (keyId === undefined || key.keyId === keyId) return undefined;
  } catch {
    return damaged(name);
  }
  return failure(
    "keys",
    `${name} is another key than the configuration names`,
    "put back the key that belongs to this directory; others have pinned its public key",
    "放回属于该目录的密钥；其公钥已被其他方信任",
  );
}

/** What a file under a passphrase says that it holds; undefined for another file. Only its passphrase tells whether it opens. */
function sealedId(text: string): string | undefined {
  if (!isSealedKey(text)) return undefined;
  const document: unknown = JSON.parse(text);
  const named = typeof document === "object" && document !== null && "keyId" in document ? document.keyId : "a secret";
  return String(named);
}

function damaged(name: string): Finding {
  return failure("keys", `${name} is damaged`, "restore it from the backup", "从备份恢复该文件");
}

/** In a city both sides are at hand: what domains pin must be what the gateway holds. */
function checkPins(homes: readonly Home[]): Finding[] {
  const gateway = homes.find((home) => home.kind === "gateway")?.config ?? null;
  if (gateway === null) return [];
  return homes.flatMap((home) => {
    if (home.kind !== "domain" || home.config === null) return [];
    const { domain, pins } = home.config;
    const present = currentKey(gateway.gatewayKey);
    const same = {
      gatewayKey: ringOf(pins.gatewayKey).some(({ keyId, until }) => keyId === present && until === undefined),
      agencyKey: pins.agencyKey === gateway.agencyKey,
    };
    const wrong = (["gatewayKey", "agencyKey"] as const).filter((pin) => !same[pin]);
    if (wrong.length === 0) return [well("pins", `domain ${domain} pins this gateway and its agency`)];
    return wrong.map((pin) =>
      failure(
        "pins",
        `domain ${domain} pins another ${pin} than the gateway beside it has`,
        "after a rotation `sluice domain pin-gateway`; else start the domain with the gateway it was made for",
        "网关换钥后执行 `sluice domain pin-gateway`；否则让该数据域连接创建时指定的网关",
      ),
    );
  });
}
