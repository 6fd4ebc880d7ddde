/** The wire vectors, made by the code that they describe: fixed keys, fixed times and seeded randomness, so that every
 *  run makes the same. The demo's city is not used: an index of a few hundred invented keys is enough.
 *  @module */
import { commitment, createLogProof, openLog, referTo, type KeyPair } from "@sluice/evidence";
import { signHttp } from "@sluice/evidence/http";
import { openQuery, SealKeyPair, sealQuery, type SentQuery } from "@sluice/evidence/seal";
import { importPrivateKey, signDocument } from "@sluice/evidence/sign";
import { LookupClient, lookupContext } from "@sluice/mpc/lookup/client";
import { buildIndex, LookupDatabase, padDelta } from "@sluice/mpc/lookup/server";
import { blind } from "@sluice/mpc/oprf/client";
import { blindEvaluate, deriveKeyPair, evaluateMany } from "@sluice/mpc/oprf/server";
import {
  bytesOfWords,
  canonicalText,
  decodeAnswer,
  decodeEvaluateRequest,
  decodePirQuery,
  documentHash,
  encodeAnswer,
  encodeCall,
  encodeDeletedRecord,
  encodeEvaluateResponse,
  encodeLabelRecord,
  encodeLookupRecord,
  encodePirAnswer,
  fromHex,
  LABEL_RECORD_BYTES,
  OPERATION_UNITS,
  sealingContext,
  sha256Hex,
  signingBytes,
  SluiceError,
  toBase64url,
  toHex,
  toProblem,
  utf8,
  type AnswerEnvelope,
  type Bytes,
  type LookupSnapshot,
  type Operation,
  type Party,
  type Random,
  type Receipt,
  type UseRequest,
} from "@sluice/protocol";
import { createPrivateKey, createPublicKey, type JsonWebKey } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { oprfInput } from "../packages/mpc/src/lookup/context.ts";
import { deriveRecordSecrets } from "../packages/mpc/src/lookup/derive.ts";
import { sampleErrors } from "../packages/mpc/src/lookup/gaussian.ts";
import { LweMatrix } from "../packages/mpc/src/lookup/matrix.ts";
import { positionsOf } from "../packages/mpc/src/lookup/positions.ts";
import { formMalformedVectors, formStructVectors } from "./wire-form-structs.ts";
import { makeKeyVectors } from "./wire-key-vectors.ts";
import { makeAggregateVectors } from "./wire-aggregate-vectors.ts";
import { makeHiddenVectors } from "./wire-hidden-vectors.ts";
import { makeJoinSumVectors } from "./wire-join-sum-vectors.ts";
import { makeSelectionVectors } from "./wire-selection-vectors.ts";
import { makePsiVectors } from "./wire-psi-vectors.ts";
import { makeDatasetVectors } from "./wire-dataset-vectors.ts";
import { makeReportVectors } from "./wire-report-vectors.ts";
import { makeScoreVectors } from "./wire-score-vectors.ts";
import { seeded, type ServedIdentity } from "./wire-seeded.ts";
import { sessionMalformedVectors, sessionStructVectors } from "./wire-session-structs.ts";
import { makeTransferVectors, type OpenSealed } from "./wire-transfer-vectors.ts";
import { malformedVectors, structVectors } from "./wire-struct-vectors.ts";

const SOURCE =
  "Made by test/write-wire-vectors.ts from the code of this repository, with fixed keys, fixed times and seeded " +
  "randomness. The secret keys are for these vectors only. Checked by test/wire*.test.ts with the rules of docs/wire*.md.";
const AT = "2026-01-31T08:00:00.000Z";
const LATER = "2026-01-31T08:01:00.000Z";
const clock = { now: () => new Date(AT) };
const VOCABULARY = ["A", "B", "C", "D"];
/** Enough for two buckets. */
const INDEX_KEYS = 300;
/** Labels given since the base was built; null where the key was deleted. */
const CHANGES = { "person-0004": 3, "person-0007": null, "later-0001": 2 } as const;
/** In the base; changed and deleted in the delta; in neither. */
const LOOKED_UP = ["person-0001", "person-0004", "person-0007", "不在表中-é"];

