/** Management calls: parties, domains, scenes, grants, runs, releases, products. All decisions are made by
 *  gateway and domain; these functions carry signed documents to them and check the shape of what returns.
 *  @module */
import {
  AggregateStanding,
  EventPage,
  EventQuery,
  Catalogue,
  DomainDescription,
  DomainRegistration,
  GrantDelivery,
  isSluiceError,
  PartyList,
  Product,
  ProductList,
  ReceiptChain,
  ReceiptPage,
  ReceiptQuery,
  ReleaseAccepted,
  ResourceProfile,
  Review,
  Run,
  RunReviews,
  Scene,
  SceneProposal,
  SignedParty,
  SignedRelease,
  SignedRevocation,
  SignedStatus,
  StopDelivered,
  utf8,
  type Bytes,
  type Sha256Hex,
} from "@sluice/protocol";
import type { CallOptions } from "./options.ts";
import { parseAs, type Schema } from "./response-body.ts";
import type { Exchange, Transport } from "./transport.ts";

/** Largest file of a log: a full tile is below 9 KiB. */
const MAX_LOG_FILE_BYTES = 1 << 16;

/** The management side of a client. */
export class Management {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** Registers or replaces a party, as the agency signed it. */
  putParty(party: SignedParty, options: CallOptions = {}): Promise<SignedParty> {
    return this.#send("PUT", `/v1/parties/${part(party.body.party)}`, SignedParty, party, SignedParty, options);
  }

  /** The latest statement about each party. */
  async parties(options: CallOptions = {}): Promise<SignedParty[]> {
    return (await this.#transport.json({ method: "GET", path: "/v1/parties", ...options }, PartyList)).parties;
  }

  /** Tells the gateway where a domain listens; it fetches the description of the domain. */
  registerDomain(registration: DomainRegistration, options: CallOptions = {}): Promise<DomainDescription> {
    return this.#send("POST", "/v1/domains", DomainRegistration, registration, DomainDescription, options);
  }

  /** Has the gateway fetch the description of a registered domain again. */
  refreshDomain(domain: string, options: CallOptions = {}): Promise<DomainDescription> {
    return this.#transport.json(
      { method: "POST", path: `/v1/domains/${part(domain)}/refresh`, ...options },
      DomainDescription,
    );
  }

  /** The domains with the resources they offer: metadata only. */
  async catalogue(options: CallOptions = {}): Promise<DomainDescription[]> {
    return (await this.#transport.json({ method: "GET", path: "/v1/catalogue", ...options }, Catalogue)).domains;
  }

  /** The safe profile of a resource, as its department published it; no grant is needed. */
  profile(domain: string, resource: string, options: CallOptions = {}): Promise<ResourceProfile> {
    const path = `/v1/domains/${part(domain)}/resources/${part(resource)}/profile`;
    return this.#transport.json({ method: "GET", path, ...options }, ResourceProfile);
  }

  /** Proposes a scene. */
  proposeScene(proposal: SceneProposal, options: CallOptions = {}): Promise<Scene> {
    return this.#send("POST", "/v1/scenes", SceneProposal, proposal, Scene, options);
  }

  /** A scene with its reviews. */
  scene(scene: string, options: CallOptions = {}): Promise<Scene> {
    return this.#transport.json({ method: "GET", path: `/v1/scenes/${part(scene)}`, ...options }, Scene);
  }

  /** Reviews a scene. */
  reviewScene(scene: string, review: Review, options: CallOptions = {}): Promise<Scene> {
    return this.#send("POST", `/v1/scenes/${part(scene)}/reviews`, Review, review, Scene, options);
  }

  /** Brings a signed grant to the gateway, which passes it on to the domain. */
  deliverGrant(delivery: GrantDelivery, options: CallOptions = {}): Promise<Scene> {
    return this.#send("POST", "/v1/grants", GrantDelivery, delivery, Scene, options);
  }

  /** A run as the parties of its grant see it. */
  run(callId: string, options: CallOptions = {}): Promise<Run> {
    return this.#transport.json({ method: "GET", path: `/v1/runs/${part(callId)}`, ...options }, Run);
  }

  /** Reviews a development run. */
  reviewRun(callId: string, review: Review, options: CallOptions = {}): Promise<RunReviews> {
    return this.#send("POST", `/v1/runs/${part(callId)}/reviews`, Review, review, RunReviews, options);
  }

  /** Brings a signed release to the gateway, which passes it on and registers the product. */
  async deliverRelease(release: SignedRelease, options: CallOptions = {}): Promise<Product> {
    const accepted = await this.#send("POST", "/v1/releases", SignedRelease, release, ReleaseAccepted, options);
    return accepted.product;
  }

  /** Has the gateway carry a signed revocation to its domain. */
  async deliverRevocation(revocation: SignedRevocation, options: CallOptions = {}): Promise<void> {
    await this.#send("POST", "/v1/revocations", SignedRevocation, revocation, StopDelivered, options);
  }

  /** Has the gateway carry a signed status to its domain. */
  async deliverStatus(status: SignedStatus, options: CallOptions = {}): Promise<void> {
    await this.#send("POST", "/v1/statuses", SignedStatus, status, StopDelivered, options);
  }

  /** The receipt of a call, with the documents it rests on; for the parties of the call. */
  receipt(callId: string, options: CallOptions = {}): Promise<ReceiptChain> {
    return this.#transport.json({ method: "GET", path: `/v1/receipts/${part(callId)}`, ...options }, ReceiptChain);
  }

  /** One page of the receipts of a period; for the agency. */
  receipts(query: ReceiptQuery, options: CallOptions = {}): Promise<ReceiptPage> {
    const parameters = new URLSearchParams({ ...parseAs(ReceiptQuery, query) } as Record<string, string>);
    return this.#transport.json(
      { method: "GET", path: `/v1/receipts?${parameters.toString()}`, ...options },
      ReceiptPage,
    );
  }

