/** Who is meant by an identifier: the column that holds it, and the form in which the store has it.
 *  @module */
import { SluiceError, type FieldName, type Name } from "@sluice/protocol";
import type { DataStore } from "../data/store.ts";
import type { DocumentStore } from "../state/documents.ts";
import type { MembershipStore } from "../state/memberships.ts";
import { checkIdentifier, normalIdentifier } from "./identifier.ts";

/** A person of a resource. */
export interface NamedPerson {
  readonly resource: Name;
  /** Title of the resource. */
  readonly title: string;
  readonly column: FieldName;
  readonly otherColumns: FieldName[];
  /** As it was given: older builds may have had the column in another type. */
  readonly given: string;
  /** In the form of the table as it is now. */
  readonly identifier: string;
}

/** What tells the columns. */
interface PersonSource {
  readonly documents: DocumentStore;
  readonly memberships: MembershipStore;
  readonly data: Pick<DataStore, "describe">;
}

/** @throws ERR_NOT_FOUND when there is no such resource or column; ERR_USAGE when the column is left open, or no value of
 *    it is written so. Neither repeats the identifier. */
export function personOf(
  { documents, memberships, data }: PersonSource,
  subject: { readonly resource: Name; readonly column?: FieldName; readonly identifier: string },
): NamedPerson {
  const { resource } = subject;
  const { title, fields } = data.describe(resource);
  const builds = memberships.ofResource(resource);
  const columns = [...new Set([...documents.keyColumns(resource), ...builds.map(({ column }) => column)])].sort();
  const column = subject.column ?? onlyOf(columns);
  const type = fields.find(({ name }) => name === column)?.type;
  if (type === undefined) throw new SluiceError("ERR_NOT_FOUND", { kind: "column", name: column });
  const given = checkIdentifier(subject.identifier);
  const identifier = normalIdentifier(given, type);
  if (identifier === null) {
    throw new SluiceError("ERR_USAGE", {
      reason: `an identifier of column ${column} expected a value of type ${type}`,
    });
  }
  return { resource, title, column, otherColumns: columns.filter((other) => other !== column), given, identifier };
}

function onlyOf(columns: readonly FieldName[]): FieldName {
  const [only, ...more] = columns;
  if (only !== undefined && more.length === 0) return only;
  const known = columns.length === 0 ? "no grant names one yet" : columns.join(", ");
  throw new SluiceError("ERR_USAGE", { reason: `name the column that holds the identifier: ${known}` });
}
