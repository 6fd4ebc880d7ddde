/** `sluice status DIR`
 *  @module */
import { SluiceError } from "@sluice/protocol";
import { JSON_OPTION, type Command } from "../command.ts";
import { readDataDirectory } from "../doctor/data-directory.ts";
import { readDomainLayers, type DomainLayers } from "../status/domain-layers.ts";
import { readDomainWorkers, type WorkerOfDomain } from "../status/domain-workers.ts";
import { formatTable } from "../table.ts";

/** One domain. */
interface DomainStanding extends DomainLayers {
  readonly domain: string;
  readonly directory: string;
  /** Those that `domain.json` names. */
  readonly workers: readonly WorkerOfDomain[];
}

/** Shows which isolation layers production jobs need, which are there, and the workers that answer lookups. */
export const statusLayers: Command = {
  path: ["status"],
  summary:
    "show the isolation layers that production jobs of the domains in DIR require, those that each domain has, and its lookup workers",
  positionals: ["DIR"],
  options: JSON_OPTION,
  notes:
    "DIR is a domain or a city. What a domain requires and has is what its log says of its last start; `sluice doctor` tries the\n" +
    "layers of this machine now. Exit code 1 when a required layer is missing. Of workers it says what the domain last knew.\n" +
    "显示数据域最近一次启动时生产作业所需的隔离层与实有的隔离层，以及匿踪查询计算节点的地址、分片数与最近一次是否应答；缺少必需层时退出码为 1。",
  async run(args, io) {
    const directory = args.positional(0);
    const { homes } = await readDataDirectory(directory);
    const domains: DomainStanding[] = [];
    for (const home of homes) {
      if (home.kind !== "domain" || home.config === null) continue;
      const layers = await readDomainLayers(home.directory);
      const workers = await readDomainWorkers(home.directory, home.config);
      domains.push({ domain: home.config.domain, directory: home.directory, ...layers, workers });
    }
    if (domains.length === 0) {
      const command = "sluice domain init DIR";
      throw new SluiceError("ERR_DIRECTORY_STATE", { directory, expected: "a domain", command });
    }
    if (args.flag("json")) io.stdout.write(`${JSON.stringify({ domains })}\n`);
    else io.stdout.write(`${(await Promise.all(domains.map(standingText))).join("\n\n")}\n`);
    return domains.some(({ missing }) => missing !== null && missing.length > 0) ? 1 : 0;
  },
};

async function standingText({ domain, startedAt, required, found, missing, workers }: DomainStanding): Promise<string> {
  const { LAYER_REMEDIES, SANDBOX_LAYERS } = await import("@sluice/sandbox");
  const known = (layers: readonly string[] | null, layer: string): string =>
    layers === null ? "?" : layers.includes(layer) ? "✓" : "–";
  const rows = SANDBOX_LAYERS.map((layer) => [layer, known(required, layer), known(found, layer)]);
  return [
    `${domain}: ${startedAt === null ? "has not started yet / 尚未启动" : `started ${startedAt}`}`,
    formatTable([["LAYER", "PRODUCTION REQUIRES", "THIS DOMAIN HAS"], ...rows]),
    ...(missing === null
      ? ["not all is known: the domain tries its layers when it starts / 启动时探测后方可得知"]
      : []),
    ...SANDBOX_LAYERS.flatMap((layer) =>
      missing?.includes(layer) === true ? [`no production job runs without ${layer}: ${LAYER_REMEDIES[layer]}`] : [],
    ),
    ...workersText(workers),
  ].join("\n");
}

function workersText(workers: readonly WorkerOfDomain[]): string[] {
  if (workers.length === 0) return [];
  const answered = (up: boolean | null): string => (up === null ? "?" : up ? "✓" : "–");
  const rows = workers.map(({ url, partitions, up }) => [url, String(partitions ?? "?"), answered(up)]);
  return ["", formatTable([["LOOKUP WORKER", "PARTITIONS", "ANSWERED LAST"], ...rows])];
}