/** Everything in `packages/protocol/vectors/wire-v1.json`. */
export async function makeWireVectors() {
  const keys = await makeKeys();
  const index = await makeIndex(keys);
  const calls = [];
  const lookups = [];
  for (const key of LOOKED_UP) {
    const lookup = await runLookup(index, key);
    lookups.push(lookup.shown);
    for (const [operation, plaintext, answer] of lookup.calls) {
      calls.push(await makeCall(keys, index, `${operation} of ${key}`, operation, plaintext, answer));
    }
  }
  const party: Party = {
    type: "party",
    party: "bank-a",
    title: "甲银行",
    role: "caller",
    keyId: keys.caller.keyId,
    status: "active",
    at: AT,
  };
  const twiceSigned = await signDocument(party, keys.receipt, keys.domainLog);
  return {
    source: SOURCE,
    keys: Object.fromEntries(
      Object.entries(keys.seeds).map(([name, seed]) => [name, { secret: toHex(seed), id: keys.ids[name] ?? "" }]),
    ),
    canonicalJson: await Promise.all(
      CANONICAL_VALUES.map(async (value) => ({ value, text: canonicalText(value), hash: await documentHash(value) })),
    ),
    signedObjects: await Promise.all(
      [twiceSigned, index.signed].map(async (document) => ({
        document,
        signingInput: toHex(signingBytes(document.body)),
        hash: await documentHash(document.body),
      })),
    ),
    structs: [
      ...structVectors(calls[0]?.call ?? "", calls[0]?.answer ?? ""),
      ...formStructVectors(),
      ...sessionStructVectors(calls[0]?.answer ?? ""),
    ],
    malformed: [
      ...malformedVectors(calls[0]?.call ?? "", calls[0]?.answer ?? ""),
      ...formMalformedVectors(),
      ...sessionMalformedVectors(calls[0]?.answer ?? ""),
    ],
    http: await makeHttp(keys.caller, fromHex(calls[0]?.call ?? "")),
    calls,
    refusedAnswers: refusedAnswers(calls[0]?.answer ?? "", calls[1]?.answer ?? ""),
    lookup: {
      snapshot: index.signed,
      snapshotHash: index.snapshotHash,
      oprfSecretKey: toHex(index.keyPair.secret.reveal()),
      tables: index.tables.map(({ hint, database }) => ({
        hintStart: toHex(hint.subarray(0, 64)),
        database: toHex(database),
      })),
      queries: lookups,
      matrix: await matrixRows(),
      positions: otherPositions(),
    },
    joins: makeKeyVectors(),
    psi: await makePsiVectors(servedIdentity(index.snapshot), keys.receipt),
    score: await makeScoreVectors(servedIdentity(index.snapshot), keys.receipt),
    report: await makeReportVectors(servedIdentity(index.snapshot), keys.receipt),
    dataset: await makeDatasetVectors(servedIdentity(index.snapshot), keys.receipt),
    aggregate: await makeAggregateVectors(),
    selection: await makeSelectionVectors(),
    joinSum: await makeJoinSumVectors(),
    scoreHidden: await makeHiddenVectors(servedIdentity(index.snapshot), keys.receipt),
    transfer: await makeTransferVectors(servedIdentity(index.snapshot), keys.receipt, openSession(keys)),
    problem: toProblem(
      new SluiceError("ERR_RATE_LIMIT", { party: "bank-a", callsPerSecond: 100 }, { refusedBy: "gateway" }),
      "gateway",
    ),
  };
}

/** Values whose canonical form is easy to get wrong. */
const CANONICAL_VALUES: unknown[] = [
  { b: 1, a: [true, null, { d: "x", c: "y" }], "": 0 },
  { numbers: [0, -0, 1, 1.5, -2.25, 0.1, 1e21, 1e-7, 123456789012345, 5e-324, 12.8] },
  { text: '"\\/\u0008\u0009\u000a\u000c\u000d\u0000\u001f\u007f€é\u2028😀' },
  { "\u20ac": 1, "\r": 2, "\ufb33": 3, "1": 4, "\ud83d\ude00": 5, "\u0080": 6, "\u00f6": 7 },
  [],
  "数闸",
];

