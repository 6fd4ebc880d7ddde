/** Reports: a guarded table that is made when the product is built, the same for every caller. The domain learns that
 *  this caller reads this report.
 *  @module */
import {
  canonicalBytes,
  decodeReportRequest,
  sha256Hex,
  SluiceError,
  type Bytes,
  type Report,
  type ReportSnapshot,
} from "@sluice/protocol";
import type { ServedProduct } from "../../state/work.ts";
import type { DomainContext } from "../context.ts";
import { servedPart, writeIndex } from "../indexes.ts";
import {
  expectSnapshot,
  misplaced,
  servedMembers,
  signProduct,
  type DomainForm,
  type ProductSource,
} from "./product-form.ts";

const REPORT_PART = "report.json";

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
  const index = await writeIndex(context, run.callId, { [REPORT_PART]: bytes });
  const body: ReportSnapshot = { type: "report-snapshot", ...members, report: await sha256Hex(bytes) };
  return signProduct(context, source, body, index);
}

/** @throws ERR_SEALED_FILE when the file is missing or damaged, ERR_DIRECTORY_STATE when it is not the snapshot's */
async function answer(context: DomainContext, served: ServedProduct): Promise<Bytes> {
  const { body } = served.snapshot;
  if (body.type !== "report-snapshot") throw misplaced("report");
  const bytes = await context.files.read(servedPart(served, REPORT_PART));
  if ((await sha256Hex(bytes)) === body.report) return bytes;
  const facts = { directory: served.index ?? "", expected: "an intact report", command: "sluice build" };
  throw new SluiceError("ERR_DIRECTORY_STATE", facts);
}
