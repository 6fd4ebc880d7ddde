/** Filed ceilings (备案上限) as a statement holds tariffs to them: no price of a tariff is above the ceiling that was filed last before the
 *  month, and no tariff is used from a day on which nothing was filed (G22).
 *  @module */
import { SluiceError } from "@sluice/protocol";
import { z } from "zod";
import { exact, exactText } from "../exact.ts";
import { Day, LineId, MAX_LINES, PriceText, readInput } from "../input.ts";
import type { Tariff } from "../metering/tariff.ts";
import type { Filing } from "../price/filing.ts";
import type { Rules } from "../rules/resolve.ts";

/** A filing without its derivations. */
export const FiledCeilings = z.strictObject({
  id: LineId,
  jurisdiction: LineId,
  filedOn: Day,
  /** Yuan of a unit, by product. */
  ceilings: z
    .array(z.strictObject({ product: LineId, ceiling: PriceText }))
    .min(1)
    .max(MAX_LINES),
});
export type FiledCeilings = z.infer<typeof FiledCeilings>;

/** What of a filing a statement needs. */
export function filedCeilings({ id, jurisdiction, filedOn, products }: Filing): FiledCeilings {
  const ceilings = products.map(({ product, filed }) => ({ product, ceiling: exactText(filed.value) }));
  return { id, jurisdiction, filedOn, ceilings };
}

/** Filed ceilings by product, the earliest first. */
export type CeilingsByProduct = ReadonlyMap<string, readonly { readonly filedOn: string; readonly ceiling: string }[]>;

/** Reads filings, and gives the ceilings of those of `jurisdiction`.
 *  @throws ERR_SETTLEMENT_INPUT; ERR_SETTLEMENT_TWICE for a filing's id, a product in one filing, and two filings of a product on one day. */
export function readFilings(value: unknown, jurisdiction: string): CeilingsByProduct {
  const ids = new Set<string>();
  const byProduct = new Map<string, Map<string, string>>();
  for (const filing of readInput(z.array(FiledCeilings).max(MAX_LINES), value, "filings")) {
    const line = `filings/${filing.id}`;
    if (ids.has(filing.id)) throw new SluiceError("ERR_SETTLEMENT_TWICE", { line });
    ids.add(filing.id);
    if (filing.jurisdiction !== jurisdiction) continue;
    for (const { product, ceiling } of filing.ceilings) {
      const days = byProduct.get(product) ?? new Map<string, string>();
      if (days.has(filing.filedOn)) throw new SluiceError("ERR_SETTLEMENT_TWICE", { line: `${line}/${product}` });
      byProduct.set(product, days.set(filing.filedOn, ceiling));
    }
  }
  return new Map(
    [...byProduct].map(([product, days]) => {
      const filed = [...days].map(([filedOn, ceiling]) => ({ filedOn, ceiling }));
      return [product, filed.toSorted((a, b) => (a.filedOn < b.filedOn ? -1 : 1))];
    }),
  );
}

/** Whether the filed ceilings let the tariff be used in `month`.
 *  @throws ERR_SETTLEMENT_MISSING when nothing was filed for its product before its first day, ERR_SETTLEMENT_REFUSED when a price of it is
 *  above the ceiling filed last before the month. */
export function checkCeiling(tariff: Tariff, filed: CeilingsByProduct, month: string, rules: Rules): void {
  const rule = rules.of("filingAddressees").reference.id;
  const before = (first: string) => (filed.get(tariff.product) ?? []).findLast(({ filedOn }) => filedOn < first);
  const ceiling = before(`${month}-01`)?.ceiling;
  if (ceiling === undefined || before(`${tariff.from}-01`) === undefined) {
    const line = `a filing of ${tariff.product} before ${tariff.from}-01`;
    throw new SluiceError("ERR_SETTLEMENT_MISSING", { line, rule: `${rule} for tariffs/${tariff.id}` });
  }
  const above = tariff.tiers.findIndex(({ price }) => exact(price).isGreaterThan(ceiling));
  if (above === -1) return;
  const reason = "it is above the filed ceiling";
  throw new SluiceError("ERR_SETTLEMENT_REFUSED", { line: `tariffs/${tariff.id}/tiers/${above}/price`, rule, reason });
}
