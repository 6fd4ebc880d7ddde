/** Data sets (数据集): the rows of a certified sample, for the days of a term. The caller learns the sample, the same for
 *  everybody; domain and gateway learn when its term begins and how many pages it reads, and the gateway not what they say.
 *  @module */
import {
  datasetPageRows,
  DatasetPage,
  datasetQuantity,
  DatasetTerm,
  documentHash,
  encodeDatasetRequest,
  fromHex,
  isSluiceError,
  sha256Hex,
  type DatasetRequest,
  type DatasetSnapshot,
  type DatasetValue,
  type AnswerEnvelope,
  type Bytes,
  type ColumnType,
  type EvidencedReceipt,
} from "@sluice/protocol";
import type { CallOptions } from "./options.ts";
import { openProduct, useOf, type ProductHandle } from "./product-handle.ts";
import { callOnce, type ProductionContext } from "./production-call.ts";
import { refusal, throwIfCancelled } from "./refusal.ts";
import { parseAs, parseJson } from "./response-body.ts";

/** Calls for one page: an answer that was lost is not kept, and the page is asked again for nothing. */
const PAGE_CALLS = 3;

/** A term that has begun. */
export interface TermResult {
  readonly term: DatasetTerm;
  readonly receipt: EvidencedReceipt;
}

/** A page as it was read. */
export interface PageResult {
  readonly page: DatasetPage;
  readonly receipt: EvidencedReceipt;
}

/** A data set product at one snapshot. */
export interface DatasetHandle extends ProductHandle<DatasetSnapshot> {
  /** Begins the term, which spends rows × fields × days.
   *  @throws ERR_DATASET_BEGUN or ERR_DATASET_ENDED, with its end, when there was one; and as `read` */
  begin(options?: CallOptions): Promise<TermResult>;
  /** Reads one page: exactly the bytes whose hash the signed snapshot names.
   *  @throws ERR_DATASET_UNBEGUN, ERR_DATASET_ENDED, ERR_RECEIPT, ERR_BODY_INVALID, ERR_ANSWER_ALTERED, ERR_CANCELLED, and
   *  refusals of the peers */
  read(page: number, options?: CallOptions): Promise<PageResult>;
}

/** Opens a data set product; there is nothing to download. @throws what `openProduct` throws */
export async function openDataset(
  context: ProductionContext,
  name: string,
  options: CallOptions = {},
): Promise<DatasetHandle> {
  const product = await openProduct(context, name, "dataset", options);
  const { rows, pageRows, pages } = product.snapshot;
  if (pages.length !== Math.ceil(rows / pageRows)) {
    throw refusal("ERR_RECEIPT", { reason: "the pages of the snapshot do not hold its rows" });
  }
  return {
    ...product,
    begin: (options = {}) => beginTerm(context, product, options),
    read: (page, options = {}) => readPage(context, product, page, options),
  };
}

async function beginTerm(
  context: ProductionContext,
  product: ProductHandle<DatasetSnapshot>,
  options: CallOptions,
): Promise<TermResult> {
  const request = { snapshot: fromHex(product.snapshotHash), ask: "term" } as const;
  const { frame, receipt } = await call(context, product, request, options);
  const term = parseAs(DatasetTerm, parseJson(frame));
  for (const member of ["domain", "product", "version"] as const) {
    if (term[member] === product.snapshot[member]) continue;
    throw refusal("ERR_RECEIPT", { reason: `the ${member} of the term is not the product's` });
  }
  return { term, receipt };
}

async function readPage(
  context: ProductionContext,
  product: ProductHandle<DatasetSnapshot>,
  page: number,
  options: CallOptions,
): Promise<PageResult> {
  const request = { snapshot: fromHex(product.snapshotHash), ask: "page", page } as const;
  for (let calls = 1; ; calls++) {
    try {
      const { frame, receipt } = await call(context, product, request, options);
      return { page: await checkPage(product.snapshot, page, frame), receipt };
    } catch (error) {
      if (calls >= PAGE_CALLS || !isSluiceError(error, "ERR_CALL_REUSED")) throw error;
    }
  }
}

/** One call; its receipt names the certificate of the snapshot. */
async function call(
  context: ProductionContext,
  product: ProductHandle<DatasetSnapshot>,
  request: DatasetRequest,
  options: CallOptions,
): Promise<AnswerEnvelope> {
  throwIfCancelled(options.signal);
  const { snapshot } = product;
  const amount = request.ask === "term" ? datasetQuantity(snapshot) : 0;
  const answer = await callOnce(context, useOf(product, "dataset", amount), encodeDatasetRequest(request), options);
  if (answer.receipt.receipt.body.certificate !== (await documentHash(snapshot.certificate))) {
    throw refusal("ERR_RECEIPT", { reason: "the certificate is not the snapshot's" });
  }
  return answer;
}

async function checkPage(snapshot: DatasetSnapshot, number: number, bytes: Bytes): Promise<DatasetPage> {
  if ((await sha256Hex(bytes)) !== snapshot.pages[number]) {
    throw refusal("ERR_RECEIPT", { reason: "the page is not the one that the snapshot names" });
  }
  const page = parseAs(DatasetPage, parseJson(bytes));
  const rows = datasetPageRows(snapshot, number);
  const { fields } = snapshot;
  const fits =
    page.page === number &&
    page.columns.length === fields.length &&
    fields.every(({ type }, i) => {
      const column = page.columns[i];
      return column !== undefined && column.length === rows && column.every((value) => isOfType(type, value));
    });
  if (fits) return page;
  throw refusal("ERR_BODY_INVALID", { pointer: "/columns", expected: `${rows} rows of the snapshot's fields` });
}

function isOfType(type: ColumnType, value: DatasetValue): boolean {
  if (value === null) return true;
  switch (type) {
    case "dict":
      return typeof value === "string";
    case "bool":
      return typeof value === "boolean";
    case "f64":
      return typeof value === "number";
    case "i32":
      return typeof value === "number" && Number.isInteger(value);
  }
}
