/** A subject's trail (design: "the products whose index held the row, and when — never hits"). It says of each build whether
 *  it read the person's row; not what came of it. Whether the person is in a set, or under which label, is a result about
 *  the person: a trail that told it would be a lookup without grant, quota or consent. Whether a sample held the row is
 *  not told either: that a sample hides who is in it is part of its protection.
 *  @module */
import {
  SluiceError,
  type ConsentRule,
  type FieldName,
  type GrantParty,
  type Instant,
  type Name,
  type ProductForm,
  type Sha256Hex,
} from "@sluice/protocol";
import type { Keyring } from "../keyring.ts";
import type { SealedFiles } from "../rest/sealed-files.ts";
import type { DocumentStore } from "../state/documents.ts";
import type { KeptMembership } from "../state/memberships.ts";
import { normalIdentifier } from "./identifier.ts";
import { holdsTag } from "./membership-files.ts";
import { membershipKey, membershipTag } from "./membership-tags.ts";

/** Why a product no longer answers from a row: built again with it, built again without it, the grant taken back, the end
 *  of its term. */
export type HoldingEnd = "rebuilt" | "left-out" | "revoked" | "term-ended";

/** A party of a grant, with the name that the agency registered, if it did. */
export interface NamedParty {
  readonly party: Name;
  readonly title: string | null;
}

/** One build that held the row. */
export interface Holding {
  readonly product: Name;
  readonly version: number;
  readonly form: ProductForm;
  readonly scene: { readonly scene: Name; readonly title: string; readonly purpose: Name };
  /** Legal ground on which the row was in it. */
  readonly ground: ConsentRule;
  readonly grant: Sha256Hex;
  readonly operator: NamedParty;
  readonly developer: NamedParty;
  /** Parties that could ask: not who asked, and never about whom. */
  readonly callers: NamedParty[];
  readonly snapshot: Sha256Hex;
  /** It answered from this instant. */
  readonly from: Instant;
  /** Until this one; null while no end is set. After an update the build before answers for a while: its end may be yet to come. */
  readonly until: Instant | null;
  readonly ended: HoldingEnd | null;
}

/** What a trail is made from. */
export interface TrailSource {
  readonly files: SealedFiles;
  readonly keyring: Keyring;
  readonly documents: DocumentStore;
}

/** Of `builds`, the oldest first, those that held the row of the person whom `column` names `identifier`.
 *  @throws ERR_SEALED_FILE: a trail that may be incomplete is none */
export async function holdingsOf(
  source: TrailSource,
  builds: readonly KeptMembership[],
  person: Person,
  now: Date,
): Promise<Holding[]> {
  const holds: boolean[] = [];
  for (const build of builds) holds.push(await heldRow(source, build, person));
  return builds.flatMap((build, i) => {
    if (holds[i] !== true) return [];
    const next = builds.findIndex((other, j) => j > i && isRebuildOf(other, build));
    return [{ ...factsOf(source.documents, build), from: build.from, ...endOf(build, holds[next] === true, now) }];
  });
}

/** A person by what a column calls them. */
export interface Person {
  readonly column: FieldName;
  readonly identifier: string;
}

async function heldRow({ files, keyring }: TrailSource, build: KeptMembership, person: Person): Promise<boolean> {
  const value = normalIdentifier(person.identifier, build.columnType);
  if (build.column !== person.column || value === null) return false;
  return holdsTag(files, build.name, membershipTag(membershipKey(keyring, build), value));
}

function isRebuildOf(later: KeptMembership, { product, version }: KeptMembership): boolean {
  return later.product === product && later.version === version;
}

function factsOf(documents: DocumentStore, build: KeptMembership): Omit<Holding, "from" | "until" | "ended"> {
  const { product, version, form, snapshot } = build;
  const grant = documents.grant(build.grant)?.grant.body;
  if (grant === undefined) throw new SluiceError("ERR_GRANT_UNKNOWN", { grant: build.grant });
  const { scene, title, purpose } = grant.scene;
  const named = ({ party }: GrantParty): NamedParty => ({ party, title: documents.partyTitle(party) });
  return {
    product,
    version,
    form,
    scene: { scene, title, purpose },
    ground: grant.consent,
    grant: build.grant,
    operator: named(grant.operator),
    developer: named(grant.developer),
    callers: grant.callers.map(named),
    snapshot,
  };
}

function endOf(
  { until, ended, termEnd }: KeptMembership,
  heldByNext: boolean,
  now: Date,
): Pick<Holding, "until" | "ended"> {
  if (until !== null && until < termEnd) {
    return { until, ended: ended === "revoked" ? ended : heldByNext ? "rebuilt" : "left-out" };
  }
  return now.toISOString() < termEnd ? { until: null, ended: null } : { until: termEnd, ended: "term-ended" };
}
