/** A domain with one small table, its parties, and a gateway's key to deliver messages with.
 *  @module */
import { randomBytes } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { generateKey, signDocument, type KeyPair, type TrustPins } from "@sluice/evidence";
import { signHttp } from "@sluice/evidence/http";
import { sealQuery, type SessionSeal } from "@sluice/evidence/seal";
import {
  BINARY_MEDIA_TYPE,
  documentHash,
  encodeCall,
  fromHex,
  fromProblem,
  Run,
  sealingContext,
  sha256Hex,
  SignedSnapshot,
  SluiceError,
  toHex,
  utf8,
  type Bytes,
  type CallEnvelope,
  type Clock,
  type Grant,
  type Operation,
  type ParamValues,
  type Policy,
  type Random,
  type Release,
  type ResourceField,
} from "@sluice/protocol";
import {
  importTable,
  initDomain,
  startDomain,
  type DomainConfig,
  type InitDomainOptions,
  type RunningDomain,
  type StartDomainOptions,
} from "../src/index.ts";
import { GENERATED } from "./data-fixture.ts";

export const random: Random = { bytes: (length) => new Uint8Array(randomBytes(length)) };
export const clock = { now: () => new Date() };

/** Rows of the table; the person of row `i` has key `P<i>` unless a test says otherwise. */
export const ROWS = 400;

/** Band that the test's job gives to person `i`, computed in the clear. */
export const plainBand = (i: number): string => (bucketOfAge(i) < 40 ? "young" : "old");
const ageOf = (i: number): number => 20 + ((i * 7) % 50);
/** Age of row `i` as jobs see it. */
export const bucketOfAge = (i: number): number => Math.floor(ageOf(i) / 10) * 10;
/** Region of row `i`. */
export const regionOf = (i: number): string => `R${i % 3}`;
/** Whether the person of row `i` consented; empty where nobody asked. */
export const consentOf = (i: number): string => ["", "false"][i % 8] ?? "true";

/** A job whose model is a constant rule: enough to follow labels through the whole domain. */
export const JOB = utf8(`var sluiceJob = { default: {
  name: "bands", purpose: "bands", input: { age: "f64" },
  outputs: { fit: { kind: "metrics", keys: ["rows"] }, model: { kind: "linear-model", maxParameters: 4 },
             band: { kind: "labels", vocabulary: ["young", "old"] } },
  develop(rows, context) { context.log("rows", rows.rowCount); context.progress(1);
    return { fit: { rows: rows.rowCount }, model: { features: ["age"], weights: [1], intercept: -40 } }; },
  produce(rows, model) { const band = new Uint8Array(rows.rowCount);
    for (let i = 0; i < rows.rowCount; i++) band[i] = rows.age.values[i] * model.weights[0] + model.intercept < 0 ? 0 : 1;
    return { band }; },
} };`);

export interface Parties {
  readonly agency: KeyPair;
  readonly department: KeyPair;
  readonly gateway: KeyPair;
  readonly recovery: KeyPair;
  readonly operator: KeyPair;
  readonly developer: KeyPair;
  readonly caller: KeyPair;
}

export interface Fixture extends AsyncDisposable {
  readonly directory: string;
  readonly config: DomainConfig;
  readonly parties: Parties;
  readonly policy: Policy;
  /** By which messages to it are signed. */
  readonly clock: Clock;
  domain: RunningDomain;
}

/** A started domain in a directory of its own, with the table imported. `personOf` names the person of each row; `own` adds
 *  to what the domain is created with, `options` to how it is started. */