type Keys = Awaited<ReturnType<typeof makeKeys>>;
type Index = Awaited<ReturnType<typeof makeIndex>>;

async function makeKeys() {
  const names = ["caller", "receipt", "domainLog", "gatewayLog", "gateway", "seal", "ephemeral"] as const;
  const seeds = Object.fromEntries(names.map((name) => [name, seeded(`key ${name}`).bytes(32)]));
  const of = (name: string): Bytes => seeds[name] ?? new Uint8Array();
  const signing = (name: string): Promise<KeyPair> =>
    importPrivateKey(JSON.stringify({ kty: "OKP", crv: "Ed25519", d: toBase64url(of(name)) }));
  const [caller, receipt, domainLog, gatewayLog, gateway] = await Promise.all(names.slice(0, 5).map(signing));
  if (!caller || !receipt || !domainLog || !gatewayLog || !gateway)
    throw new RangeError("five signing keys are needed");
  const seal = await SealKeyPair.derive(of("seal"));
  const ephemeral = await SealKeyPair.derive(of("ephemeral"));
  const ids: Record<string, string> = {
    caller: caller.keyId,
    receipt: receipt.keyId,
    domainLog: domainLog.keyId,
    gatewayLog: gatewayLog.keyId,
    gateway: gateway.keyId,
    seal: seal.sealKey,
    ephemeral: ephemeral.sealKey,
  };
  return { seeds, ids, caller, receipt, domainLog, gatewayLog, gateway, seal, ephemeralSecret: of("ephemeral") };
}

async function makeIndex(keys: Keys) {
  const identity = {
    domain: "hrss",
    product: "credit-band",
    version: 2,
    grant: await sha256Hex(utf8("grant")),
    epoch: 1,
  };
  const context = lookupContext(identity);
  const keyPair = await deriveKeyPair(seeded("oprf").bytes(32), utf8("wire vectors"));
  const labels = Array.from({ length: INDEX_KEYS }, (_, i) => i % VOCABULARY.length);
  const base = await buildIndex({
    keys: labels.map((_, i) => `person-${String(i).padStart(4, "0")}`),
    records: labels.map((label) => encodeLookupRecord(encodeLabelRecord(label))),
    keyPair,
    random: seeded("index"),
    context,
  });
  const delta = await buildIndex({
    keys: Object.keys(CHANGES),
    records: Object.values(CHANGES).map((label) =>
      label === null ? encodeDeletedRecord(LABEL_RECORD_BYTES) : encodeLookupRecord(encodeLabelRecord(label)),
    ),
    keyPair,
    random: seeded("delta"),
    context,
    shownRows: padDelta(Object.keys(CHANGES).length, INDEX_KEYS),
  });
  const shown = async ({ parameters, hint }: typeof base) => {
    return { parameters, hint: await sha256Hex(hint), hintBytes: hint.length };
  };
  const snapshot: LookupSnapshot = {
    type: "lookup-snapshot",
    ...identity,
    bundle: await sha256Hex(utf8("bundle")),
    release: await sha256Hex(utf8("release")),
    ...(await shown(base)),
    delta: await shown(delta),
    oprfPublicKey: toHex(keyPair.publicKey),
    sealKey: keys.seal.sealKey,
    vocabulary: VOCABULARY,
    at: AT,
  };
  const signed = await signDocument(snapshot, keys.receipt);
  return { tables: [base, delta], context, keyPair, snapshot, signed, snapshotHash: await documentHash(snapshot) };
}

/** What the snapshots of every form have in common. */
function servedIdentity({
  domain,
  product,
  version,
  grant,
  bundle,
  release,
  sealKey,
  at,
}: LookupSnapshot): ServedIdentity {
  return { domain, product, version, grant, bundle, release, sealKey, at };
}

