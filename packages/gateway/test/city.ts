/** A gateway with its parties and a stub domain, and the steps from a scene to a served product, each signed and
 *  sent as a party would.
 *  @module */
import { rm } from "node:fs/promises";
import { currentKey, generateKey, signDocument, type KeyPair, type SigningKey } from "@sluice/evidence";
import { signHttp } from "@sluice/evidence/http";
import {
  decodeAnswer,
  documentHash,
  encodeCall,
  sha256Hex,
  toHex,
  utf8,
  type CallEnvelope,
  type Grant,
  type PartyRole,
  type Policy,
  type Run,
  type SceneProposal,
  type SignedGrant,
  type SignedParty,
  type SignedRelease,
  type SignedRevocation,
  type SignedStatus,
  type UseRequest,
} from "@sluice/protocol";
import { startGateway, type GatewayIdentity, type RunningGateway, type StartGatewayOptions } from "../src/index.ts";
import { clock, makeGateway, random, temporaryDirectory } from "./directories.ts";
import { StubDomain, type RunChange } from "./stub-domain.ts";

export type Actor = "bureau" | "health" | "group" | "lab" | "bank" | "other-bank" | "auditor";
const ROLES: Record<Actor, PartyRole> = {
  bureau: "agency",
  health: "source",
  group: "operator",
  lab: "developer",
  bank: "caller",
  "other-bank": "caller",
  auditor: "auditor",
};

/** Checkpoints at once, and no look at runs but those that tests make. */
const QUIET = { publishIntervalMs: 0, followIntervalMs: 3_600_000 };

export interface Answer {
  readonly status: number;
  readonly type: string | null;
  readonly bytes: Uint8Array;
  /** The JSON of the answer; empty for other bodies. */
  readonly json: Record<string, unknown>;
}

/** Code of a refusal, or the status of an answer. */
export function codeOf(answer: Answer): unknown {
  return answer.status < 400 ? answer.status : answer.json["code"];
}

export class City {
  readonly directory: string;
  readonly keys: Record<Actor, KeyPair>;
  readonly domain: StubDomain;
  readonly identity: GatewayIdentity;
  gateway: RunningGateway;

  private constructor(parts: Pick<City, "directory" | "keys" | "domain" | "identity" | "gateway">) {
    ({
      directory: this.directory,
      keys: this.keys,
      domain: this.domain,
      identity: this.identity,
      gateway: this.gateway,
    } = parts);
  }

  /** Starts gateway and domain. With `register`, parties and domain are registered. */
  static async start(options: StartGatewayOptions & { register?: boolean } = {}): Promise<City> {
    const names = Object.keys(ROLES) as Actor[];
    const pairs = await Promise.all(names.map(async (name) => [name, await generateKey()] as const));
    const keys = Object.fromEntries(pairs) as Record<Actor, KeyPair>;
    const directory = await temporaryDirectory();
    const identity = await makeGateway(directory, keys.bureau.keyId);
    const { register = true, ...start } = options;
    const [domain, gateway] = await Promise.all([
      StubDomain.start("health"),
      startGateway(directory, { ...QUIET, ...start }),
    ]);
    domain.gatewayKey = currentKey(identity.gatewayKey);
    const city = new City({ directory, keys, domain, identity, gateway });
    if (register) {
      for (const name of names) await city.send("bureau", "PUT", `/v1/parties/${name}`, await city.statement(name));
      await city.send("bureau", "POST", "/v1/domains", { domain: "health", url: domain.url });
    }
    return city;
  }

  async restart(options: StartGatewayOptions = {}): Promise<void> {
    await this.gateway.close();
    this.gateway = await startGateway(this.directory, { ...QUIET, ...options });
  }

  async close(): Promise<void> {
    await this.gateway.close();
    await this.domain.close();
    await rm(this.directory, { recursive: true, force: true });
  }

  statement(
    name: Actor,
    change: { status?: "active" | "suspended"; at?: Date; role?: PartyRole; keyId?: string } = {},
  ): Promise<SignedParty> {
    const { status = "active", at = clock.now(), role = ROLES[name], keyId = this.keys[name].keyId } = change;
    return signDocument(
      { type: "party", party: name, title: name, role, keyId, status, at: at.toISOString() },
      this.keys.bureau,
    );
  }

