/** A city on disk: one directory per process, with keys of its own, and the pins by which they know each other.
 *  @module */
import { randomBytes } from "node:crypto";
import { access, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { importTable, initDomain } from "@sluice/domain";
import { TrustPins } from "@sluice/evidence/verify";
import { initGateway } from "@sluice/gateway";
import { SluiceError, type Random, type ResourceField, type SuiteId } from "@sluice/protocol";
import { z } from "zod";
import { trialMemoryDirectory } from "../memory-directory.ts";
import { otherDirectory, readKept } from "./kept-file.ts";
import { partyKeys, type PartyKeys, type PartyName } from "./parties.ts";

const random: Random = { bytes: (length) => new Uint8Array(randomBytes(length)) };
const CityFile = z.strictObject({ domains: z.record(z.string(), z.string()), trust: TrustPins });
const FILE = "city.json";

/** Lease of every domain: the agency renews it while the city runs. */
export const LEASE_MS = 10 * 60_000;

/** A city whose directories exist. */
export interface City {
  readonly directory: string;
  /** Title of each domain, by its name. */
  readonly domains: Readonly<Record<string, string>>;
  readonly keys: PartyKeys;
  readonly trust: TrustPins;
}

/** A table to import, as a file that its domain can read. */
export interface TableFile {
  readonly domain: string;
  readonly file: string;
  readonly resource: string;
  readonly title: string;
  readonly source: string;
  readonly fields: ResourceField[];
}

/** Directory of the gateway. */
export const gatewayDirectory = (city: string): string => join(city, "gateway");
/** Directory of one domain: the only place of its raw rows. */
export const domainDirectory = (city: string, domain: string): string => join(city, "domains", domain);
/** Directory of what officers write out of their domains. */
export const officesDirectory = (city: string): string => join(city, "offices");

/** The city in `directory`, or null when there is none yet. @throws ERR_DIRECTORY_STATE for a half-made one */
export async function findCity(directory: string): Promise<City | null> {
  const kept = await readKept(join(directory, FILE), CityFile, { directory, expected: "a city" });
  if (kept === null) {
    if (!(await exists(gatewayDirectory(directory)))) return null;
    throw otherDirectory({ directory, expected: "a whole city" });
  }
  return { directory, keys: await partyKeys(join(directory, "parties")), ...kept };
}

/** Makes keys, gateway and domains in `directory`, of one suite throughout, and imports a table into each domain that `tables` yields one for.
 *  @throws ERR_DIRECTORY_UNWRITABLE and the errors of imports */
export async function createCity(
  directory: string,
  domains: Readonly<Record<string, { readonly title: string; readonly department: PartyName }>>,
  tables: (directoryOf: (domain: string) => string) => AsyncIterable<TableFile>,
  suite: SuiteId = "ed25519",
): Promise<City> {
  const keys = await makeKeys(directory, suite);
  const clock = { now: () => new Date() };
  const agencyKey = keys["data-bureau"].keyId;
  const gateway = await initGateway(gatewayDirectory(directory), { agencyKey, clock, random, suite });
  const pins = { agencyKey, gatewayKey: gateway.gatewayKey, recoveryKey: keys.recovery.keyId };
  const titles: Record<string, string> = {};
  const trusted: TrustPins["domains"] = {};
  for (const [domain, { title, department }] of Object.entries(domains)) {
    const departmentKey = keys[department].keyId;
    titles[domain] = title;
    const config = await initDomain(domainDirectory(directory, domain), {
      domain,
      title,
      ...pins,
      departmentKey,
      maxLeaseMs: LEASE_MS,
      random,
      suite,
      atRest: suite === "sm2" ? "sm" : "intl",
    });
    const { receiptKey, logKey, logSm2Key, logOrigin } = config;
    trusted[domain] = { receiptKey, logKey, logSm2Key, logOrigin, departmentKey };
  }
  for await (const { domain, ...table } of tables((name) => domainDirectory(directory, name))) {
    await importTable(domainDirectory(directory, domain), {
      ...table,
      updateFrequency: "month",
      memoryDirectory: trialMemoryDirectory(process.env),
    });
  }
  const { gatewayKey, logKey, logSm2Key, logOrigin } = gateway;
  const pinned = { key: gatewayKey, logKey, logSm2Key, logOrigin };
  const trust: TrustPins = { domains: trusted, gateway: pinned, agencyKey };
  await writeFile(join(directory, FILE), `${JSON.stringify({ domains: titles, trust }, null, 2)}\n`);
  return { directory, domains: titles, keys, trust };
}

async function makeKeys(directory: string, suite: SuiteId): Promise<PartyKeys> {
  try {
    await mkdir(officesDirectory(directory), { recursive: true, mode: 0o700 });
    return await partyKeys(join(directory, "parties"), suite);
  } catch (cause) {
    if (cause instanceof SluiceError) throw cause;
    throw new SluiceError("ERR_DIRECTORY_UNWRITABLE", { directory }, { cause });
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await access(path);
    return true;
  } catch {
    return false;
  }
}
