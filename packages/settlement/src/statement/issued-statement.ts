/** Issued statements: a statement as plain data under its SHA-256, with the rules it used. What was issued never changes: a later rule or
 *  ratio makes later statements, and a correction is a statement of its own that names the one it corrects (H7).
 *  @module */
import { documentHash, Sha256Hex, sha256Hex, SluiceError, utf8 } from "@sluice/protocol";
import { z } from "zod";
import { exact, exactText, sumOf, ZERO } from "../exact.ts";
import type { Figure, RuleReference } from "../figure.ts";
import { Day, LineId, Month, readInput, Text, Words } from "../input.ts";
import { FORMS, type Form } from "../metering/use-factors.ts";
import { MAX_USE_LINES } from "../metering/monthly-use.ts";
import type { ChargedMonth, StatementLine } from "./monthly-statement.ts";

/** Most rules that a statement names as assumed. */
const MAX_ASSUMED = 100;
const FenText = z.string().regex(/^(?:0|[1-9][0-9]{0,29})\.[0-9]{2}$/, "yuan with two places");
const UseText = z.string().regex(/^(?:0|[1-9][0-9]{0,29})$/, "a whole number of zero or more");

const Line = z.strictObject({
  caller: LineId,
  product: LineId,
  form: z.enum(FORMS as [Form, ...Form[]]),
  licence: LineId,
  purpose: LineId,
  tariff: LineId.optional(),
  smallFirm: LineId.optional(),
  /** Use of the month in the unit of the form, and the part of it for which nothing is paid. */
  quantity: UseText,
  free: UseText,
  amount: FenText,
});

/** A statement as it is kept and handed out. */
export const StatementDocument = z.strictObject({
  kind: z.literal("statement"),
  month: Month,
  /** Present when it has the lines of this caller only. */
  caller: LineId.optional(),
  /** Rules that it used: where, those of which day, from which sets, and the hash of every rule that held. */
  rules: z.strictObject({ jurisdiction: LineId, on: Day, sets: z.array(LineId), digest: Sha256Hex }),
  /** Rules under it that stand in for ones which the documents do not give. */
  assumed: z.array(z.strictObject({ id: Text, set: LineId, source: Text, assumed: Words })).max(MAX_ASSUMED),
  /** Digest of the statement that it corrects. */
  corrects: Sha256Hex.optional(),
  lines: z.array(Line).max(MAX_USE_LINES),
  total: FenText,
});
export type StatementDocument = z.infer<typeof StatementDocument>;

/** A statement under the SHA-256 of its canonical JSON. */
export const IssuedStatement = z.strictObject({ statement: StatementDocument, digest: Sha256Hex });
export type IssuedStatement = z.infer<typeof IssuedStatement>;

/** Issues a month: a {@link Statement}, or the lines of a {@link ChargedMonth}, of which it holds no derivation. `corrects` is the digest
 *  of the statement that it corrects. */
export async function issueStatement(charged: ChargedMonth, corrects?: string): Promise<IssuedStatement> {
  const { jurisdiction, on, sets, held } = charged.rules;
  const rules = { digest: await documentHash({ jurisdiction, on, held }), jurisdiction, on, sets: [...sets] };
  const references = new Set<RuleReference>();
  let total = ZERO;
  const lines: StatementDocument["lines"] = [];
  for (const line of charged.lines) {
    collectRules(line.amount, references);
    total = total.plus(line.amount.value);
    lines.push(lineDocument(line));
  }
  // Members stand in the order of canonical JSON, so that the text of JSON is canonical: a third of the time for a large month.
  const statement: StatementDocument = {
    assumed: assumedOf(references),
    ...(charged.caller === undefined ? {} : { caller: charged.caller }),
    ...(corrects === undefined ? {} : { corrects }),
    kind: "statement",
    lines,
    month: charged.month,
    rules,
    total: exactText(total, 2),
  };
  return { statement, digest: await sha256Hex(utf8(JSON.stringify(statement))) };
}

