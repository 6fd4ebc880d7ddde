/** A city whose processes run, and the clients of its parties.
 *  @module */
import { setTimeout } from "node:timers/promises";
import { createClient, systemClock, type SluiceClient } from "@sluice/client";
import { deliverStop } from "../status/deliver-stop.ts";
import { issueStatus, keepStatus, RENEW_AFTER, type StatusIssuer } from "../status/issue-status.ts";
import { domainDirectory, gatewayDirectory, LEASE_MS, type City } from "./city.ts";
import type { PartyName } from "./parties.ts";
import { startDomainProcess, startGatewayProcess, type ServerProcess } from "./processes.ts";

/** Changes the address at which a process is reached by the others; a test puts a recording proxy there. */
export type Address = (name: string, url: string) => Promise<string>;

const GATEWAY = "gateway";

/** Processes and clients of one city. */
export class RunningCity {
  readonly city: City;
  readonly #address: Address;
  readonly #processes = new Map<string, ServerProcess>();
  readonly #leases = new Map<string, StatusIssuer>();
  readonly #stopping = new AbortController();
  #gatewayUrl = "";

  private constructor(city: City, address: Address) {
    this.city = city;
    this.#address = address;
  }

  /** Starts every process of `city`. @throws the coded error of the first that did not start */
  static async start(city: City, address: Address = async (_name, url) => url): Promise<RunningCity> {
    const running = new RunningCity(city, address);
    const started = await Promise.allSettled(
      [GATEWAY, ...Object.keys(city.domains)].map((name) => running.#start(name)),
    );
    const failed = started.find((result) => result.status === "rejected");
    if (failed === undefined) return running;
    await running.stop();
    throw failed.reason;
  }

  /** Address at which clients reach the gateway. */
  get gatewayUrl(): string {
    return this.#gatewayUrl;
  }

  /** The gateway, or the domain of that name. */
  process(name: string): ServerProcess {
    const process = this.#processes.get(name);
    if (process === undefined) throw new RangeError(`no process ${name}`);
    return process;
  }

  /** A client acting with the key of `party`. */
  client(
    party: PartyName,
    options: { fetch?: typeof fetch; maxAttempts?: number; backoffMs?: number } = {},
  ): SluiceClient {
    const { keys, trust } = this.city;
    return createClient({ gatewayUrl: this.#gatewayUrl, key: keys[party], trust, ...options });
  }

  /** Tells the gateway where every domain listens. */
  async registerDomains(): Promise<void> {
    for (const name of Object.keys(this.city.domains)) await this.#register(name);
  }

  /** Starts a process again after it was stopped or killed. */
  async restart(name: string): Promise<void> {
    await this.#start(name);
    if (name !== GATEWAY) await this.#register(name);
  }

  /** Addresses of every log that a receipt may be in, by the name under which it is verified. */
  logAddresses(): Record<string, string> {
    return Object.fromEntries([...this.#processes].map(([name, process]) => [name, process.url]));
  }

  /** Stops every process. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await Promise.all([...this.#processes.values()].map((process) => process.stop()));
  }

  async #start(name: string): Promise<void> {
    const { directory } = this.city;
    const process =
      name === GATEWAY
        ? await startGatewayProcess(gatewayDirectory(directory))
        : await startDomainProcess(name, domainDirectory(directory, name));
    this.#processes.set(name, process);
    if (name === GATEWAY) this.#gatewayUrl = await this.#address(GATEWAY, process.url);
  }

  async #register(domain: string): Promise<void> {
    const url = await this.#address(domain, this.process(domain).url);
    await this.client("data-bureau").registerDomain({ domain, url });
    await this.#lease(domain);
  }

  /** Extends the lease of a domain now, and again and again while the city runs. */
  async #lease(domain: string): Promise<void> {
    const kept = this.#leases.get(domain);
    const issuer = kept ?? this.#issuer(domain);
    await issueStatus(issuer);
    if (kept !== undefined) return;
    this.#leases.set(domain, issuer);
    const wait = (ms: number): Promise<void> =>
      setTimeout(ms, undefined, { signal: this.#stopping.signal, ref: false });
    // A status that does not arrive is sent again; the domain says why it refuses work.
    wait(issuer.validMs * RENEW_AFTER)
      .then(() => keepStatus(issuer, { wait, told: () => {} }))
      .catch(() => {});
  }

  #issuer(domain: string): StatusIssuer {
    return {
      domain,
      key: this.city.keys["data-bureau"],
      validMs: LEASE_MS,
      clock: systemClock,
      stops: async () => ({ revoked: [], suspended: [] }),
      deliver: async (status) => {
        const url = new URL(await this.#address(domain, this.process(domain).url));
        await deliverStop(url, "/v1/statuses", status, this.#stopping.signal);
      },
    };
  }
}
