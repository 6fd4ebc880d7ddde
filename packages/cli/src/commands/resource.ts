/** `sluice resource list` and `sluice resource show DOMAIN RESOURCE`: what there is, before anybody granted anything.
 *  @module */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { SluiceError, type ResourceDescription, type ResourceProfile, type SocialData } from "@sluice/protocol";
import { JSON_OPTION, usage, type Command } from "../command.ts";
import { errnoOf } from "../files.ts";
import { visibleText } from "../officer/visible-text.ts";
import { openClient, PARTY_OPTIONS } from "../party-context.ts";
import { publishedProfile } from "../published-profile.ts";
import { publishedQualityText } from "../quality-text.ts";
import { formatTable } from "../table.ts";

/** Lists what the domains offer. */
export const resourceList: Command = {
  path: ["resource", "list"],
  summary: "list the tables that departments offer",
  positionals: [],
  options: { ...PARTY_OPTIONS, ...JSON_OPTION },
  async run(args, io) {
    const client = await openClient(args, io);
    const resources = (await client.catalogue({ signal: io.signal })).flatMap(({ resources }) => resources);
    if (args.flag("json")) io.stdout.write(`${JSON.stringify(resources)}\n`);
    else if (resources.length === 0) io.stdout.write("no department offers a table yet\n");
    else {
      const rows = resources.map(({ domain, resource, approximateRows, fields, title }) => [
        domain,
        resource,
        String(approximateRows),
        String(fields.length),
        visibleText(title),
      ]);
      io.stdout.write(`${formatTable([["DOMAIN", "RESOURCE", "ROWS", "COLUMNS", "TITLE"], ...rows])}\n`);
    }
    return 0;
  },
};

/** Shows one of them, with the profile that its department published. */
export const resourceShow: Command = {
  path: ["resource", "show"],
  summary: "show a table's columns, and its safe profile if the department published one",
  positionals: ["DOMAIN", "RESOURCE"],
  options: {
    save: { value: "DIR", description: "write resource.json and profile.json there, for `sluice job dev`" },
    ...PARTY_OPTIONS,
    ...JSON_OPTION,
  },
  notes: "Any registered party may look; no grant is needed. Files that exist are never replaced.",
  async run(args, io) {
    const [domain, name] = [args.positional(0), args.positional(1)];
    const client = await openClient(args, io);
    const domains = await client.catalogue({ signal: io.signal });
    const resource = domains.find((one) => one.domain === domain)?.resources.find((one) => one.resource === name);
    if (resource === undefined) throw new SluiceError("ERR_NOT_FOUND", { kind: "resource", name });
    const profile = await publishedProfile(client, resource, io.signal);
    const directory = args.text("save");
    if (directory !== undefined) await save(directory, resource, profile);
    if (args.flag("json")) {
      io.stdout.write(`${JSON.stringify({ resource, ...(profile === null ? {} : { profile }) })}\n`);
      return 0;
    }
    const rows = resource.fields.map(({ name, type, role, grade, title }) => [
      name,
      type,
      role,
      grade,
      visibleText(title),
    ]);
    io.stdout.write(
      `${visibleText(resource.title)}: about ${resource.approximateRows} rows, renewed: ${resource.updateFrequency}\n` +
        socialText(resource.social) +
        publishedQualityText(resource.quality) +
        `${formatTable([["COLUMN", "TYPE", "ROLE", "GRADE", "TITLE"], ...rows])}\n\n`,
    );
    const { formatProfile } = await import("../profile-text.ts");
    io.stdout.write(`${profile === null ? "its department published no profile" : formatProfile(profile)}\n`);
    return 0;
  },
};

/** Who supplied social data and where that body has it from. */
function socialText(social: SocialData | undefined): string {
  if (social === undefined) return "";
  const { provider, provenance } = social;
  const declared =
    provenance === undefined
      ? "its provenance is not declared, so that it is joined with no list"
      : `collected: ${visibleText(provenance.collection)}; basis: ${visibleText(provenance.basis)}`;
  return `social data of ${visibleText(provider)}: ${declared}\n`;
}

async function save(directory: string, resource: ResourceDescription, profile: ResourceProfile | null): Promise<void> {
  const files = { "resource.json": resource, ...(profile === null ? {} : { "profile.json": profile }) };
  for (const [name, document] of Object.entries(files)) {
    const file = join(directory, name);
    try {
      await mkdir(directory, { recursive: true });
      await writeFile(file, `${JSON.stringify(document, null, 2)}\n`, { flag: "wx" });
    } catch (cause) {
      if (errnoOf(cause) === "EEXIST") throw new SluiceError("ERR_CONFLICT", { kind: "file", name: file });
      throw usage(`${file} cannot be written`, cause);
    }
  }
}
