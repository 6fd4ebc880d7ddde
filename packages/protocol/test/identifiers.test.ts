/** Identifiers that every message uses: what they refuse beyond their pattern.
 *  @module */
import { expect, test } from "vitest";
import { Instant } from "../src/index.ts";

test("an instant exists in the calendar, and is written in one way", () => {
  for (const text of ["2028-02-29T23:59:59.999Z", "2026-12-31T00:00:00.000Z"]) {
    expect(Instant.safeParse(text).success).toBe(true);
  }
  for (const text of [
    "2026-02-29T00:00:00.000Z",
    "2026-02-30T00:00:00.000Z",
    "2026-04-31T00:00:00.000Z",
    "2026-13-01T00:00:00.000Z",
    "2026-01-01T24:00:00.000Z",
    "2026-01-01T00:60:00.000Z",
    "2026-01-01T00:00:60.000Z",
    "2026-01-01T00:00:00Z",
    "2026-01-01T00:00:00.000+00:00",
  ]) {
    expect(Instant.safeParse(text).success, text).toBe(false);
  }
});
