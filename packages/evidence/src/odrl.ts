/** A signed grant as an ODRL 2.2 Agreement in JSON-LD, for systems that exchange contracts in that vocabulary. It is a
 *  reading of the grant, never a source of rights: the domain obeys the signed grant alone.
 *  @see https://www.w3.org/TR/odrl-model/
 *  @module */
import {
  documentHash,
  OPERATION_UNITS,
  type Grant,
  type KeyId,
  type Operation,
  type SignedGrant,
} from "@sluice/protocol";
import { quotaOf, roleFor } from "./grant-decision.ts";
import type { OdrlAgreement, OdrlConstraint, OdrlDuty, OdrlParty, OdrlPermission } from "./odrl-terms.ts";

/** Names the operations, units and operands that ODRL does not have. */
const PROFILE = "urn:sluice:odrl:1";

/** The agreement. Signatures are not verified here.
 *  - One permission for each operation; `count` is the quota in the operation's unit, over the whole term.
 *  - Several signers or callers are one `PartyCollection`: they agree, or spend a quota, together.
 *  - A price is a duty to compensate for each unit; consent of subjects is a duty to obtain it.
 *  - Rules of use are prohibitions of acts that are described in words. */
export async function odrlAgreement({ body: grant, signatures }: SignedGrant): Promise<OdrlAgreement> {
  const uid = `urn:sluice:grant:${await documentHash(grant)}`;
  const signers = signatures.map(({ keyId }) => ({ name: undefined, keyId }));
  const assigner = partyOf(`${uid}:assigners`, signers);
  const target = {
    "@type": "AssetCollection",
    uid: `urn:sluice:resource:${grant.domain}:${grant.resource}`,
    refinement: [
      { leftOperand: "sluice:field", operator: "isAnyOf", rightOperand: grant.fields.map(({ name }) => name) },
      { leftOperand: "sluice:policy", operator: "eq", rightOperand: { "@id": `urn:sluice:policy:${grant.policy}` } },
    ],
  } as const;
  const callers = partyOf(`${uid}:callers`, named(grant.callers));
  const permission = grant.operations.map((operation): OdrlPermission => {
    const who = roleFor(operation);
    const assignee = who === "caller" ? callers : partyOf(uid, named([grant[who]]));
    const duty = duties(grant, operation);
    return {
      target,
      assigner,
      assignee,
      action: { "@id": `sluice:${operation}`, includedIn: { "@id": "odrl:use" } },
      constraint: constraints(grant, operation),
      ...(duty.length === 0 ? {} : { duty }),
    };
  });
  const prohibition = (grant.restrictions ?? []).map((text, i) => ({
    target,
    assigner,
    assignee: callers,
    action: {
      "@id": `${uid}:restriction:${i + 1}`,
      includedIn: { "@id": "odrl:use" } as const,
      "dct:description": text,
    },
  }));
  return {
    "@context": [
      "http://www.w3.org/ns/odrl.jsonld",
      { sluice: `${PROFILE}:`, dct: "http://purl.org/dc/terms/", xsd: "http://www.w3.org/2001/XMLSchema#" },
    ],
    "@type": "Agreement",
    uid,
    profile: PROFILE,
    "dct:title": grant.scene.title,
    "dct:description": grant.scene.value,
    permission,
    ...(prohibition.length === 0 ? {} : { prohibition }),
  };
}

function constraints(grant: Grant, operation: Operation): OdrlConstraint[] {
  const time = (operator: "gteq" | "lt", instant: string): OdrlConstraint => ({
    leftOperand: "dateTime",
    operator,
    rightOperand: { "@value": instant, "@type": "xsd:dateTime" },
  });
  return [
    {
      leftOperand: "count",
      operator: "lteq",
      rightOperand: { "@value": quotaOf(grant, operation).toString(), "@type": "xsd:integer" },
      unit: `${PROFILE}:unit:${OPERATION_UNITS[operation]}`,
    },
    ...selectionConstraints(grant, operation),
    time("gteq", grant.notBefore),
    time("lt", grant.notAfter),
    { leftOperand: "purpose", operator: "eq", rightOperand: { "@id": `urn:sluice:purpose:${grant.scene.purpose}` } },
  ];
}

/** What hidden selections each caller has. */
function selectionConstraints({ selections }: Grant, operation: Operation): OdrlConstraint[] {
  const { most, epsilon } = selections ?? { most: 0, epsilon: "0" };
  if (operation === "selection.register") {
    const rightOperand = { "@value": String(most), "@type": "xsd:integer" } as const;
    return [{ leftOperand: "sluice:selections", operator: "lteq", rightOperand }];
  }
  if (operation !== "selection.sum") return [];
  const rightOperand = { "@value": epsilon, "@type": "xsd:decimal" } as const;
  return [{ leftOperand: "sluice:epsilon", operator: "lteq", rightOperand }];
}

function duties({ price, consent }: Grant, operation: Operation): OdrlDuty[] {
  const all: OdrlDuty[] = [];
  if (price.kind === "per-unit" && price.unit === OPERATION_UNITS[operation]) {
    const amount: OdrlConstraint = {
      leftOperand: "payAmount",
      operator: "eq",
      rightOperand: { "@value": price.amount, "@type": "xsd:decimal" },
      unit: `urn:iso:std:iso:4217:${price.currency}`,
    };
    const each: OdrlConstraint = {
      leftOperand: "sluice:forEach",
      operator: "eq",
      rightOperand: { "@id": `${PROFILE}:unit:${price.unit}` },
    };
    all.push({ action: [{ "rdf:value": { "@id": "odrl:compensate" }, refinement: [amount, each] }] });
  }
  if (operation === "build" && consent.kind === "subject-consent") {
    const field: OdrlConstraint = { leftOperand: "sluice:field", operator: "eq", rightOperand: [consent.field] };
    all.push({ action: [{ "rdf:value": { "@id": "odrl:obtainConsent" }, refinement: [field] }] });
  }
  return all;
}

interface Member {
  readonly name: string | undefined;
  readonly keyId: KeyId;
}

function named(parties: readonly { party: string; keyId: KeyId }[]): Member[] {
  return parties.map(({ party, keyId }) => ({ name: party, keyId }));
}

/** One party, or the collection `collection` of several. */
function partyOf(collection: string, members: readonly Member[]): OdrlParty {
  const each = members.map(({ name, keyId }) => ({
    "@type": "Party" as const,
    uid: `urn:sluice:key:${keyId}`,
    ...(name === undefined ? {} : { "sluice:party": name }),
  }));
  const [only, ...others] = each;
  if (only !== undefined && others.length === 0) return only;
  return {
    "@type": "PartyCollection",
    uid: collection,
    "sluice:member": each.map((party) => ({ ...party, partOf: collection })),
  };
}
