/** Data sets: the rows of the certified sample, page by page, to callers whose term runs. The domain learns that this caller
 *  begins its term, and which pages it reads. No user code runs for it.
 *  @module */
import {
  canonicalBytes,
  datasetQuantity,
  datasetTermEnd,
  decodeDatasetRequest,
  MAX_DATASET_READS,
  sha256Hex,
  SluiceError,
  type Asking,
  type Bytes,
  type DatasetRequest,
  type DatasetSnapshot,
  type DatasetTerm,
} from "@sluice/protocol";
import { CertifiedSample } from "../../data/certified-sample.ts";
import type { KeptTerm } from "../../state/dataset-terms.ts";
import type { ServedProduct } from "../../state/work.ts";
import type { DomainContext } from "../context.ts";
import { servedPart, writeIndex } from "../indexes.ts";
import { datasetPages } from "./dataset-pages.ts";
import {
  expectSnapshot,
  misplaced,
  servedMembers,
  signProduct,
  type DomainForm,
  type ProductSource,
} from "./product-form.ts";

/** The form dataset. */
export function datasetForm(context: DomainContext): DomainForm {
  const termOf = ({ product, version }: ServedProduct, { keyId }: Asking): KeptTerm | null =>
    context.terms.of({ keyId, product, version });
  return {
    form: "dataset",
    // Reading it is a use of the grant: it leaves as the answer of a call, and in no other way.
    downloads: {},
    build: (source, signal) => build(context, source, signal),
    permit: (served, frame, asking, now) =>
      permit(decodeDatasetRequest(frame), termOf(served, asking), asking.callId, now),
    measure: (served, _operation, frame) => measure(served, frame),
    begin: (served, frame, asking, now) => {
      const request = decodeDatasetRequest(frame);
      // Asked again: another call may have begun it since.
      permit(request, termOf(served, asking), asking.callId, now);
      begin(context, served, request, asking, now);
    },
    answer: (served, _operation, frame, _signal, asking) => {
      const request = decodeDatasetRequest(frame);
      return request.ask === "page"
        ? readPage(context, served, request.page)
        : Promise.resolve(termBytes(served, termOf(served, asking)));
    },
    certificate: (served) => datasetSnapshot(served).certificate,
  };
}

/** @throws ERR_DATASET_ENDED, ERR_DATASET_BEGUN, ERR_DATASET_UNBEGUN */
function permit(request: DatasetRequest, term: KeptTerm | null, callId: string, now: Date): void {
  if (term === null) {
    if (request.ask === "page") throw new SluiceError("ERR_DATASET_UNBEGUN");
    return;
  }
  const { until } = term;
  // Written so that an instant that is none refuses.
  if (!(now.getTime() < Date.parse(until))) throw new SluiceError("ERR_DATASET_ENDED", { until });
  // A retry of the call that began it is no other.
  if (request.ask === "term" && term.callId !== callId) throw new SluiceError("ERR_DATASET_BEGUN", { until });
}

/** Notes the term, or one more page of it. @throws ERR_QUOTA_SPENT */
function begin(
  context: DomainContext,
  served: ServedProduct,
  request: DatasetRequest,
  { keyId, callId }: Asking,
  now: Date,
): void {
  const holder = { keyId, product: served.product, version: served.version };
  const { days, pages } = datasetSnapshot(served);
  if (request.ask === "term") {
    const until = datasetTermEnd(now, days).toISOString();
    context.terms.begin(holder, { callId, from: now.toISOString(), until });
    return;
  }
  const limit = MAX_DATASET_READS * pages.length;
  if (context.terms.read(holder, limit)) return;
  throw new SluiceError("ERR_QUOTA_SPENT", {
    operation: "dataset",
    amount: String(limit),
    unit: "page reads of a term",
  });
}

async function build(context: DomainContext, source: ProductSource, signal: AbortSignal): Promise<ServedProduct> {
  const { run, content } = source;
  if (content.kind !== "dataset") throw misplaced("dataset");
  const { sample, fields, days } = content;
  if (!CertifiedSample.isCertified(sample)) throw new TypeError("a sample without a certificate reached a data set");
  const shown = datasetPages(sample.table, fields, signal);
  const parts = shown.pages.map((page, i): [string, Bytes] => [pagePart(i), page]);
  const index = await writeIndex(context, run.callId, Object.fromEntries(parts));
  const body: DatasetSnapshot = {
    type: "dataset-snapshot",
    ...servedMembers(context, source),
    source: content.source,
    fields: shown.fields,
    rows: sample.table.rowCount,
    days,
    pageRows: shown.pageRows,
    pages: await Promise.all(shown.pages.map(sha256Hex)),
    certificate: sample.certificate,
  };
  return signProduct(context, source, body, index);
}

/** The term spends the whole quantity, and a page nothing. @throws ERR_SNAPSHOT, ERR_FRAME_MALFORMED */
function measure(served: ServedProduct, frame: Bytes): bigint {
  const request = decodeDatasetRequest(frame);
  expectSnapshot(request.snapshot, served);
  const snapshot = datasetSnapshot(served);
  if (request.ask === "term") return BigInt(datasetQuantity(snapshot));
  if (request.page >= snapshot.pages.length) {
    throw new SluiceError("ERR_FRAME_MALFORMED", { field: "page", expected: `below ${snapshot.pages.length}` });
  }
  return 0n;
}

function termBytes(served: ServedProduct, term: KeptTerm | null): Bytes {
  if (term === null) throw new TypeError("a term that was paid for has begun");
  const { domain, product, version } = datasetSnapshot(served);
  const { from, until } = term;
  return canonicalBytes({ type: "dataset-term", domain, product, version, from, until } satisfies DatasetTerm);
}

/** @throws ERR_SEALED_FILE when the page is missing or damaged, ERR_DIRECTORY_STATE when it is not the snapshot's */
async function readPage(context: DomainContext, served: ServedProduct, page: number): Promise<Bytes> {
  const bytes = await context.files.read(servedPart(served, pagePart(page)));
  if ((await sha256Hex(bytes)) === datasetSnapshot(served).pages[page]) return bytes;
  const facts = { directory: served.index ?? "", expected: "an intact data set", command: "sluice build" };
  throw new SluiceError("ERR_DIRECTORY_STATE", facts);
}

function pagePart(page: number): string {
  return `page-${page}.json`;
}

function datasetSnapshot({ snapshot: { body } }: ServedProduct): DatasetSnapshot {
  if (body.type !== "dataset-snapshot") throw misplaced("dataset");
  return body;
}
