/** The parties of the walk and their keys, each in a file of its own. In a real city every one of these files
 *  is on another machine; here they lie side by side so that one command can play every part.
 *  @module */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import {
  exportPrivateKey,
  generateSigningKey,
  importSigningKey,
  signDocument,
  type SigningKey,
} from "@sluice/evidence";
import type { PartyRole, SignedParty, SuiteId } from "@sluice/protocol";

/** Name, title and role of every party of the walk. */
export const PARTIES = {
  "data-bureau": { title: "数据局 Data Bureau", role: "agency" },
  "hrss-department": { title: "人力资源和社会保障局 Human Resources and Social Security", role: "source" },
  "health-department": { title: "卫生健康委员会 Health Commission", role: "source" },
  "market-department": { title: "市场监督管理局 Market Supervision", role: "source" },
  "city-data-group": { title: "城市数据集团 City Data Group", role: "operator" },
  "credit-lab": { title: "普惠信用实验室 Credit Lab", role: "developer" },
  "river-bank": { title: "江河银行 River Bank", role: "caller" },
  "harbour-insurance": { title: "江海保险 Harbour Insurance", role: "caller" },
  "civil-affairs-bureau": { title: "民政局 Civil Affairs Bureau", role: "caller" },
  "planning-bureau": { title: "规划和自然资源局 Planning Bureau", role: "caller" },
  "employment-service": { title: "就业服务中心 Employment Service", role: "caller" },
  "closed-bank": { title: "停业银行 Closed Bank", role: "caller" },
} as const satisfies Record<string, { title: string; role: PartyRole }>;

export type PartyName = keyof typeof PARTIES;

/** Keys of the parties, and the recovery key that no party of the scene holds. */
export type PartyKeys = Record<PartyName | "recovery", SigningKey>;

/** Reads the keys below `directory`, of whatever suite they are, making those that are not there, of `suite`. */
export async function partyKeys(directory: string, suite: SuiteId = "ed25519"): Promise<PartyKeys> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const names = [...(Object.keys(PARTIES) as PartyName[]), "recovery" as const];
  const entries = await Promise.all(
    names.map(async (name) => [name, await keyFile(join(directory, `${name}.key`), suite)] as const),
  );
  return Object.fromEntries(entries) as PartyKeys;
}

/** The agency's statement that a party exists, with its key and status. */
export function partyStatement(
  keys: PartyKeys,
  name: PartyName,
  status: "active" | "suspended",
  at: Date,
): Promise<SignedParty> {
  const { title, role } = PARTIES[name];
  return signDocument(
    { type: "party", party: name, title, role, keyId: keys[name].keyId, status, at: at.toISOString() },
    keys["data-bureau"],
  );
}

async function keyFile(file: string, suite: SuiteId): Promise<SigningKey> {
  try {
    return await importSigningKey(await readFile(file, "utf8"));
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "ENOENT")) throw error;
    const key = await generateSigningKey(suite);
    await writeFile(file, await exportPrivateKey(key), { flag: "wx", mode: 0o600 });
    return key;
  }
}
