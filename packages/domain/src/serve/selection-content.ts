/** What sums under hidden selections are made of: groups by public facts, the bounded share of each person, and for every group at
 *  least as many persons as the policy's k. No user code runs. A group with fewer is refused, in words that do not say which.
 *  @module */
import { groupSums, RandomWords } from "@sluice/desensitize";
import { SelectionTable } from "@sluice/mpc/he/selection/server";
import {
  documentHash,
  isSluiceError,
  planSelection,
  SluiceError,
  type GuardReport,
  type HiddenSelectionSpec,
  type Sha256Hex,
} from "@sluice/protocol";
import { numberKeys } from "../data/key-index.ts";
import type { Made } from "./build.ts";
import type { DomainContext } from "./context.ts";
import { grantedView } from "./granted-view.ts";
import type { RunWork } from "./guarded-run.ts";
import { checkColumns, checkPersons, readGrouped } from "./private-answers.ts";

const NOTE =
  "every group has as many persons as the policy's k, whose shares are bounded; each answer has noise and is charged";
/** Whichever it was. */
const UNFIT = "one has fewer persons than the policy asks for, or all together are beyond a measure's declared most";

/** Forms and sums the groups of `spec`.
 *  @throws ERR_SELECTION_GROUPS; ERR_JOB_MANIFEST, ERR_PRIVACY_PARAMETER as for a noisy table; ERR_STORE */
export async function selectionContent(
  context: DomainContext,
  { run, admitted: { held }, signal }: RunWork,
  { name, spec, bundle }: { readonly name: string; readonly spec: HiddenSelectionSpec; readonly bundle: Sha256Hex },
): Promise<Made> {
  const view = grantedView(context, held, signal);
  checkColumns(spec, view.policy);
  checkPersons(context, view);
  const parameters = planSelection(spec, run.product, view.policy.k);
  const rows = await readGrouped(context, view, spec);
  const formed = groupSums(rows.table, await numberKeys(rows.keys, signal), spec, new RandomWords(context.random));
  const groups = formed.map(({ persons, sums }, i) => ({ label: parameters.groups[i] ?? "", rows: persons, sums }));
  refuseUnfit(() => new SelectionTable(parameters, rows.snapshot, groups));
  const report: GuardReport = {
    bundle,
    class: "served",
    verdict: "release",
    findings: [{ output: name, rule: "hidden-selection", result: "passed", note: NOTE }],
    output: await documentHash(parameters),
    at: context.clock.now().toISOString(),
  };
  const digits = [0, ...spec.measures.map((measure) => measure.digits)];
  return {
    content: { kind: "selection", parameters, digits, groups, source: rows.snapshot },
    report,
    layers: [],
    keys: rows.keys,
    sourceSnapshot: rows.snapshot,
  };
}

/** @throws ERR_SELECTION_GROUPS, in words that do not say which group or measure it is */
function refuseUnfit(check: () => SelectionTable): void {
  try {
    check();
  } catch (error) {
    if (!isSluiceError(error, "ERR_SELECTION_GROUPS")) throw error;
    throw new SluiceError("ERR_SELECTION_GROUPS", { reason: UNFIT });
  }
}
