/** The vectors of `packages/protocol/vectors/wire-v1.json`, read with the rules of `docs/wire*.md` alone;
 *  then the packages' own decoders, which must say the same of each.
 *  @module */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { DEFAULT_BACKOFF_MS, DEFAULT_MAX_ATTEMPTS, REQUEST_VALIDITY_MS } from "@sluice/client";
import { HTTP_SIGNATURE_VALIDITY_S } from "@sluice/evidence/http";
import { verifyReceipt } from "@sluice/evidence/verify";
import { MAX_KEY_BYTES } from "@sluice/mpc/lookup/client";
import {
  decodeAnswer,
  decodeCall,
  decodeEvaluateRequest,
  decodeEvaluateResponse,
  decodeLabelRecord,
  decodeLookupRecord,
  decodePirAnswer,
  decodePirQuery,
  decodePsiCardinalityAnswer,
  decodePsiCardinalityQuery,
  decodePsiIdsAnswer,
  decodePsiQuery,
  decodePsiFilter,
  decodePsiTransferAnswers,
  decodePsiTransferCheck,
  decodePsiTransferChoices,
  decodePsiTransferOpen,
  decodePsiTransferRows,
  decodePsiTransferTags,
  decodeSessionMessage,
  decodeSessionOpening,
  decodeSessionPacket,
  decodeSessionReply,
  decodeSessionSummary,
  decodeDatasetRequest,
  decodeReportRequest,
  decodeScoreReply,
  decodeScoreRequest,
  decodeSealedAnswer,
  decodeSealedQuery,
  fromHex,
  fromProblem,
  isSluiceError,
  MAX_CLOCK_SKEW_MS,
  MAX_OPRF_ELEMENTS,
  MAX_REQUEST_VALIDITY_MS,
  MAX_SIGNATURES,
  sha256Hex,
} from "@sluice/protocol";
import { expect, test } from "vitest";
import { readFiles, ROOT } from "./source-files.ts";
import {
  answerKey,
  canonical,
  documentHash,
  holdsInLog,
  innerProduct,
  isSignedBy,
  matrixRows,
  openGcm,
  oprfEvaluate,
  oprfOutput,
  positions,
  queryContext,
  recordSecrets,
  recover,
  referenceHash,
  sha256,
  signatureBase,
  signingInput,
  verifyEd25519,
  wordsOf,
  type Proof,
  type SignedObject,
} from "./wire-rules.ts";
import { longHex } from "./wire-form-structs.ts";
import { checkForm } from "./wire-form-rules.ts";
import {
  documentedMembers,
  documentedStructs,
  snapshotMembers,
  wirePages,
  WireStructs,
  type Fields,
} from "./wire-structs.ts";
import { WIRE_VECTORS_PATH, wireVectorsText } from "./wire-vectors-file.ts";
import { makeWireVectors } from "./wire-vectors.ts";

type Vectors = Awaited<ReturnType<typeof makeWireVectors>>;
type UseBody = { type: string; operation: string; bodyDigest: string; callId: string } & Fields;
type ReceiptBody = { type: string; answer: string; quantity: { unit: string; amount: string } } & Fields;
type Opening = { value: string; salt: string };
type Evidenced = {
  receipt: SignedObject & { body: ReceiptBody };
  openings: { party?: Opening; snapshot?: Opening };
  domainLog: Proof;
  booking?: SignedObject & { body: Fields };
  gatewayLog?: Proof;
};

const text = readFileSync(join(ROOT, WIRE_VECTORS_PATH), "utf8");
const vectors = JSON.parse(text) as Vectors;
const structs = documentedStructs();
const { snapshot: signedSnapshot, snapshotHash } = vectors.lookup;
const snapshot = signedSnapshot.body;
const { parameters } = snapshot;
const bytesOf = (hex: string): Buffer => Buffer.from(longHex(hex), "hex");
const longFields = (fields: unknown): unknown =>
  JSON.parse(JSON.stringify(fields), (_, value: unknown) => (typeof value === "string" ? longHex(value) : value));
