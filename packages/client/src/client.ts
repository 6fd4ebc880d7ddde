/** The client of one party: everything it asks of a gateway, with every answer of a domain checked.
 *  @module */
import {
  BINARY_MEDIA_TYPE,
  type AggregateAgreement,
  type AggregateStanding,
  type EvidencedAggregateResult,
  type Name,
  type SignedAggregate,
  encodeCall,
  Run,
  sha256Hex,
  type AnswerEnvelope,
  type Bytes,
  type CallEnvelope,
  type ProductSnapshot,
  type RunEvent,
  type Sha256Hex,
  type SignedGrant,
} from "@sluice/protocol";
import { agreedResults, beginAggregate } from "./aggregate.ts";
import { openCount, type CountHandle } from "./count.ts";
import { fetchGrant } from "./grant.ts";
import { openLookup, type LookupHandle } from "./lookup.ts";
import { Management } from "./management.ts";
import { openMatch, type MatchHandle } from "./match.ts";
import {
  DEFAULT_BACKOFF_MS,
  DEFAULT_MAX_ATTEMPTS,
  DEFAULT_TIMEOUT_MS,
  systemClock,
  systemRandom,
  type CallOptions,
  type ClientOptions,
} from "./options.ts";
import { answerTimeoutMs, sendEnvelope, type ProductionContext } from "./production-call.ts";
import { refusal } from "./refusal.ts";
import { openDataset, type DatasetHandle } from "./dataset.ts";
import { openSnapshot, type ProductHandle } from "./product-handle.ts";
import { openReport, type ReportHandle } from "./report.ts";
import { withRetries } from "./retry.ts";
import { watchRun, type WatchContext } from "./run-events.ts";
import { openScore, type ScoreHandle } from "./score.ts";
import { openSelection, type SelectionHandle } from "./selection.ts";
import { random128, signUse, type UseSubject } from "./signed-use.ts";
import { openSum, type SumHandle } from "./sum.ts";
import { Transport } from "./transport.ts";

/** A job to run on the sample of a grant. */
export interface JobSubmission extends Omit<UseSubject, "operation" | "bundle"> {
  /** Bytes of the bundle. */
  readonly code: Bytes;
}

/** A build of a released product over every row. */
export type BuildSubmission = Omit<UseSubject, "operation" | "params">;

/** The SDK of callers, developers and officers. */
export class SluiceClient extends Management {
  readonly #context: ProductionContext & WatchContext;

  /** @throws ERR_USAGE when the gateway's address is not an http or https URL */
  constructor(options: ClientOptions) {
    const clock = options.clock ?? systemClock;
    const random = options.random ?? systemRandom;
    const { timeoutMs: chosenTimeoutMs } = options;
    const timeoutMs = chosenTimeoutMs ?? DEFAULT_TIMEOUT_MS;
    const fetch = options.fetch ?? globalThis.fetch.bind(globalThis);
    const { gatewayUrl, key, trust } = options;
    const transport = new Transport({ gatewayUrl, key, fetch, clock, random, timeoutMs });
    super(transport);
    const maxAttempts = options.maxAttempts ?? DEFAULT_MAX_ATTEMPTS;
    const backoffMs = options.backoffMs ?? DEFAULT_BACKOFF_MS;
    const retry = { maxAttempts, backoffMs, random };
    this.#context = { transport, key, trust, clock, random, timeoutMs, chosenTimeoutMs, retry };
  }

  /** Submits a bundle to run on the sample of a grant. The run goes on after this returns; see `watchRun`. */
  async submitJob(job: JobSubmission, options: CallOptions = {}): Promise<Run> {
    const bundle = await sha256Hex(job.code);
    return await this.#submit("/v1/jobs", { ...job, operation: "develop", bundle }, job.code, options);
  }

  /** Starts the build of a released product. The run goes on after this returns; see `watchRun`. */
  async startBuild(build: BuildSubmission, options: CallOptions = {}): Promise<Run> {
    return await this.#submit("/v1/builds", { ...build, operation: "build" }, new Uint8Array(), options);
  }

