/** A gateway and a domain in one HTTP server, with real keys, logs, receipts and a real lookup index; and with hooks
 *  by which a test makes it lie.
 *  @module */
import { cp, mkdtemp, rm } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { buffer } from "node:stream/consumers";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  commitment,
  createLogProof,
  generateKey,
  openLog,
  signDocument,
  type DirectoryLog,
  type KeyPair,
} from "@sluice/evidence";
import type { TrustPins } from "@sluice/evidence/verify";
import { openQuery, SealKeyPair } from "@sluice/evidence/seal";
import { buildIndex, LookupDatabase, lookupContext } from "@sluice/mpc/lookup/server";
import { blindEvaluate, deriveKeyPair, type OprfKeyPair } from "@sluice/mpc/oprf/server";
import {
  decodeCall,
  decodeEvaluateRequest,
  decodePirQuery,
  documentHash,
  encodeAnswer,
  encodeEvaluateResponse,
  encodeLabelRecord,
  encodePirAnswer,
  fromHex,
  OPERATION_UNITS,
  sha256Hex,
  SluiceError,
  toHex,
  toProblem,
  utf8,
  type AnswerEnvelope,
  type Bytes,
  type CallEnvelope,
  type Clock,
  type EvidenceLog,
  type LogProof,
  type LookupSnapshot,
  type Product,
  type Receipt,
  type Signed,
  sealingContext,
  type Operation,
} from "@sluice/protocol";
import { systemClock, systemRandom } from "../src/index.ts";

/** Labels of the stub's product. */
export const VOCABULARY = ["A", "B", "C"];
const HASH = { grant: "11".repeat(32), bundle: "22".repeat(32), release: "33".repeat(32) };

/** Where a test changes what the server does. */
export interface Hooks {
  /** Changes a receipt's body before the domain signs it. */
  receipt?: (body: Receipt) => Receipt;
  /** Changes an answer on its way through the gateway. */
  answer?: (answer: AnswerEnvelope) => AnswerEnvelope;
  /** Changes the snapshot as the gateway passes it on. */
  snapshot?: (signed: Signed<LookupSnapshot>) => Signed<LookupSnapshot>;
  product?: (product: Product) => Product;
  hint?: (hint: Bytes) => Bytes;
  /** Runs before a call is answered; `true` means that it wrote the response itself. */
  call?: (envelope: CallEnvelope, response: ServerResponse) => boolean | Promise<boolean>;
  /** Any other route; `true` means that it answered. */
  route?: (request: IncomingMessage, body: Bytes, response: ServerResponse) => boolean | Promise<boolean>;
}

/** A listening stub. */
export class StubCity {
  hooks: Hooks = {};
  /** Every envelope that arrived, in order. */
  readonly calls: CallEnvelope[] = [];
  /** Method, path, headers and size of every request. */
  readonly requests: { method: string; path: string; headers: IncomingMessage["headers"]; sizeBytes: number }[] = [];
  readonly trust: TrustPins;
  readonly caller: KeyPair;
  readonly product: Product;
  url = "";
  readonly #parts: Parts;
  readonly #answers = new Map<string, AnswerEnvelope>();
  readonly #server: Server;

  private constructor(parts: Parts) {
    this.#parts = parts;
    this.trust = parts.trust;
    this.caller = parts.caller;
    const { body } = parts.snapshot;
    this.product = {
      product: body.product,
      version: body.version,
      form: "label-lookup",
      domain: body.domain,
      scene: "inclusive-credit",
      ...HASH,
      registrationCode: "SLP-2026-000001",
      status: "serving",
    };
    this.#server = createServer((request, response) => void this.#serve(request, response));
  }

  /** Builds the product from `labels`, key to label code, and listens. */
  static async start(labels: Readonly<Record<string, number>>, clock: Clock = systemClock): Promise<StubCity> {
    const city = new StubCity(await makeParts(labels, clock));
    const { promise, resolve } = Promise.withResolvers<void>();
    city.#server.listen(0, "127.0.0.1", resolve);
    await promise;
    const address = city.#server.address();
    if (address === null || typeof address === "string") throw new Error("the stub does not listen on a port");
    city.url = `http://127.0.0.1:${address.port}`;
    return city;
  }

  get snapshotHash(): string {
    return this.#parts.snapshotHash;
  }

