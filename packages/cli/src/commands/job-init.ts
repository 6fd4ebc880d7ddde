/** `sluice job init DIR`
 *  @module */
import { basename, resolve } from "node:path";
import { Name, SluiceError } from "@sluice/protocol";
import { JSON_OPTION, usage, type Arguments, type Command, type CommandIo } from "../command.ts";
import { STARTING_FORMS, STARTING_MODELS, type StartingForm, type StartingModel } from "../develop/local-options.ts";
import type { NewJob } from "../develop/starting-columns.ts";
import { openClient, PARTY_OPTIONS } from "../party-context.ts";
import { publishedProfile } from "../published-profile.ts";

/** Writes a job that runs as it is. */
export const jobInit: Command = {
  path: ["job", "init"],
  summary: "write a job into DIR that runs as it is, with the documents it is developed against",
  positionals: ["DIR"],
  options: {
    scene: { value: "NAME", description: "start from this scene of the gateway: its table, policy and grant" },
    form: { value: "FORM", description: `what the job serves: ${STARTING_FORMS.join(", ")}` },
    model: { value: "KIND", description: `model of a job of lookups: ${STARTING_MODELS.join(", ")} (default linear)` },
    ...PARTY_OPTIONS,
    ...JSON_OPTION,
  },
  notes:
    "Writes job.ts, resource.json, policy.json and tsconfig.json; with --scene also grant.json, and profile.json if one is\n" +
    "published. Without --scene the table is invented and no gateway is asked. Files that exist are never replaced. Without --form the job serves what the\n" +
    "scene's grant names, or labels.",
  async run(args, io) {
    const directory = args.positional(0);
    const { writeNewJob } = await import("../develop/new-job.ts");
    const job = await startingPoint(directory, args, io);
    const files = await writeNewJob(directory, job);
    if (args.flag("json")) io.stdout.write(`${JSON.stringify({ directory, name: job.name, files })}\n`);
    else {
      const about = `${job.resource.resource} of domain ${job.resource.domain}`;
      io.stdout.write(
        `${files.map((file) => `  ${file}`).join("\n")}\n\n` +
          `Job ${job.name} reads ${about}. Next:\n` +
          `  sluice job dev ${directory}/job.ts --watch\n`,
      );
    }
    return 0;
  },
};

async function startingPoint(directory: string, args: Arguments, io: CommandIo): Promise<NewJob> {
  const name = jobName(directory);
  const form = startingForm(args);
  const model = startingModel(args, form);
  const scene = args.text("scene");
  if (scene === undefined) {
    const { STARTING_POLICY, STARTING_RESOURCE } = await import("../develop/starting-documents.ts");
    return {
      name,
      purpose: name,
      resource: STARTING_RESOURCE,
      policy: STARTING_POLICY,
      grant: null,
      profile: null,
      form,
      model,
    };
  }
  const client = await openClient(args, io);
  const { draft, policy } = (await client.scene(scene, { signal: io.signal })).proposal;
  const domains = await client.catalogue({ signal: io.signal });
  const resource = domains
    .find(({ domain }) => domain === draft.domain)
    ?.resources.find(({ resource }) => resource === draft.resource);
  if (resource === undefined) throw new SluiceError("ERR_NOT_FOUND", { kind: "resource", name: draft.resource });
  const profile = await publishedProfile(client, resource, io.signal);
  return { name, purpose: draft.scene.purpose, resource, policy, grant: draft, profile, form, model };
}

function startingForm(args: Arguments): StartingForm | undefined {
  const wanted = args.text("form");
  const form = STARTING_FORMS.find((known) => known === wanted);
  if (wanted !== undefined && form === undefined) throw usage(`--form is one of ${STARTING_FORMS.join(", ")}`);
  return form;
}

function startingModel(args: Arguments, form: StartingForm | undefined): StartingModel | undefined {
  const wanted = args.text("model");
  const model = STARTING_MODELS.find((known) => known === wanted);
  if (wanted !== undefined && model === undefined) throw usage(`--model is one of ${STARTING_MODELS.join(", ")}`);
  const isLinear = model === undefined || model === "linear";
  if (model !== undefined && form !== undefined && form !== "lookup" && !(form === "score" && isLinear)) {
    throw usage("--model goes with lookups, and linear with a score");
  }
  return model;
}

/** The directory's name when it is one that a job may have. */
function jobName(directory: string): string {
  const name = Name.safeParse(
    basename(resolve(directory))
      .toLowerCase()
      .replaceAll(/[^a-z0-9]+/g, "-"),
  );
  return name.success ? name.data : "my-job";
}
