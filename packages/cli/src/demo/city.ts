/** The city of the walk on disk: one directory per process, created once, opened again on a later start.
 *  @module */
import { randomBytes } from "node:crypto";
import { createWriteStream } from "node:fs";
import { access, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { importTable, initDomain } from "@sluice/domain";
import type { TrustPins } from "@sluice/evidence/verify";
import { TrustPins as TrustPinsSchema } from "@sluice/evidence/verify";
import { initGateway } from "@sluice/gateway";
import { SluiceError, type Random } from "@sluice/protocol";
import { z } from "zod";
import { generateCity, type City as CityData } from "./city/tables.ts";
import type { CityTable } from "./city/table.ts";
import { partyKeys, type PartyKeys } from "./parties.ts";

/** Domains of the walk: name, title. */
export const DOMAINS = {
  hrss: "人力资源和社会保障局 Human Resources and Social Security",
  health: "卫生健康委员会 Health Commission",
  market: "市场监督管理局 Market Supervision",
} as const;
export type DomainName = keyof typeof DOMAINS;

const random: Random = { bytes: (length) => new Uint8Array(randomBytes(length)) };

const CityFile = z.strictObject({ seed: z.string(), persons: z.int(), trust: TrustPinsSchema });

/** A city whose directories exist. */
export interface City {
  readonly directory: string;
  readonly seed: string;
  readonly persons: number;
  readonly keys: PartyKeys;
  readonly trust: TrustPins;
  /** What was generated: the walk compares answers with it and searches for its canaries. */
  readonly data: CityData;
}

/** Directory of the gateway. */
export const gatewayDirectory = (city: string): string => join(city, "gateway");
/** Directory of one domain: the only place of its raw rows. */
export const domainDirectory = (city: string, domain: DomainName): string => join(city, "domains", domain);

/** Opens the city in `directory`, or creates it there. @throws ERR_DIRECTORY_UNWRITABLE, ERR_DIRECTORY_STATE */
export async function openCity(
  directory: string,
  options: { seed: string; persons: number },
  progress: (text: string) => void,
): Promise<City> {
  const keys = await keysOf(directory);
  const file = join(directory, "city.json");
  if (await exists(file)) {
    const kept = CityFile.safeParse(JSON.parse(await readFile(file, "utf8")));
    if (!kept.success)
      throw new SluiceError("ERR_DIRECTORY_STATE", { directory, expected: "a demo city", command: "sluice demo" });
    return { directory, keys, ...kept.data, data: generateCity(kept.data) };
  }
  const trust = await createProcesses(directory, keys);
  const data = generateCity(options);
  for (const table of [data.hrss, data.health, data.market]) {
    progress(`${table.domain}: ${table.title}`);
    await importCityTable(directory, table);
  }
  await writeFile(file, `${JSON.stringify({ ...options, trust }, null, 2)}\n`);
  return { directory, keys, trust, ...options, data };
}

async function keysOf(directory: string): Promise<PartyKeys> {
  try {
    await mkdir(directory, { recursive: true });
    return await partyKeys(join(directory, "parties"));
  } catch (cause) {
    if (cause instanceof SluiceError) throw cause;
    throw new SluiceError("ERR_DIRECTORY_UNWRITABLE", { directory }, { cause });
  }
}

async function createProcesses(directory: string, keys: PartyKeys): Promise<TrustPins> {
  const clock = { now: () => new Date() };
  const agencyKey = keys["data-bureau"].keyId;
  const departmentKey = keys["hrss-department"].keyId;
  const gateway = await initGateway(gatewayDirectory(directory), { agencyKey, clock, random });
  const domains: TrustPins["domains"] = {};
  for (const [domain, title] of Object.entries(DOMAINS) as [DomainName, string][]) {
    const pins = { agencyKey, departmentKey, gatewayKey: gateway.gatewayKey, recoveryKey: keys.recovery.keyId };
    const config = await initDomain(domainDirectory(directory, domain), { domain, title, ...pins, random });
    const { receiptKey, logKey, logOrigin } = config;
    domains[domain] = { receiptKey, logKey, logOrigin, departmentKey };
  }
  return { domains, gateway: { logKey: gateway.logKey, logOrigin: gateway.logOrigin }, agencyKey };
}

/** Writes the table as CSV inside its domain's directory, imports it, and removes the CSV. */
async function importCityTable(directory: string, table: CityTable): Promise<void> {
  const domain = domainDirectory(directory, table.domain);
  const file = join(domain, `${table.resource}.csv`);
  await pipeline(Readable.from(csvText(table)), createWriteStream(file, { mode: 0o600 }));
  try {
    const { resource, title, source, fields } = table;
    await importTable(domain, { file, resource, title, source, fields, updateFrequency: "month" });
  } finally {
    await rm(file, { force: true });
  }
}

const ROWS_PER_CHUNK = 1_000;

function* csvText(table: CityTable): Generator<string> {
  let lines = [csvLine(table.header)];
  for (const row of table.rows()) {
    lines.push(csvLine(row));
    if (lines.length < ROWS_PER_CHUNK) continue;
    yield lines.join("");
    lines = [];
  }
  yield lines.join("");
}

/** One line of RFC 4180. */
function csvLine(cells: readonly string[]): string {
  return `${cells.map((cell) => (/[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell)).join(",")}\r\n`;
}

async function exists(file: string): Promise<boolean> {
  try {
    await access(file);
    return true;
  } catch {
    return false;
  }
}