export async function openFixture(
  personOf: (row: number) => string = (i) => `P${i}`,
  own: Partial<InitDomainOptions> = {},
  options: StartDomainOptions = {},
): Promise<Fixture> {
  const directory = await mkdtemp(join(tmpdir(), "sluice-domain-test-"));
  const names = ["agency", "department", "gateway", "recovery", "operator", "developer", "caller"] as const;
  const keys = await Promise.all(names.map(async (name) => [name, await generateKey()] as const));
  const parties = Object.fromEntries(keys) as unknown as Parties;
  const home = join(directory, "home");
  const config = await initDomain(home, {
    domain: "test",
    title: "Test",
    agencyKey: parties.agency.keyId,
    departmentKey: parties.department.keyId,
    gatewayKey: parties.gateway.keyId,
    recoveryKey: parties.recovery.keyId,
    random,
    ...own,
  });
  const lines = Array.from({ length: ROWS }, (_, i) => rowText(i, personOf(i)));
  await importPersons(home, lines);
  const policy: Policy = {
    version: 1,
    resource: "persons",
    columns: {
      age: { role: "quasi", transform: { kind: "bucket", width: 10, min: 0, max: 100 } },
      region: { role: "quasi", transform: { kind: "keep" } },
    },
    sample: { rows: 300, strata: ["region"] },
    k: 5,
    suppressionLimit: 0.1,
    gate: GENERATED,
  };
  // Nobody measures when a run of these tests was published, unless a test says so.
  const pause = (): Promise<void> => Promise.resolve();
  const domain = await startDomain(home, { workerThreads: 1, pause, ...options });
  const fixture: Fixture = {
    directory: home,
    config,
    parties,
    policy,
    clock: options.clock ?? clock,
    domain,
    async [Symbol.asyncDispose]() {
      await fixture.domain.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
  return fixture;
}

/** Row `i` in the file that is imported. */
export const rowText = (i: number, person = `P${i}`, consented = consentOf(i)): string =>
  [person, `Name ${i}`, ageOf(i), regionOf(i), consented].join(",");

/** Fields of that file. */
export const PERSON_FIELDS = [
  { name: "person", title: "key", type: "text", role: "direct", grade: "general-3" },
  { name: "name", title: "name", type: "text", role: "direct", grade: "general-3" },
  { name: "age", title: "age", type: "integer", role: "quasi", grade: "general-2" },
  { name: "region", title: "region", type: "text", role: "quasi", grade: "general-2" },
  { name: "consented", title: "consent", type: "boolean", role: "other", grade: "general-1" },
] as const satisfies readonly ResourceField[];

/** Imports `lines` as the table of a domain that is not running. */
export async function importPersons(home: string, lines: readonly string[], resource = "persons"): Promise<void> {
  const file = join(home, "..", "persons.csv");
  await writeFile(file, ["person,name,age,region,consented", ...lines, ""].join("\n"));
  await importTable(home, {
    file,
    resource,
    title: "Persons",
    source: "Test",
    updateFrequency: "once",
    fields: PERSON_FIELDS,
  });
}

/** What a verifier of receipts trusts. The domain stands for the gateway, whose log it has not. */
export function trustOf(fixture: Fixture): TrustPins {
  const { receiptKey, logKey, logOrigin } = fixture.config;
  const departmentKey = fixture.parties.department.keyId;
  return {
    domains: { test: { receiptKey, logKey, logOrigin, departmentKey } },
    gateway: { key: receiptKey, logKey, logOrigin },
    agencyKey: fixture.parties.agency.keyId,
  };
}

/** Body of a grant over the fixture's table, with changes. */
export async function grantBody(fixture: Fixture, change: Partial<Grant> = {}): Promise<Grant> {
  const { parties, policy } = fixture;
  const day = 86_400_000;
  return {
    type: "grant",
    domain: "test",
    resource: "persons",
    scene: { scene: "bands", title: "Bands", purpose: "bands", value: "test" },
    key: "person",
    fields: [
      { name: "age", need: "band" },
      { name: "region", need: "strata" },
    ],
    policy: await documentHash(policy),
    operations: ["develop", "build", "lookup.evaluate", "lookup.query"],
    operator: { party: "operator", keyId: parties.operator.keyId },
    developer: { party: "developer", keyId: parties.developer.keyId },
    callers: [{ party: "caller", keyId: parties.caller.keyId }],
    notBefore: new Date(Date.now() - day).toISOString(),
    notAfter: new Date(Date.now() + day).toISOString(),
    quotas: [
      { operation: "develop", amount: "10" },
      { operation: "build", amount: "10" },
      { operation: "lookup.evaluate", amount: "100" },
      { operation: "lookup.query", amount: "100" },
    ],
    consent: { kind: "legal-basis", basis: "test" },
    price: { kind: "free", reason: "test" },
    ...change,
  };
}

/** POSTs `bytes` to the domain as the gateway (or as `key`). @throws the domain's refusal */
export async function post(
  fixture: Fixture,
  path: string,
  bytes: Bytes,
  mediaType: string,
  key?: KeyPair,
): Promise<Bytes> {
  const url = `${fixture.domain.url}${path}`;
  const body = new Uint8Array(bytes);
  const signature = await signHttp({ method: "POST", url, body }, key ?? fixture.parties.gateway, {
    clock: fixture.clock,
    random,
  });
  const response = await fetch(url, { method: "POST", headers: { "content-type": mediaType, ...signature }, body });
  return answerOf(response);
}

/** GETs a path of the domain as the gateway. @throws the domain's refusal */
export async function get(fixture: Fixture, path: string): Promise<Bytes> {
  const url = `${fixture.domain.url}${path}`;
  const body = new Uint8Array(0);
  const signature = await signHttp({ method: "GET", url, body }, fixture.parties.gateway, {
    clock: fixture.clock,
    random,
  });
  return answerOf(await fetch(url, { headers: signature }));
}

async function answerOf(response: Response): Promise<Bytes> {
  const bytes = new Uint8Array(await response.arrayBuffer());
  if (response.ok) return bytes;
  throw fromProblem(JSON.parse(new TextDecoder().decode(bytes))) ?? new Error(`status ${response.status}`);
}

/** Delivers a JSON document. */
export const postJson = (fixture: Fixture, path: string, document: unknown): Promise<Bytes> =>
  post(fixture, path, utf8(JSON.stringify(document)), "application/json");

/** Signs and delivers a grant; returns its hash. */
export async function deliverGrant(fixture: Fixture, change: Partial<Grant> = {}): Promise<string> {
  const body = await grantBody(fixture, change);
  const grant = await signDocument(body, fixture.parties.department, fixture.parties.agency);
  await postJson(fixture, "/v1/grants", { grant, policy: fixture.policy });
  return documentHash(body);
}

/** What a use names; the rest has usual values. */
export interface UseOptions {
  readonly operation: Operation;
  readonly grant: string;
  readonly frame?: Bytes;
  readonly key: KeyPair;
  readonly callId?: string;
  readonly nonce?: string;
  readonly bundle?: string;
  readonly product?: string;
  readonly version?: number;
  readonly issuedAt?: Date;
  readonly params?: ParamValues;
}

/** A signed use in its envelope. */
export async function use(options: UseOptions): Promise<CallEnvelope> {
  const { operation, grant, key } = options;
  const issuedAt = options.issuedAt ?? new Date();
  const subject = {
    operation,
    domain: "test",
    grant,
    product: options.product ?? "bands",
    version: options.version ?? 1,
    bundle: options.bundle ?? (await sha256Hex(JOB)),
    callId: options.callId ?? toHex(random.bytes(16)),
  };
  const frame = options.frame ?? new Uint8Array(0);
  const body = {
    type: "request" as const,
    ...subject,
    bodyDigest: await sha256Hex(frame),
    ...(options.params === undefined ? {} : { params: options.params }),
    nonce: options.nonce ?? toHex(random.bytes(16)),
    issuedAt: issuedAt.toISOString(),
    expiresAt: new Date(issuedAt.getTime() + 60_000).toISOString(),
  };
  return { request: await signDocument(body, key), frame };
}

/** The snapshot that a product serves. */
export async function snapshotOf(fixture: Fixture, product: string): Promise<SignedSnapshot> {
  const bytes = await get(fixture, `/v1/products/${product}/snapshot`);
  return SignedSnapshot.parse(JSON.parse(new TextDecoder().decode(bytes)));
}

/** A call whose content is sealed to the fixture's product. */
export interface SealedCall {
  readonly callId: string;
  /** The caller's end of the session that it opens. */
  readonly session: () => Promise<SessionSeal>;
  readonly envelope: CallEnvelope;
  /** The same call, signed anew. */
  again(): Promise<CallEnvelope>;
  open(answer: Bytes): Promise<Bytes>;
}

/** A body, or what makes it for the snapshot that it is to name. */
export type CallContent = Bytes | ((snapshot: Bytes) => Bytes);

/** Seals `content` to the product and signs the call. The bundle is the usual one unless `options` name another. */
export async function sealedCall(
  fixture: Fixture,
  content: CallContent,
  options: Omit<UseOptions, "frame">,
): Promise<SealedCall> {
  const product = options.product ?? "bands";
  const snapshot = await snapshotOf(fixture, product);
  const bytes = typeof content === "function" ? content(fromHex(await documentHash(snapshot.body))) : content;
  const callId = options.callId ?? toHex(random.bytes(16));
  const context = sealingContext({
    operation: options.operation,
    domain: "test",
    grant: options.grant,
    product,
    version: options.version ?? 1,
    bundle: options.bundle ?? (await sha256Hex(JOB)),
    callId,
  });
  const query = await sealQuery(snapshot.body.sealKey, bytes, context);
  const again = (): Promise<CallEnvelope> => use({ ...options, callId, frame: query.frame });
  const open = (answer: Bytes): Promise<Bytes> => query.openAnswer(answer);
  return { callId, envelope: await again(), again, open, session: () => query.session() };
}

/** Sends an envelope to a route of the domain. */
export const send = (fixture: Fixture, path: string, envelope: CallEnvelope): Promise<Bytes> =>
  post(fixture, path, encodeCall(envelope), BINARY_MEDIA_TYPE);

/** Waits for the end of a run by its event stream, then reads it. */
export async function finishedRun(fixture: Fixture, callId: string): Promise<Run> {
  await get(fixture, `/v1/runs/${callId}/events`);
  return Run.parse(JSON.parse(new TextDecoder().decode(await get(fixture, `/v1/runs/${callId}`))));
}

/** Develops the fixture's job under `grant`. */
export async function develop(
  fixture: Fixture,
  grant: string,
  code: Bytes = JOB,
  version = 1,
  product = "bands",
): Promise<Run> {
  const envelope = await use({
    operation: "develop",
    grant,
    frame: code,
    key: fixture.parties.developer,
    bundle: await sha256Hex(code),
    version,
    product,
  });
  await send(fixture, "/v1/jobs", envelope);
  return finishedRun(fixture, envelope.request.body.callId);
}

/** The release of a completed run, signed by the department. */
export async function releaseOf(fixture: Fixture, run: Run): Promise<Release> {
  return {
    type: "release",
    domain: fixture.config.domain,
    grant: run.grant,
    product: run.product,
    version: run.version,
    bundle: run.bundle,
    manifest: await documentHash(run.manifest),
    ...(run.model === undefined ? {} : { model: await documentHash(run.model) }),
    ...(run.params === undefined ? {} : { params: run.params }),
    guardReport: await documentHash(run.guardReport),
    at: new Date().toISOString(),
  };
}

/** Takes a product through development, release and build under `grant`. */
export async function serveProduct(
  fixture: Fixture,
  grant: string,
  version = 1,
  { code, product }: { code: Bytes; product: string } = { code: JOB, product: "bands" },
): Promise<{ developed: Run; built: Run }> {
  const developed = await develop(fixture, grant, code, version, product);
  if (developed.state !== "completed")
    throw new SluiceError("ERR_JOB_CRASHED", { run: JSON.stringify(developed.failure) });
  await postJson(
    fixture,
    "/v1/releases",
    await signDocument(await releaseOf(fixture, developed), fixture.parties.department),
  );
  const bundle = await sha256Hex(code);
  const envelope = await use({ operation: "build", grant, key: fixture.parties.operator, version, bundle, product });
  await send(fixture, "/v1/builds", envelope);
  return { developed, built: await finishedRun(fixture, envelope.request.body.callId) };
}
