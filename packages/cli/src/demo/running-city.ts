/** A city whose processes run, and the clients of its parties.
 *  @module */
import { createClient, type SluiceClient } from "@sluice/client";
import { DOMAINS, domainDirectory, gatewayDirectory, type City, type DomainName } from "./city.ts";
import type { PartyName } from "./parties.ts";
import { startDomainProcess, startGatewayProcess, type ServerProcess } from "./processes.ts";

/** Changes the address at which the gateway reaches a domain; a test puts a recording proxy there. */
export type DomainAddress = (domain: DomainName, url: string) => Promise<string>;

/** Processes and clients of one city. */
export class RunningCity {
  readonly city: City;
  readonly #address: DomainAddress;
  #gateway: ServerProcess;
  readonly #domains = new Map<DomainName, ServerProcess>();

  private constructor(city: City, gateway: ServerProcess, address: DomainAddress) {
    this.city = city;
    this.#gateway = gateway;
    this.#address = address;
  }

  /** Starts every process of `city`. */
  static async start(city: City, address: DomainAddress = async (_domain, url) => url): Promise<RunningCity> {
    const names = Object.keys(DOMAINS) as DomainName[];
    const started = await Promise.allSettled([
      startGatewayProcess(gatewayDirectory(city.directory)),
      ...names.map((name) => startDomainProcess(name, domainDirectory(city.directory, name))),
    ]);
    const running = started.flatMap((result) => (result.status === "fulfilled" ? [result.value] : []));
    const failed = started.find((result) => result.status === "rejected");
    const [gateway, ...domains] = running;
    if (failed !== undefined || gateway === undefined) {
      await Promise.all(running.map((process) => process.stop()));
      throw failed?.reason;
    }
    const result = new RunningCity(city, gateway, address);
    for (const [i, name] of names.entries()) {
      const process = domains[i];
      if (process !== undefined) result.#domains.set(name, process);
    }
    return result;
  }

  get gateway(): ServerProcess {
    return this.#gateway;
  }

  /** The process of a domain. */
  domain(name: DomainName): ServerProcess {
    const process = this.#domains.get(name);
    if (process === undefined) throw new RangeError(`no process of domain ${name}`);
    return process;
  }

  /** A client acting with the key of `party`. */
  client(party: PartyName, options: { fetch?: typeof fetch } = {}): SluiceClient {
    return createClient({
      gatewayUrl: this.#gateway.url,
      key: this.city.keys[party],
      trust: this.city.trust,
      ...options,
    });
  }

  /** Tells the gateway where every domain listens. */
  async registerDomains(): Promise<void> {
    for (const name of this.#domains.keys()) await this.#register(name);
  }

  /** Starts the gateway again after it was stopped or killed. */
  async restartGateway(): Promise<void> {
    this.#gateway = await startGatewayProcess(gatewayDirectory(this.city.directory));
  }

  /** Starts a domain again and tells the gateway its new address. */
  async restartDomain(name: DomainName): Promise<void> {
    this.#domains.set(name, await startDomainProcess(name, domainDirectory(this.city.directory, name)));
    await this.#register(name);
  }

  /** Stops every process. */
  async stop(): Promise<void> {
    await Promise.all([this.#gateway, ...this.#domains.values()].map((process) => process.stop()));
  }

  async #register(domain: DomainName): Promise<void> {
    const url = await this.#address(domain, this.domain(domain).url);
    await this.client("data-bureau").registerDomain({ domain, url });
  }
}
