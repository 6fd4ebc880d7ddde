/** What the routes of one running gateway share.
 *  @module */
import type { DirectoryLog, SigningKey } from "@sluice/evidence";
import type { Observer } from "@sluice/evidence/observe";
import type { Clock, Random } from "@sluice/protocol";
import type { GatewayConfig } from "./configuration.ts";
import type { AggregateRuns } from "./aggregates/aggregate-runs.ts";
import type { DomainLink } from "./domains/domain-link.ts";
import type { PartyDelivery } from "./domains/party-delivery.ts";
import type { DomainRegister } from "./state/domain-register.ts";
import type { NonceStore } from "./state/nonce-store.ts";
import type { State } from "./state/open-state.ts";
import type { PartyRegister } from "./state/party-register.ts";
import type { ProductRegister } from "./state/product-register.ts";
import type { Admission } from "./work/admission.ts";
import type { OneAtATime } from "./work/one-at-a-time.ts";
import type { ReceiptBook } from "./work/receipt-book.ts";
import type { RecentRequests } from "./work/recent-requests.ts";
import type { SessionOpenings } from "./work/session-openings.ts";

/** Parts of a running gateway. */
export interface GatewayContext {
  readonly directory: string;
  readonly config: GatewayConfig;
  readonly gatewayKey: SigningKey;
  readonly clock: Clock;
  readonly random: Random;
  readonly state: State;
  readonly parties: PartyRegister;
  readonly domains: DomainRegister;
  readonly products: ProductRegister;
  readonly nonces: NonceStore;
  readonly link: DomainLink;
  readonly delivery: PartyDelivery;
  /** Aggregations that are relayed. */
  readonly aggregates: AggregateRuns;
  readonly log: DirectoryLog;
  readonly book: ReceiptBook;
  readonly admission: Admission;
  /** Process log and metrics. */
  readonly observer: Observer;
  readonly requests: RecentRequests;
  readonly openings: SessionOpenings;
  /** Serialises changes of one party, domain, scene, run or product. */
  readonly changes: OneAtATime;
  /** Names this gateway answers to, `host[:port]`; any, when undefined. */
  readonly authorities: readonly string[] | undefined;
  /** Aborts when the gateway closes: ends event streams. */
  readonly closing: AbortSignal;
}
