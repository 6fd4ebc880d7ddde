/** The parties as the agency stated them, in memory over their table: every request looks its key up here.
 *  @module */
import { canonicalText, SignedParty, SluiceError, type KeyId, type Party, type PartyRole } from "@sluice/protocol";
import type { Kysely } from "kysely";
import type { Tables } from "./tables.ts";

/** Reads and replaces party statements. Signatures are checked by those who call. */
export class PartyRegister {
  readonly #db: Kysely<Tables>;
  readonly #byName = new Map<string, SignedParty>();
  readonly #byKey = new Map<KeyId, Party>();

  private constructor(db: Kysely<Tables>) {
    this.#db = db;
  }

  /** The register over what is stored. */
  static async open(db: Kysely<Tables>): Promise<PartyRegister> {
    const register = new PartyRegister(db);
    const rows = await db.selectFrom("party").select("statement").execute();
    for (const { statement } of rows) register.#remember(SignedParty.parse(JSON.parse(statement)));
    return register;
  }

  /** The party that signs with `keyId`; null for strangers. */
  byKey(keyId: KeyId): Party | null {
    return this.#byKey.get(keyId) ?? null;
  }

  /** The party of that name; null when none is registered. */
  byName(party: string): Party | null {
    return this.#byName.get(party)?.body ?? null;
  }

  /** Every latest statement, by name. */
  statements(): SignedParty[] {
    return [...this.#byName.values()].toSorted((a, b) => (a.body.party < b.body.party ? -1 : 1));
  }

  /** Keys of the active parties of one role. */
  activeKeys(role: PartyRole): KeyId[] {
    return [...this.#byKey.values()]
      .filter((party) => party.role === role && party.status === "active")
      .map((party) => party.keyId);
  }

  /** Keeps a statement and queues it for `domains`. Returns false when exactly this statement was kept before.
   *  @throws ERR_STATE when a later statement stands; ERR_CONFLICT when another statement of the same instant
   *  stands, or the key is another party's */
  async put(signed: SignedParty, domains: readonly string[]): Promise<boolean> {
    const { body } = signed;
    const current = this.#byName.get(body.party);
    if (current !== undefined) {
      if (canonicalText(current.body) === canonicalText(body)) return false;
      if (current.body.at === body.at) throw new SluiceError("ERR_CONFLICT", { kind: "party", name: body.party });
      if (current.body.at > body.at) {
        const state = `stated at ${current.body.at}`;
        throw new SluiceError("ERR_STATE", { kind: "party", name: body.party, state, needed: "a later statement" });
      }
    }
    const owner = this.#byKey.get(body.keyId);
    if (owner !== undefined && owner.party !== body.party) {
      throw new SluiceError("ERR_CONFLICT", { kind: "party", name: owner.party });
    }
    const { party, keyId: key_id, role, status, at } = body;
    const statement = JSON.stringify(signed);
    await this.#db.transaction().execute(async (transaction) => {
      await transaction.deleteFrom("party").where("party", "=", party).execute();
      await transaction.insertInto("party").values({ party, key_id, role, status, at, statement }).execute();
      await transaction.deleteFrom("party_delivery").where("party", "=", party).execute();
      if (domains.length > 0) {
        const rows = domains.map((domain) => ({ domain, party, at, statement }));
        await transaction.insertInto("party_delivery").values(rows).execute();
      }
    });
    this.#remember(signed);
    return true;
  }

  #remember(signed: SignedParty): void {
    const before = this.#byName.get(signed.body.party);
    if (before !== undefined) this.#byKey.delete(before.body.keyId);
    this.#byName.set(signed.body.party, signed);
    this.#byKey.set(signed.body.keyId, signed.body);
  }
}
