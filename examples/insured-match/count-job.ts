/** 参保计数 — counting the insured. The same set and the same rule, but a caller learns only how many entries of its list
 *  are insured: not which.
 *  @module */
import { defineJob } from "@sluice/sandbox/job";
import { INPUT, insured, tried } from "./insured.ts";

export default defineJob({
  name: "insured-count",
  purpose: "district-planning",
  input: INPUT,
  outputs: {
    fit: { kind: "metrics", keys: ["rows", "share"] },
    insured: { kind: "set", match: "psi-cardinality" },
  },
  develop: (rows) => ({ fit: tried(rows) }),
  produce: (rows) => ({ insured: insured(rows) }),
});
