/** `sluice domain init DIR`, `sluice domain start DIR` and `sluice domain import FILE`
 *  @module */
import { basename } from "node:path";
import type { FileSuite } from "@sluice/evidence";
import { Instant, ResourceDescription, UpdateFrequency, type ResourceField, type SocialData } from "@sluice/protocol";
import { JSON_OPTION, usage, type Arguments, type Command, type CommandIo } from "../command.ts";
import { readJsonFile } from "../files.ts";
import { ACCESS_OPTIONS, accessOf, NEW_KEYS_OPTIONS, newKeysOf } from "../key-access.ts";
import { memoryDirectory } from "../memory-directory.ts";
import { SUITE_OPTION, suiteOf } from "../suite-option.ts";
import { LISTEN_OPTIONS, listenAddress, serveUntilInterrupted } from "../serving.ts";
import { publishedQualityText } from "../quality-text.ts";
import { formatTable } from "../table.ts";
import { keyOption, nameOption } from "../words.ts";

const FREQUENCIES = UpdateFrequency.options.join(", ");
const MAX_LEASE_MINUTES = 43_200; // 30 days, as in DomainConfig
const MAX_SOURCE_CHARS = 120; // as in ResourceDescription

/** Creates a domain. */
export const domainInit: Command = {
  path: ["domain", "init"],
  summary: "create a domain in DIR with keys of its own, and pin the keys it will trust",
  positionals: ["DIR"],
  options: {
    domain: { value: "NAME", description: "short name of the domain, for example hrss" },
    title: { value: "TEXT", description: "name shown to people (default: the short name)" },
    "agency-key": { value: "KEYID", description: "key of the agency, which co-signs grants" },
    "department-key": { value: "KEYID", description: "key of the source department, which signs grants and releases" },
    "gateway-key": { value: "KEYID", description: "key of the gateway, which may deliver messages" },
    "recovery-key": { value: "KEYID", description: "key that may revoke when the department's key is lost" },
    "status-key": {
      value: "KEYID",
      description: "key that may stop work and extend the lease, online (default: none)",
    },
    "lease-minutes": { value: "N", description: "refuse work without a status of the last N minutes (default: never)" },
    "grants-from": { value: "INSTANT", description: "refuse grants that begin before: for a domain that was lost" },
    "at-rest": {
      value: "SUITE",
      description: "suite that seals tables and indexes: intl (AES) or sm (SM4); default as --suite",
    },
    ...SUITE_OPTION,
    ...NEW_KEYS_OPTIONS,
    ...JSON_OPTION,
  },
  notes: "The pins are the root of every later decision; nothing that arrives over the network changes them.",
  async run(args, io) {
    const directory = args.positional(0);
    const domain = nameOption(args, "domain");
    const pins = {
      agencyKey: keyOption(args, "agency-key"),
      departmentKey: keyOption(args, "department-key"),
      gatewayKey: keyOption(args, "gateway-key"),
      recoveryKey: keyOption(args, "recovery-key"),
      ...(args.text("status-key") === undefined ? {} : { statusKey: keyOption(args, "status-key") }),
    };
    const leaseMinutes = args.integer("lease-minutes", 1, MAX_LEASE_MINUTES);
    const grantsFrom = instantOption(args, "grants-from");
    const own = {
      ...(leaseMinutes === undefined ? {} : { maxLeaseMs: leaseMinutes * 60_000 }),
      ...(grantsFrom === undefined ? {} : { grantsFrom }),
      suite: suiteOf(args, io),
      atRest: atRestOption(args, io),
    };
    const title = args.text("title") ?? domain;
    const { systemClock, systemRandom } = await import("@sluice/client");
    const { initDomain } = await import("@sluice/domain");
    const { currentKey } = await import("@sluice/evidence");
    const config = await initDomain(directory, {
      domain,
      title,
      ...pins,
      ...own,
      clock: systemClock,
      random: systemRandom,
      keys: await newKeysOf(args, io),
    });
    if (args.flag("json")) io.stdout.write(`${JSON.stringify(config)}\n`);
    else {
      const rows = [
        ["domain", `${domain} in ${directory}`],
        ["receipt key", currentKey(config.receiptKey)],
        ["log key", config.logKey],
        ...(config.logSm2Key === undefined ? [] : [["log SM2 key", config.logSm2Key]]),
        ["log origin", config.logOrigin],
      ];
      io.stdout.write(
        `${formatTable(rows)}\n\nCallers pin the receipt key, the log keys and the origin in trust.json.\n`,
      );
    }
    return 0;
  },
};

/** Starts a domain. */
export const domainStart: Command = {
  path: ["domain", "start"],
  summary: "start the domain in DIR and serve until interrupted",
  positionals: ["DIR"],
  options: {
    ...LISTEN_OPTIONS,
    "witness-answers": { description: "give answers only when witnesses.policy's quorum has cosigned them" },
    "require-layers": { value: "LIST", description: "isolation layers without which no job runs, comma-separated" },
    "production-layers": {
      value: "LIST",
      description:
        "layers without which no production job runs (default permission,rlimit,namespaces,seccomp), or none",
    },
    ...ACCESS_OPTIONS,
    ...JSON_OPTION,
  },
  async run(args, io) {
    const directory = args.positional(0);
    const address = listenAddress(args);
    const requireLayers = args.text("require-layers")?.split(",") ?? [];
    const [{ startDomain }, { PRODUCTION_LAYERS }] = await Promise.all([
      import("@sluice/domain"),
      import("@sluice/sandbox"),
    ]);
    const chosen = args.text("production-layers");
    const productionLayers = chosen === "none" ? [] : (chosen?.split(",") ?? PRODUCTION_LAYERS);
    for (const layer of PRODUCTION_LAYERS.filter((each) => !productionLayers.includes(each))) {
      io.stderr.write(`warning: production jobs run without the layer ${layer} where it is missing\n`);
    }
    const domain = await startDomain(directory, {
      ...address,
      requireLayers,
      productionLayers,
      announceLayers: true,
      memoryDirectory: memoryDirectory(io.env),
      keys: await accessOf(args, io),
      witnessAnswers: args.flag("witness-answers"),
    });
    return await serveUntilInterrupted(domain, `domain ${domain.domain}`, args.flag("json"), io);
  },
};

