/** Reports: a guarded table that is made when the product is built, the same for every caller. The domain learns that
 *  this caller reads this report.
 *  @module */
import { mkdir, readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import {
  canonicalBytes,
  decodeReportRequest,
  sha256Hex,
  SluiceError,
  type Bytes,
  type Report,
  type ReportSnapshot,
} from "@sluice/protocol";
import { syncDirectory, writeDurably } from "../../data/durable.ts";
import type { ServedProduct } from "../../state/work.ts";
import type { DomainContext } from "../context.ts";
import { indexDirectory, newIndexName, servedDirectory } from "../indexes.ts";
import {
  expectSnapshot,
  misplaced,
  servedMembers,
  signProduct,
  type DomainForm,
  type ProductSource,
} from "./product-form.ts";

const REPORT_FILE = "report.json";

/** The form report. */
export function reportForm(context: DomainContext): DomainForm {
  return {
    form: "report",
    // Reading it is a use of the grant: it leaves as the answer of a call, and in no other way.
    downloads: {},
    build: (source) => build(context, source),
    measure: (served, _operation, frame) => {
      expectSnapshot(decodeReportRequest(frame).snapshot, served);
      return 1n;
    },
    answer: (served) => answer(context, served),
  };
}

async function build(context: DomainContext, source: ProductSource): Promise<ServedProduct> {
  const { run, content } = source;
  if (content.kind !== "table") throw misplaced("report");
  const members = servedMembers(context, source);
  const report: Report = {
    type: "report",
    domain: members.domain,
    product: members.product,
    version: members.version,
    source: content.source,
    name: content.name,
    table: content.table,
    at: members.at,
  };
  const bytes = canonicalBytes(report);
  const index = newIndexName(context, run.callId);
  const directory = indexDirectory(context, index);
  await mkdir(directory, { recursive: true, mode: 0o700 });
  await writeDurably(join(directory, REPORT_FILE), join(directory, `${REPORT_FILE}.partial`), bytes);
  await syncDirectory(dirname(directory));
  const body: ReportSnapshot = { type: "report-snapshot", ...members, report: await sha256Hex(bytes) };
  return signProduct(context, source, body, index);
}

/** @throws ERR_DIRECTORY_STATE when the file is missing or damaged */
async function answer(context: DomainContext, served: ServedProduct): Promise<Bytes> {
  const { body } = served.snapshot;
  if (body.type !== "report-snapshot") throw misplaced("report");
  try {
    const bytes = new Uint8Array(await readFile(join(servedDirectory(context, served), REPORT_FILE)));
    if ((await sha256Hex(bytes)) !== body.report) throw new Error("the digest differs");
    return bytes;
  } catch (cause) {
    const facts = { directory: served.index ?? "", expected: "an intact report", command: "sluice build" };
    throw new SluiceError("ERR_DIRECTORY_STATE", facts, { cause });
  }
}
