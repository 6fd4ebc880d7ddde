/** The pure decision on one use of a grant: every reason against it, and the smallest grant that would
 *  pass. Time is an argument; quotas are spent elsewhere, and here only their absence counts.
 *  @module */
import {
  OPERATION_UNITS,
  type Denial,
  type Grant,
  type GrantDecision,
  type KeyId,
  type Operation,
  type Use,
} from "@sluice/protocol";

/** Most callers of one grant, as its schema says. */
const MAX_CALLERS = 64;
const ROLES = {
  develop: "developer",
  build: "operator",
  "lookup.evaluate": "caller",
  "lookup.query": "caller",
  "psi.ids": "caller",
  "psi.cardinality": "caller",
  "psi.sum": "caller",
  score: "caller",
  report: "caller",
  dataset: "caller",
  aggregate: "caller",
  "selection.register": "caller",
  "selection.sum": "caller",
} as const satisfies Record<Operation, string>;

/** Which party of a grant does `operation`. */
export function roleFor(operation: Operation): "developer" | "operator" | "caller" {
  return ROLES[operation];
}

/** Whether `grant` covers `use` at `now`. The grant holds from `notBefore` and ends before `notAfter`. */
export function evaluateGrant(grant: Grant, use: Use, now: Date): GrantDecision {
  const reasons: Denial[] = [];
  let wouldPass = grant;
  function refuse(code: Denial["code"], details: Denial["details"], change: Partial<Grant>): void {
    reasons.push({ code, details });
    wouldPass = { ...wouldPass, ...change };
  }

  if (use.domain !== grant.domain) {
    refuse("ERR_GRANT_DOMAIN", { domain: grant.domain }, { domain: use.domain });
  }
  const allowed = grant.operations.includes(use.operation);
  if (!allowed) {
    const operations = [...grant.operations, use.operation];
    refuse("ERR_GRANT_OPERATION", { operation: use.operation }, { operations });
  }
  if (use.purpose !== undefined && use.purpose !== grant.scene.purpose) {
    const scene = { ...grant.scene, purpose: use.purpose };
    refuse("ERR_GRANT_PURPOSE", { purpose: use.purpose }, { scene });
  }
  if (!keysFor(grant, use.operation).includes(use.keyId)) {
    refuse("ERR_GRANT_PARTY", { role: ROLES[use.operation] }, withParty(grant, use));
  }
  for (const field of new Set(use.fields)) {
    if (grant.fields.some(({ name }) => name === field)) continue;
    const fields = [...wouldPass.fields, { name: field, need: "to be stated" }];
    refuse("ERR_GRANT_FIELD", { field }, { fields });
  }
  // Written so that a time that is no time refuses.
  if (!(Date.parse(grant.notBefore) <= now.getTime())) {
    refuse("ERR_GRANT_NOT_YET", { notBefore: grant.notBefore }, { notBefore: now.toISOString() });
  }
  if (!(now.getTime() < Date.parse(grant.notAfter))) {
    const notAfter = new Date(now.getTime() + 1).toISOString();
    refuse("ERR_GRANT_EXPIRED", { notAfter: grant.notAfter }, { notAfter });
  }
  const quota = quotaOf(grant, use.operation);
  if (quota === 0n) {
    const others = grant.quotas.filter(({ operation }) => operation !== use.operation);
    const quotas = [...others, { operation: use.operation, amount: "1" }];
    const details = { operation: use.operation, amount: "0", unit: OPERATION_UNITS[use.operation] };
    // A grant without the operation has no quota for it either: that is one reason, not two.
    if (allowed) refuse("ERR_QUOTA_SPENT", details, { quotas });
    else wouldPass = { ...wouldPass, quotas };
  }
  return reasons.length === 0 ? { ok: true } : { ok: false, reasons, wouldPass };
}

/** What the grant gives for `operation`, in its unit; zero when it names no quota for it. A grant that names
 *  two gives the smaller one. */
export function quotaOf(grant: Grant, operation: Operation): bigint {
  const amounts = grant.quotas.filter((quota) => quota.operation === operation).map(({ amount }) => BigInt(amount));
  return amounts.reduce((least, amount) => (amount < least ? amount : least), amounts[0] ?? 0n);
}

function keysFor(grant: Grant, operation: Operation): KeyId[] {
  switch (ROLES[operation]) {
    case "developer":
      return [grant.developer.keyId];
    case "operator":
      return [grant.operator.keyId];
    case "caller":
      return grant.callers.map(({ keyId }) => keyId);
  }
}

function withParty(grant: Grant, use: Use): Partial<Grant> {
  switch (ROLES[use.operation]) {
    case "developer":
      return { developer: { ...grant.developer, keyId: use.keyId } };
    case "operator":
      return { operator: { ...grant.operator, keyId: use.keyId } };
    case "caller":
      return { callers: [...grant.callers.slice(0, MAX_CALLERS - 1), { party: "to-be-named", keyId: use.keyId }] };
  }
}
