/** A model with a hidden layer in the canonical form: the checker's half of `child/decode-network.mjs`, which has the struct.
 *  @module */
import type { SquareNetworkFit, SquareNetworkSpec } from "@sluice/protocol";
import { malformed, type FormReader } from "./form-reader.ts";

/** The model, with the features that `spec` declares. @throws ERR_GUARD_OUTPUT */
export function readNetwork(reader: FormReader, { kind, features, maxUnits }: SquareNetworkSpec): SquareNetworkFit {
  const intercept = reader.f64();
  const count = reader.u8();
  if (count < 1 || count > maxUnits) throw malformed();
  const units = Array.from({ length: count }, () => {
    const negative = reader.u8();
    if (negative > 1) throw malformed();
    const sign = negative === 0 ? (1 as const) : (-1 as const);
    return { sign, bias: reader.f64(), weights: Array.from(features, () => reader.f64()) };
  });
  return { kind, features: features.map((feature) => ({ ...feature })), units, intercept };
}
