// @ts-check
/** A model with a hidden layer into the canonical form: as many weights of each unit as the manifest declares features, and
 *  finite numbers. Names and bounds of features are the manifest's, so that none is in the form.
 *
 *  struct { float64 intercept; uint8 units; { uint8 negative; float64 bias; float64 weights[features]; }… } Network;
 *  @module */
import { hasExactly, isRecord } from "./records.mjs";

/** Writes the model, or throws `refusal`.
 *  @param {import("./form.mjs").FormWriter} form @param {any} spec @param {unknown} value @param {Error} refusal */
export function decodeNetwork(form, spec, value, refusal) {
  const number = (/** @type {unknown} */ item) => {
    if (typeof item !== "number" || !Number.isFinite(item)) throw refusal;
    form.f64(item);
  };
  const list = (/** @type {unknown} */ items, /** @type {number} */ least, /** @type {number} */ most) => {
    if (!Array.isArray(items) || items.length < least || items.length > most) throw refusal;
    return items;
  };
  if (!isRecord(value) || !hasExactly(value, ["kind", "units", "intercept"]) || value.kind !== spec.kind) throw refusal;
  number(value.intercept);
  const units = list(value.units, 1, spec.maxUnits);
  form.u8(units.length);
  for (const unit of units) {
    if (!isRecord(unit) || !hasExactly(unit, ["sign", "bias", "weights"])) throw refusal;
    if (unit.sign !== 1 && unit.sign !== -1) throw refusal;
    form.u8(unit.sign === 1 ? 0 : 1);
    number(unit.bias);
    for (const weight of list(unit.weights, spec.features.length, spec.features.length)) number(weight);
  }
}
