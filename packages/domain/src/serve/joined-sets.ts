/** Sets with which callers join their rows: who may, by what, and the entries that the rows of the table make.
 *  @module */
import {
  grantedKeys,
  joinFields,
  SluiceError,
  type FieldName,
  type Grant,
  type JobManifest,
  type JoinKeys,
  type OutputSpec,
  type ResourceDescription,
} from "@sluice/protocol";
import type { KeyColumn } from "../data/key-column.ts";
import { joinEntries, type JoinEntries } from "../data/join-entries.ts";
import type { KeyedTable } from "../data/sample.ts";
import type { HeldGrant } from "../state/documents.ts";
import type { DomainContext } from "./context.ts";
import type { ServedContent } from "./forms/product-form.ts";

/** Outputs that callers join their lists with. */
type JoinedSpec = Extract<OutputSpec, { kind: "set" | "sum" }>;

/** Passes a job whose set or sum, if it has one, may be joined: by columns that the grant names, and not with social data whose provenance
 *  nobody has declared.
 *  @throws ERR_GRANT_FIELD, ERR_JOB_MANIFEST, ERR_PROVENANCE */
export function checkJoin(
  manifest: JobManifest,
  { grant, resource }: { readonly grant: Grant; readonly resource: ResourceDescription },
): void {
  const spec = joinedOf(manifest);
  if (spec === undefined) return;
  if (resource.social !== undefined && resource.social.provenance === undefined) {
    throw new SluiceError("ERR_PROVENANCE", { resource: resource.resource });
  }
  if (spec.keys !== undefined) grantedKeys(spec.keys, grant);
}

/** The typed keys of the job's set or sum; undefined where there are none. */
export function joinKeys(manifest: JobManifest, grant: Grant): JoinKeys | undefined {
  const declared = joinedOf(manifest)?.keys;
  return declared === undefined ? undefined : grantedKeys(declared, grant);
}

/** Columns that are read for them. */
export function joinColumns(manifest: JobManifest, grant: Grant): FieldName[] | undefined {
  const keys = joinKeys(manifest, grant);
  return keys === undefined ? undefined : joinFields(keys);
}

/** A set by typed keys. */
export interface TypedSet {
  readonly keys: JoinKeys;
  /** The grant's key of each row that was read: whose rows they are, whatever callers join by. */
  readonly rowKeys: KeyColumn;
}

/** A run whose rows are joined. */
interface JoinedRun {
  readonly callId: string;
  readonly held: HeldGrant;
  readonly manifest: JobManifest;
}

/** Its rows. */
interface JoinedRows {
  readonly rows: KeyedTable;
  /** Number of the person or thing of each row. */
  readonly subjects: Uint32Array;
  /** 1 for each row that is in the set; all are unless given. */
  readonly members?: Uint8Array;
}

/** The typed keys of a run's set or sum, and the entries that they make of its rows; null where it has none. How many rows have none is told
 *  in the process log, which stays with the department.
 *  @throws ERR_LOOKUP_TABLE, ERR_CANCELLED */
export async function joinedEntries(
  { observer }: Pick<DomainContext, "observer">,
  { callId, held, manifest }: JoinedRun,
  { rows, subjects, members = new Uint8Array(subjects.length).fill(1) }: JoinedRows,
  signal: AbortSignal,
): Promise<{ readonly keys: JoinKeys; readonly entries: JoinEntries } | null> {
  const keys = joinKeys(manifest, held.grant.body);
  if (keys === undefined || rows.joined === undefined) return null;
  const entries = await joinEntries(keys, { joined: rows.joined, members, subjects }, signal);
  for (const [i, counted] of entries.leftOut.entries()) {
    observer.log.write({ event: "keys-left-out", callId, key: keys[i] ?? [], ...counted });
  }
  return { keys, entries };
}

/** `content` with the entries that its typed keys make of the rows, if it is a set that has them. @throws as `joinedEntries` */
export async function typedContent(
  context: Pick<DomainContext, "observer">,
  run: JoinedRun,
  joined: Omit<JoinedRows, "members">,
  content: ServedContent,
  signal: AbortSignal,
): Promise<ServedContent> {
  if (content.kind !== "set") return content;
  const made = await joinedEntries(context, run, { ...joined, members: content.members }, signal);
  if (made === null) return content;
  const { keys, members } = made.entries;
  return { ...content, keys, members, typed: { keys: made.keys, rowKeys: joined.rows.keys } };
}

function joinedOf({ outputs }: JobManifest): JoinedSpec | undefined {
  return Object.values(outputs).find((spec): spec is JoinedSpec => spec.kind === "set" || spec.kind === "sum");
}
