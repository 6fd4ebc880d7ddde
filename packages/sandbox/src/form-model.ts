/** A released model in the canonical form: the checker's half of `child/decode-model.mjs`, which has the structs. What it
 *  reads has the fields of its kind, within limits; whether it is a model that the job declared is for `decodeModel` to say.
 *  @module */
import { ModelLink, type ModelKind } from "@sluice/protocol";
import { malformed, type FormReader } from "./form-reader.ts";

/** Longest list of a model, and longest name. */
const MAX_LIST = 256;
const MAX_NAME_CHARS = 80;

/** The fields of a model of this kind. @throws ERR_GUARD_OUTPUT */
export function readModel(reader: FormReader, kind: ModelKind): object {
  const list = <T>(read: () => T): T[] => {
    const count = reader.u16();
    if (count > MAX_LIST) throw malformed();
    return Array.from({ length: count }, read);
  };
  const numbers = (): number[] => list(() => reader.f64());
  const names = (): string[] => list(() => reader.text(MAX_NAME_CHARS, 0));
  const indices = (): number[] => list(() => reader.u16() - 1);
  switch (kind) {
    case "linear-model":
      return { kind, intercept: reader.f64(), features: names(), weights: numbers() };
    case "tree-model": {
      const link = ModelLink.options[reader.u8()];
      if (link === undefined) throw malformed();
      return {
        kind,
        link,
        base: reader.f64(),
        features: names(),
        trees: list(() => ({
          feature: indices(),
          left: indices(),
          right: indices(),
          threshold: numbers(),
          value: numbers(),
        })),
      };
    }
    case "scorecard":
      return {
        kind,
        intercept: reader.f64(),
        items: list(() => {
          const column = reader.text(MAX_NAME_CHARS, 0);
          const bins = reader.u8();
          if (bins > 1) throw malformed();
          return bins === 0
            ? { column, breaks: numbers(), points: numbers() }
            : { column, levels: list(names), points: numbers() };
        }),
      };
    case "clusters":
      return { kind, features: names(), means: numbers(), scales: numbers(), centres: list(numbers) };
  }
}
