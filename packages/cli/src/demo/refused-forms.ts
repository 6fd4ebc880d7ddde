/** What is refused because of a product's form: lists and batches that are too large, groups that are too fine, and a
 *  question of another form.
 *  @module */
import {
  ByteWriter,
  documentHash,
  ELEMENT_BYTES,
  fromHex,
  MAX_SCORE_ROWS,
  PSI_VERSION,
  SCORE_VERSION,
  utf8,
  type Bytes,
  type Operation,
  type SealKeyId,
} from "@sluice/protocol";
import { developJob, releaseAndBuild, runFailure } from "./product.ts";
import type { RefusalCase } from "./refusals.ts";
import { evaluation, sealedCall, sealedFrame, walkedProduct, type Scenery, type WalkedProduct } from "./scenery.ts";

/** Elements of a list above the limit, padded as lists are: the limit is a padded size itself. */
const TOO_MANY_ELEMENTS = 163_840;
/** Byte that stands for `psi-ids` in a frame. */
const PSI_IDS_BYTE = 1;
/** Levels of each dimension of the table that is too fine, and the rows that are in one of its cells. */
const FINE_LEVELS = 64;

/** Refusals of forms other than the lookup, and of a form that the grant does not name. */
export const formCases: RefusalCase[] = [
  { name: "psi-list-too-long", code: "ERR_PSI_SET_TOO_LARGE", refusedBy: "domain", kind: "psi-ids", attempt: longList },
  { name: "score-rows-over-limit", code: "ERR_SCORE_ROWS", refusedBy: "domain", kind: "score", attempt: manyRows },
  { name: "report-small-cells", code: "ERR_GUARD_OUTPUT", refusedBy: "guard", kind: "report", attempt: smallCells },
  {
    name: "operation-of-another-form",
    code: "ERR_GRANT_OPERATION",
    refusedBy: "domain",
    async attempt(scenery) {
      const key = scenery.running.city.keys["river-bank"];
      const use = evaluation(scenery, { operation: "psi.ids" });
      await scenery.running.client("river-bank").call(await sealedCall(scenery, use, key));
    },
  },
];

async function longList(scenery: Scenery): Promise<void> {
  const walked = walkedProduct(scenery, "psi-ids");
  const { snapshot, snapshotHash } = await callerOf(scenery, walked).openMatch(walked.kept.product.product);
  const frame = new ByteWriter()
    .uint(PSI_VERSION, 2)
    .uint(PSI_IDS_BYTE, 1)
    .fixed(fromHex(snapshotHash))
    .uint(TOO_MANY_ELEMENTS, 4)
    .fixed(new Uint8Array(TOO_MANY_ELEMENTS * ELEMENT_BYTES))
    .finish();
  await callWithFrame(scenery, walked, "psi.ids", snapshot.sealKey, frame);
}

async function manyRows(scenery: Scenery): Promise<void> {
  const walked = walkedProduct(scenery, "score");
  const { snapshot } = await callerOf(scenery, walked).openScore(walked.kept.product.product);
  const frame = new ByteWriter()
    .uint(SCORE_VERSION, 2)
    .fixed(fromHex(await documentHash(snapshot.parameters)))
    .uint(MAX_SCORE_ROWS + 1, 2)
    .uint(snapshot.parameters.features.length, 2)
    .finish();
  await callWithFrame(scenery, walked, "score", snapshot.sealKey, frame);
}

/** A job that puts each of the first rows into a cell of its own: reviewed and released, its build is refused. */
async function smallCells(scenery: Scenery): Promise<void> {
  const { spec, kept } = walkedProduct(scenery, "report");
  const product = `small-cells-${Date.now().toString(36)}`;
  const run = await developJob(scenery.running, kept.grant, product, fineTable(spec.purpose, spec.probe.granted));
  if (run.state !== "completed") throw runFailure(run);
  await releaseAndBuild(scenery.running, spec.department, kept.grant, run);
}

function fineTable(purpose: string, column: string): Bytes {
  const levels = JSON.stringify(Array.from({ length: FINE_LEVELS }, (_, level) => `g${level}`));
  return utf8(`var sluiceJob = { default: {
    name: "small-cells", purpose: "${purpose}", input: { ${column}: "f64" },
    outputs: {
      fit: { kind: "metrics", keys: ["rows"] },
      groups: { kind: "table", measures: [], dimensions: [{ name: "a", levels: ${levels} }, { name: "b", levels: ${levels} }] },
    },
    develop: (rows) => ({ fit: { rows: rows.rowCount } }),
    produce(rows) {
      const code = (of) => Uint8Array.from({ length: rows.rowCount }, (_, i) => i < ${FINE_LEVELS ** 2} ? of(i) : 255);
      const dimensions = { a: code((i) => Math.floor(i / ${FINE_LEVELS})), b: code((i) => i % ${FINE_LEVELS}) };
      return { groups: { dimensions, measures: {} } };
    },
  } };`);
}

function callerOf({ running }: Scenery, { spec }: WalkedProduct) {
  return running.client(spec.callers[0]);
}

async function callWithFrame(
  scenery: Scenery,
  walked: WalkedProduct,
  operation: Operation,
  sealKey: SealKeyId,
  frame: Bytes,
): Promise<void> {
  const { spec, kept } = walked;
  const { product, version, bundle } = kept.product;
  const use = { operation, domain: spec.domain, grant: kept.grant.hash, product, version, bundle };
  const key = scenery.running.city.keys[spec.callers[0]];
  await callerOf(scenery, walked).call(await sealedFrame(sealKey, use, frame, key));
}
