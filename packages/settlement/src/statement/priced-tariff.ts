/** A tariff as it is charged: its tiers with the price of each after the discount, as figures that every line of the tariff shares.
 *  @module */
import { exact, fraction, ONE, type Exact } from "../exact.ts";
import type { Figure } from "../figure.ts";
import { givenFigure, roundedFigure, type FigureHead } from "../make-figure.ts";
import type { Tariff } from "../metering/tariff.ts";
import type { Rules } from "../rules/resolve.ts";

/** A tier: units beyond `above` up to the next tier's. */
export interface PricedTier {
  readonly above: Exact;
  readonly upTo: Exact | null;
  readonly price: Figure;
  /** What figures of use in it, and of their amount, are called. */
  readonly use: FigureHead;
  readonly amount: FigureHead;
}

/** A tariff ready to be charged. */
export interface PricedTariff {
  readonly tariff: Tariff;
  readonly tiers: readonly PricedTier[];
  /** Units that are free under a free licence; null when all are. */
  readonly freeQuota: Figure | null;
}

/** The tariff with its prices, after the discount where the caller is a small or micro firm. */
export function pricedTariff(tariff: Tariff, smallFirm: boolean, rules: Rules): PricedTariff {
  const line = `tariffs/${tariff.id}`;
  const percent = smallFirm ? tariff.smallFirmDiscountPercent : undefined;
  const tiers = tariff.tiers.map(({ above, price }, index): PricedTier => {
    const next = tariff.tiers[index + 1]?.above;
    const listed = givenFigure(
      {
        id: `price:${index}`,
        label: { zh: `单价（超过${above}部分）`, en: `price of a unit beyond ${above}` },
        unit: "unit-price",
      },
      exact(price, `${line}/tiers/${index}/price`),
      `${line}/tiers/${index}/price`,
    );
    return {
      above: exact(above, `${line}/tiers/${index}/above`),
      upTo: next === undefined ? null : exact(next, `${line}/tiers/${index + 1}/above`),
      use: {
        id: `tier-use:${index}`,
        label: { zh: `第${index + 1}档用量`, en: `use in tier ${index + 1}` },
        unit: "use",
      },
      amount: {
        id: `tier:${index}`,
        label: { zh: `第${index + 1}档金额`, en: `amount of tier ${index + 1}` },
        unit: "yuan",
      },
      price: percent === undefined ? listed : discounted(listed, percent, line, rules),
    };
  });
  const quota =
    tariff.freeQuota === undefined
      ? null
      : givenFigure(
          { id: "free-quota", label: { zh: "公益免费额度", en: "free quota of welfare" }, unit: "use" },
          exact(tariff.freeQuota, `${line}/freeQuota`),
          `${line}/freeQuota`,
        );
  return { tariff, tiers, freeQuota: quota };
}

function discounted(listed: Figure, percent: string, line: string, rules: Rules): Figure {
  const where = `${line}/smallFirmDiscountPercent`;
  const discount = givenFigure(
    {
      id: "discount",
      label: { zh: "小微企业优惠（%）", en: "discount for small and micro firms, per cent" },
      unit: "percent",
    },
    exact(percent, where),
    where,
  );
  return roundedFigure(
    {
      id: `discounted-${listed.id}`,
      label: { zh: `优惠后${listed.label.zh}`, en: `${listed.label.en}, after the discount` },
      unit: "unit-price",
      rule: rules.of("smallFirmDiscount").reference,
      formula: "p × (1 − d)",
      inputs: [listed, discount],
    },
    listed.value.times(ONE.minus(fraction(discount.value))),
    rules.of("unitPriceRounding"),
  );
}
