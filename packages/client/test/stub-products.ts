/** What the stub serves: one product of each form, with the sender roles that a domain uses.
 *  @module */
import { buildIndex, LookupDatabase, lookupContext, type BuiltIndex } from "@sluice/mpc/lookup/server";
import { blindEvaluate, deriveKeyPair } from "@sluice/mpc/oprf/server";
import {
  answerCardinality,
  answerIds,
  derivePsiKey,
  prepareCardinalitySet,
  evaluateEntries,
  fitFilter,
  psiEntry,
} from "@sluice/mpc/psi/sender";
import { planHidden, scoreHidden } from "@sluice/mpc/he/hidden/server";
import { planScore, score } from "@sluice/mpc/he/linear/server";
import { memorySelectionRegister, SelectionServer, SelectionTable } from "@sluice/mpc/he/selection/server";
import {
  canonicalBytes,
  datasetQuantity,
  decodeDatasetRequest,
  decodeEvaluateRequest,
  decodePirQuery,
  decodePsiCardinalityQuery,
  decodePsiQuery,
  decodeReportRequest,
  decodeScoreRequest,
  decodeSelectionCall,
  decodeSelectionRegistration,
  decodeSelectionRequest,
  documentHash,
  ELEMENT_BYTES,
  encodeDeletedRecord,
  encodeEvaluateResponse,
  encodeLabelRecord,
  encodeLookupRecord,
  encodePirAnswer,
  encodeSelectionRegistered,
  HIDDEN_ROWS,
  isSelectionRegistration,
  LABEL_RECORD_BYTES,
  padPsiItems,
  parseSelectionParameters,
  sha256Hex,
  SluiceError,
  toHex,
  utf8,
  type Bytes,
  type Certificate,
  type DatasetSnapshot,
  type JoinKeys,
  type DatasetValue,
  type LinearModel,
  type LookupSnapshot,
  type Operation,
  type ProductSnapshot,
  type PsiKind,
  type PsiParameters,
  type Report,
  type ScoreLink,
  type SnapshotPart,
  type SquareNetwork,
  type Table,
} from "@sluice/protocol";
import { systemRandom } from "../src/index.ts";

/** Labels of the stub's lookup product. */
export const VOCABULARY = ["A", "B", "C"];

/** Members that the snapshots of all products have. */
export type Served = Omit<Extract<ProductSnapshot, { type: "report-snapshot" }>, "type" | "report">;

/** A product as its domain holds it. */
export interface StubProduct {
  readonly snapshot: ProductSnapshot;
  /** What its receipts name. */
  readonly certificate?: Certificate;
  /** What callers download. */
  readonly part?: { readonly name: SnapshotPart; readonly bytes: Bytes };
  /** The hint of its delta table. */
  readonly deltaHint?: Bytes;
  readonly deltaSet?: Bytes;
  /** The same product with labels changed, null deleted, in a delta table. */
  update?(changes: Readonly<Record<string, number | null>>, at: string): Promise<StubProduct>;
  /** Units of an opened frame. */
  measure(content: Bytes): number;
  /** The answer to an opened frame. */
  answer(content: Bytes, operation: Operation): Promise<Bytes>;
}

/** Makes a product once its grant and names are known. */
export type MakeProduct = (served: Served) => Promise<StubProduct>;

/** A lookup product of key to label code. */
export function labelProduct(labels: Readonly<Record<string, number>>): MakeProduct {
  return async (members) => {
    const epoch = 1;
    const context = lookupContext({ ...members, epoch });
    const oprf = await deriveKeyPair(systemRandom.bytes(32), utf8("stub"));
    const index = await buildIndex({
      keys: Object.keys(labels),
      records: Object.values(labels).map((label) => encodeLookupRecord(encodeLabelRecord(label))),
      keyPair: oprf,
      random: systemRandom,
      context,
    });
    const snapshot: LookupSnapshot = {
      type: "lookup-snapshot",
      ...members,
      epoch,
      parameters: index.parameters,
      oprfPublicKey: toHex(oprf.publicKey),
      hint: await sha256Hex(index.hint),
      hintBytes: index.hint.length,
      vocabulary: VOCABULARY,
    };
    const served = async (snapshot: LookupSnapshot, indexes: BuiltIndex[]): Promise<StubProduct> => {
      const snapshotHash = await documentHash(snapshot);
      const databases = indexes.map(({ parameters, database }) => LookupDatabase.open(parameters, database));
      const [, delta] = indexes;
      return {
        snapshot,
        part: { name: "hint", bytes: index.hint },
        ...(delta === undefined ? {} : { deltaHint: delta.hint }),
        measure: () => 1,
        answer: async (content, operation) => {
          const request = operation === "lookup.query" ? decodePirQuery(content) : decodeEvaluateRequest(content);
          if (toHex(request.snapshot) !== snapshotHash)
            throw new SluiceError("ERR_SNAPSHOT", {}, { refusedBy: "domain" });
          if ("parts" in request) {
            return encodePirAnswer(
              databases.map((database, i) => database.answer(request.parts[i] ?? new Uint32Array())),
            );
          }
          return encodeEvaluateResponse(await blindEvaluate(oprf, request.elements, systemRandom));
        },
        update: async (changes, at) => {
          const over = await buildIndex({
            keys: Object.keys(changes),
            records: Object.values(changes).map((label) =>
              label === null ? encodeDeletedRecord(LABEL_RECORD_BYTES) : encodeLookupRecord(encodeLabelRecord(label)),
            ),
            keyPair: oprf,
            context,
            shownRows: 256,
          });
          const { parameters, hint } = over;
          const delta = { parameters, hint: await sha256Hex(hint), hintBytes: hint.length };
          return served({ ...snapshot, delta, at }, [index, over]);
        },
      };
    };
    return served(snapshot, [index]);
  };
}

