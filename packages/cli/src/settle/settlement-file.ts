/** The file that `sluice settle` reads: who the callers are, what they may use and at which prices, and rule sets beside those that come with
 *  the program.
 *  @module */
import { KeyId } from "@sluice/protocol";
import { LineId, MAX_LINES, readInput, RULE_SETS, rulesFor, type Rules, type RuleSet } from "@sluice/settlement";
import { z } from "zod";

/** A caller and the keys by which receipts know it. */
const Caller = z.strictObject({ id: LineId, keys: z.array(KeyId).min(1).max(64) });

const File = z.strictObject({
  kind: z.literal("settlement"),
  jurisdiction: LineId,
  callers: z.array(Caller).max(MAX_LINES).optional(),
  /** Rule sets that are used too (从其规定). */
  ruleSets: z.array(z.unknown()).max(100).optional(),
  products: z.unknown(),
  licences: z.unknown(),
  tariffs: z.unknown(),
  filings: z.unknown().optional(),
  uses: z.unknown().optional(),
});

/** A settlement file. Products, licences, tariffs, filings and uses are read by what computes with them. */
export type SettlementFile = z.infer<typeof File>;

/** Reads a file's content.
 *  @throws ERR_SETTLEMENT_INPUT naming the line, also when two callers have one key. */
export function readSettlementFile(content: unknown): SettlementFile {
  const file = readInput(
    File.superRefine(({ callers = [] }, context) => {
      const seen = new Set<string>();
      for (const [i, { keys }] of callers.entries()) {
        if (keys.some((key) => seen.has(key))) {
          context.addIssue({ code: "custom", path: ["callers", i, "keys"], message: "keys that no other caller has" });
        }
        for (const key of keys) seen.add(key);
      }
    }),
    content,
    "file",
  );
  return file;
}

/** The rules of the month's first day. */
export function rulesOf({ jurisdiction, ruleSets = [] }: SettlementFile, month: string): Rules {
  return rulesFor({ sets: [...RULE_SETS, ...(ruleSets as RuleSet[])], jurisdiction, on: `${month}-01` });
}
