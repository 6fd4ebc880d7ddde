/** The people of the demo city: identity numbers with right check characters (GB 11643), unique phones, skewed
 *  ages and regions, and a few canaries among them.
 *  @module */
import { residentIdCheckDigit } from "@sluice/protocol";
import { characters, drawName } from "./names.ts";
import { SeededRandom } from "./random.ts";
import { BIRTHPLACES, REGIONS } from "./regions.ts";
import type { Canary, CityOptions } from "./table.ts";

/** Day on which the tables were drawn up: ages and terms count to it. */
export const REFERENCE_DATE = new Date("2026-06-30T00:00:00.000Z");
/** Canaries in every city. */
const CANARY_COUNT = 12;

const DAY_MS = 86_400_000;
const PHONE_PREFIXES = characters("034567895012789");
/** Segments that no operator was given, and what stands for them. */
const UNUSED_SEGMENTS: Readonly<Record<string, string>> = { "154": "155", "179": "178" };
// Rare characters, a rare surname, a division of residence permits and a number range that nobody else has here.
const CANARY_SURNAME = "闾丘";
const CANARY_CHARACTERS = "翯鷟翙鹮彧琤璆瑀镠鋆爔犇骉骎犨旖旎祎赟昶曌昪晟淏";
const CANARY_DIVISION = "820000";
const CANARY_PHONE_PREFIX = "19900";

/** One person. */
export interface Person {
  readonly residentId: string;
  readonly name: string;
  readonly phone: string;
  readonly gender: "female" | "male";
  readonly birthDate: Date;
  /** Full years on REFERENCE_DATE. */
  readonly age: number;
  /** Division where the person is insured. */
  readonly region: string;
}

/** Everybody, and which of them are canaries. */
export interface Population {
  readonly persons: Person[];
  /** Places of the canaries in `persons`. */
  readonly canaryIndexes: number[];
  readonly canaries: Canary[];
}

/** The people of a city. */
export function generatePopulation({ seed, persons: count }: CityOptions): Population {
  const random = new SeededRandom(seed, "persons");
  const taken = new Set<string>();
  const canaryNames = drawCanaryNames(new SeededRandom(seed, "canaries"));
  const spacing = Math.floor(count / CANARY_COUNT);
  const persons: Person[] = [];
  const canaryIndexes: number[] = [];
  for (let i = 0; i < count; i++) {
    const name = i % spacing === spacing >> 1 ? canaryNames.pop() : undefined;
    if (name !== undefined) canaryIndexes.push(i);
    persons.push(drawPerson(random, taken, name));
  }
  const canaries = canaryIndexes.flatMap((i) => {
    const person = persons[i];
    return person === undefined ? [] : [{ residentId: person.residentId, name: person.name, phone: person.phone }];
  });
  return { persons, canaryIndexes, canaries };
}

function drawPerson(random: SeededRandom, taken: Set<string>, canaryName: string | undefined): Person {
  const gender = random.chance(0.5) ? "female" : "male";
  const age = drawAge(random);
  const birthDate = drawBirthDate(random, age);
  const region = random.weighted(REGIONS);
  const birthplace = random.chance(0.7) ? region : random.weighted(BIRTHPLACES);
  const canary = canaryName !== undefined;
  return {
    residentId: drawUnique(taken, () =>
      drawResidentId(random, canary ? CANARY_DIVISION : birthplace, birthDate, gender),
    ),
    name: canaryName ?? drawName(random, gender),
    phone: drawUnique(taken, () => drawPhone(random, canary)),
    gender,
    birthDate,
    age,
    region,
  };
}

/** Ages 18 to 80: a hump around 35 with a long tail. */
function drawAge(random: SeededRandom): number {
  const age = random.chance(0.75) ? 36 + 9 * random.normal() : 54 + 10 * random.normal();
  return Math.min(80, Math.max(18, Math.round(age)));
}

/** A day on which somebody was born who has had `age` birthdays by REFERENCE_DATE. */
function drawBirthDate(random: SeededRandom, age: number): Date {
  const year = REFERENCE_DATE.getUTCFullYear() - age;
  const latest = Date.UTC(year, REFERENCE_DATE.getUTCMonth(), REFERENCE_DATE.getUTCDate());
  return new Date(latest - random.int(0, 364) * DAY_MS);
}

function drawResidentId(random: SeededRandom, division: string, birthDate: Date, gender: Person["gender"]): string {
  const sequence = 2 * random.int(0, 499) + (gender === "male" ? 1 : 0);
  const date = birthDate.toISOString().slice(0, 10).replaceAll("-", "");
  const digits = division + date + String(sequence).padStart(3, "0");
  return digits + residentIdCheckDigit(digits);
}

function drawPhone(random: SeededRandom, canary: boolean): string {
  if (canary) return CANARY_PHONE_PREFIX + String(random.int(0, 999_999)).padStart(6, "0");
  const second = random.pick(["3", "3", "5", "7", "8", "8"]);
  const segment = `1${second}${random.pick(PHONE_PREFIXES)}`;
  return `${UNUSED_SEGMENTS[segment] ?? segment}${String(random.int(0, 99_999_999)).padStart(8, "0")}`;
}

function drawUnique(taken: Set<string>, draw: () => string): string {
  let text = draw();
  while (taken.has(text)) text = draw();
  taken.add(text);
  return text;
}

/** Names that share no character after the surname. */
function drawCanaryNames(random: SeededRandom): string[] {
  const rest: string[] = characters(CANARY_CHARACTERS);
  const take = (): string => rest.splice(random.int(0, rest.length - 1), 1).join("");
  return Array.from({ length: CANARY_COUNT }, () => CANARY_SURNAME + take() + take());
}