function lineDocument(line: StatementLine): z.infer<typeof Line> {
  const { caller, form, licence, product, purpose, smallFirm, tariff } = line;
  return {
    amount: exactText(line.amount.value, 2),
    caller,
    form,
    free: exactText(line.free),
    licence,
    product,
    purpose,
    quantity: exactText(line.use.value),
    ...(smallFirm === undefined ? {} : { smallFirm }),
    ...(tariff === undefined ? {} : { tariff }),
  };
}

function collectRules({ rule, derivation }: Figure, into: Set<RuleReference>): void {
  if (rule !== undefined) into.add(rule);
  if (derivation === undefined) return;
  into.add(derivation.rule);
  if (derivation.rounding?.rule !== undefined) into.add(derivation.rounding.rule);
  for (const input of derivation.inputs) collectRules(input, into);
}

function assumedOf(references: ReadonlySet<RuleReference>): StatementDocument["assumed"] {
  return [...references]
    .flatMap(({ id, set, source, assumed }) =>
      assumed === undefined ? [] : [{ assumed: { en: assumed.en, zh: assumed.zh }, id, set, source }],
    )
    .toSorted((a, b) => (`${a.id} ${a.source}` < `${b.id} ${b.source}` ? -1 : 1));
}

/** Reads an issued statement back.
 *  @throws ERR_SETTLEMENT_INPUT for another shape, ERR_SETTLEMENT_ALTERED when it is not what its digest was made from, or its amounts do
 *  not sum to its total. */
export async function checkIssued(value: unknown): Promise<IssuedStatement> {
  const issued = readInput(IssuedStatement, value, "statement");
  const { lines, total, month } = issued.statement;
  const sum = sumOf(lines.map(({ amount }) => exact(amount, "statement")));
  if ((await documentHash(issued.statement)) !== issued.digest || !sum.eq(exact(total, "statement"))) {
    throw new SluiceError("ERR_SETTLEMENT_ALTERED", { line: `the statement of ${month}` });
  }
  return issued;
}

/** `register` with a statement added to its end. One that it has already changes nothing.
 *  @throws what {@link checkIssued} throws of the added one; ERR_SETTLEMENT_REFUSED when it is one caller's part and its lines are others than
 *  the whole's, or a whole whose parts are others;
 *  ERR_SETTLEMENT_REFUSED when the month, or this caller's part of it, has another statement and the added one does not name its last as corrected. */
export async function withIssued(
  register: readonly IssuedStatement[],
  added: IssuedStatement,
): Promise<readonly IssuedStatement[]> {
  await checkIssued(added);
  if (register.some(({ digest }) => digest === added.digest)) return register;
  const { month, caller, rules, corrects } = added.statement;
  const last = register.findLast(
    ({ statement }) =>
      statement.month === month && statement.caller === caller && statement.rules.jurisdiction === rules.jurisdiction,
  );
  if (last?.digest !== corrects) {
    const reason = "the month has another statement, which never changes, or none that it could correct";
    throw new SluiceError("ERR_SETTLEMENT_REFUSED", { line: `the statement of ${month}`, rule: "H7", reason });
  }
  const others = register.filter(
    ({ statement }) =>
      statement.month === month &&
      statement.rules.jurisdiction === rules.jurisdiction &&
      (caller === undefined) !== (statement.caller === undefined),
  );
  // A part is held to the last whole; a whole that corrects nothing to the last part of each caller.
  const compared = caller === undefined ? (corrects === undefined ? lastParts(others) : []) : others.slice(-1);
  for (const { statement } of compared) {
    const of = caller ?? statement.caller;
    if (linesOf(statement, of) === linesOf(added.statement, of)) continue;
    const reason = `its lines of ${of} are others than those that were issued`;
    throw new SluiceError("ERR_SETTLEMENT_REFUSED", { line: `the statement of ${month}`, rule: "H7", reason });
  }
  return [...register, added];
}

function lastParts(parts: readonly IssuedStatement[]): IssuedStatement[] {
  return [...new Map(parts.map((part) => [part.statement.caller, part])).values()];
}

function linesOf({ lines }: StatementDocument, caller: string | undefined): string {
  return JSON.stringify(lines.filter((line) => line.caller === caller));
}
