/** Messages of private set intersection (隐私求交), variant `psi-ids`: a caller's blinded list; and the signed
 *  snapshot of every variant. Each variant is one request and one answer.
 *  The domain learns the padded size of the list; not an entry, not a match. The caller learns the padded size of the
 *  domain's set and which of its entries are in it.
 *  @module */
import { z } from "zod";
import type { Bytes } from "./bytes.ts";
import { ByteReader } from "./codec.ts";
import { Name } from "./identifiers.ts";
import { PsiCardinalityParameters } from "./psi-cardinality.ts";
import { PsiFilterParameters } from "./psi-filter.ts";
import { expectPsiHead, psiHead, readPsiElements, writePsiElements } from "./psi-head.ts";
import { PsiTransferParameters } from "./psi-transfer.ts";
import { servedMembers } from "./served.ts";
import { signedSchema } from "./signed.ts";

/** Public facts of one prepared set: by variant, and where a variant has several, by method. */
export const PsiParameters = z.union([PsiFilterParameters, PsiTransferParameters, PsiCardinalityParameters]);
export type PsiParameters = z.infer<typeof PsiParameters>;

/** Whether a set is matched by evaluation and filter. */
export function isPsiFilter(parameters: PsiParameters): parameters is PsiFilterParameters {
  return parameters.kind === "psi-ids" && parameters.method === "filter";
}

/** Whether a set is matched by oblivious transfer. */
export function isPsiTransfer(parameters: PsiParameters): parameters is PsiTransferParameters {
  return parameters.kind === "psi-ids" && parameters.method === "transfer";
}

/** The snapshot a PSI product serves. Signed by the domain's receipt key; its hash is in every receipt. */
export const PsiSnapshot = z.strictObject({
  type: z.literal("psi-snapshot"),
  ...servedMembers,
  /** Purpose of the grant's scene: entries are hashed for it alone. */
  purpose: Name,
  parameters: PsiParameters,
  /** Epoch of the key. */
  epoch: z.int().min(1),
});
export type PsiSnapshot = z.infer<typeof PsiSnapshot>;
export const SignedPsiSnapshot = signedSchema(PsiSnapshot);
export type SignedPsiSnapshot = z.infer<typeof SignedPsiSnapshot>;

/** A caller's list: `elements` are blinded, 32 bytes each, a padded number of them. */
export type PsiQuery = { snapshot: Bytes; elements: Bytes };

// struct { uint16 version; uint8 kind = 1; opaque snapshot[32]; uint32 count; opaque element[32] × count; } PsiQuery;
/** Bytes of a query. @throws ERR_PSI_SET_TOO_LARGE, ERR_FRAME_MALFORMED when the number of elements is not padded. */
export function encodePsiQuery({ snapshot, elements }: PsiQuery): Bytes {
  return writePsiElements(psiHead("psi-ids").fixed(snapshot), "psi-ids", elements).finish();
}

/** @throws ERR_PSI_SET_TOO_LARGE when the list is too long; ERR_FRAME_MALFORMED */
export function decodePsiQuery(bytes: Bytes): PsiQuery {
  const reader = new ByteReader(bytes);
  expectPsiHead(reader, "psi-ids");
  const snapshot = reader.fixed(32);
  const elements = readPsiElements(reader, "psi-ids");
  reader.end();
  return { snapshot, elements };
}
