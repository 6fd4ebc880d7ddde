/** Starts a gateway: takes its directory, recovers what a crash left, listens.
 *  @module */
import { randomBytes } from "node:crypto";
import { access, constants } from "node:fs/promises";
import { join } from "node:path";
import {
  DEFAULT_PUBLISH_INTERVAL_MS,
  keepAnchors,
  lockDirectory,
  logIdentity,
  openLog,
  readAnchors,
  witnessesOfFile,
  type KeyAccess,
} from "@sluice/evidence";
import { ProcessLog, serveMetrics, ServerMetrics, type LineSink } from "@sluice/evidence/observe";
import { DOMAIN_TIMEOUT_MS, isSluiceError, SluiceError, type Clock, type Random } from "@sluice/protocol";
import { FILES, notAGateway, readConfig, readKeys } from "./configuration.ts";
import type { GatewayContext } from "./context.ts";
import { AggregateRuns } from "./aggregates/aggregate-runs.ts";
import { DomainLink } from "./domains/domain-link.ts";
import { PartyDelivery } from "./domains/party-delivery.ts";
import { FOLLOW_INTERVAL_MS, RunFollower } from "./domains/run-follower.ts";
import { installGatewayMetrics } from "./http/metrics.ts";
import { createServer } from "./http/server.ts";
import { DomainRegister } from "./state/domain-register.ts";
import { NonceStore } from "./state/nonce-store.ts";
import { openState } from "./state/open-state.ts";
import { PartyRegister } from "./state/party-register.ts";
import { ProductRegister } from "./state/product-register.ts";
import { Admission, DEFAULT_ADMISSION, type AdmissionLimits } from "./work/admission.ts";
import { OneAtATime } from "./work/one-at-a-time.ts";
import { ReceiptBook } from "./work/receipt-book.ts";
import { RecentRequests } from "./work/recent-requests.ts";
import { SessionOpenings } from "./work/session-openings.ts";

/** Address unless a deployment says otherwise: only this machine. */
export const DEFAULT_HOST = "127.0.0.1";

/** How to start a gateway. */
export interface StartGatewayOptions {
  readonly host?: string;
  /** 0 chooses a free port. */
  readonly port?: number;
  readonly clock?: Clock;
  readonly random?: Random;
  /** What opens the keys, unless they are in plain files. */
  readonly keys?: KeyAccess | undefined;
  /** Closes the gateway when it aborts. */
  readonly signal?: AbortSignal;
  /** Takes the lines of the log instead of `gateway.log` in the directory. */
  readonly logTo?: LineSink;
  /** Port of `GET /metrics` on loopback, 0 for a free one; none unless given. */
  readonly metricsPort?: number;
  /** Strangers see a new checkpoint of the log at the end of each such interval; 0: with each receipt. */
  readonly publishIntervalMs?: number;
  readonly admission?: Partial<AdmissionLimits>;
  /** Time that a domain has for an answer; submitted runs and lists have their own, see `domainTimeoutMs` of protocol. */
  readonly domainTimeoutMs?: number;
  /** Time between two looks at runs that nobody reads, to book what they cost; 5 s unless given. */
  readonly followIntervalMs?: number;
  /** Names this gateway answers to, `host[:port]` in lower case; a request signed for another is refused. */
  readonly authorities?: readonly string[];
}

/** A gateway that listens. */
export interface RunningGateway {
  readonly url: string;
  readonly port: number;
  /** Where metrics are served, if they are. */
  readonly metricsPort?: number | undefined;
  /** Stops listening, ends what is in progress, and lets the directory go. */
  close(): Promise<void>;
}

/** Starts the gateway of `directory`.
 *  @throws ERR_DIRECTORY_STATE, ERR_DIRECTORY_LOCKED, ERR_DIRECTORY_UNWRITABLE, ERR_PORT_IN_USE, ERR_CANCELLED,
 *  ERR_LOG, ERR_CLOCK */
export async function startGateway(directory: string, options: StartGatewayOptions = {}): Promise<RunningGateway> {
  const closers: (() => Promise<void> | void)[] = [];
  let closed: Promise<void> | undefined;
  const close = (): Promise<void> => (closed ??= closeAll(closers));
  try {
    options.signal?.throwIfAborted();
    const { url, metricsPort } = await open(directory, options, closers);
    if (options.signal?.aborted === true) throw new SluiceError("ERR_CANCELLED");
    options.signal?.addEventListener("abort", () => void close().catch(() => {}), { once: true });
    return { url, port: Number(new URL(url).port), metricsPort, close };
  } catch (cause) {
    await close();
    if (isSluiceError(cause)) throw cause;
    if (options.signal?.aborted === true) throw new SluiceError("ERR_CANCELLED", {}, { cause });
    throw cause;
  }
}

