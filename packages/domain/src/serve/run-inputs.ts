/** What runs are made on, from the grant alone: so that a run which is made again gets the same.
 *  @module */
import type { Counted } from "@sluice/desensitize";
import { isModelKind, type ColumnBatch, type Instant, type JobManifest, type ReleasedModel } from "@sluice/protocol";
import type { CertifiedSample } from "../data/certified-sample.ts";
import type { KeyedTable } from "../data/sample.ts";
import { numberKeys } from "../data/key-index.ts";
import { personTags } from "../register/person-tags.ts";
import { readShown } from "../register/shown-files.ts";
import type { HeldGrant } from "../state/documents.ts";
import type { RegisteredOutput } from "../state/output-register.ts";
import { sampleSeed } from "../samples/sample-seed.ts";
import type { DomainContext } from "./context.ts";
import { grantedView } from "./granted-view.ts";
import { joinColumns } from "./joined-sets.ts";
import type { RunInput } from "./guarded-run.ts";

/** Where rows and what was shown of them are. */
export type InputContext = Pick<DomainContext, "data" | "files" | "keyring" | "register">;

/** A run before its rows. `until`: of a run that was not registered, what was registered then. */
interface NamedRun {
  readonly callId: string;
  readonly held: HeldGrant;
  readonly manifest: JobManifest;
  readonly until?: Instant | undefined;
}

/** The sample of a development run that is made again, counted as the register of samples says.
 *  @throws ERR_SAMPLE_K, ERR_SAMPLE_MODEL, ERR_SAMPLE_GATE, ERR_POLICY, ERR_SEALED_FILE, ERR_REGISTER_FULL, ERR_CANCELLED */
export async function sampleInput(
  context: InputContext,
  run: NamedRun & { readonly counted: Counted },
  signal: AbortSignal,
): Promise<Extract<RunInput, { entry: "develop" }>> {
  const { held, counted } = run;
  const seed = sampleSeed(context.keyring);
  const sample = await context.data.drawSample({ ...grantedView(context, held, signal), seed, counted });
  return developInput(context, run, sample, signal);
}

/** A sample, and where nobody sees its rows what development runs before this one told: who reads rows in a log learns nothing
 *  more from the difference of two sums of them. @throws ERR_SEALED_FILE, ERR_REGISTER_FULL */
export async function developInput(
  context: InputContext,
  { callId, held, manifest, until }: NamedRun,
  sample: CertifiedSample,
  signal: AbortSignal,
): Promise<Extract<RunInput, { entry: "develop" }>> {
  const { resource, key } = held.grant.body;
  const earlier = context.register.before(resource, callId).filter(({ at }) => isBefore(at, until));
  const heldOut = await heldOutRows(context, { held, manifest }, sample, signal);
  const input = {
    entry: "develop",
    manifest,
    sample,
    bitsBefore: bitsOf(earlier),
    ...(heldOut === null ? {} : { heldOut }),
  } as const;
  if (held.policy.sharing !== "enclave") return input;
  const before = earlier.filter(({ kind }) => kind === "development");
  return { ...input, shown: await readShown(context.files, before, { column: key }, signal) };
}

/** For a job that releases a model: it is measured against them. */
async function heldOutRows(
  context: InputContext,
  { held, manifest }: Pick<NamedRun, "held" | "manifest">,
  { table }: CertifiedSample,
  signal: AbortSignal,
): Promise<ColumnBatch | null> {
  if (!Object.values(manifest.outputs).some(({ kind }) => isModelKind(kind))) return null;
  const seed = sampleSeed(context.keyring);
  return context.data.drawHeldOut({ ...grantedView(context, held, signal), seed }, table);
}

function bitsOf(outputs: readonly RegisteredOutput[]): number {
  return outputs.reduce((sum, { bits }) => sum + bits, 0);
}

function isBefore(at: Instant, until: Instant | undefined): boolean {
  return until === undefined || at <= until;
}

/** Every row, and for a job that makes a table or a model that stays what those before the run showed. @throws ERR_SEALED_FILE, ERR_REGISTER_FULL, ERR_POLICY, ERR_CANCELLED */
export async function tableInput(
  context: InputContext,
  run: NamedRun & { readonly model: ReleasedModel | undefined },
  signal: AbortSignal,
): Promise<{ input: Extract<RunInput, { entry: "produce" }>; rows: KeyedTable }> {
  const { callId, held, manifest, model, until } = run;
  const { resource, key } = held.grant.body;
  const join = joinColumns(manifest, held.grant.body);
  const view = grantedView(context, held, signal);
  const rows = await context.data.readAll(join === undefined ? view : { ...view, join });
  const subjects = await numberKeys(rows.keys, signal);
  const earlier = context.register.before(resource, callId).filter(({ at }) => isBefore(at, until));
  const input = {
    entry: "produce",
    manifest,
    table: rows.table,
    subjects,
    bitsBefore: bitsOf(earlier),
    ...(model === undefined ? {} : { model }),
  } as const;
  const comparable = Object.values(manifest.outputs).flatMap(({ kind }) =>
    kind === "table" ? ["report"] : kind === "square-network" ? ["score"] : [],
  );
  if (comparable.length === 0) return { input, rows };
  const tags = await personTags(context.keyring.derive("output-register", resource, key), rows.keys, subjects, signal);
  const before = earlier.filter(({ kind }) => comparable.includes(kind));
  const shown = await readShown(context.files, before, { column: key }, signal);
  return { input: { ...input, tags, shown }, rows };
}
