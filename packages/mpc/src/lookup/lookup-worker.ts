/** The worker of private lookup: evaluates blinded elements, answers queries, does the steps of builds. Secrets arrive with the
 *  task and are wiped after it; nothing is kept between tasks.
 *  @module */
import {
  decodeEvaluateRequest,
  decodePirQuery,
  encodeEvaluateResponse,
  encodePirAnswer,
  SluiceError,
  toHex,
  type Bytes,
} from "@sluice/protocol";
import { blindEvaluate, deriveKeyPair, type OprfKeyPair } from "../oprf/server.ts";
import { serveTasks } from "../tasks.ts";
import { arrangeRows, assignRows, checkDistinct, digestRows, hintOf, unpackTable } from "./build-steps.ts";
import type { ArrangeTask, AssignTask, DeriveTask, DigestTask, DistinctTask, HintTask } from "./build-tasks.ts";
import { LookupDatabase } from "./database.ts";
import { deriveRows, type DerivedRows } from "./derive-rows.ts";
import { scan, type ScanTask } from "./scan.ts";
import type { AnswerTask, EvaluateTask, OprfKeySource } from "./tasks.ts";

export default serveTasks({
  "oprf.evaluate": (input) => evaluate(input as EvaluateTask),
  "pir.answer": (input) => answer(input as AnswerTask),
  "pir.scan": (input) => scan(input as ScanTask),
  "lookup.digest": (input) => digestRows(input as DigestTask),
  "lookup.distinct": (input) => checkDistinct(input as DistinctTask),
  "lookup.derive": (input) => derive(input as DeriveTask),
  "lookup.arrange": (input) => arrangeRows(input as ArrangeTask),
  "lookup.assign": (input) => assignRows(input as AssignTask),
  "lookup.hint": (input) => hintOf(input as HintTask),
});

async function evaluate(task: EvaluateTask): Promise<Bytes> {
  const { elements } = decodeEvaluateRequest(task.frame);
  return await withKeyPair(task, async (keyPair) => encodeEvaluateResponse(await blindEvaluate(keyPair, elements)));
}

function answer(task: AnswerTask): Bytes {
  const { snapshot, parts } = decodePirQuery(task.frame);
  if (toHex(snapshot) !== task.snapshot) throw new SluiceError("ERR_SNAPSHOT");
  if (parts.length !== task.parts.length) {
    throw new SluiceError("ERR_LOOKUP_QUERY", { reason: `it needs ${task.parts.length} parts` });
  }
  const databases = task.parts.map(({ parameters, database }) => LookupDatabase.open(parameters, database));
  return encodePirAnswer(databases.map((database, i) => database.answer(parts[i] ?? new Uint32Array())));
}

async function derive(task: DeriveTask): Promise<DerivedRows> {
  return await withKeyPair(task, (keyPair) => deriveRows(unpackTable(task.table), { ...task, keyPair }));
}

async function withKeyPair<T>(source: OprfKeySource, use: (keyPair: OprfKeyPair) => Promise<T>): Promise<T> {
  const keyPair = await deriveKeyPair(source.seed, source.info);
  source.seed.fill(0);
  try {
    return await use(keyPair);
  } finally {
    keyPair.secret.wipe();
  }
}
