/** What lies below `--data DIR`: a gateway, a domain, or a city of both.
 *  @module */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { DomainConfig } from "@sluice/domain";
import type { GatewayConfig } from "@sluice/gateway";
import type { z } from "zod";

/** A gateway or a domain with its configuration; null when that cannot be read. */
export type Home =
  | { readonly kind: "gateway"; readonly directory: string; readonly config: GatewayConfig | null }
  | { readonly kind: "domain"; readonly directory: string; readonly config: DomainConfig | null };

/** Homes below `directory`, and the directory of the parties' keys when it is a city. */
export interface DataDirectory {
  readonly directory: string;
  readonly homes: readonly Home[];
  readonly parties: string | undefined;
}

/** Looks what `directory` holds. */
export async function readDataDirectory(directory: string): Promise<DataDirectory> {
  const own = await homeAt(directory);
  if (own !== undefined) return { directory, homes: [own], parties: undefined };
  const domains = (await namesIn(join(directory, "domains"))).map((name) => join(directory, "domains", name));
  const homes = await Promise.all([join(directory, "gateway"), ...domains].map(homeAt));
  const parties = join(directory, "parties");
  return {
    directory,
    homes: homes.filter((home) => home !== undefined),
    parties: (await namesIn(parties)).length > 0 ? parties : undefined,
  };
}

/** Names in a directory; none when it cannot be read. */
export async function namesIn(directory: string): Promise<string[]> {
  try {
    return await readdir(directory);
  } catch {
    return [];
  }
}

async function homeAt(directory: string): Promise<Home | undefined> {
  const names = await namesIn(directory);
  if (names.includes("domain.json")) {
    const { DomainConfig } = await import("@sluice/domain");
    return { kind: "domain", directory, config: await parseFile(join(directory, "domain.json"), DomainConfig) };
  }
  if (names.includes("config.json")) {
    const { GatewayConfig } = await import("@sluice/gateway");
    return { kind: "gateway", directory, config: await parseFile(join(directory, "config.json"), GatewayConfig) };
  }
  return undefined;
}

async function parseFile<T>(file: string, schema: z.ZodType<T>): Promise<T | null> {
  try {
    return schema.parse(JSON.parse(await readFile(file, "utf8")));
  } catch {
    return null;
  }
}