/** Noise of the count of `setProduct`: as many dummies match as in the middle, so that its counts are exact. */
export const COUNT_NOISE = { epsilon: "2", budget: "10", shift: 1 } as const;

/** A set of entries, to match or to count; with `keys`, of entries by typed keys. */
export function setProduct(kind: PsiKind, entries: readonly string[], keys?: JoinKeys): MakeProduct {
  const typed = keys === undefined ? {} : { keys };
  return async (served) => {
    const { domain, product, version, grant } = served;
    const identity = { kind, domain, product, version, grant, purpose: "medical-aid", epoch: 1 };
    const key = await derivePsiKey(systemRandom.bytes(32), identity);
    const source = { identity, key, entries: entries.map(psiEntry) };
    const paddedItems = padPsiItems(entries.length);
    let set: Bytes;
    let parameters: PsiParameters;
    if (kind === "psi-ids") {
      const fitted = await fitFilter({ keys: await evaluateEntries(source), items: paddedItems }, systemRandom);
      set = fitted.filter;
      const oprfPublicKey = toHex(key.publicKey);
      parameters = { kind, method: "filter", ...typed, paddedItems, oprfPublicKey, base: fitted.table };
    } else {
      set = await prepareCardinalitySet(source);
      parameters = { kind, ...typed, paddedItems, set: await sha256Hex(set), noise: COUNT_NOISE };
    }
    const { purpose, epoch } = identity;
    const snapshot: ProductSnapshot = { type: "psi-snapshot", ...served, purpose, epoch, parameters };
    const snapshotHash = await documentHash(snapshot);
    if (kind === "psi-cardinality") {
      const { shift } = COUNT_NOISE;
      return {
        snapshot,
        measure: (frame) => decodePsiCardinalityQuery(frame).elements.length / ELEMENT_BYTES,
        answer: (frame) =>
          answerCardinality({ identity, set, snapshot: snapshotHash, frame, dummies: { shift, matches: shift } }),
      };
    }
    return {
      snapshot,
      part: { name: "set", bytes: set },
      measure: (frame) => decodePsiQuery(frame).elements.length / ELEMENT_BYTES,
      answer: (frame) => answerIds({ identity, key, snapshot: snapshotHash, frame }),
    };
  };
}

/** A linear model over columns within ±`featureBound`. */
export function scoreProduct(model: LinearModel, featureBound: number, link: ScoreLink): MakeProduct {
  return async (served) => {
    const parameters = planScore(model, featureBound);
    return {
      snapshot: { type: "score-snapshot", ...served, model: await documentHash(model), parameters, link },
      measure: (frame) => decodeScoreRequest(frame).rows,
      answer: (frame) => score({ model, parameters }, frame),
    };
  };
}

/** A model that stays with the domain. */
export function hiddenProduct(network: SquareNetwork, link: ScoreLink, resolution: number): MakeProduct {
  return async (served) => {
    const parameters = await planHidden(network, { resolution });
    return {
      snapshot: { type: "score-snapshot", ...served, model: parameters.network, parameters, link },
      measure: () => HIDDEN_ROWS,
      answer: (frame) => scoreHidden({ network, parameters }, frame),
    };
  };
}

