/** Suite `psi`: private set intersection, both parties' processor time per item of the caller's list, beside a published library
 *  whose cost per item is measured in the same run.
 *  @module */
import { cardinalityRows } from "./psi/cardinality-rows.ts";
import type { Row, Suite } from "./suite.ts";

/** The suite. */
export const suite: Suite = {
  name: "psi",
  note:
    "Microseconds of processor time of both parties together, per item of the caller's list; the domain's set has as many. " +
    "`psi-cardinality-2^16` counts half of 65,536 entries, with noise (ε = 0.5), from plain entries to the count, the domain's preparation inside. " +
    "`@openmined/psi.js` does the same with its own cardinality, raw data structure, at 2^12 per item.",
  chinese: [
    ["psi-cardinality-2^16 traffic", "psi-cardinality-2^16 往返字节"],
    ["psi-cardinality-2^16 peak memory", "psi-cardinality-2^16 内存峰值"],
    ["psi-cardinality-2^16", "psi-cardinality-2^16 计数"],
    ["bytes/item", "字节/条"],
    ["µs/item", "微秒/条"],
  ],
  async run(progress) {
    const rows: Row[] = [];
    rows.push(...(await cardinalityRows(progress)));
    return rows;
  },
};
