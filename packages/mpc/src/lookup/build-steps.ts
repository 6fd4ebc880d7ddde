/** The steps of a build as the lookup worker does them.
 *  @module */
import { concatBytes, fromHex, fromUtf8, ByteReader, SluiceError, type Bytes } from "@sluice/protocol";
import { createHash, hash } from "node:crypto";
import { systemRandom } from "../random.ts";
import { arrange, type Arrangement } from "./arrange.ts";
import type { ArrangeTask, AssignTask, DigestResult, DigestTask, DistinctTask, HintTask } from "./build-tasks.ts";
import { refuse, type TableRows } from "./derive-rows.ts";
import { assignAll, fillRandom } from "./fill.ts";
import { computeHintColumns } from "./hint.ts";
import { IndexMemory } from "./index-memory.ts";
import { LweMatrix } from "./matrix.ts";
import type { PackedTable } from "./tasks.ts";

/** `lookup.digest`. */
export function digestRows({ table, salt }: DigestTask): DigestResult {
  const reader = new ByteReader(table.keys);
  const tags = new BigUint64Array(table.count);
  for (let i = 0; i < table.count; i++) {
    const digest = hash("sha256", concatBytes(salt, reader.opaque(2 ** 16 - 1)), "buffer");
    tags[i] = digest.readBigUInt64LE();
  }
  reader.end();
  const whole = createHash("sha256").update(`${table.count}:${table.keys.length}:`).update(table.keys);
  return { hash: whole.update(table.records).digest(), tags };
}

/** `lookup.distinct`. @throws ERR_LOOKUP_TABLE when two tags are equal: two keys are, but for one table in a million */
export function checkDistinct({ tags }: DistinctTask): void {
  tags.sort();
  for (let i = 1; i < tags.length; i++) if (tags[i] === tags[i - 1]) refuse("a key occurs more than once");
}

/** `lookup.arrange`: the keys are laid out, and every slot is random. */
export async function arrangeRows({ positions, index }: ArrangeTask): Promise<Arrangement> {
  const memory = new IndexMemory(index);
  const arrangement = await arrange(positions, memory, systemRandom);
  await fillRandom(memory, systemRandom);
  return arrangement;
}

/** `lookup.assign`. */
export async function assignRows({ index, starts }: AssignTask): Promise<void> {
  await assignAll(new IndexMemory(index), starts);
}

/** `lookup.hint`. */
export async function hintOf({ parameters, database, columns }: HintTask): Promise<Bytes> {
  const matrix = await LweMatrix.open(fromHex(parameters.matrixSeed));
  return await computeHintColumns({ shape: parameters, database, matrix, columns });
}

/** Rows of a packed table. @throws ERR_LOOKUP_TABLE when its records are uneven */
export function unpackTable(table: PackedTable): TableRows {
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