/** Runs the client against the index, and shows what it drew and derived. */
async function runLookup(index: Index, key: string) {
  const { snapshot, snapshotHash, tables, keyPair } = index;
  const drawn: Bytes[] = [];
  const source = seeded(`lookup ${key}`);
  const random: Random = {
    bytes(length) {
      const bytes = source.bytes(length);
      drawn.push(bytes.slice());
      return bytes;
    },
  };
  const client = await LookupClient.open({ snapshot, snapshotHash, hints: tables.map(({ hint }) => hint) });
  const started = client.start(key, random);
  const input = oprfInput(index.context, key);
  const { elements } = decodeEvaluateRequest(started.frame);
  const evaluation = encodeEvaluateResponse(await blindEvaluate(keyPair, elements, seeded(`proof ${key}`)));
  const blindScalar = blind(input, seeded(`lookup ${key}`)).blind.reveal();
  const query = await started.evaluated(evaluation);
  const { parts: words } = decodePirQuery(query.frame);
  const answer = encodePirAnswer(
    tables.map(({ parameters, database }, i) =>
      LookupDatabase.open(parameters, database).answer(words[i] ?? new Uint32Array()),
    ),
  );
  const value = await query.finish(answer);
  const [output = new Uint8Array()] = await evaluateMany(keyPair, [input]);
  const parts = tables.map(({ parameters }, i) => {
    const [secret, errorBytes] = drawn.slice(-2 * tables.length).slice(2 * i);
    if (secret === undefined || errorBytes === undefined) throw new RangeError("a query draws secret and errors");
    const errors = new Uint32Array(parameters.rowsPerBucket);
    sampleErrors(errors, { bytes: () => errorBytes });
    const secrets = deriveRecordSecrets(output, fromHex(parameters.matrixSeed));
    return {
      position: toHex(secrets.position),
      recordKey: toHex(secrets.key),
      recordNonce: toHex(secrets.nonce),
      ...positionsOf(secrets.position, fromHex(parameters.filterSeed), parameters),
      secret: toHex(secret),
      errors: toHex(bytesOfWords(errors)),
    };
  });
  const shown = {
    key,
    oprfInput: toHex(input),
    blind: toHex(blindScalar),
    evaluateRequest: toHex(started.frame),
    evaluateResponse: toHex(evaluation),
    output: toHex(output),
    parts,
    pirQuery: toHex(query.frame),
    pirAnswer: toHex(answer),
    value: value === null ? null : toHex(value),
    label: value === null ? null : (VOCABULARY[value[0] ?? 0] ?? null),
  };
  const calls: [Operation, Bytes, Bytes][] = [
    ["lookup.evaluate", started.frame, evaluation],
    ["lookup.query", query.frame, answer],
  ];
  return { shown, calls };
}

/** One call and its answer, as they cross the network. */
async function makeCall(
  keys: Keys,
  { snapshot, snapshotHash }: Index,
  name: string,
  operation: Operation,
  plaintext: Bytes,
  answerPlaintext: Bytes,
) {
  const random = seeded(`call ${name}`);
  const { domain, grant, product, version, bundle, release } = snapshot;
  const use = { operation, domain, grant, product, version, bundle, callId: toHex(random.bytes(16)) };
  const context = sealingContext(use);
  const sent = await sealWith(keys.ephemeralSecret, () => sealQuery(snapshot.sealKey, plaintext, context));
  const body: UseRequest = {
    type: "request",
    ...use,
    bodyDigest: await sha256Hex(sent.frame),
    nonce: toHex(random.bytes(16)),
    issuedAt: AT,
    expiresAt: "2026-01-31T08:02:00.000Z",
  };
  const request = await signDocument(body, keys.caller);
  const opened = await openQuery(keys.seal, sent.frame, context);
  const frame = await opened.sealAnswer(answerPlaintext, random);
  const { references, openings } = referTo({ party: keys.caller.keyId, snapshot: snapshotHash }, random);
  const receiptBody: Receipt = {
    type: "receipt",
    callId: use.callId,
    operation,
    domain,
    grant,
    scene: "credit",
    policy: await sha256Hex(utf8("policy")),
    product,
    version,
    bundle,
    release,
    ...references,
    request: await documentHash(body),
    answer: await sha256Hex(frame),
    quantity: { unit: OPERATION_UNITS[operation], amount: "1" },
    price: { kind: "per-unit", unit: OPERATION_UNITS[operation], amount: "0.05", currency: "CNY" },
    layers: ["isolate", "process"],
    at: AT,
  };
  const receipt = await signDocument(receiptBody, keys.receipt);
  const domainLog = await proofOf(keys.domainLog, "hrss.example/log", receipt, random, 5);
  const gatewayLog = await proofOf(keys.gatewayLog, "gateway.example/log", receipt, random, 2);
  const booked = { type: "booking" as const, receipt: await documentHash(receipt), at: AT };
  const booking = await signDocument(booked, keys.gateway);
  return {
    name,
    sealingContext: new TextDecoder().decode(context),
    plaintext: toHex(plaintext),
    call: toHex(encodeCall({ request, frame: sent.frame })),
    answerPlaintext: toHex(answerPlaintext),
    answer: toHex(encodeAnswer({ receipt: { receipt, openings, domainLog, booking, gatewayLog }, frame })),
  };
}

