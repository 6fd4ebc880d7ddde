/** Registered domains: where they listen and what they said of themselves, in memory over their table.
 *  @module */
import { continuesPin } from "@sluice/evidence";
import { DomainDescription, SluiceError, type ResourceDescription } from "@sluice/protocol";
import type { Kysely } from "kysely";
import type { Tables } from "./tables.ts";

/** A domain as the gateway knows it. */
export interface RegisteredDomain {
  readonly domain: string;
  /** Origin and path prefix, without a trailing `/`. */
  readonly url: string;
  readonly description: DomainDescription;
}

/** Reads and replaces registrations. The keys of a domain are those of its first registration, and the receipt keys that later
 *  ones add: whatever a receipt key signs, the log has to hold it, and the log's keys stay. */
export class DomainRegister {
  readonly #db: Kysely<Tables>;
  readonly #byName = new Map<string, RegisteredDomain>();

  private constructor(db: Kysely<Tables>) {
    this.#db = db;
  }

  /** The register over what is stored. */
  static async open(db: Kysely<Tables>): Promise<DomainRegister> {
    const register = new DomainRegister(db);
    for (const { domain, url, description } of await db.selectFrom("domain").selectAll().execute()) {
      register.#byName.set(domain, { domain, url, description: DomainDescription.parse(JSON.parse(description)) });
    }
    return register;
  }

  /** Every domain, by name. */
  all(): RegisteredDomain[] {
    return [...this.#byName.values()].toSorted((a, b) => (a.domain < b.domain ? -1 : 1));
  }

  /** @throws ERR_NOT_FOUND */
  get(domain: string): RegisteredDomain {
    const found = this.#byName.get(domain);
    if (found === undefined) throw new SluiceError("ERR_NOT_FOUND", { kind: "domain", name: domain });
    return found;
  }

  /** A resource of the catalogue. @throws ERR_NOT_FOUND */
  resource(domain: string, resource: string): ResourceDescription {
    const found = this.get(domain).description.resources.find((candidate) => candidate.resource === resource);
    if (found === undefined) throw new SluiceError("ERR_NOT_FOUND", { kind: "resource", name: resource });
    return found;
  }

  /** Refuses a description with other keys than the domain was registered with, or of another domain; `rotated` receipt keys
   *  pass where somebody who may register a domain said so. @throws ERR_CONFLICT */
  assertSameKeys(domain: string, description: DomainDescription, rotated: boolean): void {
    const known = this.#byName.get(domain)?.description ?? description;
    const same =
      description.domain === domain &&
      continuesPin(known.receiptKey, description.receiptKey) &&
      (rotated || continuesPin(description.receiptKey, known.receiptKey)) &&
      description.logKey === known.logKey &&
      // A domain may begin to have one; after that it is pinned as the others.
      (known.logSm2Key === undefined || description.logSm2Key === known.logSm2Key) &&
      description.logOrigin === known.logOrigin &&
      description.resources.every((resource) => resource.domain === domain);
    if (!same) throw new SluiceError("ERR_CONFLICT", { kind: "domain", name: domain });
  }

  /** Keeps a registration whose keys were looked at. @throws ERR_CONFLICT as `assertSameKeys` */
  async put(registered: RegisteredDomain, at: Date): Promise<void> {
    const { domain, url } = registered;
    this.assertSameKeys(domain, registered.description, true);
    const description = JSON.stringify(registered.description);
    await this.#db.transaction().execute(async (transaction) => {
      await transaction.deleteFrom("domain").where("domain", "=", domain).execute();
      const row = { domain, url, description, registered_at: at.toISOString() };
      await transaction.insertInto("domain").values(row).execute();
    });
    this.#byName.set(domain, registered);
  }
}
