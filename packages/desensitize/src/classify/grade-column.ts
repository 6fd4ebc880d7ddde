/** From what a column holds to its role, its category and its grade of GB/T 43697.
 *
 *  Grades of general data (annex H) follow the harm to the person: sensitive personal information of GB/T 35273 annex B is
 *  general-4, other personal information general-3. Nothing is ever found to be less than general-3 or to be core: both are an
 *  officer's decision. Important is found only where a column of places says by its name that they are key sites.
 *  @module */
import type { ResourceField } from "@sluice/protocol";
import type { Hint } from "./column-hints.ts";
import type { ColumnKind } from "./column-rules.ts";
import type { Reason } from "./reasons.ts";

/** Whom a column can locate. */
export type ColumnCategory = "sensitive-personal" | "personal" | "organisation" | "unknown";

/** What follows from a column's kind and hints. */
export interface Grading {
  readonly role: ResourceField["role"];
  readonly grade: ResourceField["grade"];
  readonly category: ColumnCategory;
  readonly reasons: readonly Reason[];
}

/** Kinds whose values are sensitive personal information as such. */
const SENSITIVE_KINDS: ReadonlySet<ColumnKind> = new Set<ColumnKind>([
  "resident-id",
  "resident-id-15",
  "bank-card",
  "passport",
  "hong-kong-macau-permit",
  "taiwan-permit",
  "military-id",
  "medical-record",
  "insurance-number",
]);
/** Kinds that name one person, or the machine or thing of one. */
const DIRECT_KINDS: ReadonlySet<ColumnKind> = new Set<ColumnKind>([
  ...SENSITIVE_KINDS,
  "mobile-number",
  "landline",
  "e-mail",
  "mac-address",
  "ip-address",
  "plate",
  "person-name",
  "address",
  "free-text",
  "unique-key",
]);

/** Role, grade and category of a column that holds `kind`. */
export function gradeColumn(kind: ColumnKind, hints: ReadonlySet<Hint>, stored: ResourceField["type"]): Grading {
  if (kind === "social-credit-code") return graded("direct", "general-3", "organisation", { code: "organisation" });
  if (kind === "coordinates") {
    if (hints.has("key-site")) return graded("direct", "important", "unknown", { code: "key-site" });
    return sensitive("quasi");
  }
  if (SENSITIVE_KINDS.has(kind)) return sensitive("direct");
  if (kind === "free-text" || kind === "unique-key") {
    return graded("direct", "general-4", "unknown", { code: "strict-default" });
  }
  if (DIRECT_KINDS.has(kind)) return personal("direct");
  if (hints.has("health") || hints.has("belief-or-record")) return sensitive("sensitive");
  if (hints.has("finance")) return personal("sensitive");
  if (kind === "nation" || kind === "region" || kind === "date" || hints.has("birth-date")) return personal("quasi");
  if (hints.has("person-attribute")) return personal("quasi");
  const role = stored === "decimal" || stored === "boolean" ? "sensitive" : "quasi";
  return graded(role, "general-3", "unknown", { code: "strict-default" });
}

function sensitive(role: Grading["role"]): Grading {
  return graded(role, "general-4", "sensitive-personal", { code: "sensitive-personal-information" });
}

function personal(role: Grading["role"]): Grading {
  return graded(role, "general-3", "personal", { code: "personal-information" });
}

function graded(role: Grading["role"], grade: Grading["grade"], category: ColumnCategory, reason: Reason): Grading {
  return { role, grade, category, reasons: [reason] };
}