const idOf = (name: string): string => vectors.keys[name]?.id ?? "";
const secretOf = (name: string): Buffer => bytesOf(vectors.keys[name]?.secret ?? "");
const publicOf = (name: string): Buffer => Buffer.from(idOf(name).split(":")[1] ?? "", "base64url");
const contextLabel = "sluice/lookup/context/v1";
const LOGS = { domain: "hrss.example/log", gateway: "gateway.example/log" };

test("writing the vectors again gives the same file", async () => {
  expect(wireVectorsText(await makeWireVectors())).toBe(text);
});

test("the pages have a struct for each vector, and each struct has vectors, good and malformed", () => {
  const decoded = vectors.structs.map(({ struct }) => struct);
  expect(decoded.toSorted()).toEqual(structs.names.toSorted());
  expect([...new Set(vectors.malformed.map(({ struct }) => struct))].toSorted()).toEqual(structs.names.toSorted());
});

test("each message decodes to its fields", () => {
  for (const { struct, hex, fields } of vectors.structs) {
    expect(structs.decode(struct, bytesOf(hex)), struct).toEqual(longFields(fields));
  }
});

test("no malformed message decodes", () => {
  for (const { struct, name, hex } of vectors.malformed) {
    expect(() => checkForm(struct, structs.decode(struct, bytesOf(hex))), `${struct}: ${name}`).toThrow(
      /early|left over|range|not zero|JSON|not valid|limit|padded|ascending/,
    );
  }
});

test("a block that is not of the notation is an error of the page", () => {
  const block = (line: string): string => `\`\`\`struct\n${line}\n\`\`\`\n`;
  for (const line of ["uint8 x;", "struct { uint128 x; } A;", "struct { opaque x<1..3>; } A;", "struct { B x; } A;"]) {
    expect(() => new WireStructs([block(line)])).toThrow("not of the notation");
  }
  expect(
    new WireStructs([block("struct { opaque x<0..2^16>; } A;")]).decode("A", Buffer.from("00000101", "hex")),
  ).toEqual({ x: "01" });
});

test("canonical JSON, hashes, signing inputs and signatures follow from the documents", () => {
  for (const { value, text, hash } of vectors.canonicalJson) {
    expect(canonical(value)).toBe(text);
    expect(documentHash(value)).toBe(hash);
  }
  for (const { document, signingInput: input, hash } of vectors.signedObjects) {
    expect(signingInput(document).toString("hex")).toBe(input);
    expect(documentHash(document.body)).toBe(hash);
    const signers = document.signatures.map(({ keyId }) => keyId);
    expect(isSignedBy(document, ...signers)).toBe(true);
    expect(isSignedBy(document, ...signers, idOf("gatewayLog"))).toBe(false);
    expect(isSignedBy({ ...document, body: { ...document.body, type: "grant" } }, ...signers)).toBe(false);
  }
  expect(isSignedBy(signedSnapshot, idOf("receipt"))).toBe(true);
  expect(documentHash(snapshot)).toBe(snapshotHash);
  expect(Object.keys(snapshot).toSorted()).toEqual(snapshotMembers("Snapshot and hint"));
});

