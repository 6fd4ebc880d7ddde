/** A statement as the command prints it: a line for each caller and product, the total, and what the receipts say of it.
 *  @module */
import { exactText, valueText, yuanText, type Fen, type ReceiptDifference, type Statement } from "@sluice/settlement";
import { formatTable } from "../table.ts";

/** The lines and the total. */
export function statementText({ month, rules, lines, total }: Statement): string {
  const rows = lines.map(({ caller, product, form, purpose, use, free, amount }) => [
    caller,
    product,
    form,
    purpose,
    valueText(use),
    exactText(free),
    valueText(amount),
  ]);
  const table = formatTable([
    ["CALLER", "PRODUCT", "FORM", "PURPOSE", "USE", "FREE", "YUAN"],
    ...rows,
    ["total", "", "", "", "", "", valueText(total)],
  ]);
  return `statement of ${month} · rules ${rules.sets.join(", ")} of ${rules.on}\n\n${table}\n`;
}

/** What the receipts come to beside the statement. */
export function receiptsText(options: {
  readonly count: number;
  readonly others: number;
  readonly total: Fen;
  readonly differences: readonly ReceiptDifference[];
}): string {
  const { count, others, total, differences } = options;
  const head = `${count} receipts come to ${yuanText(total)} yuan; ${others} of other operations are not charged\n`;
  if (differences.length === 0) return `${head}the statement agrees with the receipts in every line\n`;
  const rows = differences.map(({ caller, product, statement, receipts }) => [
    caller,
    product,
    statement === null ? "–" : yuanText(statement),
    receipts === null ? "–" : yuanText(receipts),
  ]);
  const table = formatTable([["CALLER", "PRODUCT", "STATEMENT", "RECEIPTS"], ...rows]);
  return `${head}the statement DIFFERS from the receipts in ${differences.length} lines\n\n${table}\n`;
}
