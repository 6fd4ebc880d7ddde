/** Product forms: what a job's served output becomes, and the operations by which it is called.
 *  @module */
import { z } from "zod";
import { DatasetSnapshot } from "./dataset.ts";
import { OPERATION_UNITS, type Operation } from "./grant.ts";
import { JoinSumSnapshot } from "./join-sum-product.ts";
import { isServedKind, type JobManifest } from "./job.ts";
import { DOMAIN_TIMEOUT_MS, PSI_DOMAIN_TIMEOUT_MS, SUBMIT_DOMAIN_TIMEOUT_MS } from "./limits.ts";
import { LookupSnapshot } from "./lookup.ts";
import { PsiSnapshot } from "./psi.ts";
import { ReportSnapshot } from "./report.ts";
import { ScoreSnapshot } from "./score-snapshot.ts";
import { SelectionSnapshot } from "./selection-snapshot.ts";
import { signedSchema } from "./signed.ts";

/** Forms in which a product answers. */
export const ProductForm = z.enum([
  "label-lookup",
  "psi-ids",
  "psi-cardinality",
  "join-sum",
  "score",
  "report",
  "dataset",
  "hidden-selection",
]);
export type ProductForm = z.infer<typeof ProductForm>;

/** Operations of each form, in the order in which one question uses them. */
export const FORM_OPERATIONS = {
  "label-lookup": ["lookup.evaluate", "lookup.query"],
  "psi-ids": ["psi.ids"],
  "psi-cardinality": ["psi.cardinality"],
  "join-sum": ["psi.sum"],
  score: ["score"],
  report: ["report"],
  dataset: ["dataset"],
  "hidden-selection": ["selection.register", "selection.sum"],
} as const satisfies Record<ProductForm, readonly Operation[]>;

/** Parts of snapshots that callers download before they ask: the hints of a lookup, the filters of `psi-ids`. */
export const SnapshotPart = z.enum(["hint", "delta-hint", "set", "delta-set"]);
export type SnapshotPart = z.infer<typeof SnapshotPart>;

/** Time in which a domain answers a gateway that passes on a use, in milliseconds. */
export function domainTimeoutMs(operation: Operation): number {
  const unit = OPERATION_UNITS[operation];
  if (unit === "run") return SUBMIT_DOMAIN_TIMEOUT_MS;
  return unit === "psi-element" || unit === "selection-sum" ? PSI_DOMAIN_TIMEOUT_MS : DOMAIN_TIMEOUT_MS;
}

/** The form of the product that a job makes; null when it serves nothing. */
export function formOf(manifest: JobManifest): ProductForm | null {
  const served = Object.values(manifest.outputs).find(({ kind }) => isServedKind(kind));
  switch (served?.kind) {
    case "labels":
      return "label-lookup";
    case "set":
      return served.match;
    case "sum":
      return "join-sum";
    case "score":
    case "square-network":
      return "score";
    case "table":
    case "noisy-table":
      return "report";
    case "dataset":
    case "hidden-selection":
      return served.kind;
    case "metrics":
    case "linear-model":
    case "tree-model":
    case "scorecard":
    case "clusters":
    case undefined:
      return null;
  }
}

/** The form that an operation belongs to; null for runs. */
export function formOfOperation(operation: Operation): ProductForm | null {
  return ProductForm.options.find((form) => FORM_OPERATIONS[form].some((own) => own === operation)) ?? null;
}

/** What a product serves, of any form. */
export const ProductSnapshot = z.discriminatedUnion("type", [
  LookupSnapshot,
  PsiSnapshot,
  JoinSumSnapshot,
  ScoreSnapshot,
  ReportSnapshot,
  DatasetSnapshot,
  SelectionSnapshot,
]);
export type ProductSnapshot = z.infer<typeof ProductSnapshot>;
export const SignedSnapshot = signedSchema(ProductSnapshot);
export type SignedSnapshot = z.infer<typeof SignedSnapshot>;

/** The form that a snapshot is of. */
export function formOfSnapshot(snapshot: ProductSnapshot): ProductForm {
  switch (snapshot.type) {
    case "lookup-snapshot":
      return "label-lookup";
    case "psi-snapshot":
      return snapshot.parameters.kind;
    case "join-sum-snapshot":
      return "join-sum";
    case "score-snapshot":
      return "score";
    case "report-snapshot":
      return "report";
    case "dataset-snapshot":
      return "dataset";
    case "selection-snapshot":
      return "hidden-selection";
  }
}