/** Answers to the first call that decode and are to be refused. */
function refusedAnswers(answer: string, other: string) {
  const change = (edit: (evidenced: Evidenced) => void, frame?: (frame: Bytes) => void): string => {
    const decoded = decodeAnswer(fromHex(answer));
    const evidenced = structuredClone(decoded.receipt);
    const bytes = decoded.frame.slice();
    edit(evidenced);
    frame?.(bytes);
    return toHex(encodeAnswer({ receipt: evidenced, frame: bytes }));
  };
  const bent = (text: string, at: number): string =>
    text.slice(0, at) + (text[at] === "A" ? "B" : "A") + text.slice(at + 1);
  return [
    { name: "the answer to another call", hex: other },
    { name: "one bit of the frame changed", hex: change(ignore, (frame) => frame.set([(frame[40] ?? 0) ^ 1], 40)) },
    { name: "another quantity", hex: change((e) => Object.assign(e.receipt.body.quantity, { amount: "2" })) },
    {
      name: "another signature",
      hex: change((e) => e.receipt.signatures.forEach((s) => Object.assign(s, { value: bent(s.value, 9) }))),
    },
    { name: "no proof of the gateway's log", hex: change((e) => Reflect.deleteProperty(e, "gatewayLog")) },
    { name: "no booking of the gateway", hex: change((e) => Reflect.deleteProperty(e, "booking")) },
    {
      name: "a booking of another receipt",
      hex: change((e) => Object.assign(e, { booking: decodeAnswer(fromHex(other)).receipt.booking })),
    },
    { name: "a booking with another time", hex: change((e) => Object.assign(e.booking?.body ?? {}, { at: LATER })) },
    { name: "its party not opened", hex: change((e) => Reflect.deleteProperty(e.openings, "party")) },
    {
      name: "its party opened to another key",
      hex: change((e) => Object.assign(e.openings.party ?? {}, { value: e.receipt.signatures[0]?.keyId })),
    },
    {
      name: "its snapshot opened with another salt",
      hex: change((e) => Object.assign(e.openings.snapshot ?? {}, { salt: "00".repeat(32) })),
    },
    { name: "the proofs exchanged", hex: change((e) => Object.assign(e, exchanged(e))) },
    { name: "another position in the log", hex: change((e) => Object.assign(e.domainLog, { index: 4 })) },
    { name: "a hash of the path left out", hex: change((e) => e.domainLog.inclusion.pop()) },
    { name: "a hash too many", hex: change((e) => e.domainLog.inclusion.push("00".repeat(32))) },
    { name: "another salt", hex: change((e) => Object.assign(e.domainLog, { salt: "00".repeat(32) })) },
    {
      name: "a checkpoint of another size",
      hex: change((e) =>
        Object.assign(e.domainLog, { checkpoint: e.domainLog.checkpoint.replace("\n11\n", "\n12\n") }),
      ),
    },
  ];
}