test("calls are signed, closed, and sealed to the snapshot's key", () => {
  for (const vector of vectors.calls) {
    const { request, frame } = callOf(vector.call);
    const { body } = request;
    expect(Object.keys(body).toSorted()).toEqual(documentedMembers("Use request and envelopes"));
    expect(isSignedBy(request, idOf("caller"))).toBe(true);
    expect(body.bodyDigest).toBe(sha256(bytesOf(frame)).toString("hex"));
    expect(Date.parse(String(body["expiresAt"])) - Date.parse(String(body["issuedAt"]))).toBeLessThanOrEqual(300_000);
    const members = ["operation", "domain", "grant", "product", "version", "bundle", "callId"];
    const context = canonical(Object.fromEntries(members.map((name) => [name, body[name]])));
    expect(vector.sealingContext).toBe(context);
    const sealed = structs.decode("SealedQuery", bytesOf(frame));
    const encapsulated = bytesOf(String(sealed["encapsulatedKey"]));
    expect(encapsulated).toEqual(publicOf("ephemeral"));
    expect(snapshot.sealKey).toBe(idOf("seal"));
    for (const [own, peer] of [
      [secretOf("seal"), encapsulated],
      [secretOf("ephemeral"), publicOf("seal")],
    ] as const) {
      const { key, nonce } = queryContext(own, peer, encapsulated, publicOf("seal"));
      const ciphertext = bytesOf(String(sealed["ciphertext"]));
      expect(openGcm(key, nonce, ciphertext, Buffer.from(context))?.toString("hex")).toBe(vector.plaintext);
      expect(openGcm(key, nonce, ciphertext, Buffer.from(context.replace("hrss", "health")))).toBeNull();
    }
  }
});

test("answers hold against request, snapshot, pins and both logs, and open with the query's context", () => {
  for (const { call, answer, answerPlaintext } of vectors.calls) {
    expect(checkAnswer(call, answer)).toBeNull();
    const { frame } = answerEnvelope(answer);
    const sealedQuery = structs.decode("SealedQuery", bytesOf(callOf(call).frame));
    const sealed = structs.decode("SealedAnswer", bytesOf(frame));
    const encapsulated = bytesOf(String(sealedQuery["encapsulatedKey"]));
    const context = queryContext(secretOf("ephemeral"), publicOf("seal"), encapsulated, publicOf("seal"));
    const { key, nonce } = answerKey(context, encapsulated, bytesOf(String(sealed["nonce"])));
    expect(openGcm(key, nonce, bytesOf(String(sealed["ciphertext"])))?.toString("hex")).toBe(answerPlaintext);
  }
});

test("an answer that was altered is refused by the rules and by the packages", async () => {
  const [first] = vectors.calls;
  const trust = {
    domains: {
      hrss: {
        receiptKey: idOf("receipt"),
        logKey: idOf("domainLog"),
        logOrigin: LOGS.domain,
        departmentKey: idOf("receipt"),
      },
    },
    gateway: { key: idOf("gateway"), logKey: idOf("gatewayLog"), logOrigin: LOGS.gateway },
    agencyKey: idOf("receipt"),
  };
  const accepted = async (hex: string): Promise<boolean> => {
    const { receipt, frame } = decodeAnswer(fromHex(hex));
    const { body } = receipt.receipt;
    const asked = decodeCall(fromHex(first?.call ?? "")).request.body;
    if (body.callId !== asked.callId || receipt.gatewayLog === undefined) return false;
    if (receipt.booking === undefined || receipt.openings.party?.value !== idOf("caller")) return false;
    if (body.answer !== (await sha256Hex(frame))) return false;
    return await verifyReceipt(receipt, trust).then(
      () => true,
      () => false,
    );
  };
  expect(await accepted(first?.answer ?? "")).toBe(true);
  for (const { name, hex } of vectors.refusedAnswers) {
    expect(checkAnswer(first?.call ?? "", hex), name).not.toBeNull();
    expect(await accepted(hex), name).toBe(false);
  }
  expect(vectors.refusedAnswers.length).toBeGreaterThan(9);
});

test("HTTP requests are signed over the documented base", () => {
  for (const { method, url, body, headers } of vectors.http) {
    expect(headers["content-digest"]).toBe(`sha-256=:${sha256(bytesOf(body)).toString("base64")}:`);
    const [, parameters = ""] = /^sluice=(.*)$/.exec(headers["signature-input"]) ?? [];
    expect(parameters).toMatch(
      /^\("@method" "@authority" "@path" "@query" "content-digest"\);created=\d+;expires=\d+;nonce="[0-9a-f]{32}";keyid="[^"]+";alg="ed25519"$/,
    );
    expect(parameters).toContain(`keyid="${idOf("caller")}"`);
    const base = signatureBase(method, url, headers["content-digest"], parameters);
    const [, signature = ""] = /^sluice=:(.*):$/.exec(headers.signature) ?? [];
    expect(verifyEd25519(idOf("caller"), Buffer.from(base), Buffer.from(signature, "base64"))).toBe(true);
    expect(
      verifyEd25519(idOf("caller"), Buffer.from(base.replace("gateway", "g")), Buffer.from(signature, "base64")),
    ).toBe(false);
  }
});