/** A report of a table; `write` says what the domain keeps as its bytes. */
export function reportProduct(table: Table, write: (report: Report) => Bytes = canonicalBytes): MakeProduct {
  return async (served) => {
    const { domain, product, version, at } = served;
    const bytes = write({
      type: "report",
      domain,
      product,
      version,
      source: "44".repeat(32),
      name: "table",
      table,
      at,
    });
    const snapshot: ProductSnapshot = { type: "report-snapshot", ...served, report: await sha256Hex(bytes) };
    const snapshotHash = await documentHash(snapshot);
    return {
      snapshot,
      measure: () => 1,
      answer: async (frame) => {
        if (toHex(decodeReportRequest(frame).snapshot) !== snapshotHash) throw new SluiceError("ERR_SNAPSHOT");
        return bytes;
      },
    };
  };
}

/** A data set of rows, two to a page, whose term runs from `from` for `days`; `write` says what the domain keeps as its pages. */
export function datasetProduct(
  { fields, columns, days }: Pick<DatasetSnapshot, "fields" | "days"> & { readonly columns: DatasetValue[][] },
  write: (page: object) => Bytes = canonicalBytes,
): MakeProduct {
  return async (served) => {
    const rows = columns[0]?.length ?? 0;
    const pageRows = 2;
    const pages = Array.from({ length: Math.ceil(rows / pageRows) }, (_, page) =>
      write({
        type: "dataset-page",
        page,
        columns: columns.map((column) => column.slice(page * pageRows, (page + 1) * pageRows)),
      }),
    );
    const { domain, product, version } = served;
    const snapshot: DatasetSnapshot = {
      type: "dataset-snapshot",
      ...served,
      source: "44".repeat(32),
      fields,
      rows,
      days,
      pageRows,
      pages: await Promise.all(pages.map(sha256Hex)),
      certificate: CERTIFICATE,
    };
    const snapshotHash = await documentHash(snapshot);
    let until: string | null = null;
    return {
      snapshot,
      certificate: CERTIFICATE,
      measure: (frame) => (decodeDatasetRequest(frame).ask === "term" ? datasetQuantity(snapshot) : 0),
      answer: async (frame) => {
        const request = decodeDatasetRequest(frame);
        if (toHex(request.snapshot) !== snapshotHash) throw new SluiceError("ERR_SNAPSHOT");
        if (request.ask === "page") {
          if (until === null) throw new SluiceError("ERR_DATASET_UNBEGUN", {}, { refusedBy: "domain" });
          return pages[request.page] ?? utf8("no page");
        }
        if (until !== null) throw new SluiceError("ERR_DATASET_BEGUN", { until }, { refusedBy: "domain" });
        const from = "2026-01-01T00:00:00.000Z";
        until = "2026-01-31T00:00:00.000Z";
        return canonicalBytes({ type: "dataset-term", domain, product, version, from, until });
      },
    };
  };
}

/** Groups a, b, … with so many rows, without noise, for any number of selections. */
export function selectionProduct(rows: readonly number[]): MakeProduct {
  return async (served) => {
    const parameters = parseSelectionParameters({
      type: "hidden-selection",
      version: 1,
      product: served.product,
      groups: rows.map((_, i) => String.fromCodePoint(97 + i)),
      minimumGroups: 2,
      minimumRows: 5,
      measures: [{ name: "rows", subjectBound: 1, noiseScale: 2, bound: 1_000 }],
    });
    const epoch = "2026-01";
    const groups = rows.map((count, i) => ({
      label: parameters.groups[i] ?? "",
      rows: count,
      sums: [BigInt(count)],
    }));
    const table = new SelectionTable(parameters, epoch, groups);
    const register = memorySelectionRegister({ maxSelections: 64, maxEpsilon: 1_000 });
    const server = await SelectionServer.open({ table, caller: "bank", register, noise: () => 0n });
    const snapshot: ProductSnapshot = { type: "selection-snapshot", ...served, parameters, digits: [0], epoch };
    return {
      snapshot,
      measure: (frame) =>
        isSelectionRegistration(frame) ? 1 : decodeSelectionRequest(decodeSelectionCall(frame).request).measures.length,
      answer: async (frame) => {
        if (isSelectionRegistration(frame)) {
          const { commitment } = decodeSelectionRegistration(frame);
          await register.register({ product: served.product, caller: "bank", commitment: toHex(commitment) });
          return encodeSelectionRegistered({ commitment, used: 1, most: 64 });
        }
        const { selection, request } = decodeSelectionCall(frame);
        await server.select(selection);
        return await server.answer(request);
      },
    };
  };
}

/** What was measured on the stub's sample. */
const CERTIFICATE: Certificate = {
  policy: "55".repeat(32),
  resource: "persons",
  sourceSnapshot: "44".repeat(32),
  sourceRowsRounded: 1_000,
  sampleRows: 3,
  suppressedRows: 0,
  quasiIdentifiers: ["region"],
  k: 5,
  seedCommitment: "66".repeat(32),
  at: "2026-01-01T00:00:00.000Z",
  level: 3,
  overallRisk: 0.04,
};