  /** Follows a run until it has completed or failed, and returns it. Each event is told once, in order. */
  watchRun(callId: string, onEvent: (event: RunEvent) => void, options: CallOptions = {}): Promise<Run> {
    return watchRun(this.#context, callId, onEvent, options);
  }

  /** What a product serves, as its domain has signed it: what a caller knows before it asks. Nothing else is fetched.
   *  @throws ERR_SIGNATURE, ERR_RECEIPT, ERR_NOT_FOUND */
  openSnapshot(product: string, options: CallOptions = {}): Promise<ProductHandle<ProductSnapshot>> {
    return openSnapshot(this.#context, product, options);
  }

  /** Fetches and checks what a product serves, ready for private lookups.
   *  @throws ERR_SIGNATURE, ERR_RECEIPT, ERR_NOT_FOUND; ERR_STATE when the product is of another form */
  openLookup(product: string, options: CallOptions = {}): Promise<LookupHandle> {
    return openLookup(this.#context, product, options);
  }

  /** Ready to learn which entries of a list are in a product's set. @throws as `openLookup` */
  openMatch(product: string, options: CallOptions = {}): Promise<MatchHandle> {
    return openMatch(this.#context, product, options);
  }

  /** Ready to learn how many entries of a list are in a product's set. @throws as `openLookup` */
  openCount(product: string, options: CallOptions = {}): Promise<CountHandle> {
    return openCount(this.#context, product, options);
  }

  /** Ready to learn the sum of a product's values over the entries of a list. @throws as `openLookup` */
  openSum(product: string, options: CallOptions = {}): Promise<SumHandle> {
    return openSum(this.#context, product, options);
  }

  /** Ready for encrypted scoring. @throws as `openLookup` */
  openScore(product: string, options: CallOptions = {}): Promise<ScoreHandle> {
    return openScore(this.#context, product, options);
  }

  /** Ready to ask for sums under a hidden selection. @throws as `openLookup` */
  openSelection(product: string, options: CallOptions = {}): Promise<SelectionHandle> {
    return openSelection(this.#context, product, options);
  }

  /** Ready to read a report. @throws as `openLookup` */
  openReport(product: string, options: CallOptions = {}): Promise<ReportHandle> {
    return openReport(this.#context, product, options);
  }

  /** Ready to read a data set. @throws as `openLookup` */
  openDataset(product: string, options: CallOptions = {}): Promise<DatasetHandle> {
    return openDataset(this.#context, product, options);
  }

  /** The grant of that hash, checked against the pinned keys of department and agency; for the parties of the grant.
   *  @throws ERR_RECEIPT, ERR_SIGNATURE, ERR_NOT_FOUND */
  grant(hash: Sha256Hex, options: CallOptions = {}): Promise<SignedGrant> {
    return fetchGrant(this.#context, hash, options);
  }

  /** Begins an aggregation that all of its departments signed; one that has begun goes on.
   *  @throws ERR_AGGREGATE_PLAN, ERR_SIGNATURE, ERR_ROLE */
  beginAggregate(signed: SignedAggregate, options: CallOptions = {}): Promise<AggregateStanding> {
    return beginAggregate(this.#context, signed, options);
  }

  /** What all of `domains` have signed of the sum of an agreement, checked. For its recipient; a department has its own domain's.
   *  @throws ERR_NOT_ADMITTED, ERR_STATE while there is none; ERR_RECEIPT, ERR_SIGNATURE, ERR_LOG, ERR_AGGREGATE_DIFFERS */
  aggregateResults(
    agreement: AggregateAgreement,
    domains: readonly Name[],
    options: CallOptions = {},
  ): Promise<EvidencedAggregateResult[]> {
    return agreedResults(this.#context, { agreement, domains }, options);
  }

  /** Sends one envelope once, as it is, and decodes the answer *without checking it*: for tools and tests that
   *  craft requests. Products are asked through their handles. */
  call(envelope: CallEnvelope, options: CallOptions = {}): Promise<AnswerEnvelope> {
    return sendEnvelope(this.#context.transport, envelope, options);
  }

  async #submit(path: string, use: UseSubject, frame: Bytes, { signal }: CallOptions): Promise<Run> {
    const callId = random128(this.#context.random);
    const { key, transport, retry } = this.#context;
    const timeoutMs = answerTimeoutMs(this.#context, use.operation);
    const run = await withRetries(
      async () => {
        const envelope = await signUse({ ...use, callId }, frame, key, this.#context);
        const body = { mediaType: BINARY_MEDIA_TYPE, bytes: encodeCall(envelope) };
        return await transport.json({ method: "POST", path, body, signal, timeoutMs }, Run);
      },
      { ...retry, signal },
    );
    if (run.callId === callId) return run;
    throw refusal("ERR_BODY_INVALID", { pointer: "/callId", expected: "the call id that was sent" });
  }
}

/** A client of the gateway at `options.gatewayUrl`, acting with `options.key`.
 *  @throws ERR_USAGE when the gateway's address is not an http or https URL */
export function createClient(options: ClientOptions): SluiceClient {
  return new SluiceClient(options);
}
