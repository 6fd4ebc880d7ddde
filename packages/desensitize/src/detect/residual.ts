/** The second look at a table that is about to leave: do values still name somebody, whatever the policy said?
 *
 *  Two measures against false alarms on tokens, codes and amounts. A kind that random values of its shape have now and then
 *  (one of ten runs of digits has a right check digit after Luhn) counts when it has a large share of that shape in the column;
 *  names and addresses, which have no check character, when they are most of a column's distinct values.
 *  @module */
import { isValid, type Column, type ColumnBatch } from "@sluice/protocol";
import { isAddress } from "./address.ts";
import { isBankCard } from "./bank-card.ts";
import { isCoordinatePair } from "./coordinates.ts";
import { hasBankBin } from "./facts/bank-bins.ts";
import { identifierKinds, isDigitRun, type IdentifierKind } from "./identifier-kinds.ts";
import { isLandline } from "./landline.ts";
import { isMobileNumber } from "./mobile-number.ts";
import { isIpAddress } from "./network-address.ts";
import { normalForm } from "./normal-form.ts";
import { isPersonName } from "./person-name.ts";
import { isShortResidentId } from "./resident-id.ts";

/** A column that still identifies. It names the column, never a value. */
export interface ResidualIdentifier {
  readonly column: string;
  readonly kind: IdentifierKind;
}

/** Share of the values of one shape that must be identifiers: random digits have 7 % (mobile) or 10 % (Luhn). */
export const RESIDUAL_SHARE = 0.3;
/** The same for a column of numbers: amounts of eleven digits look like mobile numbers now and then. */
export const NUMERIC_RESIDUAL_SHARE = 0.5;
/** Share and number of distinct values from which a column is one of names or of addresses. */
const NAMING_SHARE = 0.6;
const NAMING_VALUES = 50;
/** Distinct values of a column that are looked at for names and addresses. */
const NAMING_INSPECTED = 5_000;

/** Kinds that one column may hold, because its transform makes such values (format-preserving encryption, fakes). */
export type ResidualExceptions = Readonly<Record<string, readonly IdentifierKind[]>>;

/** Columns of `batch` that still identify, sorted by column, then kind; but for what `except` allows. Texts are also searched
 *  inside. Every entry of a dictionary counts, used or not, since it leaves with the batch. */
export function scanColumns(batch: ColumnBatch, except: ResidualExceptions = {}): ResidualIdentifier[] {
  return Object.entries(batch.columns)
    .flatMap(([column, data]) => {
      const allowed = Object.hasOwn(except, column) ? except[column] : undefined;
      return [...kindsOf(data, batch.rowCount)]
        .filter((kind) => allowed?.includes(kind) !== true)
        .sort()
        .map((kind) => ({ column, kind }));
    })
    .sort((a, b) => (a.column < b.column ? -1 : Number(a.column > b.column)));
}

function kindsOf(column: Column, rowCount: number): Set<IdentifierKind> {
  switch (column.type) {
    case "dict":
      return kindsOfTexts(column.dictionary);
    case "f64":
      return kindsOfNumbers(column, rowCount);
    case "i32":
    case "bool":
      return new Set();
  }
}

/** A shape that values may have, and the identifier that a part of them is. Both see the normal form. */
interface Shape {
  readonly kind: IdentifierKind;
  readonly shape: (text: string) => boolean;
  readonly detect: (text: string) => boolean;
}

const SHAPES: readonly Shape[] = [
  { kind: "mobile-number", shape: (text) => /^(?:\+?86|0086)?[0-9]{11}$/.test(text), detect: isMobileNumber },
  { kind: "resident-id-15", shape: (text) => /^[0-9]{15}$/.test(text), detect: isShortResidentId },
  { kind: "bank-card", shape: (text) => hasBankBin(text.replaceAll(/[ -]/g, "")), detect: isBankCard },
  { kind: "landline", shape: (text) => /^[(+]?[0-9]{2,4}[)\- ]/.test(text), detect: isLandline },
  {
    kind: "ip-address",
    shape: (text) => /^[0-9a-f]*[.:]/i.test(text),
    // Versions of four parts begin with small numbers.
    detect: (text) => isIpAddress(text) && !/^[0-9]\./.test(text),
  },
  { kind: "coordinates", shape: isCoordinatePair, detect: isCoordinatePair },
];

function kindsOfTexts(texts: readonly string[]): Set<IdentifierKind> {
  const kinds = new Set<IdentifierKind>();
  const shaped = SHAPES.map(() => ({ all: 0, found: 0 }));
  for (const text of texts) {
    const normal = normalForm(text);
    for (const [i, { shape, detect }] of SHAPES.entries()) {
      const counts = shaped[i];
      if (counts === undefined || !shape(normal)) continue;
      counts.all++;
      if (detect(normal)) counts.found++;
    }
    if (!isDigitRun(normal)) for (const kind of identifierKinds(text)) kinds.add(kind);
  }
  for (const [i, { kind }] of SHAPES.entries()) {
    const { all, found } = shaped[i] ?? { all: 0, found: 0 };
    if (found > 0 && found >= RESIDUAL_SHARE * all) kinds.add(kind);
  }
  const inspected = texts.slice(0, NAMING_INSPECTED);
  if (inspected.length >= NAMING_VALUES) {
    const most = (detect: (text: string) => boolean): boolean =>
      inspected.filter(detect).length >= NAMING_SHARE * inspected.length;
    if (most(isPersonName)) kinds.add("person-name");
    if (most(isAddress)) kinds.add("address");
  }
  return kinds;
}

function kindsOfNumbers(column: Extract<Column, { type: "f64" }>, rowCount: number): Set<IdentifierKind> {
  const found = { "mobile-number": 0, "resident-id-15": 0, "bank-card": 0 };
  let valid = 0;
  for (let row = 0; row < rowCount; row++) {
    if (!isValid(column, row)) continue;
    valid++;
    const value = column.values[row] ?? 0;
    if (value < 1e10 || !Number.isSafeInteger(value)) continue;
    const digits = String(value);
    if (isMobileNumber(digits)) found["mobile-number"]++;
    else if (isShortResidentId(digits)) found["resident-id-15"]++;
    else if (isBankCard(digits)) found["bank-card"]++;
  }
  const kinds = ["mobile-number", "resident-id-15", "bank-card"] as const;
  return new Set(kinds.filter((kind) => found[kind] > 0 && found[kind] >= NUMERIC_RESIDUAL_SHARE * valid));
}