type Evidenced = AnswerEnvelope["receipt"];

function exchanged({ domainLog, gatewayLog }: Evidenced) {
  return { domainLog: gatewayLog, gatewayLog: domainLog };
}

function ignore(): void {}

/** Seals with this ephemeral key: HPKE draws its own from the platform, which is asked for once. */
/** Seals the opening of a session; both ends. */
function openSession(keys: Keys): OpenSealed {
  return async (plaintext, context) => {
    const sent = await sealWith(keys.ephemeralSecret, () => sealQuery(keys.seal.sealKey, plaintext, context));
    const opened = await openQuery(keys.seal, sent.frame, context);
    return { frame: sent.frame, caller: await sent.session(), domain: await opened.session() };
  };
}

async function sealWith(secret: Bytes, seal: () => Promise<SentQuery>): Promise<SentQuery> {
  const { subtle } = globalThis.crypto;
  const pair = await ephemeralPair(secret);
  Object.defineProperty(subtle, "generateKey", { value: () => Promise.resolve(pair), configurable: true });
  try {
    return await seal();
  } finally {
    Reflect.deleteProperty(subtle, "generateKey"); // the platform's own stands on the prototype
  }
}

async function ephemeralPair(secret: Bytes) {
  const pkcs8 = Buffer.concat([Buffer.from("302e020100300506032b656e04220420", "hex"), secret]);
  const key = createPrivateKey({ key: pkcs8, format: "der", type: "pkcs8" });
  const publicJwk: JsonWebKey = createPublicKey(key).export({ format: "jwk" });
  const algorithm = { name: "X25519" };
  const { subtle } = globalThis.crypto;
  return {
    privateKey: await subtle.importKey("pkcs8", pkcs8, algorithm, false, ["deriveBits"]),
    publicKey: await subtle.importKey("jwk", publicJwk, algorithm, true, []),
  };
}

/** A proof for `document` in a log of eleven entries, at `position`. */
async function proofOf(key: KeyPair, origin: string, document: unknown, random: Random, position: number) {
  const directory = await mkdtemp(join(tmpdir(), "sluice-wire-"));
  try {
    await using log = await openLog(directory, { origin, key, clock });
    const salt = random.bytes(32);
    for (let i = 0; i < 11; i++) await log.append(i === position ? commitment(document, salt) : random.bytes(32));
    return await createLogProof(log, position, salt);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function makeHttp(key: KeyPair, callBytes: Bytes) {
  const requests = [
    { method: "POST", url: "https://gateway.example/v1/calls", body: callBytes },
    { method: "GET", url: "https://Gateway.Example:443/v1/receipts/00", body: new Uint8Array() },
    { method: "GET", url: "http://gateway.example:8443/v1/products?x=%E4%B8%80&y", body: new Uint8Array() },
  ];
  const random = seeded("http");
  const vectors = [];
  for (const request of requests) {
    const headers = await signHttp(request, key, { clock, random });
    vectors.push({ method: request.method, url: request.url, body: toHex(request.body), headers });
  }
  return vectors;
}

async function matrixRows() {
  const seed = seeded("matrix").bytes(32);
  const matrix = await LweMatrix.open(seed);
  const rows = [];
  for (const row of [0, 1, 255, 256, 65_535]) {
    rows.push({ row, start: toHex(bytesOfWords(await matrix.rows(row, 1)).subarray(0, 32)) });
  }
  return { matrixSeed: toHex(seed), rows };
}

function otherPositions() {
  const shapes = [
    { buckets: 1, rowsPerBucket: 384, segmentLength: 128 },
    { buckets: 37, rowsPerBucket: 20_480, segmentLength: 2_048 },
    { buckets: 4_096, rowsPerBucket: 65_536, segmentLength: 4_096 },
  ];
  const random = seeded("positions");
  return shapes.map((shape) => {
    const [position, filterSeed] = [random.bytes(32), random.bytes(32)];
    const { bucket, rows } = positionsOf(position, filterSeed, shape);
    return { ...shape, position: toHex(position), filterSeed: toHex(filterSeed), bucket, rows };
  });
}
