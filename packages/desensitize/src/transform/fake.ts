/** Fakes: realistic values in place of real ones, by keyed choice from short lists. Equal values become equal fakes, and
 *  different values may as well. Nothing of the value is in its fake, but a fake can coincide with a name, number or address
 *  that somebody has: it must not be called, written to or matched.
 *  @module */
import type { Bytes, Transform } from "@sluice/protocol";
import {
  BRAND_CHARACTERS,
  CITIES,
  DISTRICTS,
  GIVEN_CHARACTERS,
  MOBILE_SEGMENTS,
  PLATE_CHARACTERS,
  PLATE_OFFICES,
  PLATE_PROVINCES,
  ROADS,
  SURNAMES,
  TRADES,
} from "./fake-words.ts";
import { hashNumber, hashNumberSql, keyedHash, keyedHashSql } from "./keyed-hash.ts";
import { quoteText } from "./sql-text.ts";

type Fake = Extract<Transform, { kind: "fake" }>;

/** One word out of a list. */
type Choice = readonly string[];

/** Choices that one number of a hash (52 bits) makes: few enough that each is as likely as the others to one part in 10^6. */
const MAX_CHOICES_OF_NUMBER = 2 ** 32;

/** About a quarter of given names have one character. */
const SECOND_CHARACTERS = [...GIVEN_CHARACTERS, ...GIVEN_CHARACTERS.slice(0, 20).map(() => "")];
const DIGITS_FOUR = Array.from({ length: 10_000 }, (_, i) => String(i).padStart(4, "0"));
const HOUSES = Array.from({ length: 300 }, (_, i) => `${i + 1}号`);
const ROOMS = Array.from({ length: 40 }, (_, i) => `${i + 1}栋`);

const RECIPES: Readonly<Record<Fake["of"], readonly Choice[]>> = {
  name: [SURNAMES, GIVEN_CHARACTERS, SECOND_CHARACTERS],
  mobile: [MOBILE_SEGMENTS, DIGITS_FOUR, DIGITS_FOUR],
  address: [DISTRICTS, ROADS, HOUSES, ROOMS],
  organization: [CITIES, BRAND_CHARACTERS, BRAND_CHARACTERS, TRADES, ["有限公司"]],
  plate: [PLATE_PROVINCES, PLATE_OFFICES, ...Array.from({ length: 5 }, () => PLATE_CHARACTERS)],
};

/** The fake of `text`. */
export function fake({ of }: Fake, text: string, tokenKey: Bytes): string {
  const hash = keyedHash("fake", tokenKey, prefix(of) + text);
  return placesOf(of)
    .map(({ choice, index, divisor }) => choice[Math.floor(hashNumber(hash, index) / divisor) % choice.length])
    .join("");
}

/** The fake of an SQL text expression. */
export function fakeSql({ of }: Fake, text: string): string {
  const hash = keyedHashSql("fake", `${quoteText(prefix(of))} || ${text}`);
  return placesOf(of)
    .map(({ choice, index, divisor }) => {
      const place = `(${hashNumberSql(hash, index)} // ${divisor}) % ${choice.length}`;
      return choice === DIGITS_FOUR
        ? `lpad(CAST(${place} AS VARCHAR), 4, '0')`
        : `[${choice.map(quoteText).join(", ")}][1 + ${place}]`;
    })
    .join(" || ");
}

/** Which part of the hash makes each choice: digit of a number in mixed radix. */
function placesOf(of: Fake["of"]): { choice: Choice; index: number; divisor: number }[] {
  let index = 0;
  let divisor = 1;
  return RECIPES[of].map((choice) => {
    if (divisor * choice.length > MAX_CHOICES_OF_NUMBER) [index, divisor] = [index + 1, 1];
    const place = { choice, index, divisor };
    divisor *= choice.length;
    return place;
  });
}

/** Fakes of two kinds of one text have nothing to do with each other. */
function prefix(of: Fake["of"]): string {
  return `${of}:`;
}
