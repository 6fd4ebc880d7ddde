/** Tariffs (收费标准): the prices of a product by tiers of use, for the purposes that one names, from the first day of a month on. Where the
 *  rules say so a tariff is filed and announced before it is used, and has a discount for small and micro firms (G28).
 *  @module */
import { SluiceError } from "@sluice/protocol";
import { z } from "zod";
import { exact, fraction, ONE, rounded } from "../exact.ts";
import { CountText, Day, LineId, MAX_LINES, Month, PercentText, PriceText, readInput } from "../input.ts";
import type { Rules } from "../rules/resolve.ts";
import type { Licence } from "./licence.ts";

/** Most tiers of one tariff. */
const MAX_TIERS = 20;

const Proof = z.strictObject({ on: Day, evidence: LineId });

/** Prices of one product. */
export const Tariff = z.strictObject({
  id: LineId,
  product: LineId,
  /** First and last month of its use; without end while `until` is absent. */
  from: Month,
  until: Month.optional(),
  /** Purposes for which it holds; absent: every purpose that no other tariff of the product names. */
  purposes: z.array(LineId).min(1).max(MAX_LINES).optional(),
  /** Span over which quota and tiers are counted, from its first day in Asia/Shanghai. */
  span: z.enum(["month", "year"]),
  /** Prices in yuan of a unit beyond `above` units; the first is above 0. */
  tiers: z
    .array(z.strictObject({ above: CountText, price: PriceText }))
    .min(1)
    .max(MAX_TIERS)
    .refine(
      (tiers) => tiers.every(({ above }, i) => (i === 0 ? above === "0" : Number(above) > Number(tiers[i - 1]?.above))),
      "tiers above 0, then above more and more units",
    ),
  /** Units that are free in a span under a free licence; what is beyond them is paid by tiers. Absent: all use under one is free. */
  freeQuota: CountText.optional(),
  /** Discount on every price for small and micro firms. */
  smallFirmDiscountPercent: PercentText.refine((text) => Number(text) <= 100, "at most 100 per cent").optional(),
  /** When it was filed with the authorities, and announced to the public. */
  filed: Proof.optional(),
  announced: Proof.optional(),
});
export type Tariff = z.infer<typeof Tariff>;

/** Reads tariffs, each id once.
 *  @throws ERR_SETTLEMENT_INPUT, ERR_SETTLEMENT_TWICE naming the line. */
export function readTariffs(value: unknown): Tariff[] {
  const tariffs = readInput(z.array(Tariff).max(MAX_LINES), value, "tariffs");
  const seen = new Set<string>();
  for (const { id } of tariffs) {
    if (seen.has(id)) throw new SluiceError("ERR_SETTLEMENT_TWICE", { line: `tariffs/${id}` });
    seen.add(id);
  }
  return tariffs;
}

/** Whether the rules let the tariff be used.
 *  @throws ERR_SETTLEMENT_REFUSED when it was not filed and announced before its first month, lacks a discount that is required, or
 *  has one after which a price is rounded to zero. */
export function checkTariff(tariff: Tariff, rules: Rules): void {
  const refuse = (name: "publicityBeforeUse" | "smallFirmDiscount", reason: string): never => {
    const rule = rules.of(name).reference.id;
    throw new SluiceError("ERR_SETTLEMENT_REFUSED", { line: `tariffs/${tariff.id}`, rule, reason });
  };
  if (rules.of("publicityBeforeUse").value) {
    const first = `${tariff.from}-01`;
    for (const [name, proof] of [
      ["filed", tariff.filed],
      ["announced", tariff.announced],
    ] as const) {
      if (proof === undefined || proof.on >= first) refuse("publicityBeforeUse", `it is not ${name} before ${first}`);
    }
  }
  const discount = Number(tariff.smallFirmDiscountPercent ?? 0);
  if (rules.of("smallFirmDiscount").value === "required" && discount === 0) {
    refuse("smallFirmDiscount", "it has no discount for small and micro firms");
  }
  const kept = ONE.minus(fraction(exact(tariff.smallFirmDiscountPercent ?? "0")));
  const lost = tariff.tiers.some(({ price }) => {
    const discounted = exact(price).times(kept);
    return !discounted.isZero() && rounded(discounted, rules.of("unitPriceRounding").value).isZero();
  });
  if (lost) refuse("smallFirmDiscount", "a price after its discount is rounded to zero");
}

/** The tariff of `month` under which a licence pays: among those of its product that one which names its purpose, else the one that names
 *  none; null when there is none.
 *  @throws ERR_SETTLEMENT_TWICE when two hold. */
export function tariffOf(licence: Licence, tariffs: readonly Tariff[], month: string): Tariff | null {
  const inForce = tariffs.filter(
    ({ product, from, until }) =>
      product === licence.product && from <= month && (until === undefined || month <= until),
  );
  const named = inForce.filter(({ purposes }) => purposes?.includes(licence.purpose) === true);
  const [tariff, other] = named.length > 0 ? named : inForce.filter(({ purposes }) => purposes === undefined);
  if (other !== undefined) {
    throw new SluiceError("ERR_SETTLEMENT_TWICE", {
      line: `tariffs/${other.id} for ${licence.purpose} in ${month}`,
    });
  }
  return tariff ?? null;
}
