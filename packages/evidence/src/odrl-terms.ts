/** The shapes of ODRL 2.2 in JSON-LD that a grant needs.
 *  @see https://www.w3.org/TR/odrl-vocab/
 *  @module */

/** A party with its key, or several that act together. */
export type OdrlParty =
  | { readonly "@type": "Party"; readonly uid: string; readonly "sluice:party"?: string }
  | {
      readonly "@type": "PartyCollection";
      readonly uid: string;
      readonly "sluice:member": readonly { readonly uid: string; readonly partOf: string }[];
    };

/** A typed value, a name, or a list of names. */
export type OdrlOperand =
  | { readonly "@value": string; readonly "@type": `xsd:${"integer" | "decimal" | "dateTime"}` }
  | { readonly "@id": string }
  | readonly string[];

/** One comparison. */
export interface OdrlConstraint {
  readonly leftOperand: "count" | "dateTime" | "purpose" | "payAmount" | `sluice:${string}`;
  readonly operator: "eq" | "lt" | "lteq" | "gteq" | "isAnyOf";
  readonly rightOperand: OdrlOperand;
  readonly unit?: string;
}

/** What the assignee must do for a permission to hold. */
export interface OdrlDuty {
  readonly action: readonly {
    readonly "rdf:value": { readonly "@id": `odrl:${string}` };
    readonly refinement: readonly OdrlConstraint[];
  }[];
}

/** An act of our profile, within `odrl:use`. */
export interface OdrlAction {
  readonly "@id": string;
  readonly includedIn: { readonly "@id": "odrl:use" };
  readonly "dct:description"?: string;
}

/** What permission and prohibition have in common. */
export interface OdrlRule {
  readonly target: {
    readonly "@type": "AssetCollection";
    readonly uid: string;
    readonly refinement: readonly OdrlConstraint[];
  };
  readonly assigner: OdrlParty;
  readonly assignee: OdrlParty;
  readonly action: OdrlAction;
}

/** What may be done. */
export interface OdrlPermission extends OdrlRule {
  readonly constraint: readonly OdrlConstraint[];
  readonly duty?: readonly OdrlDuty[];
}

/** A policy of the subclass Agreement. */
export interface OdrlAgreement {
  readonly "@context": readonly [string, Readonly<Record<string, string>>];
  readonly "@type": "Agreement";
  readonly uid: string;
  readonly profile: string;
  readonly "dct:title": string;
  readonly "dct:description": string;
  readonly permission: readonly OdrlPermission[];
  readonly prohibition?: readonly OdrlRule[];
}
