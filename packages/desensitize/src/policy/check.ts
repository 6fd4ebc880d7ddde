/** Whether a policy may be used on a resource at all: decided from declared facts, before any row is read.
 *  @module */
import { SluiceError } from "@sluice/protocol";
import type { ColumnRule, FieldRole, Policy, ResourceDescription, ResourceField, Transform } from "@sluice/protocol";
import { checkHierarchy } from "./check-hierarchy.ts";
import { checkModel } from "./check-model.ts";
import { transformedType } from "./columns.ts";

/** Characters of a direct identifier that a mask may leave, as in 138****8000. */
export const MAX_DIRECT_CHARACTERS_SHOWN = 7;
/** Buckets of one column: more would be the number itself. */
export const MAX_BUCKETS = 10_000;

/** Largest whole number that a job sees, and so the largest that noise may add. */
const MAX_WHOLE = 2 ** 31 - 1;

/** Transforms that put another value in the place of each value: equal ones stay equal. */
const PSEUDONYMS: ReadonlySet<Transform["kind"]> = new Set(["token", "fpe", "fake"]);
/** Transforms whose values are about one person or row. */
const IDENTIFYING: ReadonlySet<Transform["kind"]> = new Set([...PSEUDONYMS, "dateShift", "noise"]);

/** Roles that a policy may give to a column of each role: the same, or one that is treated more strictly. */
const ALLOWED_ROLES: Record<FieldRole, readonly FieldRole[]> = {
  direct: ["direct"],
  quasi: ["quasi", "direct"],
  sensitive: ["sensitive", "quasi", "direct"],
  other: ["other", "sensitive", "quasi", "direct"],
};

/** Checks that `policy` fits `resource` and keeps what every policy must keep:
 *
 *  - each column exists, and its role is the resource's or a stricter one; under `strict`, each has a rule;
 *  - data graded important or core is dropped, and excluded data; so is `key`, the column by which callers ask and which is
 *    not excluded;
 *  - a direct identifier is dropped, masked (at most MAX_DIRECT_CHARACTERS_SHOWN characters left), tokenized,
 *    enciphered or faked;
 *  - a quasi-identifier is kept as stored only when it is text, integer or boolean, and never has its dates moved; it is
 *    counted for k all the same;
 *  - the transform fits the stored type, and at least one column is shown;
 *  - a field with a hierarchy becomes coarser along it only;
 *  - strata are shown columns that are not identifiers of one person.
 *
 *  @throws ERR_POLICY, ERR_POLICY_COLUMN */
export function checkPolicy(policy: Policy, resource: ResourceDescription, key: string): void {
  if (policy.resource !== resource.resource) fail("/resource", `expected ${resource.resource}`);
  const fields = new Map(resource.fields.map((field) => [field.name, field]));
  if (!fields.has(key)) throw new SluiceError("ERR_POLICY_COLUMN", { column: key });
  if (fields.get(key)?.excluded !== undefined) fail(`/columns/${key}`, "callers would ask by a field that is excluded");
  for (const name of policy.strict === true ? fields.keys() : []) {
    if (!Object.hasOwn(policy.columns, name)) fail(`/columns/${name}`, "expected a rule for every column");
  }

  let shown = 0;
  for (const [name, rule] of Object.entries(policy.columns)) {
    const field = fields.get(name);
    if (field === undefined) throw new SluiceError("ERR_POLICY_COLUMN", { column: name });
    if (!ALLOWED_ROLES[field.role].includes(rule.role)) {
      fail(`/columns/${name}/role`, `expected ${ALLOWED_ROLES[field.role].join(" or ")}`);
    }
    if (rule.transform.kind === "drop") continue;
    shown++;
    if (name === key) fail(`/columns/${name}/transform`, "expected drop: callers ask by this column");
    checkShown(name, field, rule);
  }
  if (shown === 0) fail("/columns", "expected at least one column that is not dropped");
  checkStrata(policy);
  checkModel(policy, resource);
}

function checkShown(name: string, field: ResourceField, rule: ColumnRule): void {
  const pointer = `/columns/${name}/transform`;
  const { role, transform } = rule;
  if (field.excluded !== undefined) fail(pointer, "expected drop: the field is excluded from authorisation");
  if (field.grade === "important" || field.grade === "core") fail(pointer, `expected drop for grade ${field.grade}`);
  checkHierarchy(pointer, transform, field);
  if (transformedType(transform, field) === null) fail(pointer, `${transform.kind} does not fit type ${field.type}`);
  if (role === "direct") checkDirect(pointer, transform);
  if (field.role === "quasi" && PSEUDONYMS.has(transform.kind)) {
    fail(
      pointer,
      `expected mask, generalize, bucket, keep or drop: a ${transform.kind} of a quasi-identifier would escape k`,
    );
  }
  if (role === "quasi" && isTooFine(transform, field)) {
    fail(
      pointer,
      `a quasi-identifier of type ${field.type} is too fine for ${transform.kind}: expected bucket or generalize`,
    );
  }
  if (transform.kind === "bucket") checkBucket(pointer, transform);
  if (transform.kind === "noise") checkNoise(pointer, transform, field);
}

/** Decimals and dates are nearly all distinct, moved or not. */
function isTooFine({ kind }: Transform, { type }: ResourceField): boolean {
  if (kind === "dateShift") return true;
  return (kind === "keep" || kind === "noise") && (type === "decimal" || type === "date");
}

function checkDirect(pointer: string, transform: Transform): void {
  if (transform.kind === "mask") {
    if (transform.keepFirst + transform.keepLast > MAX_DIRECT_CHARACTERS_SHOWN) {
      fail(pointer, `a mask may leave at most ${MAX_DIRECT_CHARACTERS_SHOWN} characters of a direct identifier`);
    }
  } else if (!PSEUDONYMS.has(transform.kind)) {
    fail(pointer, `expected drop, mask, ${[...PSEUDONYMS].join(" or ")} for a direct identifier`);
  }
}

function checkBucket(pointer: string, { width, min, max }: Extract<Transform, { kind: "bucket" }>): void {
  if (width > max - min) fail(pointer, "expected min + width at most max");
  if ((max - min) / width > MAX_BUCKETS) fail(pointer, `expected at most ${MAX_BUCKETS} buckets`);
}

function checkNoise(
  pointer: string,
  { amplitude, min, max }: Extract<Transform, { kind: "noise" }>,
  { type }: ResourceField,
): void {
  if (min !== undefined && max !== undefined && min >= max) fail(pointer, "expected min below max");
  if (type !== "integer") return;
  for (const number of [amplitude, min ?? 0, max ?? 0]) {
    if (!Number.isInteger(number) || Math.abs(number) > MAX_WHOLE) {
      fail(pointer, `expected whole numbers up to ${MAX_WHOLE} for a column of whole numbers`);
    }
  }
}

function checkStrata({ columns, sample }: Policy): void {
  if (sample.method === "hash" && sample.strata.length > 0) fail("/sample/strata", "expected none: hash has no strata");
  for (const [i, name] of sample.strata.entries()) {
    const pointer = `/sample/strata/${i}`;
    if (sample.strata.indexOf(name) !== i) fail(pointer, "expected each column once");
    const rule = Object.hasOwn(columns, name) ? columns[name] : undefined;
    if (rule === undefined || rule.transform.kind === "drop") fail(pointer, "expected a column that the policy shows");
    else if (rule.role === "direct" || IDENTIFYING.has(rule.transform.kind)) {
      fail(pointer, "expected a column that does not identify one person");
    }
  }
}

function fail(pointer: string, reason: string): never {
  throw new SluiceError("ERR_POLICY", { pointer, reason });
}
