/** 参保比对 — matching with the insured. A caller learns which entries of its own list are insured, and nothing of anybody
 *  else; the department does not learn the list.
 *  @module */
import { defineJob } from "@sluice/sandbox/job";
import { INPUT, insured, tried } from "./insured.ts";

export default defineJob({
  name: "insured-match",
  purpose: "employment-support",
  input: INPUT,
  outputs: {
    fit: { kind: "metrics", keys: ["rows", "share"] },
    insured: { kind: "set", match: "psi-ids", keys: [[{ type: "resident-id" }]] },
  },
  develop: (rows) => ({ fit: tried(rows) }),
  produce: (rows) => ({ insured: insured(rows) }),
});
