/** The scene factor λ = f1·f2 (场景调节系数): f1 is the highest that a granted field has, by what it locates or else by its grade; f2 is the
 *  value that was assessed (G20).
 *  @module */
import { exact, ONE } from "../exact.ts";
import type { Figure } from "../figure.ts";
import { derivedFigure, givenFigure } from "../make-figure.ts";
import type { Rules } from "../rules/resolve.ts";
import type { Assessment, GrantedField } from "./price-input.ts";

/** λ and its two parts. */
export interface SceneFactor {
  readonly sensitivity: Figure;
  readonly value: Figure;
  readonly lambda: Figure;
}

const KINDS = {
  person: { zh: "能定位到具体个人", en: "locates a person" },
  enterprise: { zh: "能定位到具体企业", en: "locates an enterprise" },
  general: { zh: "一般数据", en: "general data" },
  important: { zh: "重要数据", en: "important data" },
  core: { zh: "核心数据", en: "core data" },
} as const;

/** λ of an assessed product. */
export function sceneFactorOf({ product, fields, value }: Assessment, rules: Rules): SceneFactor {
  const { reference: rule } = rules.of("sensitivity");
  const factors = fields.map((field) => fieldFactor(field, `assessments/${product}/fields`, rules));
  const sensitivity = derivedFigure(
    {
      id: "f1",
      label: { zh: "数据敏感度f1", en: "sensitivity f1" },
      unit: "factor",
      rule,
      formula: "max",
      inputs: factors,
    },
    factors.reduce((highest, one) => (one.value.isGreaterThan(highest) ? one.value : highest), ONE),
  );
  const worth = givenFigure(
    { id: "f2", label: { zh: `数据价值f2：${value.reason}`, en: `value f2: ${value.reason}` }, unit: "factor" },
    exact(value.factor),
    `assessments/${product}/value`,
    value.evidence,
  );
  const label = { zh: "场景调节系数λ", en: "scene factor λ" };
  const lambda = derivedFigure(
    { id: "lambda", label, unit: "factor", rule, formula: "f1 × f2", inputs: [sensitivity, worth] },
    sensitivity.value.times(worth.value),
  );
  return { sensitivity, value: worth, lambda };
}

/** f1 of one field. */
function fieldFactor({ resource, field, grade, locates }: GrantedField, line: string, rules: Rules): Figure {
  const { value, reference } = rules.of("sensitivity");
  const kind = locates === "none" ? kindOfGrade(grade) : locates;
  const words = KINDS[kind];
  return {
    id: `${resource}/${field}`,
    label: { zh: `${resource}/${field}：${words.zh}`, en: `${resource}/${field}: ${words.en}` },
    unit: "factor",
    value: exact(value[kind], "sensitivity"),
    line: `${line}/${resource}/${field}`,
    rule: reference,
  };
}

function kindOfGrade(grade: GrantedField["grade"]): "general" | "important" | "core" {
  return grade === "important" || grade === "core" ? grade : "general";
}
