/** Catalogue entries (数据资源目录): metadata only, never a value of data.
 *  @module */
import { z } from "zod";
import { FieldType } from "./columns.ts";
import { Hierarchy, hierarchyFits, MAX_HIERARCHY_CHARACTERS, treeCharacters } from "./hierarchy.ts";
import { FieldName, Instant, Name, Sha256Hex } from "./identifiers.ts";
import { MAX_RESOURCE_COLUMNS } from "./limits.ts";
import { PublishedQuality } from "./quality.ts";

/** What a column can do to a person: name them, point at them with others, hurt them, or none of these. */
export const FieldRole = z.enum(["direct", "quasi", "sensitive", "other"]);
export type FieldRole = z.infer<typeof FieldRole>;

/** Why a field is kept out of every authorisation, whatever its grade: data that the rules on authorised operation exclude. */
export const ExclusionReason = z.enum([
  "state-secret",
  "national-security",
  "business-secret",
  "personal-rights",
  "forbidden-by-law",
]);
export type ExclusionReason = z.infer<typeof ExclusionReason>;

/** Grades of GB/T 43697: general data in four, important, core. */
export const FieldGrade = z.enum(["general-1", "general-2", "general-3", "general-4", "important", "core"]);
export type FieldGrade = z.infer<typeof FieldGrade>;

/** One column of a resource. */
export const ResourceField = z
  .strictObject({
    name: FieldName,
    title: z.string().max(120),
    /** Type of the stored column. */
    type: FieldType,
    role: FieldRole,
    grade: FieldGrade,
    /** Present, no grant shows the field, and the domain does not publish it. */
    excluded: ExclusionReason.optional(),
    /** How its values may become coarser; absent, they are shown as stored or not at all. */
    hierarchy: Hierarchy.optional(),
  })
  .refine(({ hierarchy, type }) => hierarchy === undefined || hierarchyFits(hierarchy, type), {
    message: "expected a hierarchy that fits the type",
    path: ["hierarchy"],
  });
export type ResourceField = z.infer<typeof ResourceField>;

/** How often the source renews the data. */
export const UpdateFrequency = z.enum(["once", "day", "week", "month", "quarter", "half-year", "year"]);
export type UpdateFrequency = z.infer<typeof UpdateFrequency>;

/** Data that no public body collected (社会数据): who supplied it, and where that body has it from. */
export const SocialData = z.strictObject({
  /** The enterprise or other body that supplied it. */
  provider: z.string().min(1).max(120),
  /** What the provider declared, and answers for; without it nobody joins the table with data of his own. */
  provenance: z
    .strictObject({
      /** How it was collected, or from whom it was bought. */
      collection: z.string().min(1).max(500),
      /** By what right it may be used for public data products. */
      basis: z.string().min(1).max(500),
    })
    .optional(),
});
export type SocialData = z.infer<typeof SocialData>;

/** A table that a department offers. */
export const ResourceDescription = z.strictObject({
  domain: Name,
  resource: Name,
  title: z.string().min(1).max(120),
  format: z.enum(["csv", "parquet"]),
  source: z.string().min(1).max(120),
  updateFrequency: UpdateFrequency,
  /** Absent of what public bodies collected: `source` says which. */
  social: SocialData.optional(),
  /** Rows, rounded to two significant digits. */
  approximateRows: z.int().nonnegative(),
  fields: z
    .array(ResourceField)
    .min(1)
    .max(MAX_RESOURCE_COLUMNS)
    .refine(
      (fields) => fields.reduce((sum, field) => sum + treeCharacters(field.hierarchy), 0) <= MAX_HIERARCHY_CHARACTERS,
      `expected at most ${MAX_HIERARCHY_CHARACTERS} characters in all trees together`,
    ),
  /** Salted hash of the stored snapshot: tells that data changed, not what it is. */
  snapshot: Sha256Hex,
  importedAt: Instant,
  /** How good the table was found to be; absent when its officers set no rules, or do not publish what was measured. */
  quality: PublishedQuality.optional(),
});
export type ResourceDescription = z.infer<typeof ResourceDescription>;
