/** Whether the privacy model of a policy can be judged and searched at all: decided from declared facts, before any row is
 *  read.
 *  @module */
import { SluiceError, topLevel, type Policy, type ResourceDescription } from "@sluice/protocol";
import { createLattice } from "../anonymity/lattice.ts";
import { checkQuasiCount } from "../anonymity/tuples.ts";
import { columnHierarchies, sensitiveColumns } from "./model-columns.ts";
import { quasiIdentifiers } from "./columns.ts";

/** Checks that
 *
 *  - there are not more quasi-identifiers than can be counted together, also without a model;
 *  - l, entropyL and t have a sensitive column to look at, among those that the policy shows;
 *  - presence is not asked of boxes, which are not judged against the whole table;
 *  - the combinations of levels can be searched.
 *
 *  @throws ERR_POLICY */
export function checkModel(policy: Policy, resource: ResourceDescription): void {
  const { model } = policy;
  const quasi = quasiIdentifiers(policy);
  checkQuasiCount(quasi.length);
  if (model === undefined) return;
  for (const demand of ["l", "entropyL", "t"] as const) {
    if (model[demand] !== undefined && sensitiveColumns(policy, resource).length === 0) {
      const reason = "expected a sensitive column that the policy shows";
      throw new SluiceError("ERR_POLICY", { pointer: `/model/${demand}`, reason });
    }
  }
  if (model.delta !== undefined && model.algorithm === "mondrian") {
    throw new SluiceError("ERR_POLICY", { pointer: "/model/delta", reason: "expected suppress or full-domain" });
  }
  if (model.algorithm !== "full-domain") return;
  const hierarchies = columnHierarchies(policy, resource);
  createLattice(
    quasi.map((name) => {
      const declared = Object.hasOwn(hierarchies, name) ? hierarchies[name] : undefined;
      return declared === undefined ? 2 : topLevel(declared.hierarchy) - declared.from + 1;
    }),
  );
}
