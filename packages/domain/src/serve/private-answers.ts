/** Answers under differential privacy: paid for in the ledger of their source table, with an event in the log, before a row
 *  is read; the same question about the same snapshot is answered from what was kept.
 *  @module */
import { answerOnce, noisyTable, RandomWords, tableCost } from "@sluice/desensitize";
import {
  isSluiceError,
  SluiceError,
  type FieldName,
  type Hierarchy,
  type NoisyTable,
  type NoisyTableSpec,
  type Policy,
  type ResourceField,
  type Sha256Hex,
  type Transform,
} from "@sluice/protocol";
import type { KeyedTable, ViewRequest } from "../data/sample.ts";
import type { KeyColumn } from "../data/key-column.ts";
import { numberKeys } from "../data/key-index.ts";
import type { DomainContext } from "./context.ts";
import { logEvent } from "./events.ts";

/** Transforms that give the same value in every scene and to every row alike: groups of their values can be public. */
const PLAIN: readonly Transform["kind"][] = ["keep", "mask", "generalize", "bucket", "hierarchy"];

/** Why a table is not made, whatever is in its rows. */
const UNREADABLE = "the rows of this table cannot be read for the build";

/** Columns that are grouped and summed. */
export interface Grouping {
  readonly dimensions: readonly { readonly field: FieldName }[];
  readonly measures: readonly { readonly field: FieldName }[];
}

/** A noisy table, and what making it took. */
export interface PrivatelyAnswered {
  readonly answer: NoisyTable;
  /** Under which it is paid and kept in the ledger of its table. */
  readonly question: Sha256Hex;
  /** Snapshot of the resource that it is of. */
  readonly snapshot: Sha256Hex;
  /** Keys of the rows behind it. */
  readonly keys: KeyColumn;
}

/** The noisy table of `spec` over the rows of `view`.
 *  @throws ERR_PRIVACY_PARAMETER also when the grant's key is not the column whose persons the budget counts for: a promise to
 *  visits would be none to persons; ERR_JOB_MANIFEST when it groups or sums a column that the policy changes by a key; ERR_PRIVACY_BUDGET; what the store throws, after the spend */
export async function answerPrivately(
  context: DomainContext,
  view: ViewRequest,
  spec: NoisyTableSpec,
): Promise<PrivatelyAnswered> {
  const { resource, policy, key, consent } = view;
  checkColumns(spec, policy);
  checkPersons(context, view);
  const { snapshot, fields: described } = context.data.describe(resource);
  let keys: KeyColumn | undefined;
  const read = async (): Promise<KeyedTable> => {
    const rows = await readGrouped(context, view, spec);
    if (rows.snapshot !== snapshot) throw new SluiceError("ERR_STORE", { reason: "the table was renewed meanwhile" });
    keys = rows.keys;
    return rows;
  };
  const { answer, question } = await answerOnce(context.privacy, {
    table: resource,
    snapshot,
    question: { spec, columns: policy.columns, ...levelsOf(policy, described), key, consent: consent ?? null },
    cost: tableCost(spec.loss),
    published: async (paid) => {
      const put = context.privacy.takeEvent(paid);
      if (put !== null) await logEvent(context, put);
    },
    compute: async () => {
      const rows = await read();
      return noisyTable(rows.table, await numberKeys(rows.keys, view.signal), spec, new RandomWords(context.random));
    },
  });
  return { answer, question, snapshot, keys: keys ?? (await read()).keys };
}

/** @throws ERR_PRIVACY_PARAMETER when the view counts other persons than the table's budget */
export function checkPersons(context: DomainContext, { resource, key }: Pick<ViewRequest, "resource" | "key">): void {
  const person = context.privacy.person(resource);
  if (person === null || person === key) return;
  const expected = `a grant by ${person}, as the budget is`;
  throw new SluiceError("ERR_PRIVACY_PARAMETER", { field: "key", expected });
}

/** The rows of `view`, in the columns that are grouped and summed. @throws ERR_STORE, which says nothing of what is in the rows */
export async function readGrouped(
  context: DomainContext,
  view: ViewRequest,
  { dimensions, measures }: Grouping,
): Promise<KeyedTable> {
  const fields = [...new Set([...dimensions, ...measures].map(({ field }) => field))];
  return await context.data.readAll({ ...view, fields }).catch((error: unknown) => {
    // What is wrong with the rows is not paid for, and goes to nobody.
    if (!isSluiceError(error) || error.code !== "ERR_LOOKUP_TABLE") throw error;
    throw new SluiceError("ERR_STORE", { reason: UNREADABLE });
  });
}

/** The hierarchies that the columns of `policy` are shown by. A new import of equal rows may declare others. */
function levelsOf(policy: Policy, fields: readonly ResourceField[]): { hierarchies?: Record<string, Hierarchy> } {
  const used = fields.flatMap(({ name, hierarchy }) => {
    const rule = Object.hasOwn(policy.columns, name) ? policy.columns[name] : undefined;
    return hierarchy === undefined || rule?.transform.kind !== "hierarchy" ? [] : [[name, hierarchy] as const];
  });
  return used.length === 0 ? {} : { hierarchies: Object.fromEntries(used) };
}

/** @throws ERR_JOB_MANIFEST when a column is grouped or summed that the policy changes by a key */
export function checkColumns({ dimensions, measures }: Grouping, policy: Policy): void {
  checkPlainColumns(
    [...dimensions, ...measures].map(({ field }) => field),
    policy,
  );
}

/** Passes columns that the policy shows alike in every scene. @throws ERR_JOB_MANIFEST */
export function checkPlainColumns(fields: readonly string[], policy: Policy): void {
  for (const field of fields) {
    const kind = Object.hasOwn(policy.columns, field) ? policy.columns[field]?.transform.kind : undefined;
    if (kind !== undefined && PLAIN.includes(kind)) continue;
    const expected = `a column that the policy shows as ${PLAIN.join(", ")}`;
    throw new SluiceError("ERR_JOB_MANIFEST", { pointer: `/input/${field}`, expected });
  }
}
