/** Numbers that format-preserving encryption takes: valid and made up. What a job sees is their encipherment, which can be
 *  somebody's number as that of a real one can; what is not of the format would be shown as null.
 *  @module */
import { dateText, dayNumber, residentIdCheckDigit, type Transform } from "@sluice/protocol";
import { luhnDigit } from "../detect/bank-card.ts";
import type { RowRng } from "./rng.ts";

/** Birth dates: 1950 to 2009. */
const FIRST_BIRTH = dayNumber(1950, 1, 1) ?? 0;
const BIRTH_DAYS = 21_914;

/** A number of the format. */
export function formattedNumber(format: Extract<Transform, { kind: "fpe" }>["format"], rng: RowRng): string {
  const digits = (length: number): string => String(rng.integer(10 ** length)).padStart(length, "0");
  switch (format) {
    case "resident-id": {
      const birth = dateText(FIRST_BIRTH + rng.integer(BIRTH_DAYS)).replaceAll("-", "");
      const body = `110101${birth}${digits(3)}`;
      return body + residentIdCheckDigit(body);
    }
    case "mobile":
      return `138${digits(8)}`;
    case "bank-card": {
      const payload = `622202${digits(6)}${digits(6)}`;
      return payload + luhnDigit(payload);
    }
    case "digits":
      return `${1 + rng.integer(9)}${String(rng.integer(200_000)).padStart(10, "0")}`;
  }
}
