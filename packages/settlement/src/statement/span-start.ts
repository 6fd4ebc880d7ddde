/** From which month on a yearly span counts: tiers and quota count what was used under the licence and the tariff that hold, and not what was
 *  free, or paid at other prices, before them.
 *  @module */
import { SluiceError } from "@sluice/protocol";
import { readLicences, type Licence } from "../metering/licence.ts";
import type { MonthlyUse } from "../metering/monthly-use.ts";
import { readTariffs, tariffOf, type Tariff } from "../metering/tariff.ts";
import type { Terms } from "./terms.ts";

/** First month of the span: the latest of January and the first months of licence and tariff. */
function spanStart(month: string, licence: Licence, tariff: Tariff | null): string {
  return [licence.from ?? "", tariff?.from ?? ""].reduce((a, b) => (a > b ? a : b), `${month.slice(0, 4)}-01`);
}

/** For {@link monthlyUses}: the month from which the earlier use of a caller and product counts.
 *  @throws ERR_SETTLEMENT_INPUT, ERR_SETTLEMENT_TWICE. */
export function spanStarts(
  input: { readonly licences: unknown; readonly tariffs: unknown },
  month: string,
): (caller: string, product: string) => string {
  const tariffs = Map.groupBy(readTariffs(input.tariffs), ({ product }) => product);
  const starts = new Map(
    readLicences(input.licences).map((licence) => {
      const tariff = tariffOf(licence, tariffs.get(licence.product) ?? [], month);
      return [`${licence.caller}/${licence.product}`, spanStart(month, licence, tariff)];
    }),
  );
  return (caller, product) => starts.get(`${caller}/${product}`) ?? `${month.slice(0, 4)}-01`;
}

/** Whether the earlier use of a line is that of its span.
 *  @throws ERR_SETTLEMENT_PERIOD when it is not, or when the licence begins after the month. */
export function checkSpan({ caller, product, before, since }: MonthlyUse, terms: Terms, month: string): void {
  const { licence, tariff } = terms;
  if (licence.from !== undefined && licence.from > month) {
    throw new SluiceError("ERR_SETTLEMENT_PERIOD", { line: `licences/${licence.id}`, period: month });
  }
  if (tariff?.span !== "year") return;
  const start = spanStart(month, licence, tariff);
  const counted = since ?? `${month.slice(0, 4)}-01`;
  if (counted === start || (counted < start && before === "0")) return;
  const line = `uses/${caller}/${product}/before`;
  throw new SluiceError("ERR_SETTLEMENT_PERIOD", { line, period: `the span from ${start}` });
}
