/** How columns are known by their values: one rule for each type, the strongest evidence first.
 *  @module */
import {
  bareForm,
  isMobileNumber,
  isResidentId,
  isSocialCreditCode,
  normalForm,
  type ResourceField,
} from "@sluice/protocol";
import { isAddress } from "../detect/address.ts";
import { CHANCE } from "../detect/chance.ts";
import { hasBankBin } from "../detect/facts/bank-bins.ts";
import { isKnownDivision } from "../detect/facts/division-codes.ts";
import { divisionNames } from "../detect/facts/division-names.ts";
import { NATIONS } from "../detect/facts/nations.ts";
import { isBankCard } from "../detect/bank-card.ts";
import { isCoordinatePair, isDegrees } from "../detect/coordinates.ts";
import { isDateText } from "../detect/date-text.ts";
import { isDocumentNumber, type DocumentKind } from "../detect/document-number.ts";
import { isFreeText } from "../detect/free-text.ts";
import { isLandline } from "../detect/landline.ts";
import { isEmail, isIpAddress, isMacAddress } from "../detect/network-address.ts";
import { isPersonName } from "../detect/person-name.ts";
import { isPlate } from "../detect/plate.ts";
import { isRoundedResidentId, isShortResidentId } from "../detect/resident-id.ts";
import type { Hint } from "./column-hints.ts";

/** What a column was found to hold. */
export type ColumnKind =
  | "resident-id"
  | "resident-id-15"
  | "social-credit-code"
  | "bank-card"
  | "mobile-number"
  | "landline"
  | "e-mail"
  | "mac-address"
  | "ip-address"
  | "plate"
  | "coordinates"
  | "date"
  | "nation"
  | "region"
  | "person-name"
  | "address"
  | DocumentKind
  | "free-text"
  | "unique-key"
  | "number"
  | "flag"
  | "code"
  | "empty";

/** One rule. Shares are those of the sampled values, of distinct ones where `distinct` says so. */
export interface ColumnRule {
  readonly kind: ColumnKind;
  readonly detect: (text: string) => boolean;
  /** Share that decides. */
  readonly share: number;
  /** Distinct values that there must be. */
  readonly atLeast?: number;
  /** Share that decides where the column's name says the same. Without `share` below 1 the hint is needed. */
  readonly hinted?: { readonly hint: Hint; readonly share: number };
  /** Share from which a column that is not decided is one that a person has to look at. */
  readonly mixedFrom?: number;
  /** Values that only look like this kind have it by chance: share of `shape`. */
  readonly chance?: {
    readonly shape: (text: string) => boolean;
    readonly share: number;
    /** The same in columns of numbers, where it is another one. */
    readonly ofNumbers?: number;
  };
  /** Only columns that are stored so have it. */
  readonly stored?: ResourceField["type"];
  readonly distinct?: boolean;
  /** What a full match is worth, 0 to 1: a check character more than a pattern, a pattern more than a word list. */
  readonly weight: number;
}

/** Share of checksum and pattern types. */
export const DECIDING_SHARE = 0.8;
/** Below it, a value here and there is a slip of the hand. */
export const MIXED_SHARE = 0.01;
/** A share that cannot be reached: the hint is needed. */
const NEVER = 2;

const strong = { share: DECIDING_SHARE, mixedFrom: MIXED_SHARE };

/** In the order in which they decide. */
export const COLUMN_RULES: readonly ColumnRule[] = [
  {
    kind: "resident-id",
    detect: isResidentId,
    ...strong,
    weight: 1,
    chance: { shape: (text) => /^[0-9]{17}[0-9Xx]$/.test(bareForm(text)), share: CHANCE.residentIdCheck },
  },
  {
    kind: "resident-id",
    stored: "decimal",
    detect: (text) => isRoundedResidentId(Number(text)),
    ...strong,
    weight: 0.9,
    chance: { shape: (text) => Number(text) >= 1e16 && Number(text) < 1e18, share: CHANCE.roundedId },
  },
  { kind: "social-credit-code", detect: isSocialCreditCode, ...strong, weight: 1 },
  {
    kind: "bank-card",
    detect: isBankCard,
    ...strong,
    weight: 0.95,
    chance: { shape: (text) => hasBankBin(bareForm(text)), share: CHANCE.luhn },
  },
  { kind: "resident-id-15", detect: isShortResidentId, ...strong, weight: 0.9 },
  {
    kind: "mobile-number",
    detect: isMobileNumber,
    ...strong,
    weight: 0.95,
    chance: {
      shape: (text) => /^[0-9]{11}$/.test(bareForm(text)),
      share: CHANCE.mobile,
      ofNumbers: CHANCE.numericMobile,
    },
  },
  { kind: "e-mail", detect: isEmail, ...strong, weight: 0.98 },
  { kind: "mac-address", detect: isMacAddress, ...strong, weight: 0.98 },
  { kind: "ip-address", detect: isIpAddress, ...strong, weight: 0.9 },
  { kind: "plate", detect: isPlate, ...strong, weight: 0.95 },
  { kind: "landline", detect: isLandline, ...strong, weight: 0.9 },
  { kind: "coordinates", detect: isCoordinatePair, ...strong, weight: 0.9 },
  { kind: "date", detect: isDateText, share: DECIDING_SHARE, weight: 0.9 },
  { kind: "nation", detect: (text) => NATIONS.has(normalForm(text)), share: DECIDING_SHARE, weight: 0.9 },
  { kind: "region", detect: isRegion, share: DECIDING_SHARE, weight: 0.9 },
  {
    kind: "person-name",
    detect: isPersonName,
    share: 0.6,
    atLeast: 50,
    hinted: { hint: "person-name", share: 0.3 },
    mixedFrom: 0.4,
    distinct: true,
    weight: 0.9,
  },
  {
    kind: "address",
    detect: isAddress,
    share: 0.6,
    hinted: { hint: "address", share: 0.3 },
    mixedFrom: 0.2,
    distinct: true,
    weight: 0.9,
  },
  {
    kind: "landline",
    detect: (text) => isLandline(text, { undelimited: true }) || isMobileNumber(text),
    share: NEVER,
    hinted: { hint: "telephone", share: 0.3 },
    weight: 0.9,
  },
  {
    kind: "coordinates",
    detect: isDegrees,
    share: NEVER,
    hinted: { hint: "coordinates", share: 0.5 },
    weight: 0.85,
  },
  ...(
    [
      "passport",
      "hong-kong-macau-permit",
      "taiwan-permit",
      "military-id",
      "medical-record",
      "insurance-number",
    ] as const
  ).map((kind) => ({
    kind,
    detect: (text: string) => isDocumentNumber(kind, text),
    share: NEVER,
    hinted: { hint: kind, share: 0.5 },
    weight: 0.85,
  })),
  { kind: "free-text", detect: isFreeText, share: 0.3, weight: 0.8 },
];

/** Whether `text` is the name or the code of one division, alone. */
function isRegion(text: string): boolean {
  const name = normalForm(text);
  const { provinces, prefectures, counties } = divisionNames();
  return isKnownDivision(name) || provinces.has(name) || prefectures.has(name) || counties.has(name);
}
