/** Licences (许可): for which purpose a caller uses a product, and what makes it free. Whether a use is free or paid follows from the purpose
 *  alone (G1); a free licence needs its approval and its agreement (C9), and allows no commercial use (C10).
 *  @module */
import { SluiceError } from "@sluice/protocol";
import { z } from "zod";
import { LineId, MAX_LINES, Month, readInput } from "../input.ts";
import type { Rules } from "../rules/resolve.ts";

/** Most uses that one licence names. */
const MAX_USES = 100;

/** One caller's licence for one product. */
export const Licence = z.strictObject({
  id: LineId,
  caller: LineId,
  product: LineId,
  /** First month under it; absent: it holds since January or longer. Use before it counts in no tier and no quota. */
  from: Month.optional(),
  /** Purpose of the grant: `public-welfare`, `inclusive-finance`. */
  purpose: LineId,
  /** What the answers are used for: `teaching`. A free licence states it, in words of the rule set. */
  uses: z.array(LineId).max(MAX_USES).optional(),
  /** Evidence of what a free licence needs. */
  evidence: z.partialRecord(z.enum(["approval", "welfare-agreement"]), LineId).optional(),
  /** Evidence that the caller is a small or micro firm (小微企业). */
  smallFirm: LineId.optional(),
});
export type Licence = z.infer<typeof Licence>;

/** Reads licences: each id once, and one for each caller and product.
 *  @throws ERR_SETTLEMENT_INPUT, ERR_SETTLEMENT_TWICE naming the line. */
export function readLicences(value: unknown): Licence[] {
  const licences = readInput(z.array(Licence).max(MAX_LINES), value, "licences");
  const ids = new Set<string>();
  const byCaller = new Map<string, Set<string>>();
  for (const { id, caller, product } of licences) {
    if (ids.has(id)) throw new SluiceError("ERR_SETTLEMENT_TWICE", { line: `licences/${id}` });
    ids.add(id);
    const products = byCaller.get(caller) ?? new Set<string>();
    if (products.has(product)) {
      throw new SluiceError("ERR_SETTLEMENT_TWICE", { line: `licences/${id} of ${caller} for ${product}` });
    }
    byCaller.set(caller, products.add(product));
  }
  return licences;
}

/** Whether use under the licence is free or paid. `productUses` is what the product is made for.
 *  @throws ERR_SETTLEMENT_MISSING when a free licence lacks its approval or agreement (C9), or it or its product does not say what it is used
 *  for (C10), ERR_SETTLEMENT_REFUSED for a use that free data never has or that the rules do not know (C10). */
export function tariffClass(
  licence: Licence,
  productUses: readonly string[] | undefined,
  rules: Rules,
): "free" | "paid" {
  if (!rules.of("freePurposes").value.includes(licence.purpose)) return "paid";
  for (const condition of rules.of("freeConditions").value) {
    if (licence.evidence?.[condition] !== undefined) continue;
    const line = `licences/${licence.id}/evidence/${condition}`;
    throw new SluiceError("ERR_SETTLEMENT_MISSING", { line, rule: rules.of("freeConditions").reference.id });
  }
  checkFreeUses(licence.uses, { of: `licences/${licence.id}`, licence }, rules);
  checkFreeUses(productUses, { of: `products/${licence.product}`, licence }, rules);
  return "free";
}

/** Uses are stated, and each is one that the rules know and do not prohibit for free data. */
function checkFreeUses(
  uses: readonly string[] | undefined,
  { of, licence }: { readonly of: string; readonly licence: Licence },
  rules: Rules,
): void {
  const prohibited = rules.of("freeProhibitedUses");
  const rule = prohibited.reference.id;
  if (uses === undefined || uses.length === 0) {
    throw new SluiceError("ERR_SETTLEMENT_MISSING", { line: `${of}/uses`, rule: `${rule} for licences/${licence.id}` });
  }
  for (const use of uses) {
    const isProhibited = prohibited.value.includes(use);
    if (!isProhibited && rules.of("freeUses").value.includes(use)) continue;
    const reason = isProhibited ? `free data is not used for ${use}` : `${use} is no known use of free data`;
    throw new SluiceError("ERR_SETTLEMENT_REFUSED", { line: `licences/${licence.id}`, rule, reason });
  }
}
