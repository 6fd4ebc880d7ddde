/** What of a resource may be counted at all: decided from its description, before a row is read.
 *  @module */
import type { ResourceDescription, ResourceField } from "@sluice/protocol";

/** A column and how it is looked at. */
export interface PlannedColumn {
  readonly field: ResourceField;
  readonly look: "shape" | "text" | "boolean" | "number" | "date";
}

/** Every column in the resource's order. Direct identifiers, the column that names persons, and data graded important or
 *  core have a shape only. */
export function planProfile(resource: ResourceDescription, subject: string | undefined): PlannedColumn[] {
  return resource.fields.map((field) => ({ field, look: lookOf(field, subject) }));
}

function lookOf({ name, type, role, grade }: ResourceField, subject: string | undefined): PlannedColumn["look"] {
  if (name === subject || role === "direct" || grade === "important" || grade === "core") return "shape";
  switch (type) {
    case "text":
    case "boolean":
    case "date":
      return type;
    case "integer":
    case "decimal":
      return "number";
  }
}
