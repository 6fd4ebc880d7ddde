/** The generated city of the walk: its tables go into the domains' directories, and nowhere else.
 *  @module */
import { createWriteStream } from "node:fs";
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { SuiteId } from "@sluice/protocol";
import { z } from "zod";
import { csvText } from "./city/csv.ts";
import { generateCity, type City as CityData } from "./city/tables.ts";
import { createCity, domainDirectory, findCity, officesDirectory, type City, type TableFile } from "./city.ts";
import { otherDirectory, readKept } from "./kept-file.ts";
import { workAtDesks, type DeskWork } from "./desks.ts";

const DOMAINS = {
  hrss: { title: "人力资源和社会保障局 Human Resources and Social Security", department: "hrss-department" },
  health: { title: "卫生健康委员会 Health Commission", department: "health-department" },
  market: { title: "市场监督管理局 Market Supervision", department: "market-department" },
} as const;

/** A city of another version has other tables. */
const Origin = z.strictObject({ version: z.literal(2), seed: z.string(), persons: z.int() });
const FILE = "generated.json";

/** A city with what it was generated from: answers are compared with it, and its canaries are searched for. */
export interface GeneratedCity {
  readonly city: City;
  readonly data: CityData;
  readonly seed: string;
  /** What departments did with their tables when the city was made; null for one that was there. */
  readonly desks: DeskWork | null;
}

/** Opens the generated city in `directory`, or generates it there.
 *  @throws ERR_DIRECTORY_UNWRITABLE, ERR_DIRECTORY_STATE */
export async function openGeneratedCity(
  directory: string,
  { suite, ...options }: { seed: string; persons: number; suite?: SuiteId },
  progress: (text: string) => void,
): Promise<GeneratedCity> {
  const found = await findCity(directory);
  if (found !== null) {
    const origin = await originOf(directory);
    return { city: found, data: generateCity(origin), seed: origin.seed, desks: null };
  }
  const data = generateCity(options);
  const tables = (directoryOf: (domain: string) => string) => tableFiles(data, directoryOf, progress);
  const city = await createCity(directory, DOMAINS, tables, suite);
  progress("columns are classified, quality is measured, a profile published, a privacy budget set, samples drawn");
  const desks = await workAtDesks(
    data,
    (domain) => domainDirectory(directory, domain),
    (domain) => join(officesDirectory(directory), domain),
  );
  await writeFile(join(directory, FILE), `${JSON.stringify({ version: 2, ...options })}\n`);
  return { city, data, seed: options.seed, desks };
}

/** @throws ERR_DIRECTORY_STATE */
async function originOf(directory: string): Promise<z.infer<typeof Origin>> {
  const origin = await readKept(join(directory, FILE), Origin, { directory, expected: "a city of this version" });
  if (origin !== null) return origin;
  // Its desks had not done when it ended.
  throw otherDirectory({ directory, expected: "a whole city" });
}

/** Writes each table as CSV inside its domain's directory, and removes the CSV once it was imported. */
async function* tableFiles(
  data: CityData,
  directoryOf: (domain: string) => string,
  progress: (text: string) => void,
): AsyncGenerator<TableFile> {
  for (const table of [data.hrss, data.health, data.market, data.filings]) {
    const { domain, resource, title, source, fields } = table;
    progress(`${domain}: ${title}`);
    const file = join(directoryOf(domain), `${resource}.csv`);
    await pipeline(Readable.from(csvText(table)), createWriteStream(file, { mode: 0o600 }));
    try {
      yield { domain, file, resource, title, source, fields };
    } finally {
      await rm(file, { force: true });
    }
  }
}
