/** The platform's fee (平台服务费, G30): what a partner pays in a month for resources, desensitisation, publication of models and export of
 *  results, by the events of their meters at prices that rest on costs.
 *  @module */
import { Instant, SluiceError } from "@sluice/protocol";
import { z } from "zod";
import { exact, type Exact, sumOf } from "../exact.ts";
import type { Figure } from "../figure.ts";
import { LineId, MAX_LINES, Month, QuantityText, readInput, Words } from "../input.ts";
import { givenFigure, roundedFigure, sumFigure } from "../make-figure.ts";
import type { Rules } from "../rules/resolve.ts";
import { chinaMonth } from "./china-time.ts";
import { MAX_RECORDS } from "./usage-record.ts";

/** One event of a meter. */
export const PlatformEvent = z.strictObject({
  /** Given again with the same content it counts once. */
  id: LineId,
  partner: LineId,
  /** A service that the rules name: `desensitisation`. */
  service: LineId,
  /** What is counted: `cpu-hour`, `row`. */
  item: LineId,
  quantity: QuantityText,
  at: Instant,
});
export type PlatformEvent = z.infer<typeof PlatformEvent>;

/** Price of one item of a service, and the cost account on which it rests. */
export const PlatformPrice = z.strictObject({
  service: LineId,
  item: LineId,
  title: Words,
  price: QuantityText,
  evidence: LineId,
});
export type PlatformPrice = z.infer<typeof PlatformPrice>;

/** What one partner owes for one item. */
export interface PlatformLine {
  readonly service: string;
  readonly item: string;
  readonly quantity: Figure;
  /** In yuan, whole fen. */
  readonly amount: Figure;
}

/** What one partner owes for the month. */
export interface PlatformInvoice {
  readonly partner: string;
  readonly month: string;
  /** By service, then item. */
  readonly lines: readonly PlatformLine[];
  readonly total: Figure;
}

/** Invoices of a month, by partner.
 *  @throws ERR_SETTLEMENT_INPUT, ERR_SETTLEMENT_CALL for an id with two contents, ERR_SETTLEMENT_PERIOD for an event of another month,
 *  ERR_SETTLEMENT_REFUSED for a service that the rules do not name, ERR_SETTLEMENT_MISSING for an item without a price. */
export function platformInvoices(
  input: { readonly month: string; readonly events: unknown; readonly prices: unknown },
  rules: Rules,
): PlatformInvoice[] {
  const month = readInput(Month, input.month, "month");
  const prices = readPrices(input.prices, rules);
  const byPartner = Map.groupBy(readEvents(input.events, month, rules), ({ partner }) => partner);
  return [...byPartner]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([partner, events]) => {
      const items = [...Map.groupBy(events, itemOf)].toSorted(([a], [b]) => (a < b ? -1 : 1));
      const lines = items.map(([item, of]) => lineOf(item, of, neededPrice(prices, item), rules));
      const total = sumFigure({
        id: `platform-fee:${partner}`,
        label: { zh: "平台服务费合计（元）", en: "platform fee in yuan" },
        unit: "yuan",
        rule: rules.of("platformServices").reference,
        inputs: lines.map(({ amount }) => amount),
      });
      return { partner, month, lines, total };
    });
}

function readEvents(value: unknown, month: string, rules: Rules): PlatformEvent[] {
  const events = new Map<string, PlatformEvent>();
  for (const event of readInput(z.array(PlatformEvent).max(MAX_RECORDS), value, "events")) {
    const line = `events/${event.id}`;
    checkService(event.service, line, rules);
    if (chinaMonth(event.at) !== month) throw new SluiceError("ERR_SETTLEMENT_PERIOD", { line, period: month });
    const known = events.get(event.id);
    if (known !== undefined && contentOf(known) !== contentOf(event)) {
      throw new SluiceError("ERR_SETTLEMENT_CALL", { line });
    }
    events.set(event.id, event);
  }
  return [...events.values()];
}

function readPrices(value: unknown, rules: Rules): Map<string, PlatformPrice> {
  const prices = new Map<string, PlatformPrice>();
  for (const price of readInput(z.array(PlatformPrice).max(MAX_LINES), value, "prices")) {
    const line = `prices/${itemOf(price)}`;
    checkService(price.service, line, rules);
    if (prices.has(itemOf(price))) throw new SluiceError("ERR_SETTLEMENT_TWICE", { line });
    prices.set(itemOf(price), price);
  }
  return prices;
}

function checkService(service: string, line: string, rules: Rules): void {
  const { value, reference } = rules.of("platformServices");
  if (value.includes(service)) return;
  const reason = `${service} is no service of the platform`;
  throw new SluiceError("ERR_SETTLEMENT_REFUSED", { line, rule: reference.id, reason });
}

function neededPrice(prices: ReadonlyMap<string, PlatformPrice>, item: string): PlatformPrice {
  const price = prices.get(item);
  if (price === undefined) throw new SluiceError("ERR_SETTLEMENT_MISSING", { line: `prices/${item}`, rule: "G30" });
  return price;
}

function lineOf(item: string, events: readonly PlatformEvent[], price: PlatformPrice, rules: Rules): PlatformLine {
  const { service, title, evidence } = price;
  const where = `prices/${item}`;
  const used: Exact = sumOf(events.map(({ id, quantity }) => exact(quantity, `events/${id}`)));
  const quantity = givenFigure(
    { id: `metered:${item}`, label: { zh: `计量：${title.zh}`, en: `metered: ${title.en}` }, unit: "count" },
    used,
    `events/*/${item}`,
  );
  const unitPrice = givenFigure(
    { id: `price:${item}`, label: { zh: `单价：${title.zh}`, en: `price: ${title.en}` }, unit: "unit-price" },
    exact(price.price, where),
    where,
    evidence,
  );
  const amount = roundedFigure(
    {
      id: `amount:${item}`,
      label: title,
      unit: "yuan",
      rule: rules.of("platformServices").reference,
      formula: "v × p",
      inputs: [quantity, unitPrice],
    },
    quantity.value.times(unitPrice.value),
    rules.of("postingRounding"),
  );
  return { service, item: price.item, quantity, amount };
}

function itemOf({ service, item }: { readonly service: string; readonly item: string }): string {
  return `${service}/${item}`;
}

function contentOf({ partner, service, item, quantity, at }: PlatformEvent): string {
  return [partner, service, item, quantity, at].join(" ");
}
