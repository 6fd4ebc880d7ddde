/** Identity numbers (GB 11643-1999) as ranks, and their pseudonyms: a valid number becomes a valid number, no two become one,
 *  and nothing of division, birth date, sex or sequence stays.
 *
 *  Two sets are each permuted within itself: numbers of a division that the table knows and born before 2026, whose
 *  pseudonyms can all be met with, and all others that have a right form. So a pseudonym shows in which set its number is.
 *  @module */
import { isCalendarDate, PROVINCE_CODES } from "@sluice/protocol";
import { knownDivisions } from "../detect/facts/division-codes.ts";
import type { BlockCipher } from "./block-cipher.ts";
import { RankCipher } from "./rank-cipher.ts";

const FIRST_YEAR = 1900;
const LAST_YEAR = 2099;
/** Part of the permutation: it does not move with the calendar, or pseudonyms would change each year. */
const LAST_PAST_YEAR = 2025;
const SEQUENCES = 1_000;
const DIVISIONS_OF_PROVINCE = 10_000;
/** No check digit: what `encrypt` leaves in place of an invalid number's. */
export const INVALID_CHECK = -1;

interface Tables {
  /** Rank of a division among the known ones by its six digits; -1 for others. */
  readonly knownRank: Int16Array;
  readonly known: Int32Array;
  /** Rank of a province by its two digits; -1 for none. */
  readonly provinceRank: Int8Array;
  readonly provinces: Int32Array;
  /** Number of a day by (year - 1900) * 10,000 + month * 100 + day; -1 where there is none. */
  readonly dayOf: Int32Array;
  /** Date as YYYYMMDD by its number. */
  readonly dates: Int32Array;
  readonly pastDays: number;
  /** Weighted sums modulo 11 of 3 + 3 digits of division, 4 of year, 4 of month and day, 3 of sequence. */
  readonly sums: readonly [Uint8Array, Uint8Array, Uint8Array, Uint8Array, Uint8Array];
}

let tables: Tables | undefined;

/** Identity numbers in three columns: six digits of division, eleven of date and sequence, the value (0 to 10) of the check
 *  character. */
export class ResidentIdCipher {
  readonly #tables: Tables;
  readonly #usual: RankCipher;
  readonly #other: RankCipher;

