/** The release (发布许可): the department's word that one exact bundle, with one exact model, may run on
 *  every row and be served.
 *  @module */
import { z } from "zod";
import { ProductForm } from "./form.ts";
import { Instant, Name, RegistrationCode, Sha256Hex } from "./identifiers.ts";
import { ParamValues } from "./params.ts";
import { signedSchema } from "./signed.ts";

/** Body of a release. Signed by the source department. */
export const Release = z.strictObject({
  type: z.literal("release"),
  domain: Name,
  grant: Sha256Hex,
  product: Name,
  version: z.int().min(1).max(1_000_000),
  bundle: Sha256Hex,
  manifest: Sha256Hex,
  /** Hash of the guarded model document that the development run released; absent when it released none. */
  model: Sha256Hex.optional(),
  /** Params of that run, which are those of every build; absent when the job has none. */
  params: ParamValues.optional(),
  /** Hash of the guard's report on that run. */
  guardReport: Sha256Hex,
  at: Instant,
});
export type Release = z.infer<typeof Release>;
export const SignedRelease = signedSchema(Release);
export type SignedRelease = z.infer<typeof SignedRelease>;

/** A product as the gateway lists it. */
export const Product = z.strictObject({
  product: Name,
  version: z.int().min(1),
  form: ProductForm,
  domain: Name,
  scene: Name,
  grant: Sha256Hex,
  bundle: Sha256Hex,
  release: Sha256Hex,
  registrationCode: RegistrationCode,
  status: z.enum(["registered", "serving"]),
});
export type Product = z.infer<typeof Product>;