  /** A private key of the domain, for forging what only the domain could sign. */
  get receiptKey(): KeyPair {
    return this.#parts.receiptKey;
  }

  /** A proof, in the gateway's log, of another document. */
  async proofOfSomethingElse(): Promise<LogProof> {
    return await prove(this.#parts.gatewayLog, { type: "another" });
  }

  /** Copies both logs to `<directory>/hrss` and `<directory>/gateway`, as someone who fetched their files has them. */
  async copyLogs(directory: string): Promise<void> {
    await Promise.all([this.#parts.domainLog.publish(), this.#parts.gatewayLog.publish()]);
    await cp(join(this.#parts.directory, "domain"), join(directory, "hrss"), { recursive: true });
    await cp(join(this.#parts.directory, "gateway"), join(directory, "gateway"), { recursive: true });
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#server.close(() => resolve());
    await promise;
    await this.#parts.domainLog.close();
    await this.#parts.gatewayLog.close();
    await rm(this.#parts.directory, { recursive: true, force: true });
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = new Uint8Array(await buffer(request));
    const path = request.url ?? "/";
    this.requests.push({ method: request.method ?? "", path, headers: request.headers, sizeBytes: body.length });
    try {
      if ((await this.hooks.route?.(request, body, response)) === true) return;
      const base = `/v1/products/${this.product.product}`;
      const { snapshot, snapshotHash, hint } = this.#parts;
      if (path === base) sendJson(response, this.hooks.product?.(this.product) ?? this.product);
      else if (path === `${base}/snapshot`) sendJson(response, this.hooks.snapshot?.(snapshot) ?? snapshot);
      else if (path === `${base}/snapshots/${snapshotHash}/hint`) response.end(this.hooks.hint?.(hint) ?? hint);
      else if (path === "/v1/calls") await this.#call(decodeCall(body), response);
      else throw new SluiceError("ERR_ROUTE_UNKNOWN");
    } catch (error) {
      const known =
        error instanceof SluiceError ? error : new SluiceError("ERR_INTERNAL", { reference: "stub" }, { cause: error });
      sendProblem(response, known);
    }
  }

  async #call(envelope: CallEnvelope, response: ServerResponse): Promise<void> {
    this.calls.push(envelope);
    if ((await this.hooks.call?.(envelope, response)) === true) return;
    const answer = await this.answer(envelope);
    response.end(encodeAnswer(this.hooks.answer?.(answer) ?? answer));
  }

  /** What domain and gateway answer; a call id that was answered gets its first answer again. */
  async answer(envelope: CallEnvelope): Promise<AnswerEnvelope> {
    const { callId } = envelope.request.body;
    const before = this.#answers.get(callId);
    if (before !== undefined) return before;
    const parts = this.#parts;
    const frame = await compute(parts, envelope);
    const body = await receiptBody(parts, envelope, frame);
    const receipt = await signDocument(this.hooks.receipt?.(body) ?? body, parts.receiptKey);
    const domainLog = await prove(parts.domainLog, receipt);
    const gatewayLog = await prove(parts.gatewayLog, receipt);
    const answer = { receipt: { receipt, domainLog, gatewayLog }, frame };
    this.#answers.set(callId, answer);
    return answer;
  }
}

interface Parts {
  readonly directory: string;
  readonly clock: Clock;
  readonly caller: KeyPair;
  readonly receiptKey: KeyPair;
  readonly domainLog: DirectoryLog;
  readonly gatewayLog: DirectoryLog;
  readonly trust: TrustPins;
  readonly snapshot: Signed<LookupSnapshot>;
  readonly snapshotHash: string;
  readonly hint: Bytes;
  readonly database: LookupDatabase;
  readonly oprf: OprfKeyPair;
  readonly seal: SealKeyPair;
}

async function makeParts(labels: Readonly<Record<string, number>>, clock: Clock): Promise<Parts> {
  const directory = await mkdtemp(join(tmpdir(), "sluice-client-"));
  const [caller, receiptKey, logKey, gatewayLogKey, agency, department] = await Promise.all([
    generateKey(),
    generateKey(),
    generateKey(),
    generateKey(),
    generateKey(),
    generateKey(),
  ]);
  const origins = { domain: "sluice/domain/hrss", gateway: "sluice/gateway/city" };
  const domainLog = await openLog(join(directory, "domain"), { origin: origins.domain, key: logKey, clock });
  const gatewayLog = await openLog(join(directory, "gateway"), { origin: origins.gateway, key: gatewayLogKey, clock });
  const identity = { domain: "hrss", product: "credit-label", version: 1, grant: HASH.grant, epoch: 1 };
  const seal = await SealKeyPair.derive(systemRandom.bytes(32));
  const oprf = await deriveKeyPair(systemRandom.bytes(32), utf8("stub"));
  const index = await buildIndex({
    keys: Object.keys(labels),
    records: Object.values(labels).map(encodeLabelRecord),
    keyPair: oprf,
    random: systemRandom,
    context: lookupContext(identity),
  });
  const body: LookupSnapshot = {
    type: "lookup-snapshot",
    ...identity,
    bundle: HASH.bundle,
    release: HASH.release,
    parameters: index.parameters,
    oprfPublicKey: toHex(oprf.publicKey),
    sealKey: seal.sealKey,
    hint: await sha256Hex(index.hint),
    hintBytes: index.hint.length,
    vocabulary: VOCABULARY,
    at: clock.now().toISOString(),
  };
  return {
    directory,
    clock,
    caller,
    receiptKey,
    domainLog,
    gatewayLog,
    trust: {
      domains: {
        hrss: {
          receiptKey: receiptKey.keyId,
          logKey: logKey.keyId,
          logOrigin: origins.domain,
          departmentKey: department.keyId,
        },
      },
      gateway: { logKey: gatewayLogKey.keyId, logOrigin: origins.gateway },
      agencyKey: agency.keyId,
    },
    snapshot: await signDocument(body, receiptKey),
    snapshotHash: await documentHash(body),
    hint: index.hint,
    database: LookupDatabase.open(index.parameters, index.database),
    oprf,
    seal,
  };
}

/** The sealed answer to a sealed query. */
async function compute(parts: Parts, { request, frame }: CallEnvelope): Promise<Bytes> {
  const query = await openQuery(parts.seal, frame, sealingContext(request.body));
  return query.sealAnswer(await answerContent(parts, request.body.operation, query.content), systemRandom);
}

async function answerContent({ oprf, database }: Parts, operation: Operation, content: Bytes): Promise<Bytes> {
  if (operation === "lookup.query") return encodePirAnswer(database.answer(decodePirQuery(content).query));
  const { elements } = decodeEvaluateRequest(content);
  return encodeEvaluateResponse(await blindEvaluate(oprf, elements, systemRandom));
}

async function receiptBody({ snapshotHash, clock }: Parts, { request }: CallEnvelope, frame: Bytes): Promise<Receipt> {
  const { callId, operation, domain, grant, product, version, bundle } = request.body;
  return {
    type: "receipt",
    callId,
    operation,
    domain,
    grant,
    product,
    version,
    bundle,
    release: HASH.release,
    snapshot: snapshotHash,
    party: request.signatures[0]?.keyId ?? "",
    request: await documentHash(request.body),
    answer: await sha256Hex(frame),
    quantity: { unit: OPERATION_UNITS[operation], amount: "1" },
    price: { kind: "free", reason: "a test" },
    layers: [],
    at: clock.now().toISOString(),
  };
}

async function prove(log: EvidenceLog, document: unknown): Promise<LogProof> {
  const salt = systemRandom.bytes(32);
  const { index } = await log.append(commitment(document, salt));
  return await createLogProof(log, index, salt);
}

/** Sends a JSON document. */
export function sendJson(response: ServerResponse, document: unknown): void {
  response.setHeader("content-type", "application/json");
  response.end(JSON.stringify(document));
}

/** Sends an error as the gateway would. */
export function sendProblem(response: ServerResponse, error: SluiceError): void {
  response.statusCode = error.status;
  response.setHeader("content-type", "application/problem+json");
  response.end(JSON.stringify(toProblem(error, "gateway")));
}

/** `bytes` with one bit of byte `index` flipped. */
export function flipBit(bytes: Bytes, index = bytes.length - 1): Bytes {
  return bytes.with(index, (bytes.at(index) ?? 0) ^ 1);
}

/** The hash with one bit flipped. */
export function flipHash(hash: string): string {
  return toHex(flipBit(fromHex(hash)));
}