/** Imports a table. */
export const domainImport: Command = {
  path: ["domain", "import"],
  summary: "import a CSV or Parquet file as a resource of a domain that is not running",
  positionals: ["FILE"],
  options: {
    resource: { value: "NAME", description: "name of the resource" },
    data: { value: "DIR", description: "directory of the domain" },
    title: { value: "TEXT", description: "name shown to people (default: the resource's name)" },
    source: { value: "TEXT", description: "where the data comes from (default: the file's name)" },
    social: { value: "PROVIDER", description: "who supplied it, of data that no public body collected" },
    collected: { value: "TEXT", description: "with --social: how the provider declares to have collected it" },
    basis: { value: "TEXT", description: "with --social: by what right it may be used, as the provider declares" },
    frequency: { value: "WORD", description: `how often it is renewed: ${FREQUENCIES} (default once)` },
    fields: {
      value: "FILE",
      description: "JSON list of the columns to take, with title, type, role, grade and hierarchy",
    },
    ...ACCESS_OPTIONS,
    ...JSON_OPTION,
  },
  notes:
    "Without --fields every column is taken and classified strictly. What is printed is what the catalogue will show:\n" +
    "metadata, never a value. Social data without --collected and --basis is joined with no list.",
  async run(args, io) {
    const file = args.positional(0);
    const resource = nameOption(args, "resource");
    const directory = args.required("data");
    const title = args.text("title") ?? resource;
    const source = args.text("source") ?? basename(file).slice(0, MAX_SOURCE_CHARS);
    const updateFrequency = frequencyOption(args);
    const social = socialOption(args);
    const fields = await fieldsOption(args);
    const { importTable } = await import("@sluice/domain");
    const request = {
      file,
      resource,
      title,
      source,
      updateFrequency,
      signal: io.signal,
      memoryDirectory: memoryDirectory(io.env),
      keys: await accessOf(args, io),
    };
    const declared = { ...(fields === undefined ? {} : { fields }), ...(social === undefined ? {} : { social }) };
    const description = await importTable(directory, { ...request, ...declared });
    if (args.flag("json")) io.stdout.write(`${JSON.stringify(description)}\n`);
    else {
      const { approximateRows, fields } = description;
      io.stdout.write(`${resource}: about ${approximateRows} rows, ${fields.length} columns\n`);
      io.stdout.write(publishedQualityText(description.quality));
      const rows = fields.map(({ name, type, role, grade }) => [name, type, role, grade]);
      io.stdout.write(`${formatTable([["COLUMN", "TYPE", "ROLE", "GRADE"], ...rows])}\n`);
    }
    return 0;
  },
};

/** @throws ERR_USAGE when half of a declaration is given, or one of what is not social data */
function socialOption(args: Arguments): SocialData | undefined {
  const [provider, collection, basis] = [args.text("social"), args.text("collected"), args.text("basis")];
  if (provider === undefined && collection === undefined && basis === undefined) return undefined;
  if (provider === undefined) throw usage('"--collected" and "--basis" belong to "--social"');
  if (collection === undefined && basis === undefined) return { provider };
  if (collection === undefined || basis === undefined) throw usage('"--collected" and "--basis" belong together');
  return { provider, provenance: { collection, basis } };
}

function instantOption(args: Arguments, option: string): Instant | undefined {
  const text = args.text(option);
  if (text === undefined) return undefined;
  const instant = Instant.safeParse(text);
  if (instant.success) return instant.data;
  throw usage(`"--${option}" expected an instant like 2026-01-31T00:00:00.000Z`);
}

function atRestOption(args: Arguments, io: CommandIo): FileSuite {
  const suite = args.text("at-rest") ?? (suiteOf(args, io) === "sm2" ? "sm" : "intl");
  if (suite === "intl" || suite === "sm") return suite;
  throw usage('"--at-rest" expected intl or sm');
}

function frequencyOption(args: Arguments): UpdateFrequency {
  const frequency = UpdateFrequency.safeParse(args.text("frequency") ?? "once");
  if (frequency.success) return frequency.data;
  throw usage(`"--frequency" expected one of ${FREQUENCIES}`);
}

async function fieldsOption(args: Arguments): Promise<ResourceField[] | undefined> {
  const file = args.text("fields");
  if (file === undefined) return undefined;
  const fields = ResourceDescription.shape.fields.safeParse(await readJsonFile(file, "fields file"));
  if (fields.success) return fields.data;
  throw usage(`fields file ${file} does not fit its schema at /${fields.error.issues[0]?.path.join("/") ?? ""}`);
}