  constructor(cipher: BlockCipher) {
    this.#tables = tables ??= makeTables();
    const { known, provinces, dates, pastDays } = this.#tables;
    this.#usual = new RankCipher(cipher, { name: "resident-id", size: known.length * pastDays * SEQUENCES });
    this.#other = new RankCipher(cipher, {
      name: "resident-id, other",
      size: provinces.length * DIVISIONS_OF_PROVINCE * dates.length * SEQUENCES,
      accepts: (rank) => !this.#isUsual(rank),
    });
  }

  /** Enciphers the first `count` numbers in place. Where a number is not valid, its check becomes INVALID_CHECK and the rest
   *  is meaningless. */
  encrypt(divisions: Float64Array, tails: Float64Array, checks: Int8Array, count: number): void {
    this.#map("encrypt", divisions, tails, checks, count);
  }

  /** Undoes `encrypt`. */
  decrypt(divisions: Float64Array, tails: Float64Array, checks: Int8Array, count: number): void {
    this.#map("decrypt", divisions, tails, checks, count);
  }

  #map(
    way: "encrypt" | "decrypt",
    divisions: Float64Array,
    tails: Float64Array,
    checks: Int8Array,
    count: number,
  ): void {
    const { knownRank, known, provinceRank, provinces, dayOf, dates, pastDays } = this.#tables;
    const usual = new Float64Array(count);
    const usualRows = new Int32Array(count);
    const other: number[] = [];
    const otherRows: number[] = [];
    let usualCount = 0;
    for (let i = 0; i < count; i++) {
      const division = divisions[i] ?? 0;
      const tail = tails[i] ?? 0;
      const date = Math.floor(tail / SEQUENCES);
      const day = dayOf[date - FIRST_YEAR * 10_000] ?? -1;
      const province = provinceRank[Math.floor(division / DIVISIONS_OF_PROVINCE)] ?? -1;
      if (day < 0 || province < 0 || this.#check(division, tail) !== checks[i]) {
        checks[i] = INVALID_CHECK;
        continue;
      }
      const sequence = tail - date * SEQUENCES;
      const rank = knownRank[division] ?? -1;
      if (rank >= 0 && day < pastDays) {
        usual[usualCount] = (rank * pastDays + day) * SEQUENCES + sequence;
        usualRows[usualCount++] = i;
      } else {
        const code = province * DIVISIONS_OF_PROVINCE + (division % DIVISIONS_OF_PROVINCE);
        other.push((code * dates.length + day) * SEQUENCES + sequence);
        otherRows.push(i);
      }
    }
    const put = (row: number, division: number, day: number, sequence: number): void => {
      divisions[row] = division;
      tails[row] = (dates[day] ?? 0) * SEQUENCES + sequence;
      checks[row] = this.#check(division, tails[row] ?? 0);
    };
    this.#usual[way](usual, usualCount);
    for (let j = 0; j < usualCount; j++) {
      const { code, day, sequence } = split(usual[j] ?? 0, pastDays);
      put(usualRows[j] ?? 0, known[code] ?? 0, day, sequence);
    }
    const others = Float64Array.from(other);
    this.#other[way](others, others.length);
    for (const [j, row] of otherRows.entries()) {
      const { code, day, sequence } = split(others[j] ?? 0, dates.length);
      const province = Math.floor(code / DIVISIONS_OF_PROVINCE);
      const division = (provinces[province] ?? 0) * DIVISIONS_OF_PROVINCE + (code % DIVISIONS_OF_PROVINCE);
      put(row, division, day, sequence);
    }
  }

  /** Whether the number of this rank among all is one of the usual. */
  #isUsual(rank: number): boolean {
    const { knownRank, provinces, dates, pastDays } = this.#tables;
    const { code, day } = split(rank, dates.length);
    const province = provinces[Math.floor(code / DIVISIONS_OF_PROVINCE)] ?? 0;
    const division = province * DIVISIONS_OF_PROVINCE + (code % DIVISIONS_OF_PROVINCE);
    return day < pastDays && (knownRank[division] ?? -1) >= 0;
  }

  /** Value of the check character: 10 stands for X. */
  #check(division: number, tail: number): number {
    const [a, b, c, d, e] = this.#tables.sums;
    const head = Math.floor(division / 1_000);
    const year = Math.floor(tail / 10_000_000);
    const monthDay = Math.floor(tail / 1_000) - year * 10_000;
    const sum =
      (a[head] ?? 0) + (b[division - head * 1_000] ?? 0) + (c[year] ?? 0) + (d[monthDay] ?? 0) + (e[tail % 1_000] ?? 0);
    return (12 - (sum % 11)) % 11;
  }
}

function split(rank: number, days: number): { code: number; day: number; sequence: number } {
  const sequence = rank % SEQUENCES;
  const rest = (rank - sequence) / SEQUENCES;
  const code = Math.floor(rest / days);
  return { code, day: rest - code * days, sequence };
}

function makeTables(): Tables {
  const known = Int32Array.from(knownDivisions(), Number);
  const provinces = Int32Array.from([...PROVINCE_CODES].sort(), Number);
  const dayOf = new Int32Array((LAST_YEAR - FIRST_YEAR + 1) * 10_000).fill(-1);
  const dates: number[] = [];
  let pastDays = 0;
  for (let year = FIRST_YEAR; year <= LAST_YEAR; year++) {
    for (let month = 1; month <= 12; month++) {
      for (let day = 1; isCalendarDate(year, month, day); day++) {
        dayOf[(year - FIRST_YEAR) * 10_000 + month * 100 + day] = dates.length;
        dates.push(year * 10_000 + month * 100 + day);
      }
    }
    if (year === LAST_PAST_YEAR) pastDays = dates.length;
  }
  return {
    knownRank: inverse(known, new Int16Array(1_000_000)),
    known,
    provinceRank: inverse(provinces, new Int8Array(100)),
    provinces,
    dayOf,
    dates: Int32Array.from(dates),
    pastDays,
    sums: [weighted(3, 0), weighted(3, 3), weighted(4, 6), weighted(4, 10), weighted(3, 14)],
  };
}

function inverse<T extends Int16Array | Int8Array>(values: Int32Array, ranks: T): T {
  ranks.fill(-1);
  for (const [rank, value] of values.entries()) ranks[value] = rank;
  return ranks;
}

/** For each number of `length` digits: the sum of its digits times 2^(17 - place) modulo 11, the first of them at place `from`. */
function weighted(length: number, from: number): Uint8Array {
  return Uint8Array.from({ length: 10 ** length }, (_, number) => {
    let sum = 0;
    for (let place = from + length - 1, rest = number; place >= from; place--, rest = Math.floor(rest / 10)) {
      sum += (rest % 10) * 2 ** (17 - place);
    }
    return sum % 11;
  });
}
