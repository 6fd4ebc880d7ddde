/** A gateway and a domain in one HTTP server, with real keys, logs, receipts and products; and with hooks by which a
 *  test makes it lie.
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
  referTo,
  signDocument,
  type DirectoryLog,
  type KeyPair,
} from "@sluice/evidence";
import type { TrustPins } from "@sluice/evidence/verify";
import { openQuery, SealKeyPair } from "@sluice/evidence/seal";
import {
  decodeCall,
  documentHash,
  encodeAnswer,
  formOfSnapshot,
  fromHex,
  OPERATION_UNITS,
  sealingContext,
  sha256Hex,
  SluiceError,
  toHex,
  toProblem,
  type AnswerEnvelope,
  type Bytes,
  type CallEnvelope,
  type Clock,
  type EvidenceLog,
  type GrantDelivery,
  type LogProof,
  type Product,
  type Receipt,
  type SignedSnapshot,
} from "@sluice/protocol";
import { systemClock, systemRandom } from "../src/index.ts";
import { grantOf } from "./stub-grant.ts";
import { labelProduct, type MakeProduct, type StubProduct } from "./stub-products.ts";

export { VOCABULARY } from "./stub-products.ts";
const HASH = { bundle: "22".repeat(32), release: "33".repeat(32) };

/** Where a test changes what the server does. */
export interface Hooks {
  /** Changes what the commitments of a receipt are made from. */
  refer?: (values: { party: string; snapshot: string }) => { party: string; snapshot: string };
  /** Changes a receipt's body before the domain signs it. */
  receipt?: (body: Receipt) => Receipt;
  /** Changes an answer on its way through the gateway. */
  answer?: (answer: AnswerEnvelope) => AnswerEnvelope;
  /** Changes the snapshot as the gateway passes it on. */
  snapshot?: (signed: SignedSnapshot) => SignedSnapshot;
  product?: (product: Product) => Product;
  /** Changes a hint or a set. */
  part?: (bytes: Bytes) => Bytes;
  grant?: (delivery: GrantDelivery) => GrantDelivery;
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
  /** The lookup product, as the gateway lists it. */
  readonly product: Product;
  url = "";
  readonly #parts: Parts;
  readonly #answers = new Map<string, AnswerEnvelope>();
  readonly #server: Server;

  private constructor(parts: Parts) {
    this.#parts = parts;
    this.trust = parts.trust;
    this.caller = parts.caller;
    this.product = listed(parts.products[0]);
    this.#server = createServer((request, response) => void this.#serve(request, response));
  }

  /** Builds the product `credit-label` from `labels`, key to label code, and others by name; and listens. */
  static async start(
    labels: Readonly<Record<string, number>>,
    others: Readonly<Record<string, MakeProduct>> = {},
  ): Promise<StubCity> {
    const city = new StubCity(await makeParts(labels, others));
    const { promise, resolve } = Promise.withResolvers<void>();
    city.#server.listen(0, "127.0.0.1", resolve);
    await promise;
    const address = city.#server.address();
    if (address === null || typeof address === "string") throw new Error("the stub does not listen on a port");
    city.url = `http://127.0.0.1:${address.port}`;
    return city;
  }

  get snapshotHash(): string {
    return this.#parts.products[0].snapshotHash;
  }

  /** What the domain signed for a product. */
  signedSnapshot(product: string): SignedSnapshot {
    return this.#find(product).signed;
  }

  /** The key that opens what is sealed to the domain. */
  get domainKeys(): { readonly seal: SealKeyPair } {
    return this.#parts;
  }

  /** A private key of the domain, for forging what only the domain could sign. */
  get receiptKey(): KeyPair {
    return this.#parts.receiptKey;
  }

