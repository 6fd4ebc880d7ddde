/** How the lists of callers are matched with a set, for those who are about to ask: by which method, what is fetched and what a list
 *  costs, and by which keys. All of it is in the signed snapshot.
 *  @module */
import {
  encodedPsiFilterBytes,
  MIN_PSI_TRANSFER_LIST_ITEMS,
  type PsiFilterParameters,
  type PsiParameters,
} from "@sluice/protocol";

/** Rows of a table that say so. */
export function setRows(parameters: PsiParameters): [string, string][] {
  return [
    ["matched by", methodText(parameters)],
    ["entries", `up to ${parameters.paddedItems}`],
    ...keyRows(parameters),
  ];
}

/** The same for programs: nothing of a filter, which asking fetches and checks. */
export function setFacts(parameters: PsiParameters): object {
  const { kind, paddedItems, keys } = parameters;
  const method = kind === "psi-ids" ? { method: parameters.method } : { noise: parameters.noise };
  return { ...method, paddedItems, ...(keys === undefined ? {} : { keys }) };
}

function methodText(parameters: PsiParameters): string {
  if (parameters.kind === "psi-cardinality") {
    const { epsilon, budget } = parameters.noise;
    return `counting, with noise: each count costs ε = ${epsilon} of a budget of ${budget}`;
  }
  if (parameters.method === "filter")
    return `filter: ${filterBytes(parameters)} bytes are fetched, then a list is one message`;
  return `transfer: nothing is fetched, a list is a session, and costs ${MIN_PSI_TRANSFER_LIST_ITEMS} entries at least`;
}

function filterBytes({ base, delta }: PsiFilterParameters): number {
  const tables = delta === undefined ? [base] : [base, delta.added, delta.removed];
  return tables.reduce((bytes, table) => bytes + encodedPsiFilterBytes(table), 0);
}

/** Any one of the keys has to be equal, in all of its parts. */
export function keyRows({ keys }: Pick<PsiParameters, "keys">): [string, string][] {
  if (keys === undefined) return [["key", "one text, compared exactly"]];
  return keys.map((key, i) => [
    keys.length === 1 ? "key" : `key ${i + 1}`,
    key.map(({ field, type }) => `${field} (${type})`).join(" and "),
  ]);
}