  /** Sends a request signed by `actor`; `body` as JSON, or as bytes. */
  async send(
    actor: Actor | SigningKey,
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<Answer> {
    const key = typeof actor === "string" ? this.keys[actor] : actor;
    const url = `${this.gateway.url}${path}`;
    const bytes =
      body === undefined ? new Uint8Array() : body instanceof Uint8Array ? body : utf8(JSON.stringify(body));
    const signature = await signHttp({ method, url, body: bytes }, key, { clock, random });
    const type = body instanceof Uint8Array ? "application/octet-stream" : "application/json";
    return read(
      await fetch(url, {
        method,
        headers: { ...(body === undefined ? {} : { "content-type": type }), ...signature, ...headers },
        ...(body === undefined ? {} : { body: new Uint8Array(bytes) }),
      }),
    );
  }

  async get(path: string): Promise<Answer> {
    return read(await fetch(`${this.gateway.url}${path}`));
  }

  policy(): Policy {
    return {
      version: 1,
      resource: "insured",
      columns: { age: { role: "quasi", transform: { kind: "keep" } } },
      sample: { rows: 10, strata: [] },
      k: 2,
      suppressionLimit: 0.1,
    };
  }

  async draft(change: Partial<Grant> = {}): Promise<Grant> {
    const party = (name: Actor) => ({ party: name, keyId: this.keys[name].keyId });
    return {
      type: "grant",
      domain: "health",
      resource: "insured",
      scene: { scene: "scene", title: "Scene", purpose: "test", value: "A test." },
      key: "person_id",
      fields: [{ name: "age", need: "a test" }],
      policy: await documentHash(this.policy()),
      operations: ["develop", "build", "lookup.evaluate", "lookup.query"],
      operator: party("group"),
      developer: party("lab"),
      callers: [party("bank"), party("other-bank")],
      notBefore: "2026-01-01T00:00:00.000Z",
      notAfter: "2036-01-01T00:00:00.000Z",
      quotas: [{ operation: "lookup.query", amount: "10" }],
      consent: { kind: "legal-basis", basis: "a test" },
      price: { kind: "free", reason: "a test" },
      ...change,
    };
  }

  /** A draft of its own scene. */
  async draftOf(scene: string, change: Partial<Grant> = {}): Promise<Grant> {
    return this.draft({ ...change, scene: { scene, title: "Scene", purpose: "test", value: "A test." } });
  }

  review(person: string, verdict: "approve" | "reject" = "approve") {
    return { person, verdict, note: "" };
  }

  /** A review with points, as the agency's of a scene needs them. */
  scored(person: string, verdict: "approve" | "reject" = "approve") {
    const scores = { economicValue: 4, socialValue: 5, businessModel: 3, dataRationale: 4 };
    return { ...this.review(person, verdict), scores };
  }

  /** A proposal of the draft, with an application. */
  /** A revocation that the department signed. */
  revocation(domain: string): Promise<SignedRevocation> {
    const at = new Date().toISOString();
    const body = { type: "revocation" as const, domain, grant: "a".repeat(64), reason: "test", at };
    return signDocument(body, this.keys.health);
  }

  /** A status that the agency signed. */
  status(domain: string): Promise<SignedStatus> {
    const now = Date.now();
    const body = {
      type: "status" as const,
      domain,
      sequence: now,
      revoked: [],
      suspended: [],
      issuedAt: new Date(now).toISOString(),
      validUntil: new Date(now + 60_000).toISOString(),
    };
    return signDocument(body, this.keys.bureau);
  }

  proposal(draft: Grant, policy = this.policy()): SceneProposal {
    const application = {
      economicValue: "Some.",
      socialValue: "More.",
      businessModel: "Sound.",
      dataRationale: "No less would do.",
    };
    return { application, draft, policy };
  }

  /** Proposes a scene and has it reviewed by two people. */
  async reviewedScene(scene: string, change: Partial<Grant> = {}): Promise<Grant> {
    const draft = await this.draftOf(scene, change);
    await this.send("lab", "POST", "/v1/scenes", this.proposal(draft));
    await this.send("group", "POST", `/v1/scenes/${scene}/reviews`, this.review("Lin Hua"));
    await this.send("bureau", "POST", `/v1/scenes/${scene}/reviews`, this.scored("Zhao Min"));
    return draft;
  }

  signGrant(body: Grant, ...signers: Actor[]): Promise<SignedGrant> {
    const keys = (signers.length === 0 ? (["health", "bureau"] as const) : signers).map((name) => this.keys[name]);
    return signDocument(body, ...keys);
  }

  /** A scene with its grant delivered. Returns the grant's hash. */
  async grantedScene(scene: string): Promise<string> {
    const draft = await this.reviewedScene(scene);
    await this.send("health", "POST", "/v1/grants", { grant: await this.signGrant(draft), policy: this.policy() });
    return documentHash(draft);
  }

  /** An envelope signed by `actor`. */
  async envelope(actor: Actor, use: Partial<UseRequest>, frame: Uint8Array = utf8("frame")): Promise<CallEnvelope> {
    const now = clock.now();
    const body: UseRequest = {
      type: "request",
      operation: "lookup.query",
      domain: "health",
      grant: "2".repeat(64),
      product: "product",
      version: 1,
      bundle: await sha256Hex(utf8("bundle")),
      bodyDigest: await sha256Hex(frame),
      callId: toHex(random.bytes(16)),
      nonce: toHex(random.bytes(16)),
      issuedAt: now.toISOString(),
      expiresAt: new Date(now.getTime() + 60_000).toISOString(),
      ...use,
    };
    return { request: await signDocument(body, this.keys[actor]), frame };
  }

  async call(actor: Actor, use: Partial<UseRequest>): Promise<Answer> {
    return this.send(actor, "POST", "/v1/calls", encodeCall(await this.envelope(actor, use)));
  }

  /** Submits a job and completes it in the domain. */
  async developedRun(grant: string, product: string, ended: RunChange = {}): Promise<Run> {
    const envelope = await this.envelope("lab", { operation: "develop", grant, product });
    await this.send("lab", "POST", "/v1/jobs", encodeCall(envelope));
    return this.domain.completeRun(envelope.request.body.callId, ended);
  }

  async reviewedRun(grant: string, product: string, ended: RunChange = {}): Promise<Run> {
    const run = await this.developedRun(grant, product, ended);
    await this.send("group", "POST", `/v1/runs/${run.callId}/reviews`, this.review("Lin Hua"));
    await this.send("bureau", "POST", `/v1/runs/${run.callId}/reviews`, this.review("Sun Wei"));
    return run;
  }

  async releaseOf(run: Run, change: Partial<SignedRelease["body"]> = {}): Promise<SignedRelease> {
    const body = {
      type: "release" as const,
      domain: "health",
      grant: run.grant,
      product: run.product,
      version: run.version,
      bundle: run.bundle,
      manifest: await documentHash(run.manifest),
      ...(run.model === undefined ? {} : { model: await documentHash(run.model) }),
      ...(run.params === undefined ? {} : { params: run.params }),
      guardReport: await documentHash(run.guardReport),
      at: "2026-02-01T00:00:00.000Z",
      ...change,
    };
    return signDocument(body, this.keys.health);
  }

  /** A registered product. Returns the grant's hash. */
  async product(product: string): Promise<string> {
    const grant = await this.grantedScene(product);
    const run = await this.reviewedRun(grant, product);
    await this.send("health", "POST", "/v1/releases", await this.releaseOf(run));
    return grant;
  }
}

/** The receipt in an answer. */
export function receiptOf(answer: Answer) {
  return decodeAnswer(answer.bytes).receipt;
}

async function read(response: Response): Promise<Answer> {
  const bytes = new Uint8Array(await response.arrayBuffer());
  const type = response.headers.get("content-type");
  const json =
    type?.includes("json") === true ? (JSON.parse(Buffer.from(bytes).toString()) as Record<string, unknown>) : {};
  return { status: response.status, type, bytes, json };
}
