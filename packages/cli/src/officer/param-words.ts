/** Params of a run in words.
 *  @module */
import type { ParamSpec, ParamValues } from "@sluice/protocol";

/** Every param with its value; undefined when there is none. */
export function paramWords(params: ParamValues = {}): string | undefined {
  const words = Object.entries(params).map(([name, value]) => `${name} = ${value}`);
  return words.length === 0 ? undefined : words.join("，");
}

/** What a param may be. */
export function rangeWords(spec: ParamSpec): string {
  if (spec.type === "choice") return `只取自：${spec.of.join("、")}`;
  const range = `${spec.min} 至 ${spec.max}`;
  return spec.type === "int" ? `${range} 的整数` : range;
}
