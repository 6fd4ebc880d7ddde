/** A file that is to become a resource, and the description that is made of what was declared and found.
 *  @module */
import {
  ResourceDescription,
  SluiceError,
  type ResourceField,
  type SocialData,
  type UpdateFrequency,
} from "@sluice/protocol";
import type { ImportProgress } from "./import-table.ts";

/** A file and what is declared about it. */
export interface ImportTableOptions {
  /** Path of a UTF-8 CSV with a header line, or of a Parquet file. */
  readonly file: string;
  readonly resource: string;
  readonly title: string;
  readonly source: string;
  readonly domain: string;
  readonly updateFrequency: UpdateFrequency;
  /** Of data that no public body collected. */
  readonly social?: SocialData;
  /** Columns to take, in this order. Without it every column is taken, typed from all values and classified strictly. */
  readonly fields?: readonly ResourceField[];
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: ImportProgress) => void;
  /** Told once the file is read and checked, before the store changes. What it throws ends the import. */
  readonly onReady?: (resource: ResourceDescription) => void;
}

/** Stands in for fields that are not known yet. */
export const PLACEHOLDER_FIELDS: readonly ResourceField[] = [
  { name: "placeholder", title: "", type: "text", role: "other", grade: "general-1" },
];

/** The description of a resource. @throws ERR_BODY_INVALID naming the first member that does not fit, or a field that is declared twice. */
export function checkedDescription(facts: ResourceDescription): ResourceDescription {
  const parsed = ResourceDescription.safeParse(facts);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw new SluiceError("ERR_BODY_INVALID", {
      pointer: `/${issue?.path.map(String).join("/") ?? ""}`,
      expected: issue?.code.replaceAll("_", " ") ?? "valid",
    });
  }
  const names = parsed.data.fields.map((field) => field.name.toLowerCase());
  const twice = names.findIndex((name, i) => names.indexOf(name) !== i);
  if (twice >= 0)
    throw new SluiceError("ERR_BODY_INVALID", { pointer: `/fields/${twice}/name`, expected: "each field once" });
  return parsed.data;
}
