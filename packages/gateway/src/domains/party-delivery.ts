/** Delivery of party statements to every registered domain. What a domain has not confirmed stays queued on disk
 *  and is tried again: a suspension must reach a domain that was down.
 *  @module */
import { isSluiceError, SignedParty } from "@sluice/protocol";
import type { Kysely } from "kysely";
import type { DomainRegister } from "../state/domain-register.ts";
import type { Tables } from "../state/tables.ts";
import { OneAtATime } from "../work/one-at-a-time.ts";
import type { DomainAddress, DomainLink } from "./domain-link.ts";

/** Time between two tries. */
export const REDELIVERY_INTERVAL_MS = 5_000;
/** Time one statement may take. */
const DELIVERY_TIMEOUT_MS = 5_000;

/** Delivers queued statements. */
export class PartyDelivery {
  readonly #db: Kysely<Tables>;
  readonly #domains: DomainRegister;
  readonly #link: DomainLink;
  readonly #onFault: (error: unknown) => void;
  readonly #perDomain = new OneAtATime();
  readonly #closing = new AbortController();
  readonly #timer: NodeJS.Timeout;
  #retrying: Promise<void> = Promise.resolve();

  constructor(db: Kysely<Tables>, domains: DomainRegister, link: DomainLink, onFault: (error: unknown) => void) {
    this.#onFault = onFault;
    this.#db = db;
    this.#domains = domains;
    this.#link = link;
    this.#timer = setInterval(() => {
      this.#retrying = this.#retrying.then(() => this.flush()).catch(onFault);
    }, REDELIVERY_INTERVAL_MS).unref();
  }

  /** Tries to deliver everything that is queued. What fails stays queued. */
  async flush(): Promise<void> {
    await Promise.all(this.#domains.all().map((address) => this.#flushDomain(address)));
  }

  /** Delivers `statements` to a domain that is being registered. @throws the domain's refusal, ERR_UNREACHABLE */
  async deliverAll(address: DomainAddress, statements: readonly SignedParty[]): Promise<void> {
    for (const statement of statements) await this.#send(address, statement);
  }

  /** Stops trying. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    this.#closing.abort();
    await this.#retrying;
  }

  async #flushDomain(address: DomainAddress): Promise<void> {
    await this.#perDomain.run(address.domain, async () => {
      if (this.#closing.signal.aborted) return;
      const rows = await this.#db
        .selectFrom("party_delivery")
        .select(["party", "at", "statement"])
        .where("domain", "=", address.domain)
        .orderBy("at")
        .execute();
      for (const { party, at, statement } of rows) {
        try {
          await this.#send(address, SignedParty.parse(JSON.parse(statement)));
        } catch (error) {
          // A domain that is away gets the rest later; one statement that it refuses does not hold up the others.
          if (isSluiceError(error, "ERR_UNREACHABLE", "ERR_TIMEOUT", "ERR_CANCELLED")) return;
          this.#onFault(error);
          continue;
        }
        await this.#db
          .deleteFrom("party_delivery")
          .where("domain", "=", address.domain)
          .where("party", "=", party)
          .where("at", "=", at)
          .execute();
      }
    });
  }

  async #send(address: DomainAddress, statement: SignedParty): Promise<void> {
    const signal = this.#closing.signal;
    await this.#link.bytes(address, {
      method: "POST",
      path: "/v1/parties",
      json: statement,
      timeoutMs: DELIVERY_TIMEOUT_MS,
      signal,
    });
  }
}
