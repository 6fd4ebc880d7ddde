/** By which columns a sample of a table is counted for k: by those that it shows and by those that earlier samples of the table
 *  showed, because the rows of two samples can be the same persons' and be laid over each other.
 *  @module */
import { sha256 } from "@noble/hashes/sha2.js";
import { canonicalBytes, canonicalText, SluiceError, toHex } from "@sluice/protocol";
import type { FieldName, Policy, ResourceDescription, Transform } from "@sluice/protocol";
import { checkQuasiCount } from "../anonymity/tuples.ts";
import { isPseudonym, quasiIdentifiers } from "./columns.ts";
import type { CutRequest, TableCuts } from "./cuts.ts";
import { sensitiveColumns } from "./model-columns.ts";

/** A column as some sample of the table showed it. */
export interface CountedColumn {
  readonly name: FieldName;
  readonly transform: Transform;
}

/** What rows of a sample must have in common to be of one class, and with how many persons. */
export interface Counted {
  readonly columns: readonly CountedColumn[];
  readonly k: number;
}

/** A sample of the table as it was counted. */
export interface ShownSample extends Counted {
  readonly rows: number;
  readonly method: "exact" | "hash";
  /** `suppress`, or for a model whose levels, boxes or shares follow from the rows all that they follow from. */
  readonly model: string;
}

/** How a policy counts by itself: by every quasi-identifier that it shows, whichever of them a grant names; a model that changes
 *  columns or looks at the whole table, by those that are shown. */
export function ownCounted(policy: Policy, fields: readonly FieldName[]): Counted {
  const names = searches(policy) ? quasiIdentifiers(policy, fields) : quasiIdentifiers(policy);
  return { columns: inOrder(names.flatMap((name) => columnsOf(name, policy))), k: policy.k };
}

/** How a sample is to be counted beside the earlier ones: as it was, when it is one of them drawn again. */
export function countedBeside(earlier: TableCuts | null, request: CutRequest): ShownSample {
  const known = earlier?.samples?.[sampleName(request)];
  if (known !== undefined) return known;
  const { policy, fields } = request;
  const { rows, method = "exact" } = policy.sample;
  const own = ownCounted(policy, fields);
  const model = modelOf(request, own);
  if (searches(policy) || earlier === null) return { ...own, rows, method, model };
  const shown = shownBefore(earlier);
  const names = new Set([...own.columns.map(({ name }) => name), ...quasiBefore(earlier, request.resource)]);
  const columns = inOrder(
    [...names].flatMap((name) => [
      ...columnsOf(name, policy),
      ...(shown[name] ?? []).map((transform) => ({ name, transform })),
    ]),
  );
  const others = othersOf(earlier, columns);
  return { columns, k: Math.max(policy.k, ...others.map(({ k }) => k)), rows, method, model };
}

/** `earlier` with what one more sample shows.
 *  @throws ERR_POLICY when its model is another, or it has more rows than one that was counted by other columns */
export function joinShown(
  earlier: TableCuts | null,
  request: CutRequest,
): Required<Pick<TableCuts, "quasi" | "shown" | "samples">> {
  const { policy, resource, fields } = request;
  const sample = countedBeside(earlier, request);
  const name = sampleName(request);
  // What was shown can be shown again, whatever was shown since.
  const others = earlier?.samples?.[name] === undefined ? earlier : null;
  if (Object.values(others?.samples ?? {}).some(({ model }) => model !== sample.model)) {
    refuse("/model", "an earlier sample of the table had another model, or other quasi-identifiers under its model");
  }
  checkQuasiCount(sample.columns.length);
  const smaller = othersOf(others, sample.columns).some(
    ({ rows, method }) => rows < sample.rows || (method === "hash" && sample.method === "exact"),
  );
  if (smaller) {
    refuse("/sample/rows", "an earlier sample of the table had fewer rows and other quasi-identifiers");
  }
  const shown: Record<FieldName, readonly Transform[]> = { ...(earlier === null ? {} : shownBefore(earlier)) };
  for (const { name, transform } of fields.flatMap((name) => columnsOf(name, policy))) {
    const known = Object.hasOwn(shown, name) ? (shown[name] ?? []) : [];
    const text = canonicalText(transform);
    shown[name] = known.some((other) => canonicalText(other) === text) ? known : [...known, transform];
  }
  const quasi = new Set([
    ...(earlier === null ? [] : quasiBefore(earlier, resource)),
    ...sample.columns.map(({ name }) => name),
  ]);
  return { quasi: [...quasi].sort(), shown, samples: { ...earlier?.samples, [name]: sample } };
}

/** Whether what the policy shows of one row follows from other rows. */
function searches({ model }: Policy): boolean {
  return model !== undefined && (model.algorithm !== "suppress" || model.delta !== undefined);
}

function modelOf({ policy, resource, fields, consent }: CutRequest, { columns }: Counted): string {
  if (!searches(policy)) return "suppress";
  const { model, k, suppressionLimit, sample } = policy;
  const judged = model?.l ?? model?.entropyL ?? model?.t;
  const sensitive = judged === undefined ? [] : sensitiveColumns(policy, resource, fields).map(({ name }) => name);
  const all = { model, k, suppressionLimit, sample, columns, sensitive: sensitive.sort(), consent: consent ?? null };
  return toHex(sha256(canonicalBytes(all)));
}

/** A sample under the same name has the same rows. */
function sampleName({ policy, resource, fields, scene, consent }: CutRequest): string {
  const { snapshot } = resource;
  return toHex(
    sha256(canonicalBytes({ policy, snapshot, fields: fields.toSorted(), scene, consent: consent ?? null })),
  );
}

/** Samples that were not counted by these columns. */
function othersOf(earlier: TableCuts | null, columns: readonly CountedColumn[]): ShownSample[] {
  const text = canonicalText(columns);
  return Object.values(earlier?.samples ?? {}).filter((sample) => canonicalText(sample.columns) !== text);
}

/** Of tables whose samples were noted without their rules, each column as stored: the finest that it can have been. */
function shownBefore({ shown, columns }: TableCuts): Readonly<Record<FieldName, readonly Transform[]>> {
  return shown ?? Object.fromEntries(Object.keys(columns).map((name) => [name, [{ kind: "keep" } as const]]));
}

function quasiBefore({ quasi, columns }: TableCuts, { fields }: ResourceDescription): readonly FieldName[] {
  if (quasi !== undefined) return quasi;
  const roles = new Map(fields.map(({ name, role }) => [name, role]));
  return Object.keys(columns).filter((name) => roles.get(name) === "quasi" || roles.get(name) === "direct");
}

/** The column as the policy shows it; none when it does not, or in its place something that says nothing of it. */
function columnsOf(name: FieldName, { columns }: Policy): CountedColumn[] {
  const rule = Object.hasOwn(columns, name) ? columns[name] : undefined;
  if (rule === undefined || rule.transform.kind === "drop" || isPseudonym(rule)) return [];
  return [{ name, transform: rule.transform }];
}

function inOrder(columns: readonly CountedColumn[]): CountedColumn[] {
  const byText = new Map(columns.map((column) => [canonicalText([column.name, column.transform]), column]));
  return [...byText.keys()].sort().flatMap((text) => byText.get(text) ?? []);
}

function refuse(pointer: string, reason: string): never {
  throw new SluiceError("ERR_POLICY", { pointer, reason });
}
