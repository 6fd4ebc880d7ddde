/** The file that `sluice price` reads: what prices are reckoned from, and rule sets beside those that come with the program.
 *  @module */
import { readInput, readPriceInput, RULE_SETS, type PriceInput, type RuleSet } from "@sluice/settlement";
import { z } from "zod";
import { readJsonFile } from "../files.ts";

/** Most rule sets of a file. */
const MAX_RULE_SETS = 100;

/** Rule sets that are used too (从其规定, G33); the other members are read by what computes with them. */
const File = z.looseObject({ ruleSets: z.array(z.unknown()).max(MAX_RULE_SETS).optional() });

/** Reads a price file; nothing is computed from one in which any line does not fit.
 *  @throws ERR_USAGE naming the file, and what {@link readPriceInput} throws, naming the line. */
export async function readPriceFile(path: string): Promise<PriceInput> {
  const { ruleSets = [], ...file } = readInput(File, await readJsonFile(path, "price file"), "price");
  return readPriceInput(file, [...RULE_SETS, ...(ruleSets as RuleSet[])]);
}
