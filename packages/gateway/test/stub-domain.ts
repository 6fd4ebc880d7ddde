/** A domain as the gateway sees it: an HTTP server with real keys, a real log and real receipts, and no data. Its
 *  answers can be bent to play a broken or dishonest domain.
 *  @module */
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  commitment,
  createLogProof,
  generateKey,
  openLog,
  referTo,
  signDocument,
  type DirectoryLog,
  type KeyPair,
} from "@sluice/evidence";
import { verifyHttp } from "@sluice/evidence/http";
import {
  canonicalBytes,
  decodeCall,
  documentHash,
  encodeAnswer,
  OPERATION_UNITS,
  sha256Hex,
  SluiceError,
  toProblem,
  utf8,
  type AnswerEnvelope,
  type CallEnvelope,
  type DomainDescription,
  type EventKind,
  type EvidencedReceipt,
  type JobManifest,
  type KeyId,
  type OutputSpec,
  type Receipt,
  type Run,
  type SignedEvent,
  type SignedParty,
} from "@sluice/protocol";
import { clock, random } from "./directories.ts";

type Handler = (
  body: Uint8Array,
  request: IncomingMessage,
) => Promise<{ status?: number; type?: string; body: Uint8Array | string }>;

function referred({ party, snapshot }: Partial<Receipt>): { party?: string; snapshot?: string } {
  return { ...(party === undefined ? {} : { party }), ...(snapshot === undefined ? {} : { snapshot }) };
}

/** How a run ends other than usual; a member that is undefined is left out. */
export type RunChange = { readonly [Member in keyof Run]?: Run[Member] | undefined };

/** The manifest of a job that releases a model and serves `served`. */
export function manifestServing(served: OutputSpec): JobManifest {
  const model = { kind: "linear-model", maxParameters: 4 } as const;
  return { name: "job", purpose: "test", input: { age: "f64" }, outputs: { model, served } };
}

/** A stub domain that listens. */
export class StubDomain {
  readonly domain: string;
  readonly receiptKey: KeyPair;
  readonly logKey: KeyPair;
  /** Revocations and statuses, in order. */
  readonly stops: unknown[] = [];
  /** Events with the salts of their entries, in order. */
  readonly events: { event: SignedEvent; salt: Uint8Array; index: number }[] = [];
  /** Statements it was given. */
  readonly parties: SignedParty[] = [];
  /** Method and path of each request that carried the gateway's signature. */
  readonly requests: string[] = [];
  readonly headers: IncomingMessage["headers"][] = [];
  /** Replaces the handler of a path. */
  readonly overrides = new Map<string, Handler>();
  /** Receipts by call id: a retried call gets the first answer. */
  readonly answers = new Map<string, Promise<AnswerEnvelope>>();
  readonly runs = new Map<string, Run>();
  /** Last change to an answer before it is sent. */
  bend: (answer: AnswerEnvelope) => AnswerEnvelope | Promise<AnswerEnvelope> = (answer) => answer;
  gatewayKey: KeyId | undefined;
  readonly #log: DirectoryLog;
  readonly #directory: string;
  readonly #server: Server;

  private constructor(domain: string, keys: [KeyPair, KeyPair], log: DirectoryLog, directory: string) {
    this.domain = domain;
    [this.receiptKey, this.logKey] = keys;
    this.#log = log;
    this.#directory = directory;
    this.#server = createServer((request, response) => void this.#serve(request, response));
  }

  static async start(domain: string): Promise<StubDomain> {
    const keys: [KeyPair, KeyPair] = [await generateKey(), await generateKey()];
    const directory = await mkdtemp(join(tmpdir(), "stub-domain-"));
    const log = await openLog(directory, { origin: `test.domain/${domain}`, key: keys[1], clock });
    const stub = new StubDomain(domain, keys, log, directory);
    await stub.listen();
    return stub;
  }

