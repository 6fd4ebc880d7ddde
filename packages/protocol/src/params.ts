/** Params of a job: what may be set from outside without another bundle. A param is a number within bounds or a word of a closed
 *  list, so that no value is code or text of somebody's own.
 *  @module */
import { z } from "zod";
import { canonicalText } from "./canonical.ts";
import { SluiceError } from "./errors.ts";
import { MemberName } from "./identifiers.ts";
import { MAX_PARAMS } from "./run-limits.ts";

/** Most words of a choice. */
const MAX_CHOICES = 64;

const Bounded = { min: z.number(), max: z.number(), default: z.number() };
const Whole = { min: z.int(), max: z.int(), default: z.int() };

const Declared = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("number"), ...Bounded }),
  z.strictObject({ type: z.literal("int"), ...Whole }),
  z.strictObject({
    type: z.literal("choice"),
    of: z
      .array(MemberName)
      .min(1)
      .max(MAX_CHOICES)
      .refine((words) => new Set(words).size === words.length, "each word once"),
    default: MemberName,
  }),
]);

/** One param as a job declares it. */
export type ParamSpec = z.infer<typeof Declared>;

const ParamSpec = Declared.refine((spec) => allows(spec, spec.default), {
  path: ["default"],
  message: "a default that the param allows",
});

/** Params of a job, by name. */
export const ParamSpecs = z
  .record(MemberName, ParamSpec)
  .refine((specs) => Object.keys(specs).length <= MAX_PARAMS, `at most ${MAX_PARAMS} params`);
export type ParamSpecs = z.infer<typeof ParamSpecs>;

/** Values of params, by name. JSON has no other numbers than finite ones. */
export const ParamValues = z
  .record(MemberName, z.union([z.number(), MemberName]))
  .refine((values) => Object.keys(values).length <= MAX_PARAMS, `at most ${MAX_PARAMS} params`);
export type ParamValues = z.infer<typeof ParamValues>;

/** A value for every declared param: the given one, or the default. @throws ERR_JOB_PARAM */
export function paramValues(specs: ParamSpecs = {}, given: ParamValues = {}): ParamValues {
  for (const name of Object.keys(given)) {
    if (!Object.hasOwn(specs, name)) throw refused(name, "a param that the job declares");
  }
  const values = Object.entries(specs).map(([name, spec]) => {
    const value = Object.hasOwn(given, name) ? given[name] : spec.default;
    if (value === undefined || !allows(spec, value)) throw refused(name, expectedOf(spec));
    // One zero for both: they print alike.
    return [name, value === 0 ? 0 : value] as const;
  });
  return Object.fromEntries(values);
}

/** The values that texts of the form `name=value` give. @throws ERR_JOB_PARAM */
export function parseParams(texts: readonly string[]): ParamValues {
  const values: Record<string, number | string> = {};
  for (const text of texts) {
    const at = text.indexOf("=");
    const [name, value] = [text.slice(0, Math.max(at, 0)), text.slice(at + 1)];
    const isNumber = /^-?[0-9]{1,16}(?:\.[0-9]{1,16})?(?:[eE][+-]?[0-9]{1,3})?$/.test(value);
    const parsed = ParamValues.safeParse({ [name]: isNumber ? Number(value) : value });
    if (at < 1 || !parsed.success) throw refused(name.slice(0, 40), "NAME=VALUE, a number or a word");
    if (Object.hasOwn(values, name)) throw refused(name, "one value");
    Object.assign(values, parsed.data);
  }
  return values;
}

/** Whether two runs have the same params; none at all are the same as none that were named. */
export function sameParams(one: ParamValues = {}, other: ParamValues = {}): boolean {
  return canonicalText(one) === canonicalText(other);
}

/** What a param takes, in words of its declaration. */
function expectedOf(spec: ParamSpec): string {
  if (spec.type === "choice") return `one of ${spec.of.join(", ")}`.slice(0, 200);
  return `${spec.type === "int" ? "a whole number" : "a number"} in [${spec.min}, ${spec.max}]`;
}

function allows(spec: ParamSpec, value: number | string): boolean {
  if (spec.type === "choice") return typeof value === "string" && spec.of.includes(value);
  if (typeof value !== "number" || !(value >= spec.min && value <= spec.max)) return false;
  return spec.type === "number" || Number.isSafeInteger(value);
}

function refused(param: string, expected: string): SluiceError {
  return new SluiceError("ERR_JOB_PARAM", { param, expected });
}