test("positions and matrix rows follow from their seeds", () => {
  for (const { position, filterSeed, bucket, rows, ...shape } of vectors.lookup.positions) {
    expect(positions(structs, bytesOf(position), bytesOf(filterSeed), shape)).toEqual({ bucket, rows });
  }
  const { matrixSeed, rows } = vectors.lookup.matrix;
  for (const { row, start } of rows) {
    expect(matrixRows(bytesOf(matrixSeed), row, 1).slice(0, 8)).toEqual(wordsOf(start));
  }
});

test("a lookup follows from key, snapshot and what the client drew", () => {
  const { oprfSecretKey } = vectors.lookup;
  expect(parameters.buckets).toBeGreaterThan(1);
  const tables = [snapshot, snapshot.delta].map((table, i) => openedTable(table, vectors.lookup.tables[i]));

  const { domain, product, version, grant, epoch } = snapshot;
  const found: unknown[] = [];
  const context = `${contextLabel}${canonical({ domain, product, version, grant, epoch })}`;
  for (const vector of vectors.lookup.queries) {
    const input = bytesOf(vector.oprfInput);
    expect(structs.decode("OprfInput", input)).toEqual({
      context: Buffer.from(context).toString("hex"),
      key: Buffer.from(vector.key).toString("hex"),
    });
    const [blinded] = elementsOf(structs.decode("EvaluateRequest", bytesOf(vector.evaluateRequest)));
    const response = structs.decode("EvaluateResponse", bytesOf(vector.evaluateResponse));
    const [evaluated] = elementsOf(response);
    const evaluation = {
      input,
      blind: bytesOf(vector.blind),
      blinded: blinded ?? Buffer.alloc(0),
      evaluated: evaluated ?? Buffer.alloc(0),
      publicKey: bytesOf(snapshot.oprfPublicKey),
      proof: bytesOf(String(response["proof"])),
    };
    expect(oprfOutput(evaluation).toString("hex")).toBe(vector.output);
    expect(oprfEvaluate(bytesOf(oprfSecretKey), evaluation.publicKey, evaluation.blinded)).toEqual(
      evaluation.evaluated,
    );
    expect(() => oprfOutput({ ...evaluation, publicKey: evaluation.blinded })).toThrow(/proof/i);

    const query = structs.decode("PirQuery", bytesOf(vector.pirQuery));
    expect([query["version"], query["snapshot"], query["count"]]).toEqual([2, snapshotHash, 2]);
    const records = vector.parts.map((part, i) => {
      const words = [query, structs.decode("PirAnswer", bytesOf(vector.pirAnswer))].map((frame) => wordsIn(frame, i));
      return openedPart(tables[i], part, bytesOf(vector.output), words);
    });
    // Base, then delta: the last table that holds the key decides.
    const newest = records.findLast((record) => record !== null);
    const value = newest === undefined || newest["state"] === 1 ? null : String(newest["value"]);
    expect(value).toBe(vector.value);
    const label =
      value === null ? null : snapshot.vocabulary[Number(structs.decode("LabelRecord", bytesOf(value))["label"])];
    expect(label).toBe(vector.label);
    found.push(records.map((record) => (record === null ? null : record["state"])));
  }
  expect(vectors.lookup.queries.map(({ label }) => label)).toEqual(["B", "D", null, null]);
  expect(new Set(vectors.lookup.queries.map(({ parts }) => parts[0]?.bucket)).size).toBe(2);
  expect(found).toEqual([
    [0, null],
    [0, 0],
    [0, 1],
    [null, null],
  ]);
  const secrets = vectors.lookup.queries.flatMap(({ parts }) => parts.map(({ secret }) => secret));
  expect(new Set(secrets).size).toBe(8);
});