async function open(
  directory: string,
  options: StartGatewayOptions,
  closers: (() => Promise<void> | void)[],
): Promise<{ url: string; metricsPort: number | undefined }> {
  const { host = DEFAULT_HOST, port = 0, clock = { now: () => new Date() }, random = systemRandom } = options;
  const config = await readConfig(directory);
  if (config === null) throw notAGateway(directory, "a gateway");
  await requireWritable(directory);
  const lock = await lockDirectory(directory);
  closers.push(() => lock.release());
  const { gatewayKey, logKey, logSm2Key } = await readKeys(directory, config, options.keys);
  const processLog = new ProcessLog(options.logTo ?? join(directory, FILES.processLog), { service: "gateway", clock });
  closers.push(() => processLog.close());
  const metrics = new ServerMetrics(processLog);
  closers.push(() => metrics.close());
  const onFault = (error: unknown): void => processLog.fault(error);
  const log = await openLog(join(directory, FILES.log), {
    origin: config.logOrigin,
    key: logKey,
    sm2Key: logSm2Key,
    clock,
    publishIntervalMs: options.publishIntervalMs ?? DEFAULT_PUBLISH_INTERVAL_MS,
    cosign: (await witnessesOfFile(join(directory, FILES.witnesses), { fetch, onFault }))?.cosign,
  });
  closers.push(() => log.close());
  const anchors = keepAnchors({
    anchors: await readAnchors(directory),
    directory: join(directory, FILES.anchors),
    log,
    identity: logIdentity(config),
    clock,
    random,
    fetch,
    env: process.env,
    onFault,
    onNews: (news) => processLog.write({ event: "anchor", ...news }),
  });
  closers.push(() => anchors.close());
  const state = await openState(directory, { onFault });
  closers.push(() => state.close());
  const domains = await DomainRegister.open(state.db);
  const timeoutMs = options.domainTimeoutMs ?? DOMAIN_TIMEOUT_MS;
  const link = new DomainLink({ gatewayKey, clock, random, timeoutMs });
  const delivery = new PartyDelivery(state.db, domains, link, onFault);
  closers.push(() => delivery.close());
  const book = await ReceiptBook.open({ state, log, key: gatewayKey, clock, random });
  closers.push(() => book.close());
  const closing = new AbortController();
  const aggregates = new AggregateRuns({ state, domains, link, clock, closing: closing.signal }, onFault);
  closers.push(() => aggregates.close());
  const context: GatewayContext = {
    directory,
    config,
    gatewayKey,
    clock,
    random,
    state,
    parties: await PartyRegister.open(state.db),
    domains,
    products: await ProductRegister.open(state.db),
    nonces: await NonceStore.open(state.db, clock),
    link,
    delivery,
    aggregates,
    log,
    book,
    admission: new Admission({ ...DEFAULT_ADMISSION, ...options.admission }, clock),
    requests: new RecentRequests(),
    openings: new SessionOpenings(clock),
    changes: new OneAtATime(),
    observer: { log: processLog, metrics },
    authorities: options.authorities,
    closing: closing.signal,
  };
  installGatewayMetrics(context);
  const follower = new RunFollower(context, options.followIntervalMs ?? FOLLOW_INTERVAL_MS, onFault);
  closers.push(() => follower.close());
  await aggregates.resume();
  const server = await createServer(context);
  closers.push(() => server.close());
  // First of all: open event streams would keep the server from closing.
  closers.push(() => closing.abort());
  const url = await listen(server, host, port);
  closers.push(() => processLog.write({ event: "stopping" }));
  const scraped = options.metricsPort === undefined ? undefined : await serveMetrics(metrics, options.metricsPort);
  if (scraped !== undefined) closers.push(() => scraped.close());
  processLog.started({ address: url, metricsPort: scraped?.port });
  return { url, metricsPort: scraped?.port };
}

async function listen(
  server: { listen(address: { host: string; port: number }): Promise<string> },
  host: string,
  port: number,
): Promise<string> {
  try {
    return await server.listen({ host, port });
  } catch (cause) {
    if (cause instanceof Error && "code" in cause && cause.code === "EADDRINUSE") {
      throw new SluiceError("ERR_PORT_IN_USE", { address: `${host}:${port}` }, { cause });
    }
    throw cause;
  }
}

async function requireWritable(directory: string): Promise<void> {
  try {
    await access(directory, constants.W_OK);
  } catch (cause) {
    throw new SluiceError("ERR_DIRECTORY_UNWRITABLE", { directory }, { cause });
  }
}

/** Closes in reverse order of opening; a fault of one does not keep the others open. */
async function closeAll(closers: (() => Promise<void> | void)[]): Promise<void> {
  const faults: unknown[] = [];
  for (const close of closers.toReversed()) {
    try {
      await close();
    } catch (error) {
      faults.push(error);
    }
  }
  if (faults.length > 0) throw faults[0];
}

const systemRandom: Random = { bytes: (length) => new Uint8Array(randomBytes(length)) };
