/** The forms of product that this domain serves.
 *  @module */
import type { ProductForm } from "@sluice/protocol";
import type { DomainContext } from "../context.ts";
import { countForm } from "./count-form.ts";
import { joinSumForm } from "./join-sum-form.ts";
import { lookupForm } from "./lookup-form.ts";
import { datasetForm } from "./dataset-form.ts";
import type { DomainForm } from "./product-form.ts";
import { psiForm } from "./psi-form.ts";
import { reportForm } from "./report-form.ts";
import { scoreForm } from "./score-form.ts";
import { selectionForm } from "./selection-form.ts";

const FORMS = {
  "label-lookup": lookupForm,
  "psi-ids": psiForm,
  "psi-cardinality": countForm,
  "join-sum": joinSumForm,
  score: scoreForm,
  report: reportForm,
  dataset: datasetForm,
  "hidden-selection": selectionForm,
} as const satisfies Record<ProductForm, (context: DomainContext) => DomainForm>;

/** The form named `form`. */
export function productForm(context: DomainContext, form: ProductForm): DomainForm {
  return FORMS[form](context);
}
