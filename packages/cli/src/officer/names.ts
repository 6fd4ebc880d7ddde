/** Names that people use for what a document names by identifiers: titles of parties, which the agency signed, and of
 *  columns, which a domain's catalogue gives. Without files a name is the identifier itself.
 *  @module */
import { signersOf, type TrustPins } from "@sluice/evidence/verify";
import type { Catalogue, Grant, GrantParty, PartyList } from "@sluice/protocol";

/** Names for one grant. */
export interface Names {
  /** Title of the party, else its identifier. */
  party(party: GrantParty): string;
  /** Title of the column, else null. */
  column(name: string): string | null;
  /** Whether any column has a title. */
  readonly titlesColumns: boolean;
  /** Title of the resource, else its identifier. */
  readonly resource: string;
}

/** Files that carry names: answers of a gateway to `GET /v1/catalogue` and `GET /v1/parties`. */
export interface NameSources {
  readonly catalogue?: Catalogue;
  readonly parties?: PartyList;
}

/** The column as a sentence names it: title and identifier, or the identifier alone. */
export function columnWords(name: string, names: Names | null): string {
  const title = names?.column(name) ?? null;
  return title === null ? name : `${title}（${name}）`;
}

/** Identifiers alone. */
export function plainNames(grant: Grant): Names {
  return { party: ({ party }) => party, column: () => null, titlesColumns: false, resource: grant.resource };
}

/** Names from files. A party's title counts where the agency signed it for the very key of the grant; without pins,
 *  where it is signed at all. A column's title is the domain's word, unsigned. */
export async function namesOf(grant: Grant, sources: NameSources, trust: TrustPins | undefined): Promise<Names> {
  const domain = sources.catalogue?.domains.find((entry) => entry.domain === grant.domain);
  const resource = domain?.resources.find((entry) => entry.resource === grant.resource);
  const columns = new Map(resource?.fields.map(({ name, title }) => [name, title]));
  const titles = await partyTitles(grant, sources.parties, trust);
  return {
    party: ({ party, keyId }) => titles.get(`${party} ${keyId}`) ?? party,
    column: (name) => columns.get(name) || null,
    titlesColumns: [...columns.values()].some((title) => title !== ""),
    resource: resource?.title ?? grant.resource,
  };
}

async function partyTitles(
  grant: Grant,
  parties: PartyList | undefined,
  trust: TrustPins | undefined,
): Promise<Map<string, string>> {
  const titles = new Map<string, string>();
  const named = new Set([grant.operator, grant.developer, ...grant.callers].map(({ keyId }) => keyId));
  for (const statement of parties?.parties ?? []) {
    const { party, keyId, title } = statement.body;
    if (!named.has(keyId)) continue;
    const signers = await signersOf(statement);
    const signed = trust === undefined ? signers.length > 0 : signers.includes(trust.agencyKey);
    if (signed) titles.set(`${party} ${keyId}`, title);
  }
  return titles;
}