type Table = { parameters: typeof parameters; hint: string; hintBytes: number };
type OpenedTable = { parameters: typeof parameters; matrix: Uint32Array; rows: Int8Array; hint: Uint32Array };

/** The hint of a table, made from its database, is the one that the snapshot names. */
function openedTable(table?: Table, shown?: { database: string; hintStart: string }): OpenedTable {
  if (table === undefined || shown === undefined) throw new Error("the vectors show base and delta");
  const { buckets, recordBytes, rowsPerBucket, matrixSeed } = table.parameters;
  const matrix = matrixRows(bytesOf(matrixSeed), 0, rowsPerBucket);
  const rows = new Int8Array(bytesOf(shown.database));
  const hint = hintOf(rows, matrix, buckets * recordBytes);
  const hintBytes = Buffer.from(hint.buffer);
  expect([hintBytes.length, sha256(hintBytes).toString("hex")]).toEqual([table.hintBytes, table.hint]);
  expect(structs.decode("Hint", hintBytes.subarray(0, 64))["words"]).toEqual([...wordsOf(shown.hintStart)]);
  return { parameters: table.parameters, matrix, rows, hint };
}

/** The words of part `i` of a frame. */
function wordsIn(frame: Fields, i: number): number[] {
  const parts = frame["parts"] as { words: number[] }[];
  return parts[i]?.words ?? [];
}

/** The record that one part of a lookup opens; null when the table has none of this key. */
function openedPart(
  table: OpenedTable | undefined,
  part: Vectors["lookup"]["queries"][number]["parts"][number],
  output: Buffer,
  [query = [], answer = []]: number[][],
): Fields | null {
  if (table === undefined) throw new Error("the vectors show base and delta");
  const { parameters, matrix, rows, hint } = table;
  const { buckets, recordBytes } = parameters;
  const columns = buckets * recordBytes;
  const { position, recordKey, recordNonce } = part;
  const secrets = recordSecrets(structs, output, bytesOf(parameters.matrixSeed));
  expect(secrets).toEqual({ position, key: recordKey, nonce: recordNonce });
  const place = positions(structs, bytesOf(position), bytesOf(parameters.filterSeed), parameters);
  expect(place).toEqual({ bucket: part.bucket, rows: part.rows });

  const [secret, errors] = [wordsOf(part.secret), wordsOf(part.errors)];
  const expected = [...errors].map((error, i) => {
    return (innerProduct(matrix, 1_024 * i, secret) + error + (place.rows.includes(i) ? 2 ** 24 : 0)) % 2 ** 32;
  });
  expect(query).toEqual(expected);
  expect(answer).toEqual(answerOf(rows, expected, columns));

  const record = recover(answer, hint, secret, place.bucket, recordBytes) ?? Buffer.alloc(0);
  const slots = place.rows.map((row) => row * columns + place.bucket * recordBytes);
  expect([...record]).toEqual(
    Array.from(record, (_, b) => slots.reduce((sum, slot) => sum + (rows[slot + b] ?? 0), 0) & 0xff),
  );
  expect(recover(answer.with(0, (answer[0] ?? 0) ^ 0x80_0000), hint, secret, place.bucket, recordBytes)).toBeNull();
  const payload = openGcm(bytesOf(recordKey), bytesOf(recordNonce), record);
  return payload === null ? null : structs.decode("LookupRecord", payload);
}

