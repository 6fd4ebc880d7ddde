/** Identifiers that a policy's transforms make up: values that look like identifiers and are of nobody.
 *  @module */
import type { Policy, Transform } from "@sluice/protocol";
import type { IdentifierKind } from "../detect/identifier-kinds.ts";
import type { ResidualExceptions } from "../detect/residual.ts";

const FAKES: Record<Extract<Transform, { kind: "fake" }>["of"], readonly IdentifierKind[]> = {
  name: ["person-name"],
  mobile: ["mobile-number"],
  address: ["address"],
  organization: [],
  plate: ["plate"],
};

/** Pseudonyms of digits are of every kind of number now and then. */
const ENCIPHERED: readonly IdentifierKind[] = [
  "resident-id",
  "resident-id-15",
  "social-credit-code",
  "mobile-number",
  "landline",
  "bank-card",
];

/** By column: kinds that a second look finds there by right. */
export function madeKinds({ columns }: Policy): ResidualExceptions {
  return Object.fromEntries(
    Object.entries(columns).flatMap(([name, { transform }]) => {
      if (transform.kind === "fake") return [[name, FAKES[transform.of]]];
      return transform.kind === "fpe" ? [[name, ENCIPHERED]] : [];
    }),
  );
}
