/** 医疗救助对象识别 — who may need medical aid. A visit puts its patient into the set when it was a stay in hospital of
 *  which the patient paid much. The bureau matches its list of low-income families with the set, in a session of its
 *  own for each list.
 *  @module */
import { defineJob } from "@sluice/sandbox/job";

/** Own costs of one stay, in yuan, from which on aid is offered. */
const MIN_OWN_COSTS = 3_000;

export default defineJob({
  name: "medical-aid",
  purpose: "medical-aid",
  input: { inpatient: "bool", charge: "f64", insured_paid: "f64" },
  outputs: {
    fit: { kind: "metrics", keys: ["rows", "share"] },
    // The bureau's list is about as long as the set.
    high: { kind: "set", match: "psi-ids", sides: "equal" },
  },

  develop(rows, { log }) {
    let high = 0;
    for (const member of highCosts(rows)) high += member;
    log(`${high} of ${rows.rowCount} visits have high own costs`);
    return { fit: { rows: rows.rowCount, share: high / rows.rowCount } };
  },

  produce: (rows) => ({ high: highCosts(rows) }),
});

function highCosts(rows: {
  readonly rowCount: number;
  readonly inpatient: { readonly values: Uint8Array };
  readonly charge: { readonly values: Float64Array };
  readonly insured_paid: { readonly values: Float64Array };
}): Uint8Array {
  const members = new Uint8Array(rows.rowCount);
  for (let row = 0; row < rows.rowCount; row++) {
    const own = (rows.charge.values[row] ?? 0) - (rows.insured_paid.values[row] ?? 0);
    members[row] = rows.inpatient.values[row] === 1 && own >= MIN_OWN_COSTS ? 1 : 0;
  }
  return members;
}
