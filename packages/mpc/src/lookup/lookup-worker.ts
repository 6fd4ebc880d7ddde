/** The worker of private lookup: evaluates blinded elements, answers queries, builds indexes. Secrets arrive with the
 *  task and are wiped after it; nothing is kept between tasks.
 *  @module */
import {
  ByteReader,
  decodeEvaluateRequest,
  decodePirQuery,
  encodeEvaluateResponse,
  encodePirAnswer,
  fromUtf8,
  SluiceError,
  toHex,
  type Bytes,
} from "@sluice/protocol";
import { blindEvaluate, deriveKeyPair, type OprfKeyPair } from "../oprf/server.ts";
import { serveTasks } from "../tasks.ts";
import { buildIndex } from "./build-index.ts";
import { LookupDatabase } from "./database.ts";
import type { AnswerTask, BuildResult, BuildTask, EvaluateTask, OprfKeySource, PackedTable } from "./tasks.ts";

export default serveTasks({
  "oprf.evaluate": (input) => evaluate(input as EvaluateTask),
  "pir.answer": (input) => answer(input as AnswerTask),
  "lookup.build": (input) => build(input as BuildTask),
});

async function evaluate(task: EvaluateTask): Promise<Bytes> {
  const { elements } = decodeEvaluateRequest(task.frame);
  return await withKeyPair(task, async (keyPair) => encodeEvaluateResponse(await blindEvaluate(keyPair, elements)));
}

function answer(task: AnswerTask): Bytes {
  const { snapshot, query } = decodePirQuery(task.frame);
  if (toHex(snapshot) !== task.snapshot) throw new SluiceError("ERR_SNAPSHOT");
  return encodePirAnswer(LookupDatabase.open(task.parameters, task.database).answer(query));
}

async function build(task: BuildTask): Promise<BuildResult> {
  return await withKeyPair(task, async (keyPair) => {
    const index = await buildIndex({ ...unpackTable(task.table), keyPair, context: task.context });
    return { ...index, oprfPublicKey: toHex(keyPair.publicKey) };
  });
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

function unpackTable(table: PackedTable): { keys: string[]; records: Bytes[] } {
  const reader = new ByteReader(table.keys);
  const recordBytes = table.records.length / table.count;
  if (!Number.isInteger(recordBytes)) throw new SluiceError("ERR_LOOKUP_TABLE", { reason: "its records are uneven" });
  const keys: string[] = [];
  const records: Bytes[] = [];
  for (let i = 0; i < table.count; i++) {
    keys.push(fromUtf8(reader.opaque(2 ** 16 - 1)));
    records.push(table.records.subarray(i * recordBytes, (i + 1) * recordBytes));
  }
  reader.end();
  return { keys, records };
}
