/** The generated table of people: 16 columns, 8 of them quasi-identifiers with about a million distinct tuples in
 *  3 million rows, valid check digits, skewed regions, names and ages. Every value follows from the row number and
 *  `SEED` through the engine's own hash, so that one version of the engine always writes the same table.
 *
 *  name, id_card, mobile, card, address, plate · birth_year, gender, region, nation, education, marital, occupation,
 *  household · diagnosis, income
 *  @module */
import { openDuckDb } from "./duckdb.ts";
import {
  BINS,
  DIAGNOSES,
  EDUCATION,
  GIVEN,
  MOBILE_PREFIXES,
  NATIONS,
  OCCUPATIONS,
  PROVINCES,
  REGIONS,
  STREETS,
  SURNAMES,
} from "./people-words.ts";

const SEED = 20_260_101;

/** Columns of the table that identify together. @public */
export const PEOPLE_QUASI = [
  "birth_year",
  "gender",
  "region",
  "nation",
  "education",
  "marital",
  "occupation",
  "household",
] as const;

/** Writes `rows` people to a Parquet file at `path`. */
export async function writePeople(path: string, rows: number): Promise<void> {
  const connection = await openDuckDb();
  try {
    await connection.run(`COPY (${peopleSql(rows)}) TO '${path}' (FORMAT parquet, COMPRESSION zstd)`);
  } finally {
    connection.closeSync();
  }
}

/** 64 bits of row `i` and `salt`, below 64. One number is hashed: the engine's hash of two numbers is an exclusive or of
 *  two hashes, which would tie all columns to each other. */
function bits(salt: number): string {
  return `hash(${SEED} + i * 64 + ${salt})`;
}

/** A number in [0, 1) of row `i`, independent for each `salt`. */
function unit(salt: number): string {
  return `((${bits(salt)} >> 11) / 9007199254740992.0)`;
}

function pick(words: readonly string[], share: string): string {
  return `[${words.map((word) => `'${word}'`).join(", ")}][1 + CAST(floor(${share} * ${words.length}) AS INTEGER)]`;
}

function digits(salt: number, length: number): string {
  return `lpad(CAST(${bits(salt)} % ${10 ** length} AS VARCHAR), ${length}, '0')`;
}

function peopleSql(rows: number): string {
  const drawn = `SELECT i,
      CAST(2008 - floor(88 * pow(${unit(1)}, 1.3)) AS INTEGER) AS birth_year,
      CAST(floor(${unit(2)} * 365) AS INTEGER) AS birth_day,
      ${pick(REGIONS, `pow(${unit(3)}, 4)`)} AS region,
      CAST(floor(${unit(4)} * 999) AS INTEGER) + 1 AS sequence,
      ${pick(BINS, `pow(${unit(5)}, 2)`)} || ${digits(6, 12)} AS card18
    FROM range(${rows}) AS numbers(i)`;
  const joined = `SELECT *,
      region || strftime(make_date(birth_year, 1, 1) + birth_day, '%Y%m%d') || lpad(CAST(sequence AS VARCHAR), 3, '0') AS id17,
      ${pick(SURNAMES, `pow(${unit(7)}, 2.2)`)} || ${pick(GIVEN, unit(8))}
        || CASE WHEN ${unit(9)} < 0.8 THEN ${pick(GIVEN, unit(10))} ELSE '' END AS name
    FROM (${drawn})`;
  const province = `map {${PROVINCES.map(([code, name]) => `'${code}': '${name}'`).join(", ")}}[left(region, 2)]`;
  const plateLetter = `chr(65 + CAST(floor(${unit(20)} * 8) AS INTEGER))`;
  return `SELECT name, id17 || substr('10X98765432', 1 + ${idSum()} % 11, 1) AS id_card,
      ${pick(MOBILE_PREFIXES, unit(11))} || ${digits(12, 8)} AS mobile,
      card18 || CAST((10 - ${luhnSum()} % 10) % 10 AS VARCHAR) AS card,
      ${province} || ${pick(STREETS, `pow(${unit(13)}, 1.5)`)} || CAST(1 + ${bits(14)} % 800 AS VARCHAR) || '号'
        || CAST(1 + ${bits(15)} % 40 AS VARCHAR) || '幢' || CAST(101 + ${bits(16)} % 2400 AS VARCHAR) || '室' AS address,
      '京津冀晋蒙辽吉黑沪苏浙皖闽赣鲁豫鄂湘粤桂琼渝川贵云藏陕甘青宁新'[1 + CAST(floor(${unit(21)} * 31) AS INTEGER)]
        || ${plateLetter} || ${digits(22, 5)} AS plate,
      birth_year, CASE WHEN sequence % 2 = 1 THEN '男' ELSE '女' END AS gender, region,
      CASE WHEN ${unit(23)} < 0.94 THEN '汉族' ELSE ${pick(NATIONS, `pow(${unit(24)}, 2)`)} END AS nation,
      ${pick(EDUCATION, `pow(${unit(25)}, 2)`)} AS education,
      CASE WHEN birth_year > 2001 OR ${unit(26)} < 0.08 THEN '未婚' WHEN ${unit(27)} < 0.92 THEN '已婚'
        WHEN ${unit(28)} < 0.6 THEN '离异' ELSE '丧偶' END AS marital,
      ${pick(OCCUPATIONS, `pow(${unit(29)}, 3)`)} AS occupation,
      CASE WHEN ${unit(30)} < 0.85 THEN '城镇' ELSE '农村' END AS household,
      ${pick(DIAGNOSES, `pow(${unit(31)}, 2)`)} AS diagnosis,
      CAST(floor(exp(8 + 1.1 * (${unit(32)} + ${unit(33)} + ${unit(34)}))) AS INTEGER) AS income
    FROM (${joined})`;
}

/** Weighted sum of GB 11643 over the first 17 digits. */
function idSum(): string {
  const weights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
  return `(${weights.map((weight, at) => `CAST(substr(id17, ${at + 1}, 1) AS INTEGER) * ${weight}`).join(" + ")})`;
}

/** Sum of Luhn's check over the first 18 of 19 digits: every second one doubled, from the last. */
function luhnSum(): string {
  const terms = Array.from({ length: 18 }, (_, at) => {
    const digit = `CAST(substr(card18, ${at + 1}, 1) AS INTEGER)`;
    return at % 2 === 1 ? `(${digit} * 2 // 10 + ${digit} * 2 % 10)` : digit;
  });
  return `(${terms.join(" + ")})`;
}
