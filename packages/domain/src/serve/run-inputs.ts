/** What runs are made on, from the grant alone: so that a run which is made again gets the same.
 *  @module */
import type { Counted } from "@sluice/desensitize";
import type { Instant, JobManifest, ReleasedModel } from "@sluice/protocol";
import type { KeyedTable } from "../data/sample.ts";
import { numberSubjects } from "../data/subject-numbers.ts";
import { personTags } from "../register/person-tags.ts";
import { readShown } from "../register/shown-files.ts";
import type { HeldGrant } from "../state/documents.ts";
import { sampleSeed } from "../samples/sample-seed.ts";
import type { DomainContext } from "./context.ts";
import { grantedView } from "./granted-view.ts";
import type { RunInput } from "./guarded-run.ts";

/** Where rows and what was shown of them are. */
export type InputContext = Pick<DomainContext, "data" | "files" | "keyring" | "register">;

/** The sample of a development run, counted as the register of samples says.
 *  @throws ERR_SAMPLE_K, ERR_SAMPLE_MODEL, ERR_SAMPLE_GATE, ERR_POLICY, ERR_CANCELLED */
export async function sampleInput(
  context: InputContext,
  run: { readonly held: HeldGrant; readonly manifest: JobManifest; readonly counted: Counted },
  signal: AbortSignal,
): Promise<Extract<RunInput, { entry: "develop" }>> {
  const { held, manifest, counted } = run;
  const seed = sampleSeed(context.keyring);
  const sample = await context.data.drawSample({ ...grantedView(context, held, signal), seed, counted });
  return { entry: "develop", manifest, sample };
}

/** Every row, and for a job that makes a table what tables before the run showed. `until`: of a run that was not registered,
 *  what was registered then. @throws ERR_SEALED_FILE, ERR_REGISTER_FULL, ERR_POLICY, ERR_CANCELLED */
export async function tableInput(
  context: InputContext,
  run: {
    readonly callId: string;
    readonly held: HeldGrant;
    readonly manifest: JobManifest;
    readonly model: ReleasedModel | undefined;
    readonly until?: Instant | undefined;
  },
  signal: AbortSignal,
): Promise<{ input: Extract<RunInput, { entry: "produce" }>; rows: KeyedTable }> {
  const { callId, held, manifest, model, until } = run;
  const { resource, key } = held.grant.body;
  const rows = await context.data.readAll(grantedView(context, held, signal));
  const subjects = numberSubjects(rows.keys);
  const input = {
    entry: "produce",
    manifest,
    table: rows.table,
    subjects,
    ...(model === undefined ? {} : { model }),
  } as const;
  if (!Object.values(manifest.outputs).some(({ kind }) => kind === "table")) return { input, rows };
  const tags = await personTags(context.keyring.derive("output-register", resource, key), rows.keys, subjects, signal);
  const before = context.register.before(resource, callId).filter(({ at }) => until === undefined || at <= until);
  const shown = await readShown(context.files, before, { column: key }, signal);
  return { input: { ...input, tags, shown }, rows };
}
