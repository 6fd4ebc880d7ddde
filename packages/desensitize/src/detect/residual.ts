/** The second look at a table that is about to leave: do values still name somebody, whatever the policy said?
 *
 *  Two measures against false alarms on tokens, codes and amounts. A kind that random values of its shape have now and then
 *  (one of ten runs of digits has a right check digit after Luhn) counts when more values of that shape have it than by chance;
 *  names and addresses, which have no check character, when they are most of a column's distinct values.
 *  @module */
import { bareForm, isMobileNumber, isValid, normalForm, type Column, type ColumnBatch } from "@sluice/protocol";
import { isAddress } from "./address.ts";
import { isBankCard } from "./bank-card.ts";
import { beyondChance, CHANCE } from "./chance.ts";
import { isCoordinatePair } from "./coordinates.ts";
import { hasBankBin } from "./facts/bank-bins.ts";
import { cardNumbers, identifierKinds, isDigitRun, type IdentifierKind } from "./identifier-kinds.ts";
import { isLandline } from "./landline.ts";
import { isIpAddress } from "./network-address.ts";
import { isPersonName } from "./person-name.ts";
import { isRoundedResidentId, isShortResidentId } from "./resident-id.ts";

/** A column that still identifies. It names the column, never a value. */
export interface ResidualIdentifier {
  readonly column: string;
  readonly kind: IdentifierKind;
  /** Values of this kind: entries of the dictionary of a text column, rows of a column of numbers. */
  readonly values: number;
}

/** Share of the values of one shape from which few of them count, too. */
const FEW_SHARE = 0.3;
/** The same for all values of a column of numbers. */
const FEW_NUMBERS_SHARE = 0.5;
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
        .filter(([kind]) => allowed?.includes(kind) !== true)
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([kind, values]) => ({ column, kind, values }));
    })
    .sort((a, b) => (a.column < b.column ? -1 : Number(a.column > b.column)));
}

/** Kinds, and how many values are of each. */
type KindCounts = Map<IdentifierKind, number>;

function kindsOf(column: Column, rowCount: number): KindCounts {
  switch (column.type) {
    case "dict":
      return kindsOfTexts(column.dictionary);
    case "f64":
      return kindsOfNumbers(column, rowCount);
    case "i32":
    case "bool":
      return new Map();
  }
}

/** A shape that texts may have, and the identifier that a part of them is. Both see the text without spaces and hyphens, or its
 *  normal form. */
interface Shape {
  readonly kind: IdentifierKind;
  readonly form: "bare" | "normal";
  readonly shape: (text: string) => boolean;
  readonly detect: (text: string) => boolean;
  /** Share of the shape that is of this kind by chance. */
  readonly chance: number;
}

const SHAPES: readonly Shape[] = [
  {
    kind: "mobile-number",
    form: "bare",
    shape: (text) => /^(?:\+?86|0086)?[0-9]{11}$/.test(text),
    detect: isMobileNumber,
    chance: CHANCE.mobile,
  },
  {
    kind: "resident-id-15",
    form: "bare",
    shape: (text) => /^[0-9]{15}$/.test(text),
    detect: isShortResidentId,
    chance: CHANCE.shortId,
  },
  { kind: "bank-card", form: "bare", shape: hasBankBin, detect: isBankCard, chance: CHANCE.luhn },
  {
    kind: "landline",
    form: "normal",
    shape: (text) => /^[(+]?[0-9]{2,4}[)\- ]/.test(text),
    detect: isLandline,
    chance: FEW_SHARE / 2,
  },
  {
    kind: "ip-address",
    form: "normal",
    shape: (text) => /^[0-9a-f]*[.:]/i.test(text),
    // Versions of four parts begin with small numbers.
    detect: (text) => isIpAddress(text) && !/^[0-9]\./.test(text),
    chance: FEW_SHARE / 2,
  },
  { kind: "coordinates", form: "normal", shape: isCoordinatePair, detect: isCoordinatePair, chance: 0 },
];

function kindsOfTexts(texts: readonly string[]): KindCounts {
  const kinds: KindCounts = new Map();
  const shaped = SHAPES.map((shape) => ({ ...shape, all: 0, found: 0 }));
  for (const text of texts) {
    const forms = { normal: normalForm(text), bare: bareForm(text) };
    for (const counts of shaped) {
      const form = forms[counts.form];
      if (!counts.shape(form)) continue;
      counts.all++;
      if (counts.detect(form)) counts.found++;
    }
    if (isDigitRun(forms.normal)) continue;
    for (const kind of identifierKinds(text)) kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
    addCards(shaped, forms.bare, text);
  }
  for (const { kind, all, found, chance } of shaped) {
    if (found === 0 || (found < FEW_SHARE * all && !beyondChance(found, all, chance))) continue;
    kinds.set(kind, Math.max(found, kinds.get(kind) ?? 0));
  }
  const inspected = texts.slice(0, NAMING_INSPECTED);
  if (inspected.length >= NAMING_VALUES) {
    for (const [kind, detect] of [
      ["person-name", isPersonName],
      ["address", isAddress],
    ] as const) {
      const found = inspected.filter(detect).length;
      if (found >= NAMING_SHARE * inspected.length) kinds.set(kind, found);
    }
  }
  return kinds;
}

/** Numbers of cards inside a text that is none itself are judged with those that stand alone. */
function addCards(shaped: readonly { kind: IdentifierKind; all: number; found: number }[], bare: string, text: string) {
  const counts = shaped.find(({ kind }) => kind === "bank-card");
  if (counts === undefined || hasBankBin(bare)) return;
  const { shaped: all, found } = cardNumbers(text);
  counts.all += all;
  counts.found += found;
}

/** Numbers of a shape, and the identifier that a part of them is. */
const NUMBER_SHAPES: readonly {
  readonly kind: "mobile-number" | "resident-id" | "resident-id-15" | "bank-card";
  readonly shape: (digits: string) => boolean;
  readonly detect: (digits: string) => boolean;
  readonly chance: number;
}[] = [
  {
    kind: "mobile-number",
    shape: (digits) => digits.length === 11,
    detect: isMobileNumber,
    chance: CHANCE.numericMobile,
  },
  {
    kind: "resident-id-15",
    shape: (digits) => digits.length === 15,
    detect: isShortResidentId,
    chance: CHANCE.shortId,
  },
  {
    kind: "resident-id",
    shape: (digits) => digits.length === 17 || digits.length === 18,
    detect: (digits) => isRoundedResidentId(Number(digits)),
    chance: CHANCE.roundedId,
  },
  { kind: "bank-card", shape: hasBankBin, detect: isBankCard, chance: CHANCE.luhn },
];

function kindsOfNumbers(column: Extract<Column, { type: "f64" }>, rowCount: number): KindCounts {
  const shaped = NUMBER_SHAPES.map((shape) => ({ ...shape, all: 0, found: 0 }));
  let valid = 0;
  for (let row = 0; row < rowCount; row++) {
    if (!isValid(column, row)) continue;
    valid++;
    const value = column.values[row] ?? 0;
    if (!(value >= 1e10 && value < 1e18) || !Number.isInteger(value)) continue;
    const digits = String(BigInt(value));
    for (const counts of shaped) {
      if (!counts.shape(digits)) continue;
      counts.all++;
      if (counts.detect(digits)) counts.found++;
    }
  }
  const kept = shaped.filter(
    ({ all, found, chance }) => found > 0 && (found >= FEW_NUMBERS_SHARE * valid || beyondChance(found, all, chance)),
  );
  return new Map(kept.map(({ kind, found }) => [kind, found]));
}