test("the labels, limits and routes that the pages name are those of the code", () => {
  const pages = wirePages().join("\n");
  const rules = readFiles("test", /^test\/wire-(?:\w+-)?rules\.ts$/).map((source) => source.text);
  const labels = new Set(`${rules.join("\n")}${contextLabel}`.match(/sluice\/[a-z]+(?:\/[a-z]+)*\/v1\|?/g));
  expect([...labels].filter((label) => !pages.includes(`"${label}"`))).toEqual([]);
  expect(labels.size).toBe(11);
  for (const phrase of [
    `at most ${MAX_REQUEST_VALIDITY_MS / 60_000} minutes apart; our client: ${REQUEST_VALIDITY_MS / 60_000}`,
    `Clocks may differ by ${MAX_CLOCK_SKEW_MS / 1_000} s`,
    `1 to ${HTTP_SIGNATURE_VALIDITY_S} s after`,
    `1 to ${MAX_SIGNATURES} signatures`,
    `1..${MAX_OPRF_ELEMENTS}`,
    `1 to ${MAX_KEY_BYTES.toLocaleString("en")}`,
    `${DEFAULT_MAX_ATTEMPTS} attempts`,
    `${DEFAULT_BACKOFF_MS} ms · 2^`,
  ]) {
    expect(pages.replaceAll("\n", " "), phrase).toContain(phrase);
  }
  const gateway = readFiles("packages/gateway/src", /\.ts$/)
    .map((source) => source.text)
    .join("\n");
  const routes = [...pages.matchAll(/`(?:GET|POST) (\/[^`…]*)…?`/g)].map(([, route = ""]) => route);
  const declared = (route: string): string =>
    route === "/log/tile/" ? "/log/*" : route.replaceAll(/\{(\w+)\}/g, ":$1");
  expect(routes.filter((route) => !gateway.includes(`"${declared(route)}"`))).toEqual([]);
  expect(routes.length).toBeGreaterThanOrEqual(10);
});

test("a problem document has the documented members", () => {
  expect(Object.keys(vectors.problem)).toEqual([
    "type",
    "title",
    "status",
    "detail",
    "code",
    "remedy",
    "refusedBy",
    "details",
  ]);
  expect(fromProblem({ ...vectors.problem, further: 1 })?.code).toBe(vectors.problem.code);
});

/** The decoders of `@sluice/protocol`, by struct. */
const DECODERS: Readonly<Record<string, (bytes: Uint8Array) => unknown>> = {
  CallEnvelope: decodeCall,
  AnswerEnvelope: decodeAnswer,
  SealedQuery: decodeSealedQuery,
  SealedAnswer: decodeSealedAnswer,
  EvaluateRequest: decodeEvaluateRequest,
  EvaluateResponse: decodeEvaluateResponse,
  PirQuery: decodePirQuery,
  PirAnswer: decodePirAnswer,
  LookupRecord: decodeLookupRecord,
  LabelRecord: decodeLabelRecord,
  PsiQuery: decodePsiQuery,
  PsiIdsAnswer: decodePsiIdsAnswer,
  PsiCardinalityAnswer: decodePsiCardinalityAnswer,
  PsiCardinalityQuery: decodePsiCardinalityQuery,
  PsiFilter: decodePsiFilter,
  ScoreRequest: decodeScoreRequest,
  ScoreReply: decodeScoreReply,
  ReportRequest: decodeReportRequest,
  DatasetRequest: decodeDatasetRequest,
  SessionOpening: decodeSessionOpening,
  SessionMessage: decodeSessionMessage,
  SessionReply: decodeSessionReply,
  SessionPacket: decodeSessionPacket,
  SessionSummary: decodeSessionSummary,
  PsiTransferOpen: decodePsiTransferOpen,
  PsiTransferChoices: decodePsiTransferChoices,
  PsiTransferAnswers: decodePsiTransferAnswers,
  PsiTransferRows: decodePsiTransferRows,
  PsiTransferCheck: decodePsiTransferCheck,
  PsiTransferTags: decodePsiTransferTags,
};

test("the packages' decoders accept each message and refuse each malformed one", () => {
  for (const [struct, decode] of Object.entries(DECODERS)) {
    const [good, ...more] = vectors.structs.filter((vector) => vector.struct === struct);
    expect(more).toEqual([]);
    expect(() => decode(bytesOf(good?.hex ?? "")), struct).not.toThrow();
    const malformed = vectors.malformed.filter((vector) => vector.struct === struct);
    expect(malformed.length).toBeGreaterThan(1);
    for (const { name, hex, code } of malformed) {
      expect(
        codeOf(() => decode(bytesOf(hex))),
        `${struct}: ${name}`,
      ).toBe(code);
    }
  }
});

function codeOf(work: () => unknown): string {
  try {
    work();
    return "accepted";
  } catch (error) {
    return isSluiceError(error) ? error.code : String(error);
  }
}

/** What is wrong with an answer to a call, by the list of `docs/wire.md`; null when nothing is. */
function checkAnswer(callHex: string, answerHex: string): string | null {
  const { request } = callOf(callHex);
  const { receipt: evidenced, frame } = answerEnvelope(answerHex);
  const { receipt, openings, domainLog, booking, gatewayLog } = evidenced;
  const { body } = receipt;
  if (body.type !== "receipt" || !isSignedBy(receipt, idOf("receipt"))) return "signature";
  const expected: Fields = {
    ...Object.fromEntries(
      ["callId", "operation", "domain", "grant", "product", "version", "bundle"].map((n) => [n, request.body[n]]),
    ),
    release: snapshot.release,
    request: documentHash(request.body),
  };
  for (const [name, value] of Object.entries(expected)) if (body[name] !== value) return name;
  for (const [name, value] of [
    ["snapshot", snapshotHash],
    ["party", idOf("caller")],
  ] as const) {
    const opening = openings[name];
    if (opening?.value !== value || referenceHash(structs, name, opening) !== body[name]) return name;
  }
  const unit = request.body.operation === "lookup.evaluate" ? "oprf-element" : "pir-query";
  if (canonical(body.quantity) !== canonical({ unit, amount: "1" })) return "quantity";
  if (body.answer !== sha256(bytesOf(frame)).toString("hex")) return "answer";
  if (!holdsInLog(structs, domainLog, receipt, LOGS.domain, idOf("domainLog"))) return "domain's log";
  if (booking?.body["type"] !== "booking" || !isSignedBy(booking, idOf("gateway"))) return "booking";
  if (booking.body["receipt"] !== documentHash(receipt)) return "booking of another receipt";
  if (gatewayLog === undefined) return "no proof of the gateway";
  return holdsInLog(structs, gatewayLog, receipt, LOGS.gateway, idOf("gatewayLog")) ? null : "gateway's log";
}

function callOf(hex: string) {
  return structs.decode("CallEnvelope", bytesOf(hex)) as { request: SignedObject & { body: UseBody }; frame: string };
}

function answerEnvelope(hex: string) {
  return structs.decode("AnswerEnvelope", bytesOf(hex)) as { receipt: Evidenced; frame: string };
}

function elementsOf(fields: Fields): Buffer[] {
  return (fields["elements"] as { bytes: string }[]).map(({ bytes }) => bytesOf(bytes));
}

/** Word 1024 · c + j is Σ_i D[i][c] · A[i][j]. */
function hintOf(rows: Int8Array, matrix: Uint32Array, columns: number): Uint32Array {
  const hint = new Uint32Array(columns * 1_024);
  for (let i = 0; i * columns < rows.length; i++) {
    for (let c = 0; c < columns; c++) {
      const byte = rows[i * columns + c] ?? 0;
      for (let j = 0; j < 1_024; j++) {
        const at = 1_024 * c + j;
        hint[at] = (hint[at] ?? 0) + Math.imul(byte, matrix[1_024 * i + j] ?? 0);
      }
    }
  }
  return hint;
}

/** Word c is Σ_i D[i][c] · query[i]. */
function answerOf(rows: Int8Array, query: readonly number[], columns: number): number[] {
  return Array.from({ length: columns }, (_, c) =>
    query.reduce((sum, word, i) => (sum + Math.imul(rows[i * columns + c] ?? 0, word)) >>> 0, 0),
  );
}