  /** One page of the events of a domain; for the agency. */
  events(domain: string, query: EventQuery, options: CallOptions = {}): Promise<EventPage> {
    const parameters = new URLSearchParams({ ...parseAs(EventQuery, query) } as Record<string, string>);
    const path = `/v1/domains/${part(domain)}/events?${parameters.toString()}`;
    return this.#transport.json({ method: "GET", path, ...options }, EventPage);
  }

  /** Reviews of a run; for the agency. */
  runReviews(callId: string, options: CallOptions = {}): Promise<RunReviews> {
    return this.#transport.json({ method: "GET", path: `/v1/runs/${part(callId)}/reviews`, ...options }, RunReviews);
  }

  /** A public file of the gateway's log or, for the agency, of a domain's; null when the log has none of that path.
   *  `path` is one of C2SP tlog-tiles. */
  async logFile(domain: string | null, path: string, options: CallOptions = {}): Promise<Bytes | null> {
    const base = domain === null ? "" : `/v1/domains/${part(domain)}`;
    const exchange = { method: "GET", path: `${base}/log/${path}`, ...options } as const;
    try {
      return await this.#transport.bytes(exchange, MAX_LOG_FILE_BYTES);
    } catch (error) {
      if (isSluiceError(error, "ERR_NOT_FOUND") && error.details["kind"] === "log file") return null;
      throw error;
    }
  }

  /** How far an aggregation is; for its recipient, its departments and the agency. */
  aggregate(aggregate: Sha256Hex, options: CallOptions = {}): Promise<AggregateStanding> {
    return this.#transport.json(
      { method: "GET", path: `/v1/aggregates/${part(aggregate)}`, ...options },
      AggregateStanding,
    );
  }

  /** Every registered product. */
  async products(options: CallOptions = {}): Promise<Product[]> {
    return (await this.#transport.json({ method: "GET", path: "/v1/products", ...options }, ProductList)).products;
  }

  /** One product. */
  product(name: string, options: CallOptions = {}): Promise<Product> {
    return this.#transport.json({ method: "GET", path: `/v1/products/${part(name)}`, ...options }, Product);
  }

  async #send<In, Out>(
    method: Exchange["method"],
    path: string,
    input: Schema<In>,
    document: In,
    output: Schema<Out>,
    { signal }: CallOptions,
  ): Promise<Out> {
    const bytes = utf8(JSON.stringify(parseAs(input, document)));
    return await this.#transport.json({ method, path, body: { mediaType: "application/json", bytes }, signal }, output);
  }
}

function part(name: string): string {
  return encodeURIComponent(name);
}
