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
import { joinEntries } from "../data/join-entries.ts";
import type { KeyedTable } from "../data/sample.ts";
import type { HeldGrant } from "../state/documents.ts";
import type { DomainContext } from "./context.ts";
import type { ServedContent } from "./forms/product-form.ts";

type SetSpec = Extract<OutputSpec, { kind: "set" }>;

/** Passes a job whose set, if it has one, may be joined: by columns that the grant names, and not with social data whose provenance
 *  nobody has declared.
 *  @throws ERR_GRANT_FIELD, ERR_JOB_MANIFEST, ERR_PROVENANCE */
export function checkJoin(
  manifest: JobManifest,
  { grant, resource }: { readonly grant: Grant; readonly resource: ResourceDescription },
): void {
  const spec = setOf(manifest);
  if (spec === undefined) return;
  if (resource.social !== undefined && resource.social.provenance === undefined) {
    throw new SluiceError("ERR_PROVENANCE", { resource: resource.resource });
  }
  if (spec.keys !== undefined) grantedKeys(spec.keys, grant);
}

/** The typed keys of the job's set; undefined where there are none. */
export function joinKeys(manifest: JobManifest, grant: Grant): JoinKeys | undefined {
  const declared = setOf(manifest)?.keys;
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

/** What a set by typed keys is made from. */
interface TypedRows {
  readonly run: { readonly callId: string; readonly held: HeldGrant; readonly manifest: JobManifest };
  readonly rows: KeyedTable;
  /** Number of the person or thing of each row. */
  readonly subjects: Uint32Array;
}

/** `content` with the entries that its typed keys make of the rows, if it is a set that has them. How many rows have none is told in
 *  the process log, which stays with the department.
 *  @throws ERR_LOOKUP_TABLE, ERR_CANCELLED */
export async function typedContent(
  { observer }: Pick<DomainContext, "observer">,
  { run: { callId, held, manifest }, rows, subjects }: TypedRows,
  content: ServedContent,
  signal: AbortSignal,
): Promise<ServedContent> {
  const keys = joinKeys(manifest, held.grant.body);
  if (content.kind !== "set" || keys === undefined || rows.joined === undefined) return content;
  const { members } = content;
  const { leftOut, ...entries } = await joinEntries(keys, { joined: rows.joined, members, subjects }, signal);
  for (const [i, counted] of leftOut.entries()) {
    observer.log.write({ event: "keys-left-out", callId, key: keys[i] ?? [], ...counted });
  }
  return { ...content, ...entries, typed: { keys, rowKeys: rows.keys } };
}

function setOf({ outputs }: JobManifest): SetSpec | undefined {
  return Object.values(outputs).find((spec): spec is SetSpec => spec.kind === "set");
}