  /** What the domain reads in a query, which only it can open. */
  async read({ request, frame }: CallEnvelope): Promise<Bytes> {
    return (await openQuery(this.#parts.seal, frame, sealingContext(request.body))).content;
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
      const [, name = "", rest = ""] = /^\/v1\/products\/([^/]+)(.*)$/.exec(path) ?? [];
      if (name !== "") this.#serveProduct(this.#find(name), rest, response);
      else if (path === `/v1/grants/${this.product.grant}`) {
        sendJson(response, this.hooks.grant?.(this.#parts.grant) ?? this.#parts.grant);
      } else if (path === "/v1/calls") await this.#call(decodeCall(body), response);
      else throw new SluiceError("ERR_ROUTE_UNKNOWN");
    } catch (error) {
      const known =
        error instanceof SluiceError ? error : new SluiceError("ERR_INTERNAL", { reference: "stub" }, { cause: error });
      sendProblem(response, known);
    }
  }

  #serveProduct(held: HeldProduct, rest: string, response: ServerResponse): void {
    const { part } = held.product;
    if (rest === "") sendJson(response, this.hooks.product?.(listed(held)) ?? listed(held));
    else if (rest === "/snapshot") sendJson(response, this.hooks.snapshot?.(held.signed) ?? held.signed);
    else if (part !== undefined && rest === `/snapshots/${held.snapshotHash}/${part.name}`) {
      response.end(this.hooks.part?.(part.bytes) ?? part.bytes);
    } else if (rest === `/snapshots/${held.snapshotHash}/delta-hint` && held.product.deltaHint !== undefined) {
      response.end(this.hooks.part?.(held.product.deltaHint) ?? held.product.deltaHint);
    } else if (rest === `/snapshots/${held.snapshotHash}/delta-set` && held.product.deltaSet !== undefined) {
      response.end(this.hooks.part?.(held.product.deltaSet) ?? held.product.deltaSet);
    } else throw new SluiceError("ERR_ROUTE_UNKNOWN");
  }

  /** Serves a product as another build made it, from now on. */
  async replace(name: string, make: MakeProduct, at = this.#parts.clock.now()): Promise<string> {
    const { domain, product, version, grant, bundle, release, sealKey } = this.#find(name).signed.body;
    const served = { domain, product, version, grant, bundle, release, sealKey, at: at.toISOString() };
    const made = await make(served);
    const signed = await signDocument(made.snapshot, this.#parts.receiptKey);
    const snapshotHash = await documentHash(made.snapshot);
    const index = this.#parts.products.findIndex(({ signed: { body } }) => body.product === name);
    this.#parts.products[index] = { product: made, signed, snapshotHash };
    return snapshotHash;
  }

  /** Serves the lookup product with these labels changed, null deleted, in a delta table from now on. */
  async update(changes: Readonly<Record<string, number | null>>, at = this.#parts.clock.now()): Promise<void> {
    const [held] = this.#parts.products;
    const product = await held.product.update?.(changes, at.toISOString());
    if (product === undefined) throw new Error("the product has no updates");
    const signed = await signDocument(product.snapshot, this.#parts.receiptKey);
    this.#parts.products[0] = { product, signed, snapshotHash: await documentHash(product.snapshot) };
  }

  #find(name: string): HeldProduct {
    const held = this.#parts.products.find(({ signed }) => signed.body.product === name);
    if (held === undefined) throw new SluiceError("ERR_NOT_FOUND", { kind: "product", name });
    return held;
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
    const held = this.#find(envelope.request.body.product);
    const { frame, amount } = await compute(parts, held.product, envelope);
    const at = parts.clock.now().toISOString();
    const values = { party: envelope.request.signatures[0]?.keyId ?? "", snapshot: held.snapshotHash };
    const { references, openings } = referTo(this.hooks.refer?.(values) ?? values, systemRandom);
    const body = await receiptBody(envelope, { frame, amount, at, references }, held.product);
    const receipt = await signDocument(this.hooks.receipt?.(body) ?? body, parts.receiptKey);
    const domainLog = await prove(parts.domainLog, receipt);
    const gatewayLog = await prove(parts.gatewayLog, receipt);
    const hash = await documentHash(receipt);
    const booking = await signDocument({ type: "booking" as const, receipt: hash, at }, parts.gatewayKey);
    const answer = { receipt: { receipt, openings, domainLog, booking, gatewayLog }, frame };
    this.#answers.set(callId, answer);
    return answer;
  }
}

interface Parts {
  readonly directory: string;
  readonly clock: Clock;
  readonly caller: KeyPair;
  readonly receiptKey: KeyPair;
  readonly gatewayKey: KeyPair;
  readonly domainLog: DirectoryLog;
  readonly gatewayLog: DirectoryLog;
  readonly trust: TrustPins;
  readonly products: [HeldProduct, ...HeldProduct[]];
  readonly grant: GrantDelivery;
  readonly seal: SealKeyPair;
}

interface HeldProduct {
  readonly product: StubProduct;
  readonly signed: SignedSnapshot;
  readonly snapshotHash: string;
}

/** The product as the gateway lists it. */
function listed({ signed: { body } }: HeldProduct): Product {
  const { product, version, domain, grant, bundle, release } = body;
  return {
    product,
    version,
    domain,
    grant,
    bundle,
    release,
    form: formOfSnapshot(body),
    scene: "inclusive-credit",
    registrationCode: "SLP-2026-000001",
    status: "serving",
  };
}

async function makeParts(
  labels: Readonly<Record<string, number>>,
  others: Readonly<Record<string, MakeProduct>>,
): Promise<Parts> {
  const clock = systemClock;
  const directory = await mkdtemp(join(tmpdir(), "sluice-client-"));
  const [caller, receiptKey, logKey, gatewayKey, gatewayLogKey, agency, department] = await Promise.all([
    generateKey(),
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
  const seal = await SealKeyPair.derive(systemRandom.bytes(32));
  const delivery = await grantOf(caller, department, agency);
  const hold = async (product: string, make: MakeProduct): Promise<HeldProduct> => {
    const { sealKey } = seal;
    const ids = { domain: "hrss", product, version: 1, grant: await documentHash(delivery.grant.body), ...HASH };
    const made = await make({ ...ids, sealKey, at: clock.now().toISOString() });
    const signed = await signDocument(made.snapshot, receiptKey);
    return { product: made, signed, snapshotHash: await documentHash(made.snapshot) };
  };
  return {
    directory,
    clock,
    caller,
    receiptKey,
    gatewayKey,
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
      gateway: { key: gatewayKey.keyId, logKey: gatewayLogKey.keyId, logOrigin: origins.gateway },
      agencyKey: agency.keyId,
    },
    products: [
      await hold("credit-label", labelProduct(labels)),
      ...(await Promise.all(Object.entries(others).map(([name, make]) => hold(name, make)))),
    ],
    grant: delivery,
    seal,
  };
}

/** The sealed answer to a sealed query, and what it costs. */
async function compute(
  { seal }: Parts,
  product: StubProduct,
  { request, frame }: CallEnvelope,
): Promise<{ frame: Bytes; amount: number }> {
  const query = await openQuery(seal, frame, sealingContext(request.body));
  const content = await product.answer(query.content, request.body.operation);
  return { frame: await query.sealAnswer(content, systemRandom), amount: product.measure(query.content) };
}

async function receiptBody(
  { request }: CallEnvelope,
  made: { frame: Bytes; amount: number; at: string; references: Pick<Receipt, "party" | "snapshot"> },
  { certificate }: Pick<StubProduct, "certificate">,
): Promise<Receipt> {
  const { callId, operation, domain, grant, product, version, bundle } = request.body;
  const { frame, amount, at, references } = made;
  return {
    type: "receipt",
    callId,
    operation,
    domain,
    grant,
    scene: "inclusive-credit",
    policy: "44".repeat(32),
    product,
    version,
    bundle,
    release: HASH.release,
    ...(certificate === undefined ? {} : { certificate: await documentHash(certificate) }),
    ...references,
    request: await documentHash(request.body),
    answer: await sha256Hex(frame),
    quantity: { unit: OPERATION_UNITS[operation], amount: String(amount) },
    price: { kind: "free", reason: "a test" },
    layers: [],
    at,
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