  async listen(port = 0): Promise<void> {
    this.#server.listen(port, "127.0.0.1");
    await once(this.#server, "listening");
  }

  get url(): string {
    const address = this.#server.address();
    if (address === null || typeof address === "string") throw new RangeError("the stub does not listen");
    return `http://127.0.0.1:${address.port}`;
  }

  /** Stops listening; the log stays open. */
  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, "close");
  }

  async close(): Promise<void> {
    if (this.#server.listening) await this.stop();
    await this.#log.close();
    await rm(this.#directory, { recursive: true, force: true });
  }

  /** Signs and logs an event. */
  async recordEvent(kind: EventKind): Promise<void> {
    const at = new Date().toISOString();
    const event = await signDocument({ type: "event" as const, domain: this.domain, kind, at }, this.receiptKey);
    const salt = random.bytes(32);
    const { index } = await this.#log.append(commitment(event, salt));
    this.events.push({ event, salt, index });
  }

  description(): DomainDescription {
    const at = "2026-01-01T00:00:00.000Z";
    const field = (name: string) => ({ name, title: name, type: "text", role: "other", grade: "general-1" }) as const;
    return {
      domain: this.domain,
      receiptKey: this.receiptKey.keyId,
      logKey: this.logKey.keyId,
      logOrigin: this.#log.origin,
      resources: [
        {
          domain: this.domain,
          resource: "insured",
          title: "Insured persons",
          format: "csv",
          source: "test",
          updateFrequency: "once",
          approximateRows: 100,
          fields: ["person_id", "region", "age", "consented"].map(field),
          snapshot: "0".repeat(64),
          importedAt: at,
        },
      ],
    };
  }

  /** A receipt for a request, signed and logged. `party` and `snapshot` of a change are what they open to. */
  async receiptFor(
    { request }: Pick<CallEnvelope, "request">,
    answer: string,
    change: Partial<Receipt> = {},
  ): Promise<EvidencedReceipt> {
    const { operation, domain, grant, product, version, bundle, callId } = request.body;
    const signer = request.signatures[0]?.keyId;
    if (signer === undefined) throw new RangeError("an unsigned request");
    const values = { party: signer, snapshot: "1".repeat(64), ...referred(change) };
    const { references, openings } = referTo(values, random);
    const receipt = await signDocument(
      {
        type: "receipt" as const,
        callId,
        operation,
        domain,
        grant,
        scene: "scene",
        policy: "2".repeat(64),
        product,
        version,
        bundle,
        request: await documentHash(request.body),
        answer,
        quantity: { unit: OPERATION_UNITS[operation], amount: "1" },
        price: { kind: "free" as const, reason: "test" },
        layers: [],
        at: clock.now().toISOString(),
        ...change,
        ...references,
      } satisfies Receipt,
      this.receiptKey,
    );
    const salt = random.bytes(32);
    const { index } = await this.#log.append(commitment(receipt, salt));
    return { receipt, openings, domainLog: await createLogProof(this.#log, index, salt) };
  }

  /** Ends a run as completed, with a guarded report and a receipt. */
  async completeRun(callId: string, change: RunChange = {}): Promise<Run> {
    const envelope = this.#envelopes.get(callId);
    const run = this.runs.get(callId);
    if (envelope === undefined || run === undefined) throw new RangeError("no such run");
    const at = clock.now().toISOString();
    const guardReport = {
      bundle: run.bundle,
      class: "released" as const,
      verdict: "release" as const,
      findings: [],
      at,
    };
    const usual: Run = {
      ...run,
      state: "completed",
      percent: 100,
      manifest: manifestServing({ kind: "labels", vocabulary: ["A", "B"] }),
      model: { kind: "linear-model", features: ["age"], weights: [1], intercept: 0 },
      guardReport,
      receipt: await this.receiptFor(envelope, await sha256Hex(canonicalBytes(guardReport))),
    };
    const done = JSON.parse(JSON.stringify({ ...usual, ...change })) as Run;
    this.runs.set(callId, done);
    return done;
  }

  readonly #envelopes = new Map<string, CallEnvelope>();

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      const body = new Uint8Array(Buffer.concat(chunks));
      const path = request.url ?? "/";
      await this.#verifyHop(request, body);
      this.requests.push(`${request.method ?? ""} ${path}`);
      this.headers.push(request.headers);
      const handler = this.overrides.get(path) ?? ((bytes) => this.#answer(path, bytes));
      const answer = await handler(body, request);
      response.writeHead(answer.status ?? 200, { "content-type": answer.type ?? "application/json" }).end(answer.body);
    } catch (error) {
      const problem = toProblem(
        error instanceof SluiceError ? error : new SluiceError("ERR_INTERNAL", { reference: "stub" }),
        "domain",
      );
      response.writeHead(problem.status, { "content-type": "application/problem+json" }).end(JSON.stringify(problem));
    }
  }

  async #verifyHop(request: IncomingMessage, body: Uint8Array): Promise<void> {
    if (this.gatewayKey === undefined) return;
    const url = `http://${request.headers.host ?? ""}${request.url ?? ""}`;
    const seenNonce = () => false;
    await verifyHttp(
      { method: request.method ?? "", url, headers: request.headers, body },
      { allowed: [this.gatewayKey], clock, seenNonce },
    );
  }

  async #answer(path: string, body: Uint8Array): ReturnType<Handler> {
    const run = /^\/v1\/runs\/([0-9a-f]{32})$/.exec(path)?.[1];
    if (run !== undefined) {
      const held = this.runs.get(run);
      if (held === undefined) throw new SluiceError("ERR_NOT_FOUND", { kind: "run", name: run });
      return { body: JSON.stringify(held) };
    }
    if (path.startsWith("/log/")) return { type: "application/octet-stream", body: await this.#logFile(path.slice(5)) };
    if (path.startsWith("/v1/events?")) {
      const proven = this.events.map(async ({ event, salt, index }) => ({
        event,
        domainLog: await createLogProof(this.#log, index, salt),
      }));
      return { body: JSON.stringify({ items: await Promise.all(proven) }) };
    }
    switch (path) {
      case "/v1/description":
        return { body: JSON.stringify(this.description()) };
      case "/v1/parties":
        this.parties.push(JSON.parse(Buffer.from(body).toString()) as SignedParty);
        return { status: 204, body: "" };
      case "/v1/revocations":
      case "/v1/statuses":
        this.stops.push(JSON.parse(Buffer.from(body).toString()));
        return { status: 204, body: "" };
      case "/v1/grants":
      case "/v1/releases":
        return { status: 201, body: "{}" };
      case "/v1/jobs":
      case "/v1/builds":
        return { status: 202, body: JSON.stringify(this.submit(decodeCall(body))) };
      case "/v1/calls":
        return {
          type: "application/octet-stream",
          body: encodeAnswer(await this.bend(await this.#call(decodeCall(body)))),
        };
      default:
        throw new SluiceError("ERR_ROUTE_UNKNOWN");
    }
  }

  /** A file of the log, published at once. */
  async #logFile(name: string): Promise<Uint8Array> {
    await this.#log.publish();
    const bytes = await this.#log.readPublished(name);
    if (bytes === null) throw new SluiceError("ERR_NOT_FOUND", { kind: "log file", name });
    return bytes;
  }

  /** Takes a run, as the domain would. */
  submit(envelope: CallEnvelope): Run {
    const { callId, operation, product, version, grant, bundle } = envelope.request.body;
    if (operation !== "develop" && operation !== "build") throw new SluiceError("ERR_GRANT_OPERATION", { operation });
    const run = this.runs.get(callId) ?? {
      callId,
      operation,
      product,
      version,
      grant,
      bundle,
      state: "submitted",
      percent: 0,
      log: [],
    };
    this.runs.set(callId, run);
    this.#envelopes.set(callId, envelope);
    return run;
  }

  #call(envelope: CallEnvelope): Promise<AnswerEnvelope> {
    const { callId } = envelope.request.body;
    const frame = utf8(`answer to ${callId}`);
    const fresh = async () => ({ receipt: await this.receiptFor(envelope, await sha256Hex(frame)), frame });
    const answer = this.answers.get(callId) ?? fresh();
    this.answers.set(callId, answer);
    return answer;
  }
}
