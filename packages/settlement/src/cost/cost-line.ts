/** Cost lines (成本明细): what was paid for, its class, who bears it, the evidence for it, and what its cap is reckoned from. A class has
 *  the expenses that the plan lists for it; anything else does not belong to the accounts and is refused (G29).
 *  @module */
import { z } from "zod";
import { EvidenceId, LineId, MAX_LINES, PriceText, QuantityText, Text, Words, Year, YuanText } from "../input.ts";

const amount = YuanText;

/** An amount without a cap of its own. */
function plain<K extends string>(kind: K) {
  return z.strictObject({ kind: z.literal(kind), amount });
}

/** Cloud or network: no more counts than the use at the municipal price of government cloud (G14). */
function atMunicipalPrice<K extends string>(kind: K) {
  return z.strictObject({
    kind: z.literal(kind),
    amount,
    /** Use as measured and accepted, any discount for spare bandwidth taken off. */
    used: QuantityText,
    /** Yuan for one unit of that use. */
    municipalPrice: PriceText,
    priceEvidence: EvidenceId,
  });
}

/** The contract under which a service was bought; a contract above the threshold names its open tender (G17). */
const Contract = z.strictObject({
  id: LineId,
  /** Value of the whole contract, over all its years and products. */
  value: YuanText,
  tender: EvidenceId.optional(),
});

function service<K extends string>(kind: K) {
  return z.strictObject({ kind: z.literal(kind), amount, contract: Contract });
}

function serviceOrOwn<K extends string>(kind: K) {
  return z.strictObject({ kind: z.literal(kind), amount, contract: Contract.optional() });
}

/** People of one kind of post, social insurance and housing fund included (G15). */
const labour = z.strictObject({
  kind: z.literal("labour"),
  amount,
  post: Text,
  personMonths: QuantityText,
  /** Average price at which government buys a month of such a post, in yuan. */
  governmentPrice: YuanText,
  priceEvidence: EvidenceId,
});

/** Offices; without proof that the lease was filed nothing counts (G16). */
const rent = z.strictObject({
  kind: z.literal("rent"),
  amount,
  squareMetres: QuantityText,
  months: QuantityText,
  /** The city's guide price of a square metre in a month, in yuan. */
  guidePrice: YuanText,
  priceEvidence: EvidenceId,
  leaseFiling: EvidenceId.optional(),
});

/** Building of the platform; its price is spread over years (G13). */
const construction = z.strictObject({
  kind: z.literal("construction"),
  amount,
  /** The first year in which it counts. */
  inServiceSince: Year,
});

/** Calls of a source's interface as measured, at the price agreed with the source (G9). */
const calls = z.strictObject({ kind: z.literal("calls"), calls: QuantityText, unitPrice: PriceText });

const head = { id: LineId, title: Words, year: Year, evidence: EvidenceId };

/** One line of the cost accounts. */
export const CostLine = z.discriminatedUnion("class", [
  z.strictObject({ ...head, class: z.literal("acquisition-push"), resource: LineId, expense: plain("fee") }),
  z.strictObject({
    ...head,
    class: z.literal("acquisition-query"),
    resource: LineId,
    product: LineId,
    expense: calls,
  }),
  z.strictObject({
    ...head,
    class: z.literal("development"),
    product: LineId,
    expense: z.discriminatedUnion("kind", [plain("governance"), plain("development")]),
  }),
  z.strictObject({
    ...head,
    class: z.literal("circulation"),
    expense: z.discriminatedUnion("kind", [
      construction,
      atMunicipalPrice("cloud"),
      atMunicipalPrice("network"),
      labour,
    ]),
  }),
  z.strictObject({
    ...head,
    class: z.literal("operating-common"),
    expense: z.discriminatedUnion("kind", [labour, rent, service("third-party")]),
  }),
  z.strictObject({
    ...head,
    class: z.literal("operating-specific"),
    product: LineId,
    expense: z.discriminatedUnion("kind", [
      serviceOrOwn("compliance"),
      serviceOrOwn("marketing"),
      service("third-party"),
      labour,
    ]),
  }),
]);
export type CostLine = z.infer<typeof CostLine>;

/** What kind of cost a line is, and so who bears it. */
export type CostClass = CostLine["class"];
/** What a line paid for. */
export type Expense = CostLine["expense"];

/** Public money that paid for a project (财政补贴); it is taken off the costs of its lines in proportion (G18). */
export const Subsidy = z.strictObject({
  id: LineId,
  amount: YuanText,
  evidence: EvidenceId,
  lines: z.array(LineId).min(1).max(MAX_LINES),
});
export type Subsidy = z.infer<typeof Subsidy>;

/** The cost accounts of the licensed operation of one year, kept apart from all other business (G29). */
export const CostPool = z.strictObject({
  year: Year,
  lines: z.array(CostLine).min(1).max(MAX_LINES),
  subsidies: z.array(Subsidy).max(MAX_LINES).optional(),
  /** The third party that checked the accounts, and its report. */
  check: z.strictObject({ by: Text, evidence: EvidenceId, on: z.iso.date() }).optional(),
});
export type CostPool = z.infer<typeof CostPool>;
